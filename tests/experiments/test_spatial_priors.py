"""The baselines on default and shuffled, and their errors by digit."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from mnist1d_hf import cli
from mnist1d_hf.baselines import load_tensors
from mnist1d_hf.baselines.training import RECIPES, train
from mnist1d_hf.experiments import classwise_errors, spatial_priors


@pytest.fixture(scope="module")
def priors(tmp_path_factory):
    from concurrent.futures import ThreadPoolExecutor

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
        measured = {
            f"{model}-{config}": spatial_priors.Measured([value, value + 0.5], [1], [[50.0], [50.0]])
            for model, values in table.items()
            for config, value in zip(spatial_priors.CONFIGS, values, strict=True)
        }
        return spatial_priors.Results(priors.experiment, priors.settings, 2, measured, 0.0)

    assert all(claim.holds for claim in spatial_priors.claims(results(table)))
    worse = spatial_priors.claims(results({**table, "cnn": (60, 56)}))
    assert [claim.statement for claim in worse if not claim.holds] == [
        "test accuracy of cnn on default, in percent",
        "cnn is ahead of mlp on default",
    ]


def test_the_figure_has_a_line_a_seed_and_a_dot_a_model(priors):
    figure = spatial_priors.plot(priors)
    assert len(figure.axes) == 2
    assert len(figure.axes[0].lines) == 4 * (2 + 2)


def test_the_recipe_is_the_projects_own_unless_steps_are_given():
    assert spatial_priors.recipe("cnn", None) == RECIPES["tuned"]["cnn"]
    assert spatial_priors.recipe("cnn", 7).steps == 7


def test_training_on_the_first_rows_only_reads_no_others():
    settings = spatial_priors.recipe("logistic", 3)
    (first,) = train("logistic", [("default", 0)], settings, train_rows=500)
    (other,) = train("logistic", [("default", 0)], settings, train_rows=501)
    assert first.curves != other.curves
    (large,) = train("logistic", [("large", 0)], settings, train_rows=300)
    assert large.config == "large"
    x, _ = load_tensors("large", "train[:300]", num_samples=330)
    assert len(x) == 300


@pytest.fixture(scope="module")
def errors(tmp_path_factory):
    from concurrent.futures import ThreadPoolExecutor

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
