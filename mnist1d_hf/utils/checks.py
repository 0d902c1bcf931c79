"""Checks of single values; errors name the parameter, the value and what is allowed."""

from __future__ import annotations

import math
import numbers

from .text import show


def type_error(name: str, value: object, allowed: str) -> TypeError:
    """Return the error for a value of the wrong type."""
    return TypeError(f"the {name!r} parameter must be {allowed}, got {show(value)} of type {type(value).__name__}")


def value_error(name: str, value: object, allowed: str) -> ValueError:
    """Return the error for a value that is out of range."""
    return ValueError(f"the {name!r} parameter must be {allowed}, got {show(value)}")


def check_integer(name: str, value: object, *, low: int, high: int | None = None) -> int:
    """Return the value as an `int`; raise a TypeError unless it is an integer, a ValueError unless it is in range.

    Without an upper end, integers that do not fit 64 bits are out of range.
    """
    allowed = f"an integer of at least {low}" if high is None else f"an integer from {low} to {high}"
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise type_error(name, value, allowed)
    number = int(value)
    if high is None and number >= 2**63:
        raise value_error(name, value, f"{allowed} and below 2**63")
    if number < low or (high is not None and number > high):
        raise value_error(name, value, allowed)
    return number


def check_real(name: str, value: object) -> float:
    """Return the value as a `float`; raise a TypeError unless it is a number, a ValueError unless it is finite."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise type_error(name, value, "a finite number")
    try:
        number = float(value)
    except OverflowError:  # an integer or a fraction
        number = math.inf
    if not math.isfinite(number):
        raise value_error(name, value, "a finite number")
    return number
