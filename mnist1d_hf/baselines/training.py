"""Training: members of one architecture, which differ in seed or task, in one loop.

How this differs from the paper's code, which evaluates on the test set while it trains: here the test rows are read once, after
the last step. Settings were chosen with the last `VALIDATION_ROWS` of the training rows held out; the checkpoints are then
trained on all training rows with the settings fixed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..dataset.templates import NUM_CLASSES
from ..errors import ModelError
from ..utils.seeds import generator, seeded
from .architectures import Baseline
from .data import check_device, load_training_tensors
from .members import Members, Separate, Stack, State
from .recipes import TrainingSettings
from .registry import create_model
from .tasks import get_task

# Rows classified at once, and batches gathered at once, to bound memory.
_EVALUATION_ROWS = 1_000
_GATHERED_BATCHES = 100


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

    model: nn.Module
    task: str
    seed: int
    curves: Curves
    seconds: float  # time of all members, divided by their number


ProgressCallback = Callable[[int, float, float], None]
"""Called with the step, the mean loss and the mean accuracy of the members."""

Accuracies = Callable[[Tensor, Tensor], Tensor]
"""Returns the accuracy of each member, a fraction, on signals of shape (members, rows, length) and their labels."""

Observer = Callable[[int, Accuracies], None]
"""Called at each point of the curves, with the step and what measures the members as they are then."""


ModelFactory = Callable[[int, int], nn.Module]
"""Makes a model for signals of so many points and so many classes."""


def train(
    architecture: str | ModelFactory,
    runs: Sequence[tuple[str, int]],
    settings: TrainingSettings,
    *,
    train_rows: int | None = None,
    device: str = "cpu",
    progress: ProgressCallback | None = None,
    observe: Observer | None = None,
) -> list[TrainedModel]:
    """Train members of one architecture together; each comes out as it would alone, to rounding.

    A run is a task and a seed, which draws the initial weights and the order of the rows; the tasks of one call have equally
    many rows to train on. With ``train_rows`` the members see that many of the first rows of their config instead of all that
    the task names. The models are returned in the order of the runs, on the CPU and in evaluation mode. A ModelError names the
    run and the step where a loss is no finite number.
    """
    check_device(device)
    data = {task: load_training_tensors(task, train_rows) for task in dict(runs)}
    start = time.perf_counter()
    available = len(data[runs[0][0]][1])
    held_out = available - settings.validation_rows
    rows = min(held_out, get_task(runs[0][0]).train_rows or held_out)
    if rows < 1:
        raise ValueError(f"validation_rows={settings.validation_rows} leaves no row of {available} to train on")
    x, y = (torch.stack([data[task][column][held_out:] for task, _ in runs]).to(device) for column in (0, 1))
    models, streams = [], []
    for _, seed in runs:
        with seeded(seed):
            models.append(_create(architecture, x.shape[2]).to(device))
            streams.append(torch.get_rng_state())
    baselines = [model for model in models if isinstance(model, Baseline)]
    layers = type(baselines[0]).stack(baselines) if baselines else None
    members: Members = Stack(models, layers) if layers else Separate(models, streams)
    curves, best = _CurveRecorder(runs, settings.label_smoothing), _BestWeights(members)
    batches = _Batches([data[task] for task, _ in runs], rows, [seed for _, seed in runs], settings, device)
    for step, logits, labels in _optimise(members, batches, settings):
        curves.add(logits, labels)
        if step % settings.log_every and step != settings.steps:
            continue
        point = curves.close(step, _accuracy(members, x, y))
        if settings.early_stopping:
            best.update(point.validation)
        if observe:
            observe(step, partial(_accuracy, members))
        if progress:
            progress(step, float(point.loss.mean()), float(point.accuracy.mean()))
    for member, model in enumerate(models):
        model.to("cpu").load_state_dict(best.state(member) if settings.early_stopping else members.state(member))
        model.eval()
    seconds = (time.perf_counter() - start) / len(runs)
    return [
        TrainedModel(model, task, seed, curves.of_member(member), seconds)
        for member, (model, (task, seed)) in enumerate(zip(models, runs, strict=True))
    ]


def _create(architecture: str | ModelFactory, length: int) -> nn.Module:
    if isinstance(architecture, str):
        return create_model(architecture, final_seq_length=length)
    return architecture(length, NUM_CLASSES)


def _optimise(members: Members, batches: _Batches, settings: TrainingSettings) -> Iterator[tuple[int, Tensor, Tensor]]:
    """Train the members; yield each step, counted from 1, with the logits and labels of its batch."""
    optimizer = torch.optim.AdamW(
        members.parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )
    for step in range(settings.steps):
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate_at(step)
        x, labels = batches.next()
        logits = members.set_gradients(x, labels, settings.label_smoothing)
        optimizer.step()
        yield step + 1, logits, labels


def _accuracy(members: Members, x: Tensor, y: Tensor) -> Tensor:
    """Return the accuracy of each member on its rows, or an empty tensor if there are no rows."""
    if not x.shape[1]:
        return x.new_empty(0)
    chunks = zip(x.split(_EVALUATION_ROWS, dim=1), y.split(_EVALUATION_ROWS, dim=1), strict=True)
    hits = [members.forward(signals).argmax(dim=2) == labels for signals, labels in chunks]
    return torch.cat(hits, dim=1).float().mean(dim=1)


class _Point(NamedTuple):
    """A point of the curves; the tensors hold one value per member."""

    step: int
    loss: Tensor
    accuracy: Tensor
    validation: Tensor


class _CurveRecorder:
    """Averages what was seen on the batches between two points of the curves."""

    def __init__(self, runs: Sequence[tuple[str, int]], label_smoothing: float) -> None:
        self._runs, self._label_smoothing = runs, label_smoothing
        self._batches: list[tuple[Tensor, Tensor]] = []
        self._points: list[_Point] = []

    def add(self, logits: Tensor, labels: Tensor) -> None:
        self._batches.append((logits, labels))

    def close(self, step: int, validation: Tensor) -> _Point:
        """End a point of the curves and return it."""
        # All batches at once, which costs less than each by itself.
        logits, labels = (torch.cat(tensors, dim=1) for tensors in zip(*self._batches, strict=True))
        losses = F.cross_entropy(
            logits.transpose(1, 2), labels, label_smoothing=self._label_smoothing, reduction="none"
        )
        loss, accuracy = losses.mean(dim=1), (logits.argmax(dim=2) == labels).float().mean(dim=1)
        if not loss.isfinite().all():
            self._refuse(losses.unflatten(1, (len(self._batches), -1)), step - len(self._batches) + 1)
        self._batches.clear()
        self._points.append(_Point(step, loss, accuracy, validation))
        return self._points[-1]

    def _refuse(self, losses: Tensor, first_step: int) -> None:
        """Raise for the first of some steps with a loss, of shape (members, steps, rows), that is no finite number."""
        step, member = (~losses.isfinite()).any(dim=2).T.nonzero()[0].tolist()
        task, seed = self._runs[member]
        loss = float(losses[member, step].mean())
        raise ModelError(
            f"the loss of seed {seed} on the task {task!r} is {loss} at step {first_step + step}: try a lower learning "
            f"rate, and look for logarithms, roots and divisions that can fail"
        )

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
        self._best: dict[int, tuple[float, State]] = {}

    def update(self, validation: Tensor) -> None:
        for member, accuracy in enumerate(validation.tolist()):
            if member not in self._best or accuracy > self._best[member][0]:
                self._best[member] = accuracy, self._members.state(member)

    def state(self, member: int) -> State:
        return self._best[member][1]


class _Batches:
    """Draws each member's next batch; epoch follows epoch without a gap."""

    def __init__(
        self,
        data: Sequence[tuple[Tensor, Tensor]],
        rows: int,
        seeds: Sequence[int],
        settings: TrainingSettings,
        device: str,
    ) -> None:
        self._data, self._rows, self._settings, self._device = data, rows, settings, device
        self._generators = [generator(seed, "batches") for seed in seeds]
        self._order = torch.empty(len(seeds), 0, dtype=torch.int64)
        self._gathered: list[tuple[Tensor, Tensor]] = []

    def next(self) -> tuple[Tensor, Tensor]:
        """Return signals of shape (members, batch_size, length) and labels of shape (members, batch_size)."""
        if not self._gathered:
            self._gathered = self._gather()
        return self._gathered.pop()

    def _gather(self) -> list[tuple[Tensor, Tensor]]:
        """Gather the rows of many batches at once, which costs less than those of each by itself; the first is last."""
        size = self._settings.batch_size
        while self._order.shape[1] < size:
            self._order = torch.cat([self._order, self._epoch()], dim=1)
        count = min(self._order.shape[1] // size, _GATHERED_BATCHES) * size
        rows, self._order = self._order[:, :count], self._order[:, count:]
        x, y = (
            torch.stack(
                [of_member[column].index_select(0, own) for of_member, own in zip(self._data, rows, strict=True)]
            )
            for column in (0, 1)
        )
        batches = zip(x.to(self._device).split(size, dim=1), y.to(self._device).split(size, dim=1), strict=True)
        return list(batches)[::-1]

    def _epoch(self) -> Tensor:
        if self._settings.shuffle:
            return torch.stack([torch.randperm(self._rows, generator=generator) for generator in self._generators])
        return torch.arange(self._rows).expand(len(self._generators), -1)
