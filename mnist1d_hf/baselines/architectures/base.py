"""What all architectures share: the class, the record that holds everything about one, and the registry of records.

Every model takes signals of shape (batch, final_seq_length), float, and returns logits of shape (batch, num_classes). Names and
shapes of the parameters of the paper's four are the authors', so that state dicts move between their classes and these.
"""

from __future__ import annotations

import inspect
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from huggingface_hub import ModelCard, ModelCardData, PyTorchModelHubMixin
from torch import Tensor, nn

from ... import paper
from ...errors import CheckpointError
from ...utils.checks import check_integer
from ...utils.rendering import render_card
from ...utils.resources import resource_folder
from ...utils.text import escape
from ...version import DATA_VERSION, TAGS, __version__
from ..checkpoints import (
    CONFIG_NAME,
    FORMAT_VERSION,
    WEIGHTS_NAME,
    Checkpoint,
    check_model_size,
    open_checkpoint,
    read_weights,
    save_weights,
    without_memory,
)
from ..layers.layer import Layer
from ..layers.stacking import stack_layers
from ..recipes import TrainingSettings

if TYPE_CHECKING:
    from typing_extensions import Self

LENGTH = 40
"""Points of a signal by default."""

_DOWNLOAD_OPTIONS = ("revision", "cache_dir", "force_download", "local_files_only", "token")

_Model = TypeVar("_Model", bound="Baseline")


def card_data(*more_tags: str, **more: Any) -> ModelCardData:
    """Return the metadata of a model's card."""
    return ModelCardData(
        library_name="mnist1d-hf",
        license="apache-2.0",
        pipeline_tag="tabular-classification",
        tags=[*TAGS, *more_tags],
        **more,
    )


class Baseline(nn.Module, PyTorchModelHubMixin):
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

    @classmethod
    def stack(cls, models: Sequence[Self]) -> list[Layer] | None:
        """Return the layers of a stack of models, or None if they are to train one by one."""
        return None

    def check_input(self, x: Tensor) -> None:
        """Raise a ValueError unless the signals have the shape (batch, final_seq_length)."""
        if x.ndim != 2 or x.shape[1] != self.final_seq_length:
            raise ValueError(
                f"{type(self).__name__} takes signals of shape (batch, {self.final_seq_length}), got {tuple(x.shape)}; for "
                f"signals of another length make the model with final_seq_length=..."
            )

    @classmethod
    def from_pretrained(
        cls: type[_Model],
        pretrained_model_name_or_path: str | Path,
        *,
        map_location: str = "cpu",
        strict: bool = True,
        **options: Any,
    ) -> _Model:
        """Load a model of this class.

        Parameters
        ----------
        pretrained_model_name_or_path : str or pathlib.Path
            Folder, or id of a repository on the Hub.
        map_location : str
            Torch device of the model.
        strict : bool
            Whether the checkpoint must hold all of the model's tensors and no other.
        **options : object
            The options for downloads of `huggingface_hub.PyTorchModelHubMixin.from_pretrained`, for example ``revision``,
            and arguments of the class that replace those in ``config.json``.

        Returns
        -------
        Baseline
            The model, in evaluation mode.

        Raises
        ------
        CheckpointError
            If the checkpoint is missing, damaged or of another model, if its weights are not finite numbers, or if it takes
            more than 256 MiB.
        HubError
            If the repository or the revision is missing, or the Hub is out of reach.
        """
        download = {name: options.pop(name, None) for name in _DOWNLOAD_OPTIONS}
        checkpoint = open_checkpoint(pretrained_model_name_or_path, **download)
        return cls.from_checkpoint(checkpoint, strict=strict, **options).to(map_location)

    @classmethod
    def from_checkpoint(cls: type[_Model], checkpoint: Checkpoint, *, strict: bool = True, **sizes: Any) -> _Model:
        """Load a model of this class, in evaluation mode, from an open checkpoint; see `from_pretrained`."""
        config = {name: value for name, value in checkpoint.config.items() if name != "architecture"}
        arguments = {name: config.pop(name) for name in cls.size_names() if name in config} | sizes
        try:
            # Whatever sizes are asked for, they take no memory before the weights are known to have them.
            with without_memory():
                skeleton = cls(**arguments)
            check_model_size(skeleton)
        except (TypeError, ValueError, RuntimeError) as error:
            if sizes:
                raise
            reason = escape(str(error).partition("\n")[0])
            raise CheckpointError(
                f"{checkpoint.config_path} has sizes that a {cls.architecture} cannot have ({reason})"
            ) from error
        weights = read_weights(checkpoint.file(WEIGHTS_NAME), skeleton, strict=strict)
        model = cls(**arguments)
        model.load_state_dict(weights, strict=strict)
        model.metadata = config
        return model.eval()

    def push_to_hub(self, repo_id: str, **options: Any) -> str:
        """Publish the model: weights, ``config.json``, and a card that says how to load it.

        Parameters
        ----------
        repo_id : str
            Id of the repository, which is created if it does not exist.
        **options : object
            Those of `huggingface_hub.PyTorchModelHubMixin.push_to_hub`, for example ``private``.

        Returns
        -------
        str
            URL of the commit.
        """
        options["model_card_kwargs"] = {"repo_id": repo_id, **(options.get("model_card_kwargs") or {})}
        return super().push_to_hub(repo_id, **options)

    def generate_model_card(self, *args: Any, **kwargs: Any) -> ModelCard:
        """Return the card of a model somebody trained; the bundled checkpoints have a fuller one."""
        template = resource_folder("models") / "own_card_template.md"
        repo_id = kwargs.get("repo_id", "<namespace>/<name>")
        return ModelCard(render_card(card_data(), template, model=self, repo_id=repo_id))

    def _save_pretrained(self, save_directory: Path) -> None:
        metadata = {"architecture": self.architecture, "data_version": DATA_VERSION}
        save_weights(self.state_dict(), save_directory / WEIGHTS_NAME, metadata)
        text = json.dumps(self.config, indent=2, sort_keys=True) + "\n"
        (save_directory / CONFIG_NAME).write_text(text, encoding="utf-8")


class FeedForward(Baseline, ABC):
    """A baseline that is a list of layers; its members train as one stack."""

    @abstractmethod
    def layers(self) -> list[nn.Module]:
        """Return the layers from signals to logits, of the kinds that `stack_layers` knows."""

    def forward(self, x: Tensor) -> Tensor:
        """Return logits of shape (batch, num_classes)."""
        self.check_input(x)
        for layer in self.layers():
            x = layer(x)
        return x

    @classmethod
    def stack(cls, models: Sequence[Self]) -> list[Layer]:
        """Return the layers of a stack of models."""
        return stack_layers([model.layers() for model in models])


@dataclass(frozen=True)
class Architecture:
    """Everything about an architecture, in one place."""

    model: type[Baseline]
    recipes: Mapping[str, TrainingSettings]  # by the name of the recipe, one of `recipes.RECIPES`
    cost: float  # time of a training step relative to logistic regression, to start long jobs first

    def published(self, config: str) -> paper.Accuracy | None:
        """Return what the paper says of its test accuracy on a config, if anything."""
        return paper.table_1(config, self.model.architecture)


_architectures: dict[str, Architecture] = {}


def register(*, recipes: Mapping[str, TrainingSettings], cost: float) -> Callable[[type[_Model]], type[_Model]]:
    """Return a decorator that makes a class available under the name in its `architecture`; see `Architecture`."""

    def add(model: type[_Model]) -> type[_Model]:
        name = model.architecture
        if name in _architectures:
            raise ValueError(f"there is another architecture named {name!r}; give {model.__name__} another name")
        _architectures[name] = Architecture(model, recipes, cost)
        return model

    return add


def get_architecture(name: str) -> Architecture:
    """Return the record of an architecture; a ValueError for an unknown name lists the known ones."""
    if name not in MODELS:
        raise ValueError(f"unknown model {name!r}; the models are {', '.join(MODELS)}")
    return _architectures[name]


class _Models(Mapping[str, type[Baseline]]):
    """The registered classes: the paper's four first, in its order, the others by name."""

    def __getitem__(self, name: str) -> type[Baseline]:
        return _architectures[name].model

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(_architectures, key=lambda name: (*(name != known for known in paper.NAMES), name)))

    def __len__(self) -> int:
        return len(_architectures)


MODELS = _Models()
"""The classes by the name of their architecture."""
