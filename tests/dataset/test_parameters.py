import dataclasses
import json
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist1d_hf import GenerationParameters
from mnist1d_hf.dataset.parameters import PARAMETER_NAMES, check_parameter_names

INTEGERS = {"num_samples": 10, "template_len": 2, "max_translation": 1, "final_seq_length": 2, "seed": 0}
SCALES = ("scale_coeff", "corr_noise_scale", "iid_noise_scale", "shear_scale")


def test_defaults_are_table_2(original):
    expected = original.get_dataset_args(as_dict=True)
    del expected["url"]
    expected["padding"] = tuple(expected["padding"])
    assert dataclasses.asdict(GenerationParameters()) == expected


def test_parameters_are_frozen_and_hashable():
    parameters = GenerationParameters()
    with pytest.raises(dataclasses.FrozenInstanceError):
        parameters.seed = 1
    assert hash(parameters) == hash(GenerationParameters())


def test_values_are_normalised():
    parameters = GenerationParameters(
        num_samples=np.int64(20),
        padding=[1, np.int32(3)],
        scale_coeff=1,
        shuffle_seq=np.True_,
        train_split=np.float32(0.5),
    )
    assert parameters == GenerationParameters(20, 0.5, padding=(1, 3), scale_coeff=1.0, shuffle_seq=True)
    types = {name: type(getattr(parameters, name)) for name in ("num_samples", "scale_coeff", "shuffle_seq", "padding")}
    assert types == {"num_samples": int, "scale_coeff": float, "shuffle_seq": bool, "padding": tuple}


INTEGER = {name: f"an integer of at least {low}" for name, low in INTEGERS.items()}
INTEGER["seed"] = "an integer from 0 to 4294967295"
PADDING = "two integers (low, high) with 0 <= low <= high"
BAD_VALUES = [
    *[(name, value, TypeError, INTEGER[name]) for name in INTEGERS for value in (None, "12", 12.0, True, math.nan)],
    *[(name, low - 1, ValueError, INTEGER[name]) for name, low in INTEGERS.items()],
    ("seed", 2**32, ValueError, INTEGER["seed"]),
    *[(name, value, ValueError, "a finite number") for name in SCALES for value in (math.nan, math.inf, -math.inf)],
    *[(name, "0.1", TypeError, "a finite number") for name in SCALES],
    *[(name, -0.1, ValueError, "a non-negative number") for name in SCALES],
    *[("train_split", value, ValueError, "a number strictly between 0 and 1") for value in (0, 1, -0.5, 1.5, 0.0, 1.0)],
    *[("padding", value, ValueError, PADDING) for value in ((2, 1), (-1, 3), (1,), (1, 2, 3))],
    *[("padding", value, TypeError, PADDING) for value in (5, (1.0, 2), "36", (True, 2), None)],
    *[
        (name, value, ValueError, f"an integer of at least {low} and below 2**63")
        for name, low in INTEGERS.items()
        if name != "seed"
        for value in (2**63, 2**70)
    ],
    ("padding", (0, 2**70), ValueError, f"{PADDING} < 2**63"),
    *[("shuffle_seq", value, TypeError, "True or False") for value in (1, 0, "true", None)],
]


@pytest.mark.parametrize(("name", "value", "error", "allowed"), BAD_VALUES)
def test_a_bad_value_is_named_with_what_is_allowed(name, value, error, allowed):
    with pytest.raises(error) as caught:
        GenerationParameters(**{name: value})
    kind = f" of type {type(value).__name__}" if error is TypeError else ""
    assert str(caught.value) == f"the {name!r} parameter must be {allowed}, got {value!r}{kind}"


@pytest.mark.parametrize(
    ("name", "value"),
    [*INTEGERS.items(), *[(name, 0) for name in SCALES], ("seed", 2**32 - 1), ("padding", (0, 0)), ("padding", (7, 7))],
)
def test_the_ends_of_the_ranges_are_allowed(name, value):
    assert getattr(GenerationParameters(**{name: value}), name) == value


def test_an_unknown_name_is_named_and_the_known_ones_listed():
    with pytest.raises(
        TypeError, match=r"unknown generation parameter 'noise'; the parameters are num_samples, .*, seed"
    ):
        GenerationParameters().replace(noise=1)
    with pytest.raises(TypeError, match=r"unknown generation parameters 'noise', 'rows'; the parameters are"):
        GenerationParameters().replace(rows=1, noise=2)
    check_parameter_names(PARAMETER_NAMES)


@pytest.mark.parametrize("value", [10**400, -(10**400), Fraction(10**400, 3)], ids=["positive", "negative", "fraction"])
@pytest.mark.parametrize("name", [*SCALES, "train_split"])
def test_a_number_beyond_the_range_of_floats_is_not_finite(name, value):
    with pytest.raises(ValueError, match=f"the '{name}' parameter must be a finite number, got .*[0-9]{{10}}"):
        GenerationParameters(**{name: value})


@pytest.mark.parametrize("name", [*INTEGERS, "padding"])
@pytest.mark.parametrize("digits", [400, 5000])
def test_a_huge_integer_is_shown_in_short(name, digits):
    value = (0, 10**digits) if name == "padding" else 10**digits
    with pytest.raises(ValueError, match=f"the '{name}' parameter must be") as caught:
        GenerationParameters(**{name: value})
    assert len(str(caught.value)) < 200


NUMBERS = st.integers() | st.integers(-(10**500), 10**500) | st.floats() | st.fractions()
VALUES = NUMBERS | st.none() | st.booleans() | st.text() | st.lists(NUMBERS, max_size=3) | st.tuples(NUMBERS, NUMBERS)


@settings(deadline=None)
@given(name=st.sampled_from(PARAMETER_NAMES), value=VALUES)
def test_any_value_is_accepted_or_named_on_one_short_line(name, value):
    try:
        parameters = GenerationParameters(**{name: value})
    except (TypeError, ValueError) as error:
        assert str(error).startswith(f"the {name!r} parameter must be ")
        assert str(error).isprintable()
        assert len(str(error)) < 600
    else:
        # The random generators and datasets take no other numbers.
        assert json.loads(json.dumps(dataclasses.asdict(parameters), allow_nan=False))
