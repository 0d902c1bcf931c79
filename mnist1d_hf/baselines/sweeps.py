"""Accuracy as one generation parameter changes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from torch import nn

from ..dataset.parameters import GenerationParameters
from ..utils.progress import shown
from ..utils.text import show
from .data import load_tensors
from .evaluation import evaluate
from .metrics import Evaluation
from .onnx_models import OnnxModel

SWEEPABLE = {
    name: float if isinstance(value, float) else int
    for name, value in vars(GenerationParameters()).items()
    if not isinstance(value, bool)
}
"""Type of the values of each parameter that can be swept."""

# A typing error in STEP would otherwise take hours.
_MOST_VALUES = 1000

Points = Sequence[tuple[float, Evaluation]]
"""Values of a parameter with the evaluation at each."""


def sweep(
    model: nn.Module | OnnxModel,
    parameter: str,
    values: Sequence[float],
    *,
    config: str = "default",
    split: str = "test",
    parameters: Mapping[str, Any] | None = None,
    device: str = "cpu",
) -> list[tuple[float, Evaluation]]:
    """Evaluate a model on data with one generation parameter changed, at each value in turn.

    For `padding`, which is a pair, ``p`` stands for ``(p, p)``; `final_seq_length` can only be the model's. ``parameters`` are
    others to change.
    """
    fixed = dict(parameters or {})
    _check_sweepable(parameter)
    if parameter in fixed:
        raise ValueError(
            f"the parameter {parameter!r} is both swept and set to {fixed[parameter]!r}; leave out one of the two"
        )
    length = getattr(model, "final_seq_length", None)
    if parameter == "final_seq_length" and any(value != length for value in values):
        raise ValueError(
            f"'final_seq_length' cannot be swept: this model takes signals of one length, {length}; evaluate a model "
            f"of each length instead"
        )
    changes = [{**fixed, parameter: (value, value) if parameter == "padding" else value} for value in values]
    for change in changes:
        # All of them before the first is evaluated.
        GenerationParameters(**change)
    return [
        (value, evaluate(model, load_tensors(config, split, **change), device=device))
        for value, change in shown(list(zip(values, changes, strict=True)), parameter)
    ]


def parse_sweep(text: str) -> tuple[str, tuple[float, ...]]:
    """Read ``PARAMETER=START:STOP:STEP``, for example ``"corr_noise_scale=0:1:0.25"``.

    The values are START, START + STEP and so on, up to STOP, which is included if a step ends there; a
    parameter of integers gets integers.
    """
    parameter, _, numbers = text.partition("=")
    parts = numbers.split(":")
    if len(parts) != 3:
        raise ValueError(
            f"{text!r} is not of the form PARAMETER=START:STOP:STEP, for example corr_noise_scale=0:1:0.25"
        )
    _check_sweepable(parameter)
    kind = SWEEPABLE[parameter]
    try:
        start, stop, step = (_exact(part, kind) for part in parts)
    except ValueError:
        allowed = "integers" if kind is int else "finite numbers"
        raise ValueError(f"{text!r}: START, STOP and STEP of {parameter!r} must be {allowed}") from None
    if step <= 0 or stop < start:
        raise ValueError(f"{text!r}: STEP must be above 0, and STOP not below START")
    count = (stop - start) // step + 1
    if count > _MOST_VALUES:
        raise ValueError(
            f"{text!r} asks for {show(int(count))} values; at most {_MOST_VALUES} are allowed, so give a greater STEP"
        )
    return parameter, tuple(kind(start + index * step) for index in range(count))


def _check_sweepable(parameter: str) -> None:
    if parameter not in SWEEPABLE:
        raise ValueError(f"{parameter!r} cannot be swept; the parameters that can are {', '.join(SWEEPABLE)}")


def _exact(text: str, kind: type) -> Fraction:
    """Return a number as it is written, so that 0:1:0.1 ends at 1 and has 0.3 in it."""
    number = kind(text)
    if kind is float and not math.isfinite(number):
        raise ValueError(text)
    # The shortest form of the number, since a fraction takes the memory that 1e-999999999 asks for.
    return Fraction(repr(number))
