"""`construction_steps` from given draws; those of a seed are compared with the original package in test_generator.py."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mnist1d_hf import GenerationParameters, construction_steps
from mnist1d_hf.dataset.construction import DRAW_NAMES
from mnist1d_hf.dataset.drawing import draw_sequentially, legacy_words

LENGTH = GenerationParameters().dilated_length
SEEDS = st.integers(0, 2**32 - 1)
DIGITS = st.integers(0, 9)


def drawn(seed, parameters=None):
    """What a seed draws."""
    draws = draw_sequentially(legacy_words(seed), 1, parameters or GenerationParameters())
    columns = {name: getattr(draws, name).T[0] for name in DRAW_NAMES}
    return {name: column if column.ndim else column.item() for name, column in columns.items()}


def assert_same(ours, theirs, tolerance=0.0):
    assert list(ours) == list(theirs)
    for name in ours:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=0, atol=tolerance)


@given(digit=DIGITS, seed=SEEDS, other=SEEDS, names=st.sets(st.sampled_from(DRAW_NAMES)))
def test_given_draws_take_the_place_of_those_of_the_seed(digit, seed, other, names):
    given_draws = {name: value for name, value in drawn(other).items() if name in names}
    steps = construction_steps(digit, seed=seed, draws=given_draws)
    others = {name: value for name, value in drawn(seed).items() if name not in names}
    assert_same(steps, construction_steps(digit, seed=other, draws=others))
    if not names:
        assert_same(steps, construction_steps(digit, seed=seed))
    if names == set(DRAW_NAMES):
        assert_same(steps, construction_steps(digit, seed=other))


@given(
    digit=DIGITS,
    seed=SEEDS,
    name=st.sampled_from(["padding", "translation"]),
    whole=st.integers(0, 59),
    part=st.floats(0, 1),
)
def test_between_whole_numbers_signals_change_evenly(digit, seed, name, whole, part):
    assume(part in (0, 1) or whole < whole + part < whole + 1)
    low, high, between = (construction_steps(digit, seed=seed, draws={name: whole + end}) for end in (0, 1, part))
    for step in list(low)[2:]:
        np.testing.assert_allclose(between[step], low[step] + part * (high[step] - low[step]), rtol=0, atol=1e-12)
    assert len(between["padded"]) == (len(high["padded"]) if part else len(low["padded"]))


@given(digit=DIGITS, seed=SEEDS, padding=st.floats(0, 60), translation=st.floats(0, 71), step=st.floats(0, 1e-3))
def test_a_small_step_changes_the_signal_little(digit, seed, padding, translation, step):
    # A whole step changes no point by more than the signal's own range, which is below 2.
    here, there = (
        construction_steps(
            digit, seed=seed, draws={"padding": min(padding + end, 60), "translation": translation + end}
        )
        for end in (0, step)
    )
    assert np.abs(here["down-sampled"] - there["down-sampled"]).max() <= 8 * step + 1e-9


@given(seed=SEEDS, translation=st.floats(LENGTH, allow_infinity=False))
def test_translating_by_the_signals_length_or_more_has_no_effect(seed, translation):
    steps, untranslated = (construction_steps(3, seed=seed, draws={"translation": value}) for value in (translation, 0))
    assert_same(steps, untranslated)


def test_scale_and_shear_reach_the_ends_of_the_papers_ranges():
    low, high = (construction_steps(3, seed=0, draws={"scale": end}) for end in (0, 1))
    np.testing.assert_allclose(low["scaled"], 0.8 * low["dilated"], rtol=1e-12)
    np.testing.assert_allclose(high["scaled"], 1.2 * high["dilated"], rtol=1e-12)
    low, high = (construction_steps(3, seed=0, draws={"shear": end}) for end in (0, 1))
    for steps, slope in ((low, -0.375), (high, 0.375)):
        line = slope * np.linspace(-0.5, 0.5, LENGTH)
        np.testing.assert_allclose(steps["with noise"] - steps["sheared"], line, rtol=0, atol=1e-12)


def test_given_noise_is_not_changed_and_may_be_a_list():
    noise = np.arange(LENGTH, dtype=np.int64)
    steps = construction_steps(3, seed=0, draws={"iid_noise": noise, "corr_noise": np.zeros(LENGTH)})
    np.testing.assert_array_equal(noise, np.arange(LENGTH))
    assert_same(
        steps, construction_steps(3, seed=0, draws={"iid_noise": noise.tolist(), "corr_noise": np.zeros(LENGTH)})
    )
    np.testing.assert_allclose(steps["with noise"] - steps["translated"], 0.02 * noise, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("draws", "error", "message"),
    [
        ([1], TypeError, r"'draws' parameter must be a mapping with any of padding, scale, .*, got \[1\] of type list"),
        ({"shift": 1}, TypeError, "unknown draw 'shift'; the draws are padding, scale, translation, corr_noise, iid_noise"),
        ({"shift": 1, 2: 3}, TypeError, "unknown draws 'shift', 2; the draws are"),
        ({"padding": "40"}, TypeError, r"\"draws\['padding'\]\" parameter must be a finite number, got '40'"),
        ({"padding": True}, TypeError, "finite number, got True"),
        ({"padding": -1}, ValueError, r"\"draws\['padding'\]\" parameter must be a number from 0 to 60, got -1"),
        ({"padding": 60.01}, ValueError, "number from 0 to 60, got 60.01"),
        ({"padding": float("nan")}, ValueError, "finite number, got nan"),
        ({"scale": 1.1}, ValueError, r"'scale'\]\" parameter must be a number from 0 to 1, got 1.1"),
        ({"shear": -0.1}, ValueError, r"'shear'\]\" parameter must be a number from 0 to 1, got -0.1"),
        ({"translation": -0.5}, ValueError, r"'translation'\]\" parameter must be a number of at least 0, got -0.5"),
        ({"translation": float("inf")}, ValueError, "finite number, got inf"),
        ({"corr_noise": 0.5}, ValueError, r"array of 72 finite numbers, got one of shape \(\)"),
        ({"iid_noise": np.zeros(71)}, ValueError, r"array of 72 finite numbers, got one of shape \(71,\)"),
        ({"iid_noise": [np.inf] * 72}, ValueError, "array of 72 finite numbers, got"),
        ({"iid_noise": ["a"] * 72}, TypeError, "array of 72 finite numbers, got"),
        ({"iid_noise": [[1], [1, 2]]}, TypeError, "array of 72 finite numbers, got"),
        ({"iid_noise": [True] * 72}, TypeError, "array of 72 finite numbers, got"),
    ],
)  # fmt: skip
def test_draws_that_cannot_be_are_named(draws, error, message):
    with pytest.raises(error, match=message) as raised:
        construction_steps(3, seed=0, draws=draws)
    assert "\n" not in str(raised.value)


def test_noise_has_the_length_and_padding_the_end_of_the_parameters():
    parameters = GenerationParameters(template_len=20, padding=(0, 30))
    noise = np.ones(50)
    steps = construction_steps(3, parameters, seed=0, draws={"padding": 30, "corr_noise": noise, "iid_noise": noise})
    assert len(steps["dilated"]) == 50
    with pytest.raises(ValueError, match="number from 0 to 30, got 31"):
        construction_steps(3, parameters, seed=0, draws={"padding": 31})
