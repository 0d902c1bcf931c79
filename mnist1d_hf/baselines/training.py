"""Training of the baselines: members of one architecture (seeds and configs) as one stacked model.

How this differs from the paper's code, which evaluates on the test set while it trains: here the test rows are read once, after
the last step. Settings were chosen with the last `VALIDATION_ROWS` of the training rows held out; the checkpoints are then
trained on all training rows with the settings fixed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..dataset.presets import PRESETS
from ..utils.checks import check_integer
from .architectures.models import Baseline
from .data import load_tensors
from .registry import create_model
from .stacked import STACKED, Forward, Parameters, stack_parameters, unstack_parameters

VALIDATION_ROWS = 600
"""Training rows held out, the last ones, while settings are chosen."""

# Rows classified at once, to bound memory.
_EVALUATION_ROWS = 5_000


@dataclass(frozen=True)
class TrainingSettings:
    """How a model is trained: AdamW, and by default a one-cycle schedule.

    Parameters
    ----------
    steps : int
        Optimiser steps, at least 1.
    batch_size : int
        Rows of a batch, at least 1.
    learning_rate : float
        Highest learning rate, > 0.
    weight_decay : float
        Decoupled weight decay, >= 0.
    label_smoothing : float
        In [0, 1).
    one_cycle : bool
        Raise the learning rate over the first tenth of the steps, then lower it along a cosine to 0; otherwise it is constant.
    shuffle : bool
        Draw a new order of the rows for every epoch; otherwise it is always the same.
    validation_rows : int
        Training rows held out, the last ones, >= 0.
    early_stopping : bool
        Keep the weights of the point of the curves with the best validation accuracy instead of the last ones.
    log_every : int
        Steps between two points of the curves, at least 1.

    Raises
    ------
    TypeError
        If a value is of the wrong type.
    ValueError
        If a value is out of range.
    """

    steps: int = 1500
    batch_size: int = 100
    learning_rate: float = 1e-2
    weight_decay: float = 0.1
    label_smoothing: float = 0.0
    one_cycle: bool = True
    shuffle: bool = True
    validation_rows: int = 0
    early_stopping: bool = False
    log_every: int = 100

    def __post_init__(self) -> None:
        """Validate every field."""
        for name, low in (("steps", 1), ("batch_size", 1), ("validation_rows", 0), ("log_every", 1)):
            check_integer(name, getattr(self, name), low=low)
        for name in ("learning_rate", "weight_decay", "label_smoothing"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise TypeError(f"the {name!r} setting must be a number, got {value!r} of type {type(value).__name__}")
            if not math.isfinite(value) or value < 0 or (name == "learning_rate" and value == 0):
                raise ValueError(f"the {name!r} setting must be a finite number of at least 0, got {value!r}")
        if self.label_smoothing >= 1:
            raise ValueError(f"the 'label_smoothing' setting must be below 1, got {self.label_smoothing!r}")
        if self.early_stopping and not self.validation_rows:
            raise ValueError("early_stopping=True needs validation_rows, which decide when to stop; got 0")

    def learning_rate_at(self, step: int) -> float:
        """Return the learning rate of a step, counted from 0."""
        if not self.one_cycle:
            return self.learning_rate
        warm_up = max(1, self.steps // 10)
        if step < warm_up:
            return self.learning_rate * (step + 1) / warm_up
        progress = (step - warm_up) / max(1, self.steps - warm_up)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))


RECIPES: dict[str, dict[str, TrainingSettings]] = {
    # Those with the best accuracy on the validation rows of `default`; models/selection.csv has what was tried.
    "tuned": {
        "logistic": TrainingSettings(),
        "mlp": TrainingSettings(steps=8000, batch_size=50, weight_decay=0.4, log_every=400),
        "cnn": TrainingSettings(learning_rate=3e-2, label_smoothing=0.1),
        "gru": TrainingSettings(steps=2000, learning_rate=5e-2, label_smoothing=0.1),
        "resnet": TrainingSettings(steps=2000, label_smoothing=0.1),
        "transformer": TrainingSettings(steps=6000, label_smoothing=0.1, log_every=400),
    },
    # The paper's settings for its four. Its code stops early on the test rows; this one, on rows held out.
    "paper": {
        name: TrainingSettings(
            steps=6000,
            weight_decay=0.0,
            one_cycle=False,
            shuffle=False,
            validation_rows=VALIDATION_ROWS,
            early_stopping=True,
            log_every=250,
        )
        for name in ("logistic", "mlp", "cnn", "gru")
    },
}
"""Settings by recipe and architecture."""


@dataclass(frozen=True)
class Curves:
    """What was seen while training, one entry every ``log_every`` steps."""

    step: tuple[int, ...]
    train_loss: tuple[float, ...]
    """Mean loss of the batches since the last entry, in nats."""
    train_accuracy: tuple[float, ...]
    """Accuracy on the batches since the last entry, a fraction."""
    validation_accuracy: tuple[float, ...]
    """Accuracy on the validation rows, a fraction; empty if there are none."""


@dataclass(frozen=True)
class TrainedModel:
    """One member after training."""

    model: Baseline
    architecture: str
    config: str
    seed: int
    settings: TrainingSettings
    curves: Curves
    seconds: float
    """Time of the whole stack, divided by its members."""


ProgressCallback = Callable[[int, float, float], None]
"""Called with the step, the mean loss and the mean accuracy of the members."""


def train(
    architecture: str,
    runs: Sequence[tuple[str, int]],
    settings: TrainingSettings,
    *,
    train_rows: int | None = None,
    device: str = "cpu",
    progress: ProgressCallback | None = None,
) -> list[TrainedModel]:
    """Train members of one architecture together; a member comes out as it would alone, to rounding.

    Parameters
    ----------
    architecture : str
        Architecture, one of `list_models`.
    runs : sequence of (str, int)
        Config and seed of each member. The seed draws the initial weights and the order of the rows.
    settings : TrainingSettings
        How to train, the same for all.
    train_rows : int, optional
        Train on the first rows only; all of the config's preset if not given.
    device : str
        Torch device.
    progress : callable, optional
        Called every ``log_every`` steps.

    Returns
    -------
    list of TrainedModel
        One for each run, in their order, on the CPU and in evaluation mode.

    Raises
    ------
    ValueError
        If the architecture, a config or the device is unknown, or no row is left to train on.
    """
    check_device(device)
    data = {config: _training_rows(config, train_rows) for config, _ in dict(runs).items()}
    start = time.perf_counter()
    x = torch.stack([data[config][0] for config, _ in runs]).to(device)
    y = torch.stack([data[config][1] for config, _ in runs]).to(device)
    rows = x.shape[1] - settings.validation_rows
    if rows < 1:
        raise ValueError(f"validation_rows={settings.validation_rows} leaves no row of {x.shape[1]} to train on")
    models = [_fresh_model(architecture, seed, x.shape[2]) for _, seed in runs]
    parameters = {
        name: tensor.detach().to(device).requires_grad_() for name, tensor in stack_parameters(models).items()
    }
    curves = _optimise(architecture, parameters, x, y, rows, [seed for _, seed in runs], settings, progress)
    for member, model in enumerate(models):
        model.load_state_dict(unstack_parameters(parameters, member))
        model.eval()
    seconds = (time.perf_counter() - start) / len(runs)
    return [
        TrainedModel(model, architecture, config, seed, settings, curve, seconds)
        for model, (config, seed), curve in zip(models, runs, curves, strict=True)
    ]


def check_device(device: str) -> None:
    """Raise a ValueError unless torch can use the device.

    Parameters
    ----------
    device : str
        Name of a torch device.

    Raises
    ------
    ValueError
        If it is unknown or not there.
    """
    try:
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError) as error:
        available = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
        raise ValueError(f"the device {device!r} is not available; there is {', '.join(available)}") from error


def _training_rows(config: str, rows: int | None) -> tuple[Tensor, Tensor]:
    preset = PRESETS[config]
    rows = rows or preset.train_rows
    split = "train" if rows is None else f"train[:{rows}]"
    if rows is None or not preset.is_sharded:
        return load_tensors(config, split)
    # Fewer samples are the first of more, so these are the first training rows of the config.
    return load_tensors(config, split, num_samples=math.ceil(rows / preset.parameters.train_split))


def _fresh_model(architecture: str, seed: int, length: int) -> Baseline:
    """Return a model whose initial weights are drawn from the seed, leaving torch's global generator alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return create_model(architecture, final_seq_length=length)


def _optimise(
    architecture: str,
    parameters: Parameters,
    x: Tensor,
    y: Tensor,
    rows: int,
    seeds: Sequence[int],
    settings: TrainingSettings,
    progress: ProgressCallback | None,
) -> list[Curves]:
    """Train the stacked parameters in place on the first rows and return the curves of each member."""
    forward = STACKED[architecture]
    optimizer = torch.optim.AdamW(
        parameters.values(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )
    batches = _Batches(rows, seeds, settings, x.device)
    member = torch.arange(len(seeds), device=x.device).unsqueeze(1)
    best = {name: tensor.detach().clone() for name, tensor in parameters.items()}
    best_accuracy = torch.full((len(seeds),), -1.0, device=x.device)
    losses, hits, log = [], [], []
    for step in range(settings.steps):
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate_at(step)
        index = batches.next()
        labels = y[member, index]
        logits = forward(parameters, x[member, index])
        loss = F.cross_entropy(
            logits.flatten(0, 1), labels.flatten(), label_smoothing=settings.label_smoothing, reduction="none"
        ).view_as(labels)
        optimizer.zero_grad()
        # The mean over rows, the sum over members: each member's gradient is what it is alone.
        loss.mean(dim=1).sum().backward()
        optimizer.step()
        losses.append(loss.detach().mean(dim=1))
        hits.append((logits.detach().argmax(dim=2) == labels).float().mean(dim=1))
        if (step + 1) % settings.log_every == 0 or step + 1 == settings.steps:
            mean_loss, accuracy = torch.stack(losses).mean(dim=0), torch.stack(hits).mean(dim=0)
            validation = _accuracy(forward, parameters, x[:, rows:], y[:, rows:])
            log.append((step + 1, mean_loss.tolist(), accuracy.tolist(), validation.tolist()))
            losses, hits = [], []
            if settings.early_stopping:
                better = validation > best_accuracy
                best_accuracy[better] = validation[better]
                for name, tensor in parameters.items():
                    best[name][better] = tensor.detach()[better]
            if progress:
                progress(step + 1, float(mean_loss.mean()), float(accuracy.mean()))
    if settings.early_stopping:
        parameters.update(best)
    return [
        Curves(
            step=tuple(step for step, *_ in log),
            train_loss=tuple(loss[number] for _, loss, _, _ in log),
            train_accuracy=tuple(accuracy[number] for _, _, accuracy, _ in log),
            validation_accuracy=tuple(validation[number] for *_, validation in log if validation),
        )
        for number in range(len(seeds))
    ]


@torch.no_grad()
def _accuracy(forward: Forward, parameters: Parameters, x: Tensor, y: Tensor) -> Tensor:
    """Return the accuracy of each member on its rows, or an empty tensor if there are no rows."""
    if not x.shape[1]:
        return x.new_empty(0)
    hits = [
        forward(parameters, x[:, start : start + _EVALUATION_ROWS]).argmax(dim=2)
        == y[:, start : start + _EVALUATION_ROWS]
        for start in range(0, x.shape[1], _EVALUATION_ROWS)
    ]
    return torch.cat(hits, dim=1).float().mean(dim=1)


class _Batches:
    """Draws the rows of each member's next batch; epoch follows epoch without a gap."""

    def __init__(self, rows: int, seeds: Sequence[int], settings: TrainingSettings, device: torch.device) -> None:
        self.rows = rows
        self.settings = settings
        self.device = device
        # Not the generator of the initial weights, which the same seed draws.
        self.generators = [torch.Generator().manual_seed(seed + 2**32) for seed in seeds]
        self.queue = torch.empty(len(seeds), 0, dtype=torch.int64, device=device)

    def next(self) -> Tensor:
        """Return row numbers of shape (members, batch_size)."""
        size = self.settings.batch_size
        while self.queue.shape[1] < size:
            self.queue = torch.cat([self.queue, self._epoch()], dim=1)
        batch, self.queue = self.queue[:, :size], self.queue[:, size:]
        return batch

    def _epoch(self) -> Tensor:
        if self.settings.shuffle:
            order = torch.stack([torch.randperm(self.rows, generator=generator) for generator in self.generators])
        else:
            order = torch.arange(self.rows).expand(len(self.generators), -1)
        return order.to(self.device)
