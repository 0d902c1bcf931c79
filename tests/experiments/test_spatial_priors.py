"""The baselines on default and shuffled."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from mnist1d_hf.experiments import spatial_priors


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


def test_the_figure_has_a_line_a_seed_and_a_dot_a_model(priors):
    figure = spatial_priors.plot(priors)
    assert len(figure.axes) == 2
    assert len(figure.axes[0].lines) == 4 * (2 + 2)
