"""Errors of the baselines by digit."""

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from click.testing import CliRunner

from mnist1d_hf import cli
from mnist1d_hf.experiments import classwise_errors
from mnist1d_hf.experiments.results import Results

from .reading import curves, paragraphs, points, said, written


@pytest.fixture(scope="module")
def errors(tmp_path_factory):
    with ThreadPoolExecutor(1) as executor:
        return classwise_errors.run(tmp_path_factory.mktemp("errors"), seeds=2, quick=True, executor=executor)


def test_errors_by_digit_are_those_of_the_confusion(errors):
    assert set(errors.measured) == {"logistic", "mlp", "cnn", "gru", "cnn-8000rows"}
    for one in errors.measured.values():
        confusion = np.array(one.confusion)
        assert confusion.shape == (2, 10, 10)
        assert (confusion.sum(axis=(1, 2)) == 1000).all()
        wrong = [100 * (1 - np.trace(table) / 1000) for table in confusion]
        np.testing.assert_allclose([100 - accuracy for accuracy in one.accuracies], wrong)
    by_hand = 100 * (confusion[0].sum(1) - np.diag(confusion[0])) / confusion[0].sum(1)
    np.testing.assert_allclose(classwise_errors.class_errors(one)[0], by_hand)


def test_the_errors_figure_and_claims_are_there(errors):
    assert len(classwise_errors.claims(errors)) == 3
    figure = classwise_errors.plot(errors)
    bars, rows, *matrices = figure.axes
    assert len(bars.patches) == 4 * 10
    assert len(rows.lines) == 2 + 1
    for axes, model in zip(matrices, ("logistic", "mlp", "gru", "cnn"), strict=True):
        confusion = np.sum(errors.measured[model].confusion, axis=0)
        drawn = {
            (true, predicted): int(text.get_text()) for text in axes.texts for predicted, true in [text.get_position()]
        }
        assert drawn == {(int(i), int(j)): int(confusion[i, j]) for i, j in zip(*np.nonzero(confusion), strict=True)}


def made_up(wrong=None, more=98.0):
    """Results of three seeds, each with one more error of each listed digit, all of them taken for zeros."""
    settings = classwise_errors.Settings(train_rows=(20_000, 10_000))
    parts = classwise_errors.EXPERIMENT.plan(settings, 3)
    measured = {}
    for part in parts:
        tables = []
        for seed in range(3):
            table = 100 * np.eye(10, dtype=int)
            for digit, errors in (wrong or {2: 30, 7: 20, 1: 5, 3: 0 if part.values["rows"] else 2}).items():
                table[digit, [digit, 0]] += np.array([-1, 1]) * (errors + seed)
            tables.append(table.tolist())
        rows = part.values["rows"]
        best = more if rows == 20_000 else 95.0
        measured[part.name] = classwise_errors.Measured([best + seed / 2 for seed in range(3)], tables)
    return Results("classwise-errors", settings, 3, parts, measured, 0.0)


def test_claims_show_the_errors_and_the_accuracies():
    claims = classwise_errors.claims(made_up())
    assert [claim.holds for claim in claims] == [True, False, True]
    assert said(claims) == paragraphs(
        """
        the CNN finds 2 and 7 hardest, as the human does | 2 and 7 | 2 and 7 (errors in percent by digit: 2: 31.0, 7: 21.0,
        1: 6.0, 3: 3.0, 0: 0.0, 4: 0.0, 5: 0.0, 6: 0.0, 8: 0.0, 9: 0.0) | 2 and 7 have the two largest mean errors

        the CNN makes no error on 3 and 6, as the human does | 0 and 0 % | 3.0 and 0.0 % with 4000 training rows, 1.0 and
        0.0 % with 10000 training rows, 1.0 and 0.0 % with 20000 training rows | the mean error of both is below 1 %, with
        4000 rows

        with more training rows (20,000) the CNN exceeds the human | above 96 % | 98.5 ± 0.5 % | one-sided t-test over
        seeds against 96 %, p < 0.05
        """
    )


def test_claims_do_not_hold_for_other_digits_and_too_little_accuracy():
    claims = classwise_errors.claims(made_up({7: 30, 3: 20}, more=95.9))
    assert [claim.holds for claim in claims] == [False, False, False]
    assert claims[0].measured.startswith("3 and 7 (errors in percent by digit: 7: 31.0, 3: 21.0, 0: 0.0")
    assert classwise_errors.claims(made_up({7: 30, 2: 20, 3: -1}))[1].holds
    assert not classwise_errors.claims(made_up({7: 30, 2: 20, 3: 0}))[1].holds


def test_the_figure_shows_mean_errors_and_every_accuracy():
    figure = classwise_errors.plot(made_up())
    bars, rows, *matrices = figure.axes
    heights = [patch.get_height() for patch in bars.patches]
    np.testing.assert_allclose(heights, 4 * [0, 6, 31, 3, 0, 0, 0, 21, 0, 0], atol=1e-9)
    labels = [label.get_text() for label in bars.get_xticklabels()]
    assert [label.splitlines()[0] for label in labels] == [str(digit) for digit in range(10)]
    found = {digit: " ".join(label.splitlines()[1:]) for digit, label in enumerate(labels) if "\n" in label.strip()}
    assert found == {
        **{2: "hardest", 7: "hardest", 3: "no errors", 6: "no errors"},
        **{1: "CNN weaker than human", 9: "human weaker than CNN"},
    }
    names = [text.get_text() for text in bars.get_legend().get_texts()]
    assert names == ["logistic", "mlp", "gru", "cnn"]
    human, *_ = [line for _, line in curves(rows) if {height for _, height in line} == {96.0}]
    dots = [line for _, line in curves(rows) if line != human]
    assert dots == [
        [(count, best), (count, best + 0.5), (count, best + 1)]
        for count, best in ((4000, 95.0), (10_000, 95.0), (20_000, 98.0))
    ]
    assert points(rows) == []
    assert written(rows) == ["human"]
    assert [axes.get_xlabel() for axes in matrices] == [f"predicted by {model}" for model in names]
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
