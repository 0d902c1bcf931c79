"""Kinds of pooling: forward pass, gradient and training equal plain torch modules; the claims follow the numbers."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mnist1d_hf import GenerationParameters, make_dataset
from mnist1d_hf.experiments import pooling as experiment
from mnist1d_hf.experiments.pooling import EXPERIMENT, load_rows, train
from mnist1d_hf.experiments.pooling import network as networks
from mnist1d_hf.experiments.pooling.claims import PUBLISHED, PUBLISHED_ROWS, final_accuracies, last_accuracies
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
    """Return a network, and rows of each member; some of the signals are flat, so that units are off."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(len(seeds), rows, 40, generator=generator, dtype=torch.float64)
    x[:, ::3, :20] = 0
    network = in_double(networks.draw_network(kind, 40, SETTINGS.channels, list(seeds)))
    return network, x, torch.randint(0, 10, (len(seeds), rows), generator=generator)


@every_kind
def test_logits_equal_plain_modules(kind):
    network, x, _ = problem(kind)
    logits = network.forward(x)
    for member in range(2):
        torch.testing.assert_close(logits[member], PlainCNN(kind, SETTINGS.channels, network, member)(x[member]))


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
            F.cross_entropy(model(x[member, rows]), y[member, rows]).backward()
            optimizer.step()
        torch.testing.assert_close(of_member(network, member), [parameter.detach() for parameter in model.parameters()])


def test_every_seed_has_data_of_its_own_and_the_first_those_of_the_paper():
    assert [part.values["data_seeds"] for part in EXPERIMENT.plan(Settings(), 3)] == [[42, 43, 44]] * 30
    x, y = load_rows("train", 40, 10, [42, 43])
    x_test, y_test = load_rows("test", 40, 10, [42, 43])
    for member, seed in enumerate((42, 43)):
        data = make_dataset(GenerationParameters(num_samples=50, train_split=0.8, seed=seed))
        np.testing.assert_allclose(x[member], data["x"], rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(x_test[member], data["x_test"], rtol=1e-6, atol=1e-6)
        assert y[member].tolist() == data["y"].tolist()
        assert y_test[member].tolist() == data["y_test"].tolist()


def test_kinds_of_one_seed_begin_with_the_same_convolutions():
    maximum, none = (networks.draw_network(kind, 40, 4, [3]) for kind in ("max", "none"))
    for layer in (0, 2):
        torch.testing.assert_close(maximum.layers[layer].of_member(0), none.layers[layer].of_member(0))
    assert maximum.layers[-1].of_member(0)[0].shape == (10, 10 * 4)
    assert none.layers[-1].of_member(0)[0].shape == (10, 40 * 4)


def test_accuracy_is_the_share_of_rows_with_the_largest_logit_at_the_label():
    network, x, y = problem("max", rows=450)
    predicted = network.forward(x).argmax(2)
    by_hand = [100 * (ours == theirs).float().mean().item() for ours, theirs in zip(predicted, y, strict=True)]
    assert networks.accuracy(network, x, y) == pytest.approx(by_hand)


def test_the_end_is_the_mean_over_the_last_sixth_or_the_last_step():
    measured = Measured(list(range(100, 1300, 100)), [[0.0] * 9 + [60.0, 70.0, 80.0], [0.0] * 9 + [30.0, 50.0, 70.0]])
    parts = EXPERIMENT.plan(Settings(kinds=("max",), train_rows=(1000,)), 2)
    results = Results("pooling", Settings(), 2, parts, {parts[0].name: measured}, 0.0)
    assert final_accuracies(results, "max", 1000) == [75.0, 60.0]
    assert last_accuracies(results, "max", 1000) == [80.0, 70.0]


FEW = {"none": 59.0, "stride": 57.0, "max": 78.0, "average": 76.0, "L2": 77.0}
AS_PUBLISHED = {(kind, 1000): end for kind, end in FEW.items()} | {(kind, 50_000): 97.0 for kind in FEW}


def results_of(ends, last=0.0):
    """Return results of three seeds with given accuracies by kind and number of rows, and ``last`` more in the last step."""
    settings = Settings(train_rows=(1000, 50_000))
    parts = EXPERIMENT.plan(settings, 3)
    measured = {}
    for part in parts:
        end = ends[part.values["kind"], part.values["rows"]]
        own = last if part.values["kind"] in ("max", "average", "L2") else 0.0
        accuracies = [[20.0, end + noise, end + noise + own] for noise in (-0.2, 0.1, 0.2)]
        measured[part.name] = Measured([100, 5900, 6000], accuracies)
    return Results("pooling", settings, 3, parts, measured, 0.0)


def verdicts(results):
    """Return what is said of the paper's claims that do not hold, and of the controls."""
    claims = experiment.claims(results)
    papers = {claim.statement.split(":")[0]: claim.verdict for claim in claims if not claim.is_control}
    controls = {claim.statement.split(":")[0]: claim.verdict for claim in claims if claim.is_control}
    return {name: verdict for name, verdict in papers.items() if verdict != "holds"}, controls


def test_claims_follow_the_numbers():
    papers, controls = verdicts(results_of(AS_PUBLISHED))
    told_by_no_seed = [f"{kind} pooling hinders at 50000 rows" for kind in ("max", "average", "L2")]
    told_by_no_seed.append("max pooling is behind L2 pooling at 50000 rows, in percent")
    assert papers == dict.fromkeys(told_by_no_seed, "cannot be told")
    ahead_of_striding = [name for name in controls if "stride 2 at 50000" in name]
    assert len(ahead_of_striding) == 3
    assert {name for name, verdict in controls.items() if verdict != "holds"} == set(ahead_of_striding)


def test_a_gain_of_more_than_a_point_makes_a_difference_and_does_not_hinder():
    papers, _ = verdicts(results_of(AS_PUBLISHED | {("max", 50_000): 98.5, ("stride", 1000): 61.0}))
    assert papers == {
        "stride 2 does not help at 1000 rows": "does not hold",
        "max pooling makes little difference at 50000 rows": "does not hold",
        "max pooling hinders at 50000 rows": "does not hold",
        "max pooling is behind L2 pooling at 50000 rows, in percent": "does not hold",
        "average pooling hinders at 50000 rows": "cannot be told",
        "L2 pooling hinders at 50000 rows": "cannot be told",
    }


def test_a_loss_of_more_than_a_point_makes_a_difference_and_hinders():
    papers, _ = verdicts(results_of(AS_PUBLISHED | {("max", 50_000): 95.5}))
    assert papers == {
        "max pooling makes little difference at 50000 rows": "does not hold",
        "average pooling hinders at 50000 rows": "cannot be told",
        "L2 pooling hinders at 50000 rows": "cannot be told",
    }


def test_the_last_step_is_a_control():
    papers, controls = verdicts(results_of(AS_PUBLISHED, last=1.6))
    assert papers["max pooling hinders at 50000 rows"] == "does not hold"
    assert "max pooling makes little difference at 50000 rows" not in papers
    assert controls["after the last step, max pooling makes little difference at 50000 rows"] == "does not hold"
    assert controls["after the last step, max pooling is ahead of no pooling at 1000 rows, in percent"] == "holds"


def made_up(*rows):
    """Results of three seeds that end at other accuracies for every kind; with more than 1000 rows, at the same."""
    settings = Settings(train_rows=rows, steps=600)
    parts = EXPERIMENT.plan(settings, 3)
    measured = {}
    for part in parts:
        end = FEW[part.values["kind"]] if part.values["rows"] == 1000 else 97.0
        # The last two are in the last sixth: their mean is half a point below the last step.
        accuracies = [[end - 9] * 5 + [end - 0.5 + seed, end + 0.5 + seed] for seed in range(3)]
        measured[part.name] = Measured([100, 200, 300, 400, 500, 550, 600], accuracies)
    return Results("pooling", settings, 3, parts, measured, 0.0)


PAIRED = "one-sided paired t-test over seeds, p < 0.05"


def test_claims_show_both_numbers():
    claims = experiment.claims(made_up(1000, 50_000))
    same = "98.0 ± 1.0 against 98.0 ± 1.0"
    gain = f"{PAIRED}, of the gain against 1 point"
    papers = [claim for claim in claims if not claim.is_control]
    assert said(papers[:1] + papers[3:5] + papers[7:8] + papers[10:11] + papers[13:]) == paragraphs(
        f"""
        max pooling is ahead of no pooling at 1000 rows, in percent | in one run 78.2 against 59.2 | 79.0 ± 1.0 against
        60.0 ± 1.0 | {PAIRED}

        stride 2 does not help at 1000 rows: it gains less than 1 point over no pooling, in percent | not striding (in one
        run 57.4 against 59.2) | 58.0 ± 1.0 against 60.0 ± 1.0 | {gain}

        max pooling makes little difference at 50000 rows: less than 1 point from no pooling, in percent | not much of a
        difference (in one run 98.1 against 96.3) | {same} | {gain}, and of the loss

        max pooling hinders at 50000 rows: it is behind no pooling, in percent | hindered performance (in one run 98.1
        against 96.3) | {same} | {PAIRED}

        max pooling gains more over no pooling at 1000 than at 50000 rows, in points | in one run 19.0 against 1.8 | 19.0 ±
        0.0 against 0.0 ± 0.0 | {PAIRED}

        max pooling is behind L2 pooling at 50000 rows, in percent | may perform worse (first version; in one run 98.1
        against 97.1) | {same} | {PAIRED}
        """
    )
    controls = [claim for claim in claims if claim.is_control]
    assert len(papers) == 14
    assert said(controls[:1] + controls[6:7] + controls[9:10]) == paragraphs(
        f"""
        max pooling is ahead of stride 2 at 1000 rows, in percent | in one run 78.2 against 57.4 | 79.0 ± 1.0 against 58.0
        ± 1.0 | {PAIRED}

        after the last step, max pooling is ahead of no pooling at 1000 rows, in percent | in one run 78.2 against 59.2 |
        79.5 ± 1.0 against 60.5 ± 1.0 | {PAIRED}

        after the last step, max pooling makes little difference at 50000 rows: less than 1 point from no pooling, in
        percent | not much of a difference (in one run 98.1 against 96.3) | 98.5 ± 1.0 against 98.5 ± 1.0 | {gain}, and of
        the loss
        """
    )
    assert len(controls) == 12


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
    assert gains == [f"in one run {gains}" for gains in ("19.0 against 7.2", "18.8 against 8.0", "18.0 against 7.9")]
    claims = {claim.statement.partition(" at ")[0]: claim for claim in experiment.claims(made_up(1000, 1500))}
    assert claims["max pooling gains more over no pooling"].published == "not for this number of rows"
    assert claims["max pooling hinders"].published == "hindered performance (not for this number of rows)"
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
            expected.append([(step, end - 10) for step in range(100, 600, 100)] + [(550, end - 0.5), (600, end + 0.5)])
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
    assert len(experiment.claims(results)) == 26
