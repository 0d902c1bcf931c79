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
from mnist1d_hf.experiments.double_descent.settings import Measured, Settings
from mnist1d_hf.experiments.results import Part, Results

from ..reading import curves, paragraphs, points, said, written


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


PAIRED = "one-sided paired t-test over seeds, p < 0.05"


def measured_of(architecture, tests, trains):
    """Errors of three seeds over as many widths as there are numbers, for a peak and a fit at other widths."""
    count = len(next(iter(tests.values())))
    shifted = {
        name: [[error + shift for shift in (0, 0.001, -0.001)] for error in errors] for name, errors in tests.items()
    }
    trained = {name: [[error] * 3 for error in errors] for name, errors in trains.items()}
    widths = [2 * 2**place for place in range(count)]
    return Measured(architecture, widths, [5 * 4**place for place in range(count)], trained, shifted)


def apart():
    """Results in which no peak is where the training rows are fitted."""
    tests = {
        "noisy": [0.4, 0.6, 0.5, 0.45, 0.3, 0.2],
        "clean": [0.5, 0.4, 0.45, 0.3, 0.2, 0.1],
        "squared": [0.5, 0.4, 0.45, 0.7, 0.4, 0.3],
    }
    trains = {
        "noisy": [0.5, 0.4, 0.3, 0.01, 0.0, 0.0],
        "clean": [0.5, 0.2, 0.0, 0.0, 0.0, 0.0],
        "squared": [0.5, 0.4, 0.3, 0.2, 0.1, 0.009],
    }
    cnn_tests, cnn_trains = {"noisy": [0.4, 0.3, 0.35, 0.3, 0.2]}, {"noisy": [0.011, 0.01, 0.0, 0.0, 0.0]}
    measured = {
        "mlp": measured_of("mlp", tests, trains),
        "cnn": measured_of("cnn", cnn_tests, cnn_trains),
    }
    parts = [Part(name, 1, {"architecture": name}) for name in measured]
    return Results("double-descent", Settings(num_samples=40, train_split=0.25), 3, parts, measured, 1.0)


def test_claims_tell_peaks_from_fits():
    claims = experiment.claims(apart())
    above, two = "height above the lowest error on either side", "at most two of the widths apart, for each seed"
    assert said(claims) == paragraphs(
        f"""
        with label noise the MLP's test error rises to a peak and falls again | 54 % at width 50, 45 % at
        300 | 40.0 ± 0.1 % at width 2, 60.0 ± 0.1 % at width 4, 20.0 ± 0.1 % at width 64 | at the peak above
        the lowest of narrower and of wider networks, {PAIRED}

        with label noise the CNN's test error rises to a peak and falls again | a peak; 28 % at 100 channels
        | 30.0 ± 0.1 % at width 4, 35.0 ± 0.1 % at width 8, 20.0 ± 0.1 % at width 32 | at the peak above the
        lowest of narrower and of wider networks, {PAIRED}

        the MLP's test error peaks where its training error reaches zero | 50 and 60 | peaks at widths 4, 4,
        4; training error at most 1 % from 16, 16, 16 | {two}

        the CNN's test error peaks where its training error reaches zero | at its own threshold | peaks at
        widths 8, 8, 8; training error at most 1 % from 4, 4, 4 | {two}

        without label noise the MLP's peak is slight | seen in the figure | 5.0 ± 0.0 against 20.0 ± 0.0
        points above its surroundings | {above}, {PAIRED}

        the CNN's peak is less pronounced than the MLP's | seen in the figure | 5.0 ± 0.0 against 20.0 ± 0.0
        points above its surroundings | {above}, {PAIRED}

        with the negative log likelihood the interpolation threshold is at n parameters, n rows and K
        outputs | 10 | the mean test error peaks at 20, the training error is at most 1 % from 320, 320,
        320, 32.00 ± 0.00 times n | training error at most 1 % from a number nearer to n than to n K, as a
        ratio, for each seed

        with the squared error the interpolation threshold is at n K parameters, n rows and K outputs | 100
        | the mean test error peaks at 320, the training error is at most 1 % from 5120, 5120, 5120, 51.20 ±
        0.00 times n K | training error at most 1 % from a number nearer to n K than to n, as a ratio, for
        each seed
        """
    )
    assert [claim.holds for claim in claims] == [True, True, True, True, True, True, False, True]


@pytest.mark.parametrize(("fit", "holds"), [(0, True), (1, True), (2, True), (3, True), (4, False), (6, False)])
def test_the_fit_has_to_be_near_the_peak_on_either_side(fit, holds):
    results = apart()
    for seed in range(3):
        fitted = [[0.0 if place >= (fit if one == seed else 1) else 0.4 for one in range(3)] for place in range(6)]
        errors = {**results.measured["mlp"].train_errors, "noisy": fitted}
        results.measured["mlp"] = dataclasses.replace(results.measured["mlp"], train_errors=errors)
        claim = experiment.claims(results)[2]
        assert claim.holds is holds
        named = ["4", "4", "4"]
        named[seed] = ["2", "4", "8", "16", "32", "64", "none"][fit]
        assert claim.measured.endswith(f"peaks at widths 4, 4, 4; training error at most 1 % from {', '.join(named)}")


def test_a_peak_has_to_be_higher_for_almost_all_seeds():
    results = apart()
    errors = results.measured["mlp"].test_errors
    errors["noisy"][1] = [0.6, 0.39, 0.6]
    assert not experiment.claims(results)[0].holds


def test_the_figure_shows_each_seed_the_means_and_what_was_published():
    figure = experiment.plot(apart())
    panels = figure.axes
    mlp, cnn = [2, 4, 8, 16, 32, 64], [2, 4, 8, 16, 32]
    for axes, widths, condition, architecture in zip(
        panels[:3], (mlp, mlp, cnn), ("noisy", "clean", "noisy"), ("mlp", "mlp", "cnn"), strict=True
    ):
        measured = apart().measured[architecture]
        lines = [line for _, line in curves(axes)]
        for errors in (measured.train_errors[condition], measured.test_errors[condition]):
            for seed in range(3):
                assert [(w, round(100 * one[seed], 6)) for w, one in zip(widths, errors, strict=True)] in lines
            means = [(w, round(100 * sum(one) / 3, 6)) for w, one in zip(widths, errors, strict=True)]
            assert means in lines
        assert axes.get_xscale() == "log"
        assert axes.get_ylim()[0] == 0
        assert "error (%)" in axes.get_ylabel()
    assert [(50, 54), (300, 45)] in [line for _, line in curves(panels[0])]
    assert (100, 28) in points(panels[2])
    assert not points(panels[1])
    assert [axes.get_xlabel() for axes in panels] == ["hidden units", "hidden units", "channels", "parameters"]
    losses = [line for _, line in curves(panels[3])]
    measured = apart().measured["mlp"]
    for condition in ("noisy", "squared"):
        for errors in (measured.train_errors[condition], measured.test_errors[condition]):
            means = [(5 * 4**place, round(100 * sum(one) / 3, 6)) for place, one in enumerate(errors)]
            assert means in losses
    assert {10, 100} <= {line[0][0] for line in losses if line[0][0] == line[1][0]}
    assert [text.strip() for text in written(panels[3])][:2] == ["n", "n·K"]
    named = {label: line for label, line in curves(panels[3])}
    assert named["squared error"][3] == (320, 70)
    assert named["negative log likelihood"][3] == (320, 45)


@pytest.mark.long
def test_the_quick_form_runs_and_its_figure_is_not_empty(executor):
    results = experiment.run(quick=True, executor=executor)
    settings = experiment.EXPERIMENT.quick
    curve = curve_of(results, "mlp", "noisy")
    assert curve.widths.tolist() == list(settings.mlp_widths)
    assert curve.test.shape == (len(settings.mlp_widths), results.seeds)
    assert curve.train.mean(1)[-1] < 1 < curve.train.mean(1)[0]
    figure = experiment.plot(results)
    assert all(len(axes.lines) >= 4 for axes in figure.axes)
    assert len(experiment.claims(results)) == 8
