"""Checks of single values; an error names the parameter, the value and what is allowed."""

from __future__ import annotations

import math
import numbers


def type_error(name: str, value: object, allowed: str) -> TypeError:
    """Return the error for a value of the wrong type."""
    return TypeError(f"the {name!r} parameter must be {allowed}, got {value!r} of type {type(value).__name__}")


def value_error(name: str, value: object, allowed: str) -> ValueError:
    """Return the error for a value out of range."""
    return ValueError(f"the {name!r} parameter must be {allowed}, got {value!r}")


def check_integer(name: str, value: object, *, low: int, high: int | None = None) -> int:
    """Return the value as an `int`, or raise an error that names the parameter and what is allowed.

    Parameters
    ----------
    name : str
        Name of the parameter, for the message.
    value : object
        Value to check.
    low : int
        Least value allowed.
    high : int, optional
        Greatest value allowed.

    Returns
    -------
    int
        The value.

    Raises
    ------
    TypeError
        If the value is not an integer.
    ValueError
        If the value is out of range.
    """
    allowed = f"an integer of at least {low}" if high is None else f"an integer from {low} to {high}"
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise type_error(name, value, allowed)
    number = int(value)
    if number < low or (high is not None and number > high):
        raise value_error(name, value, allowed)
    return number


def check_real(name: str, value: object) -> float:
    """Return the value as a `float`, or raise an error unless it is a finite number."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise type_error(name, value, "a finite number")
    if not math.isfinite(value):
        raise value_error(name, value, "a finite number")
    return float(value)
