"""Names of the files of a trained model, in a folder or on the Hub, beside its checkpoint."""

from __future__ import annotations

METRICS_NAME = "metrics.json"
CURVES_NAME = "curves.png"
ONNX_NAME = "onnx/model.onnx"
