"""Figures of the kept results: what is published has the colour of what it is compared with, and no colour two meanings."""

import json
from pathlib import Path

import numpy as np
import pytest

from mnist1d_hf.experiments import find
from mnist1d_hf.experiments.pooling.claims import NAMES, PUBLISHED, final_accuracies
from mnist1d_hf.experiments.self_supervised.claims import NAMES as PROJECTORS
from mnist1d_hf.experiments.self_supervised.claims import PUBLISHED as PUBLISHED_LAYERS

RESULTS = Path(__file__).parents[2] / "results"


@pytest.fixture
def draw(executor):
    """Draws the kept results of an experiment; returns them and the axes."""

    def of(name):
        experiment = find(name).EXPERIMENT
        seeds = json.loads((RESULTS / name / "summary.json").read_text(encoding="utf-8"))["seeds"]
        results = experiment.run(RESULTS, seeds=seeds, executor=executor)
        return results, experiment.plot(results).axes

    return of


def circles(axis):
    """Colour and values of what is drawn with open circles."""
    return [(line.get_color(), line.get_ydata().tolist()) for line in axis.lines if line.get_fillstyle() == "none"]


def test_published_points_of_pooling_have_the_colours_of_their_curves(draw):
    results, axes = draw("pooling")
    *_, last = axes
    colours = {bars.get_label(): bars.lines[0].get_color() for bars in last.containers}
    assert circles(last) == [(colours[NAMES[kind]], list(PUBLISHED[kind])) for kind in results.settings.kinds]
    assert len(set(colours.values())) == 5
    for axis in axes[:3]:
        assert [line.get_color() for line in axis.lines] == [colours[NAMES[kind]] for kind in results.settings.kinds]
    for bars, kind in zip(last.containers, results.settings.kinds, strict=True):
        means = [np.mean(final_accuracies(results, kind, rows)) for rows in results.settings.train_rows]
        np.testing.assert_allclose(bars.lines[0].get_ydata(), means)


def test_published_points_of_self_supervision_have_the_colours_of_their_curves(draw):
    _, (_, layers) = draw("self-supervised")
    colours = {bars.get_label(): bars.lines[0].get_color() for bars in layers.containers}
    assert circles(layers) == [
        (colours[PROJECTORS[projector].removeprefix("the ")], list(PUBLISHED_LAYERS[projector]))
        for projector in ("default", "none", "deep")
    ]


def test_a_model_has_one_colour_in_the_curves_and_in_the_table_of_spatial_priors(draw):
    results, (training, test, table) = draw("spatial-priors")
    models = sorted(results.settings.models)
    colours = {line.get_label(): line.get_color() for line in training.lines if line.get_label() in models}
    assert len(set(colours.values())) == 4
    for axis in (training, test):
        assert [line.get_color() for line in axis.lines[:8]] == [colours[model] for model in models for _ in range(2)]
    dots = [line.get_color() for line in table.lines if len(line.get_xdata()) == 1]
    assert dots == [colours[model] for model in models for _ in range(2)] * 2


def test_no_colour_of_double_descent_has_two_meanings(draw):
    _, (*errors, losses) = draw("double-descent")
    (training, test, published), (likelihood, squared) = (
        [line.get_color() for line in axis.get_legend().get_lines()] for axis in (errors[0], losses)
    )
    assert published == test
    assert len({training, test, likelihood, squared}) == 4
    for axis in errors:
        assert {line.get_color() for line in axis.lines} == {training, test}
    data = [line for line in losses.lines if line.get_linestyle() != ":"]
    assert {line.get_color() for line in data} == {likelihood, squared}
    guides = {line.get_color() for line in losses.lines if line.get_linestyle() == ":"}
    assert not guides & {training, test, likelihood, squared}


def test_the_published_loss_of_a_learned_activation_has_the_colour_of_that_network(draw):
    _, (objective, *_) = draw("metalearn-activation")
    two_layers, one_layer, published = objective.get_legend().get_lines()
    assert published.get_label() == "one layer, published mean"
    assert published.get_color() == one_layer.get_color() != two_layers.get_color()
