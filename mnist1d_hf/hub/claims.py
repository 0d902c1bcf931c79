"""What somebody's ``metrics.json`` claims: read as if it were made to do harm, and refused in one line."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..baselines.tasks import FRESH_ROWS, TASKS, get_task
from ..dataset.presets import CONFIGS
from ..utils.text import one_line, show

MAX_METRICS_BYTES = 2**22
"""Size of the largest ``metrics.json`` that is read; those of the baselines have less than 20 kB."""
MAX_SEEDS = 1000
_MAX_COUNT = 10**15
_MAX_TEXT = 100

# Accuracies written as decimals are rounded.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Claim:
    """All runs of a model on one task, as its author states them."""

    model: str
    task: str
    recipe: str
    protocol: str
    data_version: str
    parameters: int | None
    macs: int | None
    seeds: tuple[int, ...]
    test: tuple[float, ...]
    """Accuracy of each seed on the test rows, a fraction."""
    fresh: tuple[float, ...]
    """On the fresh rows."""
    seconds: float
    """Of training, mean of the seeds."""


def read_claim(path: Path) -> Claim:
    """Read a ``metrics.json``; a ValueError says in one line what is wrong with it."""
    size = path.stat().st_size
    if size > MAX_METRICS_BYTES:
        raise ValueError(f"it has {size:,} bytes; at most {MAX_METRICS_BYTES:,} are read")
    try:
        content = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"it cannot be read as JSON ({one_line(error)[:200]})") from error
    if not isinstance(content, dict):
        raise ValueError("it does not hold a JSON object")
    return _parse(content)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"it holds {name}, which is no number")


def _parse(content: dict[str, Any]) -> Claim:
    task = content.get("task")
    if not isinstance(task, str) or task not in TASKS:
        raise ValueError(f"its task is {show(task)}; the tasks are {', '.join(TASKS)}")
    config = content.get("config", get_task(task).config)
    if config != get_task(task).config:
        raise ValueError(f"its config is {show(config)}; that of the task {task} is {get_task(task).config}")
    seeds, runs = content.get("seeds"), content.get("runs")
    if not isinstance(seeds, list) or not 1 <= len(seeds) <= MAX_SEEDS:
        raise ValueError(f"its seeds are {show(seeds)}; they must be a list of 1 to {MAX_SEEDS} integers")
    if not isinstance(runs, list) or len(runs) != len(seeds) or not all(isinstance(run, dict) for run in runs):
        raise ValueError(f"its runs must be a list of {len(seeds)} objects, one per seed")
    numbers = tuple(_integer(run, "seed", f"seed of run {index}") for index, run in enumerate(runs))
    if len(set(numbers)) != len(numbers) or list(numbers) != seeds:
        raise ValueError(
            f"its seeds are {show(seeds)}, and those of its runs {show(list(numbers))}; they must be the same"
        )
    claim = Claim(
        model=_text(content, "model"),
        task=task,
        recipe=_text(content, "recipe"),
        protocol=_text(content, "protocol"),
        data_version=_text(content, "data_version"),
        parameters=_count(content, "parameters"),
        macs=_count(content, "macs"),
        seeds=numbers,
        test=tuple(_accuracy(run, "test", _test_rows(task)) for run in runs),
        fresh=tuple(_accuracy(run, "fresh", FRESH_ROWS) for run in runs),
        seconds=_mean([_number(run, "seconds", _MAX_COUNT) for run in runs]),
    )
    stated = {
        "test_accuracy": claim.test[0],
        "mean_test_accuracy": _mean(claim.test),
        "mean_fresh_accuracy": _mean(claim.fresh),
    }
    for name, value in stated.items():
        if abs(_number(content, name, 1) - value) > _ROUNDING:
            raise ValueError(f"its {name} is {content[name]}, and its runs give {value:.5f}")
    return claim


def _test_rows(task: str) -> int:
    parameters = CONFIGS[get_task(task).test_config]
    return parameters.num_samples - int(parameters.num_samples * parameters.train_split)


def _mean(values: list[float] | tuple[float, ...]) -> float:
    return math.fsum(values) / len(values)


def _text(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT or not value.isprintable():
        raise ValueError(f"its {name} is {show(value)}; it must be a text of at most {_MAX_TEXT} printable characters")
    return value


def _integer(content: Mapping[str, Any], name: str, what: str, high: int = _MAX_COUNT) -> int:
    value = content.get(name)
    if type(value) is not int or not 0 <= value <= high:
        raise ValueError(f"its {what} is {show(value)}; it must be an integer from 0 to {high}")
    return value


def _count(content: Mapping[str, Any], name: str) -> int | None:
    return None if content.get(name) is None else _integer(content, name, name)


def _number(content: Mapping[str, Any], name: str, high: int) -> float:
    value = content.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= high:
        raise ValueError(f"its {name} is {show(value)}; it must be a number from 0 to {high}")
    return float(value)


def _accuracy(run: Mapping[str, Any], name: str, rows: int) -> float:
    """Return the accuracy of a run on some rows, which must be as many as the protocol's."""
    measured = run.get(name)
    if not isinstance(measured, dict):
        raise ValueError(f"its run of seed {run['seed']} has no evaluation on {name} rows")
    what = f"{name} rows of seed {run['seed']}"
    if _integer(measured, "rows", what) != rows:
        raise ValueError(f"its {what} are {measured['rows']:,}; the protocol's are {rows:,}")
    correct = _integer(measured, "correct", f"number of correct {what}", high=rows)
    if abs(_number(measured, "accuracy", 1) - correct / rows) > _ROUNDING:
        raise ValueError(
            f"its accuracy on the {what} is {measured['accuracy']}, and {correct:,} of {rows:,} are correct"
        )
    return correct / rows
