"""The baselines: models, training, evaluation."""

from ..extras import require

for _module in ("torch", "safetensors"):
    require(_module, "torch")

from .data import Mnist1DDataset, load_tensors
from .models import CNN, GRU, MLP, MODELS, Baseline, Logistic, ResNet, Transformer
from .registry import create_model, list_checkpoints, list_models, load_model

__all__ = [
    "CNN",
    "GRU",
    "MLP",
    "MODELS",
    "Baseline",
    "Logistic",
    "Mnist1DDataset",
    "ResNet",
    "Transformer",
    "create_model",
    "list_checkpoints",
    "list_models",
    "load_model",
    "load_tensors",
]
