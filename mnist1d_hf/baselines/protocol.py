"""The protocol: how trained models are evaluated, and what is written down of them (models/PROTOCOL.md)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from ..utils.files import versions
from ..utils.statistics import mean_interval
from ..version import DATA_VERSION
from .metrics import Evaluation
from .tasks import get_task
from .training import Curves

PROTOCOL_VERSION = "1"
"""Raised when numbers measured before cannot be compared with new ones any more; every result carries it."""


@dataclasses.dataclass(frozen=True)
class Run:
    """One seed: how the model did at the end, and what training it took."""

    seed: int
    test: Evaluation  # on the test rows
    fresh: Evaluation  # on the fresh rows
    seconds: float  # of training
    curves: Curves | None = None  # None for models that are not trained by gradients


def describe_runs(
    model: str,
    task: str,
    recipe: str,
    settings: dict[str, Any],
    runs: Sequence[Run],
    *,
    parameters: int | None,
    macs: int | None,
) -> dict[str, Any]:
    """Return the content of ``metrics.json``, all runs of one model on one task; the checkpoint is that of the first run."""
    test, fresh = ([getattr(run, rows).accuracy for run in runs] for rows in ("test", "fresh"))
    return {
        "model": model,
        "task": task,
        "config": get_task(task).config,
        "recipe": recipe,
        "protocol": PROTOCOL_VERSION,
        "parameters": parameters,
        "macs": macs,
        "settings": settings,
        "seeds": [run.seed for run in runs],
        "test_accuracy": test[0],
        "mean_test_accuracy": float(np.mean(test)),
        "interval": mean_interval(test),
        "mean_fresh_accuracy": float(np.mean(fresh)),
        "fresh_interval": mean_interval(fresh),
        "data_version": DATA_VERSION,
        "versions": versions(),
        "runs": [
            {
                "seed": run.seed,
                "test": run.test.to_dict(),
                "fresh": run.fresh.to_dict(),
                "curves": run.curves and dataclasses.asdict(run.curves),
                "seconds": round(run.seconds, 2),
            }
            for run in runs
        ],
    }


def count_parameters(model: nn.Module) -> int:
    """Return the number of parameters that are trained."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def count_macs(model: nn.Module, signals: Tensor) -> int:
    """Return the multiplications of a forward pass in evaluation, per signal; torch counts products of matrices."""
    mode = model.training
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model.eval()(signals)
    model.train(mode)
    return int(counter.get_total_flops()) // 2 // len(signals)
