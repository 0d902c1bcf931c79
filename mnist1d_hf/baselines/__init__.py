"""The baselines: models, training, evaluation."""

from ..utils.extras import require

for _module in ("torch", "safetensors"):
    require(_module, "torch")

from .architectures.models import CNN, GRU, MLP, MODELS, Baseline, Logistic, ResNet, Transformer
from .data import Mnist1DDataset, load_tensors
from .evaluation import Evaluation, Evaluator, evaluate
from .registry import create_model, list_checkpoints, list_models, load_model

__all__ = [
    "CNN",
    "GRU",
    "MLP",
    "MODELS",
    "Baseline",
    "Evaluation",
    "Evaluator",
    "Logistic",
    "Mnist1DDataset",
    "ResNet",
    "Transformer",
    "create_model",
    "evaluate",
    "list_checkpoints",
    "list_models",
    "load_model",
    "load_tensors",
]
