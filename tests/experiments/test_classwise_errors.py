"""Errors of the baselines by digit."""

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from click.testing import CliRunner
from scipy import stats

from mnist1d_hf import cli
from mnist1d_hf.experiments import classwise_errors
from mnist1d_hf.experiments.results import Results

from .reading import curves, paragraphs, points, said, written


@pytest.fixture(scope="module")
def errors(tmp_path_factory):
    with ThreadPoolExecutor(1) as executor:
        return classwise_errors.run(tmp_path_factory.mktemp("errors"), seeds=2, quick=True, executor=executor)


def test_errors_by_digit_are_those_of_the_confusion(errors):
    assert set(errors.measured) == {"logistic", "mlp", "cnn", "gru", "cnn-8000rows", "cnn-paper"}
    for one in errors.measured.values():
        confusion = np.array(one.confusion)
        assert confusion.shape == (2, 10, 10)
        assert (confusion.sum(axis=(1, 2)) == 1000).all()
        wrong = [100 * (1 - np.trace(table) / 1000) for table in confusion]
        np.testing.assert_allclose([100 - accuracy for accuracy in one.accuracies], wrong)
    by_hand = 100 * (confusion[0].sum(1) - np.diag(confusion[0])) / confusion[0].sum(1)
    np.testing.assert_allclose(classwise_errors.class_errors(one)[0], by_hand)


def test_the_errors_figure_and_claims_are_there(errors):
    assert len(classwise_errors.claims(errors)) == 8
    figure = classwise_errors.plot(errors)
    bars, rows, *matrices = figure.axes
    assert len(bars.patches) == 5 * 10
    assert len(rows.lines) == 2 + 1
    for axes, model in zip(matrices, ("logistic", "mlp", "gru", "cnn"), strict=True):
        confusion = np.sum(errors.measured[model].confusion, axis=0)
        drawn = {
            (true, predicted): int(text.get_text()) for text in axes.texts for predicted, true in [text.get_position()]
        }
        assert drawn == {(int(i), int(j)): int(confusion[i, j]) for i, j in zip(*np.nonzero(confusion), strict=True)}


def made_up(wrong=None, more=98.0, drift=1):
    """Results of three seeds, each with more errors of each listed digit than the one before, all of them taken for zeros."""
    settings = classwise_errors.Settings(train_rows=(20_000, 10_000), cnn_seeds=3)
    parts = classwise_errors.EXPERIMENT.plan(settings, 3)
    measured = {}
    for part in parts:
        tables = []
        for seed in range(3):
            table = 100 * np.eye(10, dtype=int)
            for digit, errors in (wrong or {2: 30, 7: 20, 1: 5, 9: 0}).items():
                table[digit, [digit, 0]] += np.array([-1, 1]) * (errors + drift * seed)
            tables.append(table.tolist())
        best = more if part.values["rows"] == 20_000 else 95.0
        measured[part.name] = classwise_errors.Measured([best + seed / 2 for seed in range(3)], tables)
    return Results("classwise-errors", settings, 3, parts, measured, 0.0)


def test_claims_show_the_errors_and_the_accuracies():
    claims = classwise_errors.claims(made_up())
    assert [claim.verdict for claim in claims[:6]] == [*["holds"] * 4, "does not hold", "holds"]
    assert [claim.is_control for claim in claims] == [False] * 6 + [True] * 2
    paired = "one-sided paired t-test over seeds, p < 0.05"
    p_values = [chi_squared([5 + seed, 30 + seed, 20 + seed, seed]) for seed in range(3)]
    assert said(claims)[:6] == paragraphs(
        f"""
        the CNN finds 2 and 7 hardest, as the human does | 2 and 7 | errors in percent by digit: 2: 31.0, 7: 21.0, 1: 6.0,
        9: 1.0, 0: 0.0, 3: 0.0, 4: 0.0, 5: 0.0, 6: 0.0, 8: 0.0 | 2 and 7 each against every other digit, {paired}

        the CNN makes no error on 3 and 6, as the human does | 0 and 0 % | 0.0 ± 0.0 and 0.0 ± 0.0 % | both errors are 0 %, for
        each seed

        the CNN is weaker than the human on 1 | errors of the CNN 9.8 %, of the human 3.6 % | errors of the CNN 6.0 ± 1.0 % |
        against the paper's human, one-sided t-test over seeds, p < 0.05

        the human is weaker than the CNN on 9 | errors of the CNN 5.9 %, of the human 7.4 % | errors of the CNN 1.0 ± 1.0 % |
        against the paper's human, one-sided t-test over seeds, p < 0.05

        the CNN's errors are evenly balanced over the digits other than 4 (first version) | evenly, 4 to a lesser degree | p of
        a chi-squared test from {min(p_values):.2g} to {max(p_values):.2g} | a chi-squared test of even errors gives p > 0.05,
        for each seed

        with more training rows (20,000) the CNN exceeds the human | above 96 % | 98.5 ± 0.5 % | one-sided t-test over seeds
        against 96 %, p < 0.05
        """
    )
    assert claims[6].statement == "the CNN finds 2 and 7 hardest with our recipe, as the human does"


def chi_squared(wrong):
    """The p-value of even errors on nine digits of 100 rows each, by the textbook's formula."""
    wrong = np.array([*wrong, *[0] * (9 - len(wrong))])
    expected = wrong.mean()
    statistic = ((wrong - expected) ** 2 * (1 / expected + 1 / (100 - expected))).sum()
    return stats.chi2.sf(statistic, 8)


@pytest.mark.parametrize(
    ("wrong", "place", "verdict"),
    [
        ({7: 30, 3: 20}, 0, "does not hold"),
        # A tie of 7 and 9.
        ({2: 30, 7: 20, 9: 20}, 0, "cannot be told"),
        ({7: 30, 3: 1}, 1, "does not hold"),
        ({7: 30, 3: 0}, 1, "cannot be told"),
        ({1: 30, 9: 30}, 2, "holds"),
        ({1: 3, 9: 30}, 2, "cannot be told"),
        ({1: 30, 9: 6}, 3, "cannot be told"),
        ({1: 30, 9: 40}, 3, "does not hold"),
        # The errors of 4 do not count.
        ({digit: 5 for digit in range(1, 10)} | {4: 30}, 4, "holds"),
        ({digit: 5 for digit in range(1, 10)} | {8: 30}, 4, "does not hold"),
    ],
)
def test_claims_follow_the_errors(wrong, place, verdict):
    assert classwise_errors.claims(made_up(wrong))[place].verdict == verdict


def test_too_little_accuracy_does_not_exceed_the_human():
    assert classwise_errors.claims(made_up(more=90.0))[5].verdict == "does not hold"


def test_the_cnn_has_ten_seeds_on_the_papers_rows():
    parts = classwise_errors.EXPERIMENT.plan(classwise_errors.Settings(), 5)
    seeds = {part.name: len(part.values["seeds"]) for part in parts}
    assert seeds == {
        **dict.fromkeys(("cnn-50000rows", "cnn-20000rows", "cnn-10000rows", "gru", "mlp", "logistic"), 5),
        **dict.fromkeys(("cnn-paper", "cnn"), 10),
    }
    assert {part.name: part.steps for part in parts}["cnn-paper"] == 6000


def test_the_figure_shows_mean_errors_and_every_accuracy():
    figure = classwise_errors.plot(made_up())
    bars, rows, *matrices = figure.axes
    heights = [patch.get_height() for patch in bars.patches]
    np.testing.assert_allclose(heights, 5 * [0, 6, 31, 0, 0, 0, 0, 21, 0, 1], atol=1e-9)
    labels = [label.get_text() for label in bars.get_xticklabels()]
    assert [label.splitlines()[0] for label in labels] == [str(digit) for digit in range(10)]
    found = {digit: " ".join(label.splitlines()[1:]) for digit, label in enumerate(labels) if "\n" in label.strip()}
    assert found == {
        **{2: "hardest", 7: "hardest", 3: "no errors", 6: "no errors"},
        **{1: "CNN weaker than human", 9: "human weaker than CNN"},
    }
    names = [text.get_text() for text in bars.get_legend().get_texts()]
    assert names == ["logistic", "mlp", "gru", "cnn", "cnn, the authors' loop"]
    human, *_ = [line for _, line in curves(rows) if {height for _, height in line} == {96.0}]
    dots = [line for _, line in curves(rows) if line != human]
    assert dots == [
        [(count, best), (count, best + 0.5), (count, best + 1)]
        for count, best in ((4000, 95.0), (10_000, 95.0), (20_000, 98.0))
    ]
    assert points(rows) == []
    assert written(rows) == ["human"]
    assert [axes.get_xlabel() for axes in matrices] == [f"predicted by {model}" for model in names[:4]]
    shaded = matrices[0].images[0].get_array()
    assert (np.diag(shaded) == 0).all()
    assert shaded[2].tolist() == [93, *[0] * 9]


@pytest.mark.long
def test_the_number_of_rows_is_an_option_of_the_command(tmp_path, in_this_process):
    arguments = [
        "experiment",
        "classwise-errors",
        "--quick",
        "--seeds",
        "1",
        "--train-rows",
        "5000",
        "-o",
        str(tmp_path),
    ]
    result = CliRunner().invoke(cli.main, arguments)
    assert result.exit_code == 0, result.output
    summary = json.loads((tmp_path / "quick/classwise-errors/summary.json").read_text())
    assert summary["settings"]["train_rows"] == [5000]
    result = CliRunner().invoke(cli.main, [*arguments, "--train-rows", "0"])
    assert result.exit_code == 2
    assert "0 is not in the range x>=1" in result.output
