"""Writes a model as ONNX, so that any runtime can use it."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch

from ..utils.extras import require
from .architectures.models import Baseline


def export_onnx(model: Baseline, path: Path) -> None:
    """Write a model as ONNX; the same weights give the same bytes.

    Parameters
    ----------
    model : Baseline
        Model to write, in evaluation mode. Its input is named ``x``, of shape (batch, final_seq_length), and its output
        ``logits``, of shape (batch, num_classes), both float32; the size of the batch is free.
    path : pathlib.Path
        File to write; its folder is made.

    Raises
    ------
    MissingExtraError
        If onnx is not installed.
    """
    require("onnx", "onnx")
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        # The exporter that torch prefers writes paths of this machine into the file, and its bytes differ from run to run.
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
