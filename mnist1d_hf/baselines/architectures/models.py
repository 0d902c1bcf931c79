"""The baselines: the paper's four architectures, and two that go beyond it.

Every model takes signals of shape (batch, final_seq_length), float, and returns logits of shape (batch, num_classes). Names and
shapes of the parameters of the paper's four are the authors', so that state dicts move between their classes and these.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import torch
import torch.nn.functional as F
from huggingface_hub import ModelCard, ModelCardData, PyTorchModelHubMixin
from torch import Tensor, nn

from ...dataset.templates import NUM_CLASSES
from ...utils.checks import check_integer
from ...version import DATA_VERSION, __version__
from ..checkpoints import (
    CONFIG_NAME,
    FORMAT_VERSION,
    WEIGHTS_NAME,
    find_commit,
    load_weights,
    read_config,
    resolve_file,
    save_weights,
)

_LENGTH = 40
_DOWNLOAD_OPTIONS = ("revision", "cache_dir", "force_download", "local_files_only", "token")

_Model = TypeVar("_Model", bound="Baseline")


class Baseline(
    nn.Module,
    PyTorchModelHubMixin,
    library_name="mnist1d-hf",
    license="apache-2.0",
    pipeline_tag="tabular-classification",
    tags=["mnist-1d", "timeseries"],
):
    """What all baselines share: saving, loading and checking their input.

    A saved model is ``model.safetensors`` and a ``config.json`` that rebuilds it. Loading is strict, and never reads pickle.

    Parameters
    ----------
    final_seq_length : int
        Number of points of a signal.
    num_classes : int
        Number of classes.
    """

    architecture: ClassVar[str]
    """Name of the architecture, as `create_model` takes it."""

    def __init__(self, final_seq_length: int, num_classes: int) -> None:
        super().__init__()
        self.final_seq_length = check_integer("final_seq_length", final_seq_length, low=1)
        self.num_classes = check_integer("num_classes", num_classes, low=1)
        self.metadata: dict[str, Any] = {}

    @property
    def config(self) -> dict[str, Any]:
        """What ``config.json`` holds: the architecture, its sizes, versions, and what training added (`metadata`)."""
        sizes = {name: getattr(self, name) for name in self.size_names()}
        return {
            "architecture": self.architecture,
            **sizes,
            "format_version": FORMAT_VERSION,
            "data_version": DATA_VERSION,
            "package_version": __version__,
            **self.metadata,
        }

    @property
    def num_parameters(self) -> int:
        """Number of trainable parameters."""
        return sum(parameter.numel() for parameter in self.parameters())

    @classmethod
    def size_names(cls) -> tuple[str, ...]:
        """Return the names of the arguments that decide the model's sizes."""
        return tuple(inspect.signature(cls).parameters)

    def check_input(self, x: Tensor) -> None:
        """Raise a ValueError unless the signals have the shape (batch, final_seq_length)."""
        if x.ndim != 2 or x.shape[1] != self.final_seq_length:
            raise ValueError(
                f"{type(self).__name__} takes signals of shape (batch, {self.final_seq_length}), got {tuple(x.shape)}; for "
                f"signals of another length make the model with final_seq_length=..."
            )

    @classmethod
    def from_pretrained(cls: type[_Model], pretrained_model_name_or_path: str | Path, **options: Any) -> _Model:
        """Load a model of this class.

        Parameters
        ----------
        pretrained_model_name_or_path : str or pathlib.Path
            Folder, or id of a repository on the Hub.
        **options : object
            Those of `huggingface_hub.PyTorchModelHubMixin.from_pretrained`, for example ``revision``.

        Returns
        -------
        Baseline
            The model, in evaluation mode.

        Raises
        ------
        CheckpointError
            If the checkpoint is missing, damaged, or of another model.
        HubError
            If the repository or the revision is missing, or the Hub is out of reach.
        """
        download = {name: options.get(name) for name in _DOWNLOAD_OPTIONS}
        path = resolve_file(pretrained_model_name_or_path, CONFIG_NAME, **download)
        read_config(path)
        # All files of one commit, even if another is made meanwhile.
        options["revision"] = find_commit(path) or options.get("revision")
        return super().from_pretrained(pretrained_model_name_or_path, **options)

    def push_to_hub(self, repo_id: str, **options: Any) -> str:
        """Publish the model: weights, ``config.json``, and a card that says how to load it.

        Parameters
        ----------
        repo_id : str
            Id of the repository, which is made if it is not there.
        **options : object
            Those of `huggingface_hub.PyTorchModelHubMixin.push_to_hub`, for example ``private``.

        Returns
        -------
        str
            Address of the commit.
        """
        options["model_card_kwargs"] = {"repo_id": repo_id, **(options.get("model_card_kwargs") or {})}
        return super().push_to_hub(repo_id, **options)

    def generate_model_card(self, *args: Any, **kwargs: Any) -> ModelCard:
        """Return the card of a model somebody trained; the bundled checkpoints have a fuller one."""
        data = ModelCardData(
            library_name="mnist1d-hf",
            license="apache-2.0",
            pipeline_tag="tabular-classification",
            tags=["mnist-1d", "timeseries"],
        )
        return ModelCard(
            f"---\n{data.to_yaml()}\n---\n\n"
            f"# {type(self).__name__} for MNIST-1D\n\n"
            f"A `{self.architecture}` of `mnist1d-hf` with {self.num_parameters:,} parameters.\n\n"
            f"```python\nfrom mnist1d_hf import load_model\n\n"
            f'model = load_model("{kwargs.get("repo_id", "<namespace>/<name>")}")\n```\n'
        )

    def _save_pretrained(self, save_directory: Path) -> None:
        metadata = {"architecture": self.architecture, "data_version": DATA_VERSION}
        save_weights(self.state_dict(), save_directory / WEIGHTS_NAME, metadata)
        text = json.dumps(self.config, indent=2, sort_keys=True) + "\n"
        (save_directory / CONFIG_NAME).write_text(text, encoding="utf-8")

    @classmethod
    def _from_pretrained(
        cls, *, model_id: str, map_location: str = "cpu", strict: bool = True, **kwargs: Any
    ) -> Baseline:
        download = {name: kwargs.pop(name, None) for name in _DOWNLOAD_OPTIONS}
        config = read_config(resolve_file(model_id, CONFIG_NAME, **download))
        model = cls(**kwargs)
        load_weights(model, resolve_file(model_id, WEIGHTS_NAME, **download), strict=strict)
        known = ("architecture", *cls.size_names())
        model.metadata = {name: value for name, value in config.items() if name not in known}
        return model.to(map_location).eval()


class Logistic(Baseline):
    """Logistic regression: one linear layer (410 parameters).

    Parameters
    ----------
    final_seq_length : int
        Number of points of a signal.
    num_classes : int
        Number of classes.
    """

    architecture = "logistic"

    def __init__(self, final_seq_length: int = _LENGTH, num_classes: int = NUM_CLASSES) -> None:
        super().__init__(final_seq_length, num_classes)
        self.linear = nn.Linear(final_seq_length, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits of shape (batch, num_classes)."""
        self.check_input(x)
        logits: Tensor = self.linear(x)
        return logits


class MLP(Baseline):
    """Two hidden layers, the second with a residual connection (15,210 parameters).

    Parameters
    ----------
    final_seq_length : int
        Number of points of a signal.
    num_classes : int
        Number of classes.
    hidden_size : int
        Units of each hidden layer.
    """

    architecture = "mlp"

    def __init__(self, final_seq_length: int = _LENGTH, num_classes: int = NUM_CLASSES, hidden_size: int = 100) -> None:
        super().__init__(final_seq_length, num_classes)
        self.hidden_size = check_integer("hidden_size", hidden_size, low=1)
        self.linear1 = nn.Linear(final_seq_length, hidden_size)
        self.linear2 = nn.Linear(hidden_size, hidden_size)
        self.linear3 = nn.Linear(hidden_size, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits of shape (batch, num_classes)."""
        self.check_input(x)
        h = F.relu(self.linear1(x))
        h = h + F.relu(self.linear2(h))
        logits: Tensor = self.linear3(h)
        return logits


class CNN(Baseline):
    """Three convolutions of stride 2 and a linear layer (5,210 parameters).

    Parameters
    ----------
    final_seq_length : int
        Number of points of a signal, at least 3.
    num_classes : int
        Number of classes.
    channels : int
        Channels of each convolution.
    """

    architecture = "cnn"

    def __init__(self, final_seq_length: int = _LENGTH, num_classes: int = NUM_CLASSES, channels: int = 25) -> None:
        super().__init__(final_seq_length, num_classes)
        check_integer("final_seq_length", final_seq_length, low=3)
        self.channels = check_integer("channels", channels, low=1)
        self.conv1 = nn.Conv1d(1, channels, 5, stride=2, padding=1)
        self.conv2 = nn.Conv1d(channels, channels, 3, stride=2, padding=1)
        self.conv3 = nn.Conv1d(channels, channels, 3, stride=2, padding=1)
        length = (final_seq_length - 3) // 2 + 1
        for _ in range(2):
            length = (length - 1) // 2 + 1
        self.linear = nn.Linear(channels * length, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits of shape (batch, num_classes)."""
        self.check_input(x)
        h = F.relu(self.conv1(x.unsqueeze(1)))  # (batch, channels, 19) at the default length
        h = F.relu(self.conv2(h))  # (batch, channels, 10)
        h = F.relu(self.conv3(h))  # (batch, channels, 5)
        logits: Tensor = self.linear(h.flatten(1))
        return logits


class GRU(Baseline):
    """A bidirectional GRU over the points, all its outputs given to a linear layer (5,134 parameters).

    Parameters
    ----------
    final_seq_length : int
        Number of points of a signal.
    num_classes : int
        Number of classes.
    hidden_size : int
        Units of each direction.
    """

    architecture = "gru"

    def __init__(self, final_seq_length: int = _LENGTH, num_classes: int = NUM_CLASSES, hidden_size: int = 6) -> None:
        super().__init__(final_seq_length, num_classes)
        self.hidden_size = check_integer("hidden_size", hidden_size, low=1)
        self.gru = nn.GRU(1, hidden_size, batch_first=True, bidirectional=True)
        self.linear = nn.Linear(2 * hidden_size * final_seq_length, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits of shape (batch, num_classes)."""
        self.check_input(x)
        h, _ = self.gru(x.unsqueeze(2))  # (batch, final_seq_length, 2 * hidden_size)
        logits: Tensor = self.linear(h.flatten(1))
        return logits


class ResNet(Baseline):
    """Residual convolutions at full resolution, averaged over the positions (25,674 parameters).

    The norms are group norms over all channels, which need no running statistics.

    Parameters
    ----------
    final_seq_length : int
        Number of points of a signal.
    num_classes : int
        Number of classes.
    channels : int
        Channels of each convolution.
    num_blocks : int
        Residual blocks of two convolutions each.
    """

    architecture = "resnet"

    def __init__(
        self,
        final_seq_length: int = _LENGTH,
        num_classes: int = NUM_CLASSES,
        channels: int = 32,
        num_blocks: int = 4,
    ) -> None:
        super().__init__(final_seq_length, num_classes)
        self.channels = check_integer("channels", channels, low=1)
        self.num_blocks = check_integer("num_blocks", num_blocks, low=1)
        self.stem = nn.Conv1d(1, channels, 5, padding=2)
        self.blocks = nn.ModuleList(ResidualBlock(channels) for _ in range(num_blocks))
        self.norm = nn.GroupNorm(1, channels)
        self.linear = nn.Linear(channels, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits of shape (batch, num_classes)."""
        self.check_input(x)
        h = self.stem(x.unsqueeze(1))  # (batch, channels, final_seq_length)
        for block in self.blocks:
            h = block(h)
        logits: Tensor = self.linear(F.relu(self.norm(h)).mean(2))
        return logits


class ResidualBlock(nn.Module):
    """Two convolutions, each after a norm and a ReLU, added to their input.

    Parameters
    ----------
    channels : int
        Channels of input and output.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(1, channels)
        self.conv1 = nn.Conv1d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.GroupNorm(1, channels)
        self.conv2 = nn.Conv1d(channels, channels, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return a tensor of the input's shape (batch, channels, length)."""
        h = self.conv1(F.relu(self.norm1(x)))
        out: Tensor = x + self.conv2(F.relu(self.norm2(h)))
        return out


class Transformer(Baseline):
    """A small encoder over patches of the signal, with learned positions (26,474 parameters).

    Parameters
    ----------
    final_seq_length : int
        Number of points of a signal, a multiple of the patch size.
    num_classes : int
        Number of classes.
    patch_size : int
        Points of a patch.
    hidden_size : int
        Size of an embedded patch, a multiple of the number of heads.
    num_layers : int
        Encoder layers.
    num_heads : int
        Attention heads.
    """

    architecture = "transformer"

    def __init__(
        self,
        final_seq_length: int = _LENGTH,
        num_classes: int = NUM_CLASSES,
        patch_size: int = 5,
        hidden_size: int = 32,
        num_layers: int = 3,
        num_heads: int = 4,
    ) -> None:
        super().__init__(final_seq_length, num_classes)
        self.patch_size = check_integer("patch_size", patch_size, low=1)
        self.hidden_size = check_integer("hidden_size", hidden_size, low=1)
        self.num_layers = check_integer("num_layers", num_layers, low=1)
        self.num_heads = check_integer("num_heads", num_heads, low=1)
        if final_seq_length % patch_size or hidden_size % num_heads:
            raise ValueError(
                f"final_seq_length={final_seq_length} must be a multiple of patch_size={patch_size}, and "
                f"hidden_size={hidden_size} of num_heads={num_heads}"
            )
        self.embed = nn.Linear(patch_size, hidden_size)
        self.positions = nn.Parameter(0.02 * torch.randn(final_seq_length // patch_size, hidden_size))
        self.layers = nn.ModuleList(EncoderLayer(hidden_size, num_heads) for _ in range(num_layers))
        self.norm = nn.LayerNorm(hidden_size)
        self.linear = nn.Linear(hidden_size, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits of shape (batch, num_classes)."""
        self.check_input(x)
        h = self.embed(x.unflatten(1, (-1, self.patch_size))) + self.positions  # (batch, patches, hidden_size)
        for layer in self.layers:
            h = layer(h)
        logits: Tensor = self.linear(self.norm(h).mean(1))
        return logits


class EncoderLayer(nn.Module):
    """Attention and two linear layers, each after a norm and added to its input.

    Parameters
    ----------
    hidden_size : int
        Size of an embedded patch.
    num_heads : int
        Attention heads.
    """

    def __init__(self, hidden_size: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.norm1 = nn.LayerNorm(hidden_size)
        self.query_key_value = nn.Linear(hidden_size, 3 * hidden_size)
        self.project = nn.Linear(hidden_size, hidden_size)
        self.norm2 = nn.LayerNorm(hidden_size)
        self.linear1 = nn.Linear(hidden_size, 2 * hidden_size)
        self.linear2 = nn.Linear(2 * hidden_size, hidden_size)

    def forward(self, x: Tensor) -> Tensor:
        """Return a tensor of the input's shape (batch, patches, hidden_size)."""
        heads = self.query_key_value(self.norm1(x)).unflatten(2, (3, self.num_heads, -1))
        query, key, value = heads.permute(2, 0, 3, 1, 4)  # each (batch, heads, patches, size of a head)
        attended = F.scaled_dot_product_attention(query, key, value)
        x = x + self.project(attended.transpose(1, 2).flatten(2))
        out: Tensor = x + self.linear2(F.gelu(self.linear1(self.norm2(x))))
        return out


MODELS: dict[str, type[Baseline]] = {
    model.architecture: model for model in (Logistic, MLP, CNN, GRU, ResNet, Transformer)
}
"""The classes by the name of their architecture."""
