"""Errors of the baselines by digit."""

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from click.testing import CliRunner

from mnist1d_hf import cli
from mnist1d_hf.experiments import classwise_errors


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
