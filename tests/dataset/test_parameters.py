import dataclasses
import math

import numpy as np
import pytest

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


@pytest.mark.parametrize("name", INTEGERS)
@pytest.mark.parametrize("value", [None, "12", 12.0, True, math.nan])
def test_an_integer_of_the_wrong_type_raises(name, value):
    with pytest.raises(TypeError, match=rf"'{name}' parameter must be an integer .*, got {value!r}"):
        GenerationParameters(**{name: value})


@pytest.mark.parametrize(("name", "low"), INTEGERS.items())
def test_an_integer_out_of_range_raises(name, low):
    assert getattr(GenerationParameters(**{name: low}), name) == low
    with pytest.raises(ValueError, match=rf"'{name}' parameter must be an integer .*{low}.*, got {low - 1}"):
        GenerationParameters(**{name: low - 1})


def test_a_seed_of_33_bits_raises():
    assert GenerationParameters(seed=2**32 - 1).seed == 2**32 - 1
    with pytest.raises(ValueError, match=r"'seed' parameter must be an integer from 0 to 4294967295, got 4294967296"):
        GenerationParameters(seed=2**32)


@pytest.mark.parametrize("name", SCALES)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_scale_that_is_not_finite_raises(name, value):
    with pytest.raises(ValueError, match=rf"'{name}' parameter must be a finite number, got {value}"):
        GenerationParameters(**{name: value})


@pytest.mark.parametrize("name", SCALES)
def test_a_negative_or_mistyped_scale_raises(name):
    assert getattr(GenerationParameters(**{name: 0}), name) == 0
    with pytest.raises(ValueError, match=rf"'{name}' parameter must be a non-negative number, got -0.1"):
        GenerationParameters(**{name: -0.1})
    with pytest.raises(TypeError, match=rf"'{name}' parameter must be a finite number, got '0.1'"):
        GenerationParameters(**{name: "0.1"})


@pytest.mark.parametrize("value", [0, 1, -0.5, 1.5, 0.0, 1.0])
def test_a_train_split_outside_0_to_1_raises(value):
    with pytest.raises(
        ValueError, match=rf"'train_split' parameter must be a number strictly between 0 and 1, got {value}"
    ):
        GenerationParameters(train_split=value)


@pytest.mark.parametrize("value", [(2, 1), (-1, 3), (1,), (1, 2, 3)])
def test_a_padding_out_of_range_raises(value):
    with pytest.raises(
        ValueError, match=r"'padding' parameter must be two integers \(low, high\) with 0 <= low <= high"
    ):
        GenerationParameters(padding=value)


@pytest.mark.parametrize("value", [5, (1.0, 2), "36", (True, 2), None])
def test_a_mistyped_padding_raises(value):
    with pytest.raises(TypeError, match=r"'padding' parameter must be two integers"):
        GenerationParameters(padding=value)


@pytest.mark.parametrize("value", [1, 0, "true", None])
def test_a_mistyped_shuffle_seq_raises(value):
    with pytest.raises(TypeError, match=r"'shuffle_seq' parameter must be True or False"):
        GenerationParameters(shuffle_seq=value)


def test_an_unknown_name_is_named_and_the_known_ones_listed():
    with pytest.raises(
        TypeError, match=r"unknown generation parameter 'noise'; the parameters are num_samples, .*, seed"
    ):
        GenerationParameters().replace(noise=1)
    check_parameter_names(PARAMETER_NAMES)
