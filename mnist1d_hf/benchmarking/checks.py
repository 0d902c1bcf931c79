"""What is looked at before any training, so that nobody waits for a mistake."""

from __future__ import annotations

import warnings
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from ..baselines.recipes import TrainingSettings
from ..baselines.registry import create_model
from ..dataset.templates import NUM_CLASSES
from ..errors import ModelError
from ..utils.seeds import seeded
from .subject import Subject, explain, is_classifier

# Rows for what takes few, and how far two outputs for the same rows may be apart.
_ROWS = 8
_TOLERANCE = 1e-4

# Parameters that a warning names.
_NAMED = 5


def make_fresh(subject: Subject, length: int, seed: int = 0) -> Any:
    """Return what is benchmarked with the initial weights of a seed; a ModelError says why it cannot be made."""
    with seeded(seed):
        if isinstance(subject.make, str):
            return create_model(subject.make, final_seq_length=length)
        return Maker(subject)(length, NUM_CLASSES)


class Maker:
    """Makes a module or a classifier; lazy layers of it get their sizes. A ModelError says what went wrong."""

    def __init__(self, subject: Subject) -> None:
        assert not isinstance(subject.make, str)
        self._name, self._make = subject.name, subject.make

    def __call__(self, length: int, classes: int) -> Any:
        """Make it for signals of so many points and so many classes."""
        try:
            made = self._make(length, classes)
        except Exception as error:
            raise ModelError(f"{self._name} cannot be made: {explain(error)}") from error
        if isinstance(made, nn.Module):
            if any(map(is_lazy, made.parameters())):
                _call(self._name, made.eval(), torch.zeros(_ROWS, length))
        elif not is_classifier(made):
            raise ModelError(
                f"{self._name} makes something of type {type(made).__name__}; it must make a torch.nn.Module, or a classifier "
                f"with fit and predict"
            )
        return made


def check_model(subject: Subject, x: Tensor, y: Tensor, settings: TrainingSettings) -> nn.Module | Any:
    """Return a fresh module or classifier after looking at what can go wrong with it, given rows to train on.

    A ModelError says what is wrong: nothing to train, logits of a wrong shape or that are no finite numbers, an evaluation that
    is random or mixes the rows of a batch. A UserWarning names parameters without a gradient, and says if making is random.
    """
    model = make_fresh(subject, x.shape[1])
    if isinstance(model, nn.Module) and not isinstance(subject.make, str):
        if not any(parameter.requires_grad for parameter in model.parameters()):
            raise ModelError(f"{subject.name} has no parameters to train")
        _check_repetition(subject, model, x.shape[1])
        _check_evaluation(subject.name, model, x[:_ROWS])
        _check_gradients(subject.name, model, x[: settings.batch_size], y[: settings.batch_size])
        return make_fresh(subject, x.shape[1])
    return model


def _check_repetition(subject: Subject, model: nn.Module, length: int) -> None:
    """Raise if a second model shares weights with the first; warn if its weights are others in spite of the same seed."""
    other = make_fresh(subject, length)
    pairs = list(zip(model.parameters(), other.parameters(), strict=False))
    if other is model or any(one is two for one, two in pairs):
        raise ModelError(
            f"{subject.name} gives the same weights every time; it must make new ones, since seeds train apart"
        )
    if any(one.shape != two.shape or not torch.equal(one, two) for one, two in pairs):
        warnings.warn(
            f"{subject.name} draws its weights without torch's generator, so that its numbers cannot be repeated; use "
            f"torch.nn.init",
            stacklevel=2,
        )


@torch.no_grad()
def _check_evaluation(name: str, model: nn.Module, x: Tensor) -> None:
    """Raise unless the logits in evaluation mode are finite, of the right shape, and those of each row alone."""
    first = _call(name, model.eval(), x)
    if not first.isfinite().all():
        raise ModelError(f"{name} gives NaN or inf before any training; look at its initial weights and its divisions")
    if not _same(first, _call(name, model, x)):
        raise ModelError(
            f"{name} gives other logits at a second call in evaluation mode; switch off what is random there, such as "
            f"functional.dropout without training=self.training, and keep nothing from call to call"
        )
    if not _same(first[: _ROWS // 2], _call(name, model, x[: _ROWS // 2])):
        raise ModelError(
            f"{name} gives a row other logits when other rows are in its batch, in evaluation mode; statistics over the batch "
            f"belong in training mode alone"
        )


def _check_gradients(name: str, model: nn.Module, x: Tensor, y: Tensor) -> None:
    """Raise unless a batch gives gradients; warn of parameters that get none."""
    with seeded(0):
        logits = _call(name, model.train(), x)
        try:
            F.cross_entropy(logits, y).backward()
        except RuntimeError as error:
            raise ModelError(f"{name} cannot be trained: {explain(error)}") from error
    idle = [key for key, one in model.named_parameters() if one.requires_grad and one.grad is None]
    if idle:
        more = f" and {len(idle) - _NAMED} more" if len(idle) > _NAMED else ""
        warnings.warn(
            f"parameters of {name} get no gradient, and stay as they are: {', '.join(idle[:_NAMED])}{more}",
            stacklevel=2,
        )


def _call(name: str, model: nn.Module, x: Tensor) -> Tensor:
    """Return the logits of a model; raise a ModelError if it fails, or if they are of the wrong type or shape."""
    shape, mode = (len(x), NUM_CLASSES), "training" if model.training else "evaluation"
    try:
        logits = model(x)
    except Exception as error:
        raise ModelError(
            f"{name} fails in {mode} mode for signals of shape {tuple(x.shape)}: {explain(error)}"
        ) from error
    if not isinstance(logits, Tensor):
        raise ModelError(f"{name} must return a tensor of logits of shape {shape}, got {type(logits).__name__}")
    if logits.shape != shape or not logits.is_floating_point():
        raise ModelError(
            f"{name} must return float logits of shape {shape}, (batch, classes), for signals of shape {tuple(x.shape)}, got "
            f"{str(logits.dtype).removeprefix('torch.')} of shape {tuple(logits.shape)}"
        )
    return logits


def _same(one: Tensor, two: Tensor) -> bool:
    return torch.allclose(one, two, rtol=_TOLERANCE, atol=_TOLERANCE * float(one.abs().max().clamp(min=1e-6)))
