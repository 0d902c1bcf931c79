"""Writes a model as ONNX, so that any runtime can use it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import nn

from ..utils.extras import require


def export_onnx(model: nn.Module, path: Path, final_seq_length: int) -> None:
    """Write a model in evaluation mode as ONNX, creating the folder; the same weights give the same bytes.

    The input is named ``x``, of shape (batch, final_seq_length), the output ``logits``, of shape (batch, num_classes), both
    float32; the size of the batch is free.
    """
    require("onnx", "onnx")
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings(), _without_graphs():
        # torch's newer exporter writes paths of this machine into the file, and its bytes differ from run to run.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (torch.zeros(2, final_seq_length),),
            str(path),
            dynamo=False,
            input_names=["x"],
            output_names=["logits"],
            dynamic_axes={"x": {0: "batch"}, "logits": {0: "batch"}},
        )


@contextmanager
def _without_graphs() -> Iterator[None]:
    """Keep torch from printing the graph of a module that it cannot export, which it does whatever ``verbose`` says."""
    log = torch._C._jit_onnx_log
    setattr(torch._C, log.__name__, lambda *values: None)
    try:
        yield
    finally:
        setattr(torch._C, log.__name__, log)
