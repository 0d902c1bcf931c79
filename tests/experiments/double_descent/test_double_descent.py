"""Double descent: where the peak is, how high, and what is claimed of it."""

import dataclasses
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import find_peaks, peak_prominences

from mnist1d_hf.experiments import double_descent as experiment
from mnist1d_hf.experiments.double_descent.curves import curve_of, prominences
from mnist1d_hf.experiments.double_descent.study import Measured, Settings
from mnist1d_hf.experiments.results import Part, Results


def test_widths_are_those_of_the_paper():
    settings = Settings()
    assert len(settings.mlp_widths) == 20
    assert (settings.mlp_widths[0], settings.mlp_widths[-1]) == (2, 300)
    assert (settings.cnn_widths[0], settings.cnn_widths[-1]) == (2, 100)
    ratios = np.divide(settings.mlp_widths[10:], settings.mlp_widths[9:-1])
    assert ratios == pytest.approx(150 ** (1 / 19), rel=0.03)
    assert settings.rows == 4000


@given(st.lists(st.floats(0, 100), min_size=3, max_size=20, unique=True))
def test_the_height_of_the_peak_is_its_prominence(errors):
    found = prominences(errors)
    peaks, _ = find_peaks(errors)
    heights = peak_prominences(errors, peaks)[0]
    assert found.min() >= 0
    assert found.max() == pytest.approx(max(heights, default=0))
    if len(peaks):
        assert errors[int(found.argmax())] == max(
            errors[peak] for peak, height in zip(peaks, heights, strict=True) if height == heights.max()
        )


def test_parts_hold_every_width_once_and_begin_with_the_widest():
    parts = experiment.EXPERIMENT.plan(Settings(), 3)
    assert len(parts) <= 30
    assert parts[0].values["widths"][-1] == 100
    for architecture, widths in (("mlp", Settings().mlp_widths), ("cnn", Settings().cnn_widths)):
        found = [part.values["widths"] for part in parts if part.values["architecture"] == architecture]
        assert sorted(chain(*found)) == list(widths)


def synthetic(noisy, clean, squared, cnn, num_samples=40):
    """Results with the given test errors over width, for parameters 1, 10, 100 and so on; training fits from their peaks on."""

    def fitted(errors):
        peak = int(prominences(errors).argmax())
        return [[0.5 if place < peak else 0.0] * 3 for place in range(len(errors))]

    def measure(architecture, conditions):
        count = len(next(iter(conditions.values())))
        test = {name: [[v + s for s in (0, 0.001, -0.001)] for v in values] for name, values in conditions.items()}
        train = {name: fitted(values) for name, values in conditions.items()}
        widths = list(range(1, count + 1))
        return Measured(architecture, widths, [10**place for place in range(count)], train, test)

    measured = {
        "mlp": measure("mlp", {"noisy": noisy, "clean": clean, "squared": squared}),
        "cnn": measure("cnn", {"noisy": cnn}),
    }
    parts = [Part(name, 1, {"architecture": name}) for name in measured]
    settings = Settings(num_samples=num_samples, train_split=0.25)
    return Results("double-descent", settings, 3, parts, measured, 1.0)


def test_claims_hold_for_what_the_paper_saw():
    # Ten rows and ten outputs: the thresholds are at 10 and at 100 parameters.
    results = synthetic([0.4, 0.6, 0.5, 0.4], [0.4, 0.41, 0.4, 0.3], [0.5, 0.4, 0.6, 0.4], [0.4, 0.45, 0.3, 0.2])
    claims = experiment.claims(results)
    assert all(claim.holds for claim in claims), [claim for claim in claims if not claim.holds]
    assert curve_of(results, "mlp", "noisy").peaks == [1, 1, 1]
    assert curve_of(results, "mlp", "squared").peaks == [2, 2, 2]


def test_claims_do_not_hold_without_a_peak_and_for_exchanged_thresholds():
    falling = [0.6, 0.5, 0.4, 0.3]
    results = synthetic([0.5, 0.4, 0.6, 0.4], [0.4, 0.9, 0.2, 0.2], [0.4, 0.6, 0.5, 0.4], falling)
    holds = [claim.holds for claim in experiment.claims(results)]
    #                MLP   CNN    MLP   CNN   clean  CNN   n      nK
    assert holds == [True, False, True, True, False, True, False, False]


def test_a_threshold_that_is_not_reached_is_none():
    results = synthetic([0.4, 0.6, 0.5, 0.4], [0.4, 0.41, 0.4, 0.3], [0.5, 0.4, 0.6, 0.4], [0.4, 0.45, 0.3, 0.2])
    mlp = results.measured["mlp"]
    errors = {**mlp.train_errors, "squared": [[0.5] * 3] * 4}
    results.measured["mlp"] = dataclasses.replace(mlp, train_errors=errors)
    claim = experiment.claims(results)[-1]
    assert not claim.holds
    assert claim.measured.endswith("the training error is above 1 % at every width for 3 seeds")


@pytest.mark.long
def test_the_quick_form_runs_and_its_figure_is_not_empty(executor):
    results = experiment.run(quick=True, executor=executor)
    settings = experiment.EXPERIMENT.quick
    curve = curve_of(results, "mlp", "noisy")
    assert curve.widths.tolist() == list(settings.mlp_widths)
    assert curve.test.shape == (len(settings.mlp_widths), 3)
    assert curve.train.mean(1)[-1] < 1 < curve.train.mean(1)[0]
    figure = experiment.plot(results)
    assert all(len(axes.lines) >= 4 for axes in figure.axes)
    assert len(experiment.claims(results)) == 8
