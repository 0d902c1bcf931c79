"""Checks of single values."""

from fractions import Fraction

import numpy as np
import pytest

from mnist1d_hf.utils.checks import check_integer, check_real


@pytest.mark.parametrize("value", [2, np.int8(3), np.uint64(5)])
def test_integers_in_range_become_ints(value):
    assert check_integer("rows", value, low=2, high=5) == value
    assert type(check_integer("rows", value, low=2)) is int


@pytest.mark.parametrize(
    ("value", "options", "error", "message"),
    [
        (1, {"low": 2}, ValueError, "the 'rows' parameter must be an integer of at least 2, got 1"),
        (6, {"low": 2, "high": 5}, ValueError, "the 'rows' parameter must be an integer from 2 to 5, got 6"),
        (1, {"low": 2, "high": 5}, ValueError, "the 'rows' parameter must be an integer from 2 to 5, got 1"),
        (True, {"low": 0}, TypeError, "the 'rows' parameter must be an integer of at least 0, got True of type bool"),
        (2.0, {"low": 0}, TypeError, "the 'rows' parameter must be an integer of at least 0, got 2.0 of type float"),
        ("2", {"low": 0}, TypeError, "the 'rows' parameter must be an integer of at least 0, got '2' of type str"),
    ],
)
def test_other_values_are_named_with_what_is_allowed(value, options, error, message):
    with pytest.raises(error) as raised:
        check_integer("rows", value, **options)
    assert str(raised.value) == message


@pytest.mark.parametrize("value", [2, 0.5, np.float32(0.25), Fraction(1, 2), -1e300])
def test_finite_numbers_become_floats(value):
    assert check_real("scale", value) == value
    assert type(check_real("scale", value)) is float


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (float("nan"), ValueError, "the 'scale' parameter must be a finite number, got nan"),
        (float("-inf"), ValueError, "the 'scale' parameter must be a finite number, got -inf"),
        (False, TypeError, "the 'scale' parameter must be a finite number, got False of type bool"),
        (1j, TypeError, "the 'scale' parameter must be a finite number, got 1j of type complex"),
    ],
)
def test_what_is_no_finite_number_is_named(value, error, message):
    with pytest.raises(error) as raised:
        check_real("scale", value)
    assert str(raised.value) == message
