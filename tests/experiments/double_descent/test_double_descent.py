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

from ..reading import curves, paragraphs, said, written


def test_widths_are_those_of_the_paper():
    settings = Settings()
    mlp = (2, 3, 4, 5, 7, 9, 12, 16, 21, 27, 36, 47, 61, 80, 104, 135, 177, 230, 300)
    assert settings.mlp_widths == mlp
    assert (settings.cnn_widths[0], settings.cnn_widths[-1]) == (2, 100)
    ratios = np.divide(settings.cnn_widths[10:], settings.cnn_widths[9:-1])
    assert ratios == pytest.approx(50 ** (1 / 19), rel=0.04)
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


def measured_of(architecture, tests, trains, losses):
    """Scores of three seeds over as many widths as there are numbers, for 5 parameters, 20, 80 and so on."""

    def shifted(scores):
        return {
            name: [[score + shift for shift in (0, 0.001, -0.001)] for score in one] for name, one in scores.items()
        }

    count = len(tests["noisy"])
    widths, parameters = [2 * 2**place for place in range(count)], [5 * 4**place for place in range(count)]
    trained = {name: [[error] * 3 for error in errors] for name, errors in trains.items()}
    return Measured(architecture, widths, parameters, trained, shifted(tests), shifted(losses))


def results_of(mlp, cnn):
    """Results on ten rows, whose thresholds are at 10 and at 100 parameters."""
    measured = {"mlp": measured_of("mlp", *mlp), "cnn": measured_of("cnn", *cnn)}
    parts = [Part(name, 1, {"architecture": name}) for name in measured]
    return Results("double-descent", Settings(num_samples=40, train_split=0.25), 3, parts, measured, 1.0)


def as_the_paper():
    """Results that peak where the training rows are fitted: at 20 parameters, with the squared error at 80."""
    tests = {"noisy": [0.4, 0.6, 0.5, 0.4], "clean": [0.4, 0.41, 0.4, 0.3], "squared": [0.5, 0.4, 0.6, 0.4]}
    trains = {"noisy": [0.5, 0.0, 0.0, 0.0], "clean": [0.5, 0.0, 0.0, 0.0], "squared": [0.5, 0.4, 0.0, 0.0]}
    losses = {"noisy": [1.0, 5.0, 3.0, 2.0], "clean": [1.0, 4.0, 2.0, 2.0]}
    cnn = {"noisy": [0.4, 0.45, 0.3, 0.2]}, {"noisy": [0.5, 0.0, 0.0, 0.0]}, {"noisy": [0.5, 2.0, 1.5, 1.0]}
    return results_of((tests, trains, losses), cnn)


def test_claims_hold_for_what_the_paper_saw():
    results = as_the_paper()
    claims = experiment.claims(results)
    assert all(claim.holds for claim in claims), [claim for claim in claims if not claim.holds]
    assert [claim.is_control for claim in claims] == [False] * 8 + [True] * 3
    assert curve_of(results, "mlp", "noisy").peaks == [1, 1, 1]
    assert curve_of(results, "mlp", "squared").peaks == [2, 2, 2]
    assert curve_of(results, "cnn", "noisy", is_loss=True).heights == pytest.approx([1, 1, 1])


def verdicts(results):
    return [claim.verdict for claim in experiment.claims(results)]


HOLDS, FAILS, UNTOLD = "holds", "does not hold", "cannot be told"


def test_claims_do_not_hold_without_a_peak_and_for_exchanged_thresholds():
    results = as_the_paper()
    mlp, cnn = results.measured["mlp"], results.measured["cnn"]
    mlp.train_errors["noisy"], mlp.train_errors["squared"] = mlp.train_errors["squared"], mlp.train_errors["noisy"]
    cnn.test_losses["noisy"] = [[4.0] * 3, [3.0] * 3, [2.0] * 3, [1.0] * 3]
    #                            MLP    fitted CNN     fitted same   height n      nK     controls
    assert verdicts(results) == [HOLDS, HOLDS, UNTOLD, HOLDS, FAILS, HOLDS, FAILS, FAILS, HOLDS, HOLDS, HOLDS]


def test_the_peaks_are_compared_by_the_loss_and_the_error_is_a_control():
    results = as_the_paper()
    mlp, cnn = results.measured["mlp"], results.measured["cnn"]
    cnn.test_losses["noisy"], mlp.test_losses["noisy"] = mlp.test_losses["noisy"], cnn.test_losses["noisy"]
    #                            MLP    fitted CNN    fitted same   height n      nK     CNN    height clean
    assert verdicts(results) == [HOLDS, HOLDS, HOLDS, HOLDS, HOLDS, FAILS, HOLDS, HOLDS, HOLDS, HOLDS, HOLDS]
    results = as_the_paper()
    results.measured["cnn"].test_errors["noisy"] = [[0.2] * 3, [0.9] * 3, [0.3] * 3, [0.2] * 3]
    assert verdicts(results)[5] == HOLDS
    assert verdicts(results)[9] == FAILS


@pytest.mark.parametrize(
    ("thresholds", "verdict"),
    [
        ((400, 399, 401), HOLDS),
        ((130, 129, 131), HOLDS),
        ((120, 119, 121), UNTOLD),
        ((60, 59, 61), FAILS),
        ((800, 790, 810), FAILS),
    ],
)
def test_thresholds_are_the_same_if_their_ratio_is_between_a_half_and_two(thresholds, verdict):
    results = as_the_paper()
    # Each seed of the CNN is fitted from another number of parameters, those of the MLP from 240.
    cnn, mlp = results.measured["cnn"], results.measured["mlp"]
    results.measured["mlp"] = dataclasses.replace(mlp, parameters=[60, 240, 960, 3840])
    widths = sorted(thresholds)
    fitted = [[0.0 if width >= threshold else 0.5 for threshold in thresholds] for width in widths]
    results.measured["cnn"] = dataclasses.replace(
        cnn,
        widths=widths,
        parameters=widths,
        train_errors={"noisy": fitted},
        test_errors={"noisy": cnn.test_errors["noisy"][:3]},
        test_losses={"noisy": cnn.test_losses["noisy"][:3]},
    )
    claim = experiment.claims(results)[4]
    assert claim.verdict == verdict
    assert f"from {', '.join(map(str, thresholds))} parameters, from 240, 240, 240: " in claim.measured


def test_a_threshold_that_is_not_reached_is_none():
    results = as_the_paper()
    results.measured["mlp"].train_errors.update(squared=[[0.5] * 3] * 4, noisy=[[0.5, 0.0, 0.0]] * 4)
    claims = experiment.claims(results)
    assert claims[7].verdict == FAILS
    assert claims[7].measured.endswith("the training error is above 1 % at every width for 3 seeds")
    assert claims[4].verdict == UNTOLD
    assert claims[4].measured.endswith("from none, 5, 5")
    assert claims[4].p is None


PAIRED = "one-sided paired t-test over seeds, p < 0.05"


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
    losses = {"noisy": [2.0, 1.5, 3.0, 5.5, 4.0, 2.5], "clean": [2.0, 1.5, 3.0, 2.0, 2.0, 2.0]}
    cnn_trains = {"noisy": [0.011, 0.01, 0.0, 0.0, 0.0]}
    cnn = {"noisy": [0.4, 0.3, 0.35, 0.3, 0.2]}, cnn_trains, {"noisy": [1.0, 0.5, 0.7, 1.9, 1.2]}
    return results_of((tests, trains, losses), cnn)


def test_claims_tell_peaks_from_fits():
    claims = experiment.claims(apart())
    above, two = "height above the lowest on either side", "at most two of the widths apart, for each seed"
    lowest = "at the peak above the lowest of narrower and of wider networks"
    assert said(claims) == paragraphs(
        f"""
        with label noise the MLP's test error rises to a peak and falls again | 47.2 % at width 16, 54.1 % at 47, 45.5 % at
        300 | 40.0 ± 0.1 % at width 2, 60.0 ± 0.1 % at width 4, 20.0 ± 0.1 % at width 64 | {lowest}, {PAIRED}

        the MLP's test error peaks where its training error reaches zero | at around 50 hidden units (peak at 47, fitted
        from 61) | peaks at widths 4, 4, 4; training error at most 1 % from 16, 16, 16 | {two}

        with label noise the CNN's test loss rises to a peak and falls again | a peak (0.62 nats at width 10, 3.10 at 24,
        1.77 at 100) | 0.50 ± 0.00 nats at width 4, 1.90 ± 0.00 nats at width 16, 1.20 ± 0.00 nats at width 32 | {lowest},
        {PAIRED}

        the CNN's test loss peaks where its training error reaches zero | both at width 24 | peaks at widths 16, 16, 16;
        training error at most 1 % from 4, 4, 4 | {two}

        the CNN has the same interpolation threshold in parameters as the MLP, to less than 2 times | the same (4858 and
        6903 parameters) | training error at most 1 % from 20, 20, 20 parameters, from 320, 320, 320: 0.06 ± 0.00 times |
        {PAIRED}, of the ratio's logarithm against those of 2 and 1/2

        the CNN's peak is less pronounced than the MLP's, by test loss | much less (1.32 against 3.16 nats) | 0.70 ± 0.00
        against 3.00 ± 0.00 nats above its surroundings | {above}, {PAIRED}

        with the negative log likelihood the interpolation threshold is at n parameters, n rows and K
        outputs | 10 | the mean test error peaks at 20, the training error is at most 1 % from 320, 320,
        320, 32.00 ± 0.00 times n | training error at most 1 % from a number nearer to n than to n K, as a
        ratio, for each seed

        with the squared error the interpolation threshold is at n K parameters, n rows and K outputs | 100
        | the mean test error peaks at 320, the training error is at most 1 % from 5120, 5120, 5120, 51.20 ±
        0.00 times n K | training error at most 1 % from a number nearer to n K than to n, as a ratio, for
        each seed

        with label noise the CNN's test error rises to a peak and falls again | 19.6 % at width 10, 33.8 % at 18, 27.4 % at
        95 | 30.0 ± 0.1 % at width 4, 35.0 ± 0.1 % at width 8, 20.0 ± 0.1 % at width 32 | {lowest}, {PAIRED}

        the CNN's peak is less pronounced than the MLP's, by test error | 6.4 against 6.8 points | 5.0 ± 0.0 against 20.0 ±
        0.0 points above its surroundings | {above}, {PAIRED}

        without label noise the MLP's peak is slight, by test error | 0.6 against 6.8 points | 5.0 ± 0.0 against 20.0 ± 0.0
        points above its surroundings | {above}, {PAIRED}
        """
    )
    assert [claim.verdict for claim in claims] == [*[HOLDS] * 4, FAILS, HOLDS, FAILS, *[HOLDS] * 4]


@pytest.mark.parametrize(("fit", "holds"), [(0, True), (1, True), (2, True), (3, True), (4, False), (6, False)])
def test_the_fit_has_to_be_near_the_peak_on_either_side(fit, holds):
    results = apart()
    for seed in range(3):
        fitted = [[0.0 if place >= (fit if one == seed else 1) else 0.4 for one in range(3)] for place in range(6)]
        errors = {**results.measured["mlp"].train_errors, "noisy": fitted}
        results.measured["mlp"] = dataclasses.replace(results.measured["mlp"], train_errors=errors)
        claim = experiment.claims(results)[1]
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
        for errors in (measured.train_errors[condition], measured.test_errors[condition]):
            are_drawn(axes, widths, [[100 * error for error in one] for one in errors])
        assert axes.get_xscale() == "log"
        assert axes.get_ylim()[0] == 0
    assert [axes.get_ylabel() for axes in panels] == [
        "error (%)",
        "",
        "",
        "test loss (nats)",
        "error (%), training dashed",
    ]
    assert [(47, 54.1), (300, 45.5)] in [line for _, line in curves(panels[0])]
    assert [(18, 33.8), (100, 27.7)] in [line for _, line in curves(panels[2])]
    assert [axes.get_xlabel() for axes in panels] == [*["hidden units"] * 2, "channels", *["parameters"] * 2]
    losses = [line for _, line in curves(panels[4])]
    measured = apart().measured["mlp"]
    for condition in ("noisy", "squared"):
        for errors in (measured.train_errors[condition], measured.test_errors[condition]):
            means = [(5 * 4**place, round(100 * sum(one) / 3, 6)) for place, one in enumerate(errors)]
            assert means in losses
    assert {10, 100} <= {line[0][0] for line in losses if line[0][0] == line[1][0]}
    assert [text.strip() for text in written(panels[4])][:2] == ["n", "n·K"]
    named = {label: line for label, line in curves(panels[4])}
    assert named["squared error"][3] == (320, 70)
    assert named["negative log likelihood"][3] == (320, 45)


def test_the_figure_shows_test_losses_over_parameters_and_where_the_rows_are_fitted():
    results = apart()
    panel = experiment.plot(results).axes[3]
    for name, published in (("mlp", [(6903, 5.79), (105_610, 2.63)]), ("cnn", [(4858, 3.10), (65_810, 1.77)])):
        measured = results.measured[name]
        are_drawn(panel, measured.parameters, measured.test_losses["noisy"])
        assert published in [line for _, line in curves(panel)]
    thresholds = [line.get_xdata()[0] for line in panel.lines if line.get_linestyle() == ":"]
    assert thresholds == [320, 20]
    assert [text.get_text() for text in panel.get_legend().get_texts()] == ["MLP", "CNN"]


def are_drawn(axes, widths, scores):
    """Assert that each seed is drawn, and the means."""
    lines = [line for _, line in curves(axes)]
    for seed in range(3):
        assert [(w, round(one[seed], 6)) for w, one in zip(widths, scores, strict=True)] in lines
    assert [(w, round(sum(one) / 3, 6)) for w, one in zip(widths, scores, strict=True)] in lines


@pytest.mark.long
def test_the_quick_form_runs_and_its_figure_is_not_empty(executor):
    results = experiment.run(quick=True, seeds=3, executor=executor)
    settings = experiment.EXPERIMENT.quick
    curve = curve_of(results, "mlp", "noisy")
    assert curve.widths.tolist() == list(settings.mlp_widths)
    assert curve.test.shape == (len(settings.mlp_widths), 3)
    assert curve.train.mean(1)[-1] < 1 < curve.train.mean(1)[0]
    losses = curve_of(results, "mlp", "clean", is_loss=True).test
    assert 0 < losses.min() < losses.max() < 10
    figure = experiment.plot(results)
    assert all(len(axes.lines) >= 4 for axes in figure.axes)
    assert len(experiment.claims(results)) == 11
