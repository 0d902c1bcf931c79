"""The baselines on default and shuffled."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from mnist1d_hf.experiments import spatial_priors
from mnist1d_hf.experiments.results import Results

from .reading import curves, paragraphs, points, said


@pytest.fixture(scope="module")
def priors(tmp_path_factory):
    with ThreadPoolExecutor(1) as executor:
        return spatial_priors.run(tmp_path_factory.mktemp("priors"), seeds=2, quick=True, executor=executor)


def test_every_model_is_measured_on_both_configs(priors):
    assert set(priors.measured) == {
        f"{model}-{config}" for model in ("logistic", "mlp", "cnn", "gru") for config in ("default", "shuffled")
    }
    for one in priors.measured.values():
        assert len(one.test_accuracies) == len(one.train_accuracies) == 2
        assert all(10 <= accuracy <= 100 for accuracy in one.test_accuracies)
        assert one.steps[-1] == 30


def test_the_table_and_the_priors_are_claims(priors):
    claims = spatial_priors.claims(priors)
    assert len(claims) == 8 + 3 + 2
    assert claims[0].published == "94 ± 2"


def test_claims_follow_the_numbers(priors):
    table = {"logistic": (32, 32), "mlp": (68, 67), "cnn": (94, 56), "gru": (91, 57)}

    def results(table):
        measured = {}
        for part in priors.parts:
            value = table[part.values["model"]][spatial_priors.CONFIGS.index(part.values["config"])]
            measured[part.name] = spatial_priors.Measured([value, value + 0.5], [1], [[50.0], [50.0]])
        return replace(priors, measured=measured)

    assert all(claim.holds for claim in spatial_priors.claims(results(table)))
    worse = spatial_priors.claims(results({**table, "cnn": (60, 56)}))
    assert [claim.statement for claim in worse if not claim.holds] == [
        "test accuracy of cnn on default, in percent",
        "cnn is ahead of mlp on default",
    ]


def made_up():
    """Results of two seeds with other numbers for every model and config."""
    settings = spatial_priors.Settings(steps=20)
    parts = spatial_priors.EXPERIMENT.plan(settings, 2)
    table = {"logistic": (32, 30), "mlp": (68, 67), "cnn": (94, 56), "gru": (91, 57)}
    measured = {}
    for part in parts:
        value = table[part.values["model"]][spatial_priors.CONFIGS.index(part.values["config"])]
        training = [[value - 20.0 + seed, value - 10.0 + seed] for seed in (0, 1)]
        measured[part.name] = spatial_priors.Measured([value, value + 0.5], [10, 20], training)
    return Results("spatial-priors", settings, 2, parts, measured, 0.0)


def test_claims_show_both_numbers():
    claims = spatial_priors.claims(made_up())
    assert [claim.holds for claim in claims] == [True] * 6 + [False] + [True] * 6
    above, paired = (
        "the measured mean is not below the published interval",
        "one-sided paired t-test over seeds, p < 0.05",
    )
    assert said(claims) == paragraphs(
        f"""
        test accuracy of cnn on default, in percent | 94 ± 2 | 94.2 ± 0.4 | {above}

        test accuracy of gru on default, in percent | 91 ± 2 | 91.2 ± 0.4 | {above}

        test accuracy of logistic on default, in percent | 32 ± 1 | 32.2 ± 0.4 | {above}

        test accuracy of mlp on default, in percent | 68 ± 2 | 68.2 ± 0.4 | {above}

        test accuracy of cnn on shuffled, in percent | 56 ± 2 | 56.2 ± 0.4 | {above}

        test accuracy of gru on shuffled, in percent | 57 ± 2 | 57.2 ± 0.4 | {above}

        test accuracy of logistic on shuffled, in percent | 32 ± 1 | 30.2 ± 0.4 | {above}

        test accuracy of mlp on shuffled, in percent | 68 ± 2 | 67.2 ± 0.4 | {above}

        cnn is ahead of mlp on default | 94 against 68 | 94.2 ± 0.4 against 68.2 ± 0.4 | {paired}

        gru is ahead of mlp on default | 91 against 68 | 91.2 ± 0.4 against 68.2 ± 0.4 | {paired}

        mlp is ahead of logistic on default | 68 against 32 | 68.2 ± 0.4 against 32.2 ± 0.4 | {paired}

        shuffling costs cnn more accuracy than mlp, in points | 38 against 0 | 38.0 ± 0.0 against 1.0 ± 0.0 | {paired}

        shuffling costs gru more accuracy than mlp, in points | 34 against 0 | 34.0 ± 0.0 against 1.0 ± 0.0 | {paired}
        """
    )


def test_the_table_is_held_against_the_lower_end_of_the_published_interval():
    for lowest, holds in ((91.75, True), (91.7, False)):
        results = made_up()
        results.measured["cnn-default"] = spatial_priors.Measured([lowest, lowest + 0.5], [20], [[50.0], [50.0]])
        assert spatial_priors.claims(results)[0].holds is holds


def test_the_figure_shows_every_seed_the_means_and_what_was_published():
    figure = spatial_priors.plot(made_up())
    left, right = figure.axes
    assert (left.get_title(), right.get_title()) == ("default", "shuffled")
    assert left.get_ylabel() == "accuracy (%)"
    assert {axes.get_xlabel() for axes in figure.axes} == {"fraction of the training"}
    values = {"cnn": (94, 56), "gru": (91, 57), "logistic": (32, 30), "mlp": (68, 67)}
    published = {"cnn": (94, 56), "gru": (91, 57), "logistic": (32, 32), "mlp": (68, 68)}
    for place, axes in enumerate((left, right)):
        lines = [line for _, line in curves(axes)]
        assert lines == [
            [(0.5, numbers[place] - 20 + seed), (1, numbers[place] - 10 + seed)]
            for numbers in values.values()
            for seed in (0, 1)
        ]
        heights = [pair for model in values for pair in (values[model][place] + 0.25, published[model][place])]
        assert [height for _, height in points(axes)] == heights
        names = [text.get_text() for text in axes.get_legend().get_texts()]
        assert names == [f"{model} {numbers[place]}" for model, numbers in values.items()]
        dots = [line for line in axes.lines if len(line.get_xdata()) == 1]
        colours = {line.get_color() for line in axes.lines if len(line.get_xdata()) == 2}
        assert {dot.get_color() for dot in dots} == colours
        # The published ones are open, and have the colour of the measured ones.
        assert [dot.get_color() for dot in dots[::2]] == [dot.get_color() for dot in dots[1::2]]
        assert {dot.get_fillstyle() for dot in dots[::2]} == {"full"}
        assert {dot.get_fillstyle() for dot in dots[1::2]} == {"none"}


def test_the_figure_has_a_line_a_seed_and_a_dot_a_model(priors):
    figure = spatial_priors.plot(priors)
    assert len(figure.axes) == 2
    assert len(figure.axes[0].lines) == 4 * (2 + 2)
