"""The baselines: models, training, evaluation."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..dataset.presets import evaluation_config
from ..errors import CheckpointError, HubError
from ..utils.extras import check_extras
from .bundled import list_checkpoints

if TYPE_CHECKING:
    from .architectures import MODELS, Baseline
    from .architectures.cnn import CNN
    from .architectures.gru import GRU
    from .architectures.logistic import Logistic
    from .architectures.mlp import MLP
    from .architectures.resnet import ResNet
    from .architectures.s4d import S4D
    from .architectures.tcn import TCN
    from .architectures.transformer import Transformer
    from .batching import Batches, batches
    from .checkpoints import Checkpoint
    from .data import Mnist1DDataset, load_tensors, to_tensors
    from .evaluation import evaluate
    from .metrics import Evaluation
    from .onnx_models import OnnxModel, load_onnx
    from .registry import create_model, find_checkpoint, list_models, load_model
    from .scores import Evaluator

__all__ = [
    "CNN",
    "GRU",
    "MLP",
    "MODELS",
    "S4D",
    "TCN",
    "Baseline",
    "Batches",
    "Checkpoint",
    "CheckpointError",
    "Evaluation",
    "Evaluator",
    "HubError",
    "Logistic",
    "Mnist1DDataset",
    "OnnxModel",
    "ResNet",
    "Transformer",
    "batches",
    "create_model",
    "evaluate",
    "evaluation_config",
    "find_checkpoint",
    "list_checkpoints",
    "list_models",
    "load_model",
    "load_onnx",
    "load_tensors",
    "to_tensors",
]

_NEED_TORCH = {
    "architectures": ("MODELS", "Baseline"),
    "architectures.cnn": ("CNN",),
    "architectures.gru": ("GRU",),
    "architectures.logistic": ("Logistic",),
    "architectures.mlp": ("MLP",),
    "architectures.resnet": ("ResNet",),
    "architectures.s4d": ("S4D",),
    "architectures.tcn": ("TCN",),
    "architectures.transformer": ("Transformer",),
    "batching": ("Batches", "batches"),
    "checkpoints": ("Checkpoint",),
    "data": ("Mnist1DDataset", "load_tensors", "to_tensors"),
    "evaluation": ("evaluate",),
    "metrics": ("Evaluation",),
    "onnx_models": ("OnnxModel", "load_onnx"),
    "registry": ("create_model", "find_checkpoint", "list_models", "load_model"),
    "scores": ("Evaluator",),
}


def __getattr__(name: str) -> Any:
    """Import what needs torch when it is first used; a MissingExtraError says how to install it."""
    for module, names in _NEED_TORCH.items():
        if name in names:
            check_extras("torch")
            return getattr(import_module(f".{module}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
