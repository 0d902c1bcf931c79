"""Kinds of pooling: forward pass, gradient and training equal plain torch modules; the claims follow the numbers."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mnist1d_hf.experiments import pooling as experiment
from mnist1d_hf.experiments.pooling import EXPERIMENT, train
from mnist1d_hf.experiments.pooling import network as networks
from mnist1d_hf.experiments.pooling.claims import PUBLISHED, PUBLISHED_ROWS, final_accuracies
from mnist1d_hf.experiments.pooling.settings import Measured, Settings
from mnist1d_hf.experiments.results import Results

from ..networks import in_double, of_member
from ..reading import curves, paragraphs, said

SETTINGS = Settings(channels=4, steps=7, batch_size=6)

PLAIN_POOL = {
    "none": lambda h: h,
    "stride": lambda h: h,
    "max": lambda h: F.max_pool1d(h, 2),
    "average": lambda h: F.avg_pool1d(h, 2),
    "L2": lambda h: F.lp_pool1d(h, 2, 2),
}

every_kind = pytest.mark.parametrize("kind", list(PLAIN_POOL))


class PlainCNN(nn.Module):
    """One member, of torch's own layers."""

    def __init__(self, kind, channels, network, member):
        super().__init__()
        self.pool = PLAIN_POOL[kind]
        stride = 2 if kind == "stride" else 1
        self.conv1 = nn.Conv1d(1, channels, 3, stride=stride, padding=1)
        self.conv2 = nn.Conv1d(channels, channels, 3, stride=stride, padding=1)
        self.linear = nn.Linear(network.layers[-1].parameters[0].shape[2], 10)
        self.double()
        with torch.no_grad():
            for parameter, value in zip(self.parameters(), of_member(network, member), strict=True):
                parameter.copy_(value)

    def forward(self, x):
        h = self.pool(self.conv1(x.unsqueeze(1)).relu())
        h = self.pool(self.conv2(h).relu())
        return self.linear(h.transpose(1, 2).flatten(1))


def problem(kind, seeds=(0, 1), rows=20):
    """Return a network and rows; some of the signals are flat, so that units are off."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(rows, 40, generator=generator, dtype=torch.float64)
    x[::3, :20] = 0
    network = in_double(networks.draw_network(kind, 40, SETTINGS.channels, list(seeds)))
    return network, x, torch.randint(0, 10, (rows,), generator=generator)


@every_kind
def test_logits_equal_plain_modules(kind):
    network, x, _ = problem(kind)
    logits = networks.forward(network, x)
    for member in range(2):
        torch.testing.assert_close(logits[member], PlainCNN(kind, SETTINGS.channels, network, member)(x))


@every_kind
def test_stacked_training_equals_training_one_at_a_time(kind):
    network, x, y = problem(kind)
    models = [PlainCNN(kind, SETTINGS.channels, network, member) for member in range(2)]
    assert list(train(network, x, y, SETTINGS)) == [1, 2, 3, 4, 5, 6, 7]
    for member, model in enumerate(models):
        optimizer = torch.optim.Adam(model.parameters(), lr=SETTINGS.learning_rate)
        # Rows in their order; the fourth batch begins with the last two and goes on with the first.
        order = list(range(20)) * 3
        for step in range(7):
            rows = order[6 * step : 6 * step + 6]
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
        torch.testing.assert_close(of_member(network, member), [parameter.detach() for parameter in model.parameters()])


def test_kinds_of_one_seed_begin_with_the_same_convolutions():
    maximum, none = (networks.draw_network(kind, 40, 4, [3]) for kind in ("max", "none"))
    for layer in (0, 2):
        torch.testing.assert_close(maximum.layers[layer].of_member(0), none.layers[layer].of_member(0))
    assert maximum.layers[-1].of_member(0)[0].shape == (10, 10 * 4)
    assert none.layers[-1].of_member(0)[0].shape == (10, 40 * 4)


def test_accuracy_is_the_share_of_rows_with_the_largest_logit_at_the_label():
    network, x, y = problem("max", rows=450)
    predicted = networks.forward(network, x).argmax(2)
    by_hand = [100 * (member == y).float().mean().item() for member in predicted]
    assert networks.accuracy(network, x, y) == pytest.approx(by_hand)


def test_the_end_is_the_mean_over_the_last_sixth():
    measured = Measured(list(range(100, 1300, 100)), [[0.0] * 10 + [70.0, 80.0], [0.0] * 10 + [50.0, 70.0]])
    parts = EXPERIMENT.plan(Settings(kinds=("max",), train_rows=(1000,)), 2)
    results = Results("pooling", Settings(), 2, parts, {parts[0].name: measured}, 0.0)
    assert final_accuracies(results, "max", 1000) == [75.0, 60.0]


def results_of(accuracies):
    """Return results with given accuracies, by kind and number of rows, at the end."""
    settings = Settings(train_rows=(1000, 50_000))
    parts = EXPERIMENT.plan(settings, 3)
    values = {part.name: accuracies[part.values["kind"], part.values["rows"]] for part in parts}
    measured = {name: Measured([6000], [[value - 0.2], [value + 0.1], [value + 0.1]]) for name, value in values.items()}
    return Results("pooling", settings, 3, parts, measured, 0.0)


def test_claims_follow_the_numbers():
    few = {"none": 59.0, "stride": 57.0, "max": 78.0, "average": 78.0, "L2": 77.0}
    as_published = {(kind, 1000): value for kind, value in few.items()} | {(kind, 50_000): 97.0 for kind in few}
    claims = experiment.claims(results_of(as_published))
    assert len(claims) == 10
    assert all(claim.holds for claim in claims)
    otherwise = as_published | {("max", 1000): 57.0, ("L2", 50_000): 98.0}
    assert [claim.statement for claim in experiment.claims(results_of(otherwise)) if not claim.holds] == [
        "max pooling is ahead of stride 2 at 1000 rows, in percent",
        "L2 pooling is not ahead of stride 2 at 50000 rows, in percent",
        "max pooling gains more over stride 2 at 1000 than at 50000 rows, in points",
    ]
    assert claims[0].published == "78.2 against 57.4"


def made_up(*rows):
    """Results of three seeds that end at other accuracies for every kind; with more than 1000 rows, at the same."""
    settings = Settings(train_rows=rows, steps=600)
    parts = EXPERIMENT.plan(settings, 3)
    ends = {"none": 59.0, "stride": 57.0, "max": 78.0, "average": 76.0, "L2": 77.0}
    measured = {}
    for part in parts:
        end = ends[part.values["kind"]] if part.values["rows"] == 1000 else 97.0
        accuracies = [[end - 9] * 5 + [end + seed] for seed in range(3)]
        measured[part.name] = Measured([100, 200, 300, 400, 500, 600], accuracies)
    return Results("pooling", settings, 3, parts, measured, 0.0)


PAIRED = "one-sided paired t-test over seeds, p < 0.05"


def test_claims_show_both_numbers():
    claims = experiment.claims(made_up(1000, 50_000))
    same = "98.0 ± 1.0 against 98.0 ± 1.0"
    assert said(claims) == paragraphs(
        f"""
        max pooling is ahead of stride 2 at 1000 rows, in percent | 78.2 against 57.4 | 79.0 ± 1.0 against 58.0 ± 1.0 | {PAIRED}

        average pooling is ahead of stride 2 at 1000 rows, in percent | 78.0 against 57.4 | 77.0 ± 1.0 against 58.0 ± 1.0 |
        {PAIRED}

        L2 pooling is ahead of stride 2 at 1000 rows, in percent | 77.2 against 57.4 | 78.0 ± 1.0 against 58.0 ± 1.0 | {PAIRED}

        max pooling is not ahead of stride 2 at 50000 rows, in percent | no difference, or behind (in one run 98.1 against
        95.4) | {same} | not ahead by the {PAIRED}

        average pooling is not ahead of stride 2 at 50000 rows, in percent | no difference, or behind (in one run 97.3
        against 95.4) | {same} | not ahead by the {PAIRED}

        L2 pooling is not ahead of stride 2 at 50000 rows, in percent | no difference, or behind (in one run 97.1 against
        95.4) | {same} | not ahead by the {PAIRED}

        max pooling gains more over stride 2 at 1000 than at 50000 rows, in points | 20.8 against 2.7 | 21.0 ± 0.0 against
        0.0 ± 0.0 | {PAIRED}

        average pooling gains more over stride 2 at 1000 than at 50000 rows, in points | 20.6 against 1.9 | 19.0 ± 0.0
        against 0.0 ± 0.0 | {PAIRED}

        L2 pooling gains more over stride 2 at 1000 than at 50000 rows, in points | 19.8 against 1.7 | 20.0 ± 0.0 against
        0.0 ± 0.0 | {PAIRED}

        stride 2 is not ahead of no pooling at 1000 rows, in percent | no difference, or behind (in one run 57.4 against
        59.2) | 58.0 ± 1.0 against 60.0 ± 1.0 | not ahead by the {PAIRED}
        """
    )


def test_the_published_accuracies_are_those_of_the_authors_single_runs():
    assert PUBLISHED_ROWS == (1000, 2000, 5000, 10_000, 20_000, 50_000)
    assert PUBLISHED == {
        "none": (59.2, 82.0, 91.9, 94.3, 94.4, 96.3),
        "stride": (57.4, 81.7, 89.9, 91.3, 92.2, 95.4),
        "max": (78.2, 89.2, 94.5, 97.0, 96.8, 98.1),
        "average": (78.0, 90.0, 94.0, 96.0, 96.2, 97.3),
        "L2": (77.2, 89.9, 95.3, 96.6, 97.8, 97.1),
    }


def test_what_was_published_is_that_of_the_rows_of_the_claim():
    gains = [claim.published for claim in experiment.claims(made_up(1000, 2000)) if "gains more" in claim.statement]
    assert gains == ["20.8 against 7.5", "20.6 against 8.3", "19.8 against 8.2"]
    claims = {claim.statement.partition(" at ")[0]: claim for claim in experiment.claims(made_up(1000, 1500))}
    assert claims["max pooling gains more over stride 2"].published == "not for this number of rows"
    assert claims["max pooling is not ahead of stride 2"].published == "no difference, or behind"
    other = experiment.claims(made_up(900, 1500))[0]
    assert other.published == "not for this number of rows"


def test_the_figure_shows_the_means_the_spread_and_what_was_published():
    results = made_up(1000, 2000, 50_000)
    figure = experiment.plot(results)
    *panels, last = figure.axes
    assert [axes.get_title() for axes in panels] == ["1,000 rows", "2,000 rows", "50,000 rows"]
    assert panels[0].get_ylabel() == "test accuracy (%)"
    ends = {"none": 60, "L2": 78, "max": 79, "average": 77, "stride": 58}
    for axes, rows in zip(panels, (1000, 2000, 50_000), strict=True):
        expected = []
        for end in ends.values():
            end = end if rows == 1000 else 98
            expected.append([(step, end - 10) for step in range(100, 600, 100)] + [(600, end)])
        assert [line for _, line in curves(axes)] == expected
    lines = [line for _, line in curves(last)]
    for kind, end in ends.items():
        means = [(1000, end), (2000, 98), (50_000, 98)]
        published = list(zip(PUBLISHED_ROWS, PUBLISHED[kind], strict=True))
        assert lines.count(means) == lines.count(published) == 1
    bars = [bar.get_segments() for bar in last.collections]
    # One standard deviation of 0, 1 and 2 up and down.
    assert [round(float(bar[0][1, 1] - bar[0][0, 1]), 6) for bar in bars] == [round(2 * (2 / 3) ** 0.5, 6)] * 5
    names = [text.get_text() for text in last.get_legend().get_texts()]
    assert set(names) >= {"no pooling", "L2 pooling", "max pooling", "average pooling", "stride 2"}
    assert last.get_xscale() == "log"


def test_half_way_between_the_fewest_rows_and_the_most_are_those_of_the_middle():
    results = made_up(1000, 2000, 5000, 10_000, 20_000, 50_000)
    assert [axes.get_title() for axes in experiment.plot(results).axes[:3]] == [
        "1,000 rows",
        "5,000 rows",
        "50,000 rows",
    ]


@pytest.mark.long
def test_the_quick_form_runs_and_its_figure_is_not_empty(executor):
    results = experiment.run(seeds=2, quick=True, executor=executor)
    assert set(results.measured) == {f"{kind}-{rows}" for kind in PLAIN_POOL for rows in (1000, 2000)}
    for one in results.measured.values():
        assert one.steps == [10, 20, 30, 40]
        assert np.shape(one.test_accuracies) == (2, 4)
        # Better than chance by now.
        assert np.min(one.test_accuracies, axis=0)[-1] > 20
    figure = experiment.plot(results)
    assert len(figure.axes) == 4
    assert all(len(axis.lines) >= 5 for axis in figure.axes)
    assert len(experiment.claims(results)) == 10
