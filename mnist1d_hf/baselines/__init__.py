"""The baselines: models, training, evaluation."""

from ..utils.extras import require

for _module in ("torch", "safetensors"):
    require(_module, "torch")

from ..dataset.presets import evaluation_config
from ..errors import CheckpointError, HubError
from .architectures import MODELS, Baseline
from .architectures.cnn import CNN
from .architectures.gru import GRU
from .architectures.logistic import Logistic
from .architectures.mlp import MLP
from .architectures.resnet import ResNet
from .architectures.transformer import Transformer
from .checkpoints import Checkpoint
from .data import Mnist1DDataset, load_tensors
from .evaluation import evaluate
from .metrics import Evaluation
from .registry import create_model, find_checkpoint, list_checkpoints, list_models, load_model
from .scores import Evaluator

__all__ = [
    "CNN",
    "GRU",
    "MLP",
    "MODELS",
    "Baseline",
    "Checkpoint",
    "CheckpointError",
    "Evaluation",
    "Evaluator",
    "HubError",
    "Logistic",
    "Mnist1DDataset",
    "ResNet",
    "Transformer",
    "create_model",
    "evaluate",
    "evaluation_config",
    "find_checkpoint",
    "list_checkpoints",
    "list_models",
    "load_model",
    "load_tensors",
]
