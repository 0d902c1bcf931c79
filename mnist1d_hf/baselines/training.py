"""Training of the baselines: members of one architecture, which differ in seed or config, in one loop.

How this differs from the paper's code, which evaluates on the test set while it trains: here the test rows are read once, after
the last step. Settings were chosen with the last `VALIDATION_ROWS` of the training rows held out; the checkpoints are then
trained on all training rows with the settings fixed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ..dataset.presets import PRESETS
from ..utils.seeds import generator, seeded
from .architectures import Baseline, get_architecture
from .data import check_device, load_tensors
from .members import Members, Separate, Stack
from .recipes import TrainingSettings
from .registry import create_model
from .stacked import Parameters

# Rows classified at once, to bound memory.
_EVALUATION_ROWS = 5_000


@dataclass(frozen=True)
class Curves:
    """What was seen while training, one entry every ``log_every`` steps."""

    step: tuple[int, ...]
    train_loss: tuple[float, ...]  # mean of the batches since the last entry, in nats
    train_accuracy: tuple[float, ...]  # on the batches since the last entry, a fraction
    validation_accuracy: tuple[float, ...]  # on the validation rows, a fraction; empty if there are none


@dataclass(frozen=True)
class TrainedModel:
    """One member after training."""

    model: Baseline
    config: str
    seed: int
    curves: Curves
    seconds: float  # time of all members, divided by their number


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
    """Train members of one architecture together; each comes out as it would alone, to rounding.

    A run is a config and a seed, which draws the initial weights and the order of the rows. With ``train_rows`` the members
    see that many of the first rows of their config instead of all that its preset names. The models are returned in the order
    of the runs, on the CPU and in evaluation mode.
    """
    check_device(device)
    data = {config: _training_rows(config, train_rows) for config in dict(runs)}
    start = time.perf_counter()
    x = torch.stack([data[config][0] for config, _ in runs]).to(device)
    y = torch.stack([data[config][1] for config, _ in runs]).to(device)
    rows = x.shape[1] - settings.validation_rows
    if rows < 1:
        raise ValueError(f"validation_rows={settings.validation_rows} leaves no row of {x.shape[1]} to train on")
    models = [_fresh_model(architecture, seed, x.shape[2]) for _, seed in runs]
    stacked = get_architecture(architecture).stacked
    members: Members = Stack(models, stacked, device) if stacked else Separate(models, device)
    curves, best = _CurveRecorder(), _BestWeights(members)
    batches = _Batches(x[:, :rows], y[:, :rows], [seed for _, seed in runs], settings)
    for step, loss, accuracy in _optimise(members, batches, settings):
        curves.add(loss, accuracy)
        if step % settings.log_every and step != settings.steps:
            continue
        point = curves.close(step, _accuracy(members, x[:, rows:], y[:, rows:]))
        if settings.early_stopping:
            best.update(point.validation)
        if progress:
            progress(step, float(point.loss.mean()), float(point.accuracy.mean()))
    for member, model in enumerate(models):
        model.to("cpu").load_state_dict(best.state(member) if settings.early_stopping else members.state(member))
        model.eval()
    seconds = (time.perf_counter() - start) / len(runs)
    return [
        TrainedModel(model, config, seed, curves.of_member(member), seconds)
        for member, (model, (config, seed)) in enumerate(zip(models, runs, strict=True))
    ]


def _training_rows(config: str, rows: int | None) -> tuple[Tensor, Tensor]:
    preset = PRESETS[config]
    rows = rows or preset.train_rows
    split = "train" if rows is None else f"train[:{rows}]"
    if rows is None or not preset.is_sharded:
        return load_tensors(config, split)
    # Fewer samples are the first of more, so these are the first training rows of the config.
    return load_tensors(config, split, num_samples=math.ceil(rows / preset.parameters.train_split))


def _fresh_model(architecture: str, seed: int, length: int) -> Baseline:
    with seeded(seed):
        return create_model(architecture, final_seq_length=length)


def _optimise(members: Members, batches: _Batches, settings: TrainingSettings) -> Iterator[tuple[int, Tensor, Tensor]]:
    """Train the members; yield each step, counted from 1, with the loss and accuracy of every member on its batch."""
    optimizer = torch.optim.AdamW(
        members.parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )
    for step in range(settings.steps):
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate_at(step)
        x, labels = batches.next()
        logits = members(x, training=True)
        losses = F.cross_entropy(
            logits.flatten(0, 1), labels.flatten(), label_smoothing=settings.label_smoothing, reduction="none"
        )
        # The mean over rows, the sum over members: each member's gradient is what it is alone.
        loss = losses.view_as(labels).mean(dim=1)
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
        yield step + 1, loss.detach(), (logits.detach().argmax(dim=2) == labels).float().mean(dim=1)


@torch.no_grad()
def _accuracy(members: Members, x: Tensor, y: Tensor) -> Tensor:
    """Return the accuracy of each member on its rows, or an empty tensor if there are no rows."""
    if not x.shape[1]:
        return x.new_empty(0)
    chunks = zip(x.split(_EVALUATION_ROWS, dim=1), y.split(_EVALUATION_ROWS, dim=1), strict=True)
    hits = [members(signals, training=False).argmax(dim=2) == labels for signals, labels in chunks]
    return torch.cat(hits, dim=1).float().mean(dim=1)


class _Point(NamedTuple):
    """A point of the curves; the tensors hold one value per member."""

    step: int
    loss: Tensor
    accuracy: Tensor
    validation: Tensor


class _CurveRecorder:
    """Averages what was seen on the batches between two points of the curves."""

    def __init__(self) -> None:
        self._batches: list[Tensor] = []
        self._points: list[_Point] = []

    def add(self, loss: Tensor, accuracy: Tensor) -> None:
        self._batches.append(torch.stack([loss, accuracy]))

    def close(self, step: int, validation: Tensor) -> _Point:
        """End a point of the curves and return it."""
        loss, accuracy = torch.stack(self._batches).mean(dim=0)
        self._batches.clear()
        self._points.append(_Point(step, loss, accuracy, validation))
        return self._points[-1]

    def of_member(self, member: int) -> Curves:
        return Curves(
            step=tuple(point.step for point in self._points),
            train_loss=tuple(float(point.loss[member]) for point in self._points),
            train_accuracy=tuple(float(point.accuracy[member]) for point in self._points),
            validation_accuracy=tuple(
                float(point.validation[member]) for point in self._points if len(point.validation)
            ),
        )


class _BestWeights:
    """Keeps the weights of each member at the first point with its best validation accuracy."""

    def __init__(self, members: Members) -> None:
        self._members = members
        self._best: dict[int, tuple[float, Parameters]] = {}

    def update(self, validation: Tensor) -> None:
        for member, accuracy in enumerate(validation.tolist()):
            if member not in self._best or accuracy > self._best[member][0]:
                self._best[member] = accuracy, self._members.state(member)

    def state(self, member: int) -> Parameters:
        return self._best[member][1]


class _Batches:
    """Draws each member's next batch; epoch follows epoch without a gap."""

    def __init__(self, x: Tensor, y: Tensor, seeds: Sequence[int], settings: TrainingSettings) -> None:
        self._x, self._y = x, y
        self._settings = settings
        self._generators = [generator(seed, "batches") for seed in seeds]
        self._member = torch.arange(len(seeds), device=x.device).unsqueeze(1)
        self._queue = torch.empty(len(seeds), 0, dtype=torch.int64, device=x.device)

    def next(self) -> tuple[Tensor, Tensor]:
        """Return signals of shape (members, batch_size, length) and labels of shape (members, batch_size)."""
        size = self._settings.batch_size
        while self._queue.shape[1] < size:
            self._queue = torch.cat([self._queue, self._epoch()], dim=1)
        rows, self._queue = self._queue[:, :size], self._queue[:, size:]
        return self._x[self._member, rows], self._y[self._member, rows]

    def _epoch(self) -> Tensor:
        rows = self._x.shape[1]
        if self._settings.shuffle:
            order = torch.stack([torch.randperm(rows, generator=generator) for generator in self._generators])
        else:
            order = torch.arange(rows).expand(len(self._generators), -1)
        return order.to(self._x.device)
