"""Writes a model as ONNX, so that any runtime can use it."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch

from ..utils.extras import require
from .architectures import Baseline


def export_onnx(model: Baseline, path: Path) -> None:
    """Write a model in evaluation mode as ONNX, creating the folder; the same weights give the same bytes.

    The input is named ``x``, of shape (batch, final_seq_length), the output ``logits``, of shape (batch, num_classes), both
    float32; the size of the batch is free.
    """
    require("onnx", "onnx")
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        # torch's newer exporter writes paths of this machine into the file, and its bytes differ from run to run.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (torch.zeros(2, model.final_seq_length),),
            str(path),
            dynamo=False,
            input_names=["x"],
            output_names=["logits"],
            dynamic_axes={"x": {0: "batch"}, "logits": {0: "batch"}},
        )
