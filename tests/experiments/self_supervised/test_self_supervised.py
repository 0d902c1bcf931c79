"""SimCLR: views, loss, network and training equal plain formulas; the claims follow the numbers."""

import json
from dataclasses import asdict, replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from mnist1d_hf.baselines import CNN
from mnist1d_hf.baselines.data import load_tensors
from mnist1d_hf.experiments import self_supervised as experiment
from mnist1d_hf.experiments.results import Part, Results
from mnist1d_hf.experiments.self_supervised import PROJECTORS, readout, simclr
from mnist1d_hf.experiments.self_supervised.claims import APART, PUBLISHED
from mnist1d_hf.experiments.self_supervised.settings import Measured, Settings
from mnist1d_hf.experiments.self_supervised.simclr import Augmentation

from ..networks import in_double, of_member
from ..reading import curves, paragraphs, said, written

SHIFT_ONLY = Augmentation(slope_deviation=0.0, offset_deviation=0.0)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def signals(rows, length=40):
    return torch.randn(rows, length, generator=generator(9), dtype=torch.float64)


def lines(x):
    """Return slope and value in the middle of the line of least squares through each row."""
    t = np.arange(x.shape[1]) - (x.shape[1] - 1) / 2
    return np.polyfit(t, x.T.numpy(), 1)


@settings(deadline=None)
@given(st.integers(3, 50), st.floats(-3, 3), st.floats(-3, 3))
def test_detrending_removes_slope_and_offset_and_nothing_else(length, slope, offset):
    x = signals(4, length)
    t = torch.arange(length, dtype=torch.float64)
    detrended = simclr.detrend(x)
    np.testing.assert_allclose(lines(detrended), 0, atol=1e-12)
    torch.testing.assert_close(simclr.detrend(x + slope * t + offset), detrended, atol=1e-8, rtol=0)
    # What is removed is a line.
    np.testing.assert_allclose(np.diff((x - detrended).numpy(), n=2), 0, atol=1e-12)


def test_a_view_is_shifted_around_the_end_by_up_to_nine_positions():
    x = signals(300)
    views = simclr.augment(x, SHIFT_ONLY, generator())
    shifts = []
    for row, view in zip(x, views, strict=True):
        (shift,) = (shift for shift in range(40) if torch.equal(torch.roll(row, shift), view))
        shifts.append(shift)
    assert set(shifts) == set(range(10))


def test_a_view_has_a_new_slope_and_offset_of_the_stated_spread():
    x = simclr.detrend(signals(4000))
    views = simclr.augment(x, Augmentation(max_shift=0), generator())
    torch.testing.assert_close(simclr.detrend(views), x)
    slopes, offsets = lines(views)
    assert slopes.std() == pytest.approx(0.04, rel=0.05)
    assert offsets.std() == pytest.approx(0.3, rel=0.05)
    assert abs(slopes.mean()) < 0.003
    assert abs(offsets.mean()) < 0.02
    assert abs(np.corrcoef(slopes, offsets)[0, 1]) < 0.06


def test_an_epoch_has_every_row_once_in_both_views():
    x = signals(24)
    generators = [generator(1), generator(2)]
    batches = list(simclr.draw_batches(x, 10, Augmentation(0, 0.0, 0.0), generators))
    assert [tuple(batch.shape) for batch in batches] == [(2, 2, 10, 40)] * 2
    for member in range(2):
        first, second = torch.cat([batch[member] for batch in batches], dim=1)
        torch.testing.assert_close(first, second)
        assert len({row[0].item() for row in first}) == 20
    assert not torch.equal(batches[0][0], batches[0][1])


@settings(deadline=None)
@given(st.integers(1, 6), st.floats(0.05, 5), st.integers(0, 1000))
def test_info_nce_equals_a_direct_formula(batch, temperature, seed):
    outputs = torch.randn(2, 2, batch, 3, generator=generator(seed), dtype=torch.float64)
    first, second = outputs.unbind(1)
    losses, _ = simclr.info_nce(outputs, temperature)
    for member in range(2):
        total = 0.0
        for i in range(batch):
            a = first[member, i].numpy()
            cosines = np.array(
                [a @ b.numpy() / (np.linalg.norm(a) * np.linalg.norm(b.numpy())) for b in second[member]]
            )
            # Of the view's own half of the batch, nothing is in the sum.
            total -= np.log(np.exp(cosines[i] / temperature) / np.exp(cosines / temperature).sum())
        assert losses[member].item() == pytest.approx(total / batch, abs=1e-9)


@settings(deadline=None)
@given(st.integers(1, 6), st.floats(0.05, 5), st.integers(0, 1000))
def test_the_gradient_of_info_nce_equals_that_of_automatic_differentiation(batch, temperature, seed):
    outputs = torch.randn(2, 2, batch, 3, generator=generator(seed), dtype=torch.float64, requires_grad=True)
    first, second = nn.functional.normalize(outputs, dim=3).unbind(1)
    loss = sum(
        nn.functional.cross_entropy(a @ b.T / temperature, torch.arange(batch))
        for a, b in zip(first, second, strict=True)
    )
    losses, gradient = simclr.info_nce(outputs.detach(), temperature)
    torch.testing.assert_close(losses.sum(), loss)
    torch.testing.assert_close(gradient, *torch.autograd.grad(loss, outputs))


class PlainNetwork(nn.Module):
    """One member, of torch's own layers."""

    def __init__(self, channels, projector, network, member):
        super().__init__()
        cnn = CNN(channels=channels)
        sizes = (5 * channels, *projector)
        self.convolutions = nn.ModuleList([cnn.conv1, cnn.conv2, cnn.conv3])
        self.projector = nn.ModuleList(nn.Linear(*pair) for pair in pairwise(sizes))
        self.double()
        with torch.no_grad():
            for parameter, value in zip(self.parameters(), of_member(network, member), strict=True):
                parameter.copy_(value)

    def forward(self, x):
        h = x.unsqueeze(1)
        outputs = []
        for layer in self.convolutions:
            h = layer(h).relu()
            outputs.append(h.transpose(1, 2).flatten(1))
        for number, layer in enumerate(self.projector, start=1):
            h = layer(outputs[-1])
            outputs.append(h if number == len(self.projector) else h.relu())
        return outputs


def network_of(projector, seeds):
    return in_double(simclr.draw_network(40, 4, projector, seeds))


@pytest.mark.parametrize("projector", [(), (6, 3), (6, 6, 6, 3)])
def test_every_layer_equals_plain_modules(projector):
    network = network_of(projector, [0, 1])
    x = signals(5).expand(2, -1, -1)
    outputs = simclr.layer_outputs(network, x)
    assert len(outputs) == 3 + len(projector)
    for member in range(2):
        plain = PlainNetwork(4, projector, network, member)(x[member])
        torch.testing.assert_close([output[member] for output in outputs], plain)


def test_the_paper_has_three_convolutions_of_125_features_and_a_projector():
    network = simclr.draw_network(40, 25, PROJECTORS["default"], [0])
    assert network.parameters.numel() == 21_716
    sizes = [layer.shape[2] for layer in simclr.layer_outputs(network, torch.zeros(1, 2, 40))]
    assert sizes == [475, 250, 125, 125, 16]


@pytest.mark.parametrize("projector", [(), (6, 3), (6, 6, 6, 3)])
def test_stacked_training_equals_training_one_at_a_time(projector):
    x, seeds = signals(30), [3, 5]
    network = network_of(projector, seeds)
    models = [PlainNetwork(4, projector, network, member) for member in range(2)]
    seen = []
    losses = simclr.train(
        network,
        x,
        seeds=seeds,
        epochs=2,
        batch_size=8,
        learning_rate=1e-2,
        temperature=0.5,
        augmentation=Augmentation(),
        progress=lambda epoch, loss: seen.append((epoch, loss)),
    )
    assert [epoch for epoch, _ in seen] == [1, 2]
    assert seen[-1][1] == pytest.approx(np.mean(losses))
    for member, (seed, model) in enumerate(zip(seeds, models, strict=True)):
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
        draws = generator(seed + 2**32)
        for _ in range(2):
            last = []
            for ((first, second),) in simclr.draw_batches(simclr.detrend(x), 8, Augmentation(), [draws]):
                a, b = (nn.functional.normalize(model(view)[-1]) for view in (first, second))
                loss = -torch.log_softmax(a @ b.T / 0.5, dim=1).diag().mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                last.append(loss.item())
        assert losses[member] == pytest.approx(np.mean(last))
        torch.testing.assert_close(of_member(network, member), [parameter.detach() for parameter in model.parameters()])


def test_linear_accuracy_is_that_of_lines_between_the_classes():
    random = np.random.default_rng(0)
    y = np.arange(300) % 3
    corners = np.array([[0, 0], [1, 0], [0, 1]])[y]
    x = (1000 * (corners + 0.05 * random.normal(size=(300, 2)))).astype(np.float32)
    assert readout.linear_accuracy(x[:200], y[:200], x[200:], y[200:]) == 100
    assert readout.neighbor_accuracy(x[:200], y[:200], x[200:], y[200:], 10) == 100
    # No line separates the inside of a circle from its outside; its neighbours do.
    x = random.normal(size=(300, 2))
    circle = (np.hypot(*x.T) < 1).astype(np.int64)
    assert readout.linear_accuracy(x[:200], circle[:200], x[200:], circle[200:]) < 70
    assert readout.neighbor_accuracy(x[:200], circle[:200], x[200:], circle[200:], 5) > 85


def test_silhouettes_equal_a_direct_formula():
    random = np.random.default_rng(0)
    y = np.arange(40) % 10
    x = random.normal(size=(40, 3)).astype(np.float32)
    directions = x / np.linalg.norm(x, axis=1, keepdims=True)
    distances = 1 - directions @ directions.T
    silhouettes = np.empty(40)
    for i in range(40):
        means = [distances[i, (y == label) & (np.arange(40) != i)].mean() for label in range(10)]
        nearest = min(mean for label, mean in enumerate(means) if label != y[i])
        silhouettes[i] = (nearest - means[y[i]]) / max(nearest, means[y[i]])
    by_hand = [silhouettes[y == label].mean() for label in range(10)]
    np.testing.assert_allclose(readout.class_silhouettes(x, y), by_hand, atol=1e-3)


def results_of(accuracies, silhouettes):
    parts = experiment.EXPERIMENT.plan(Settings(), 3)
    measured = {
        part.name: Measured(
            linear_accuracies=[
                [value + 0.2 * seed for value in accuracies[part.values["projector"]]] for seed in part.values["seeds"]
            ],
            final_losses=[2.9 for _ in part.values["seeds"]],
            silhouettes=[[value + 0.01 * seed for value in silhouettes] for seed in part.values["seeds"]],
            neighbor_accuracy=59.6,
            embedding=[],
            labels=[],
        )
        for part in parts
    }
    return Results("self-supervised", Settings(), 3, parts, measured, 0.0)


STAND_APART = [0.5 if digit in APART else 0.0 for digit in range(10)]


def test_claims_follow_the_numbers():
    claims = experiment.claims(results_of(PUBLISHED, STAND_APART))
    assert [claim.holds for claim in claims] == [True] * 7
    assert [claim.is_control for claim in claims] == [False] * 6 + [True]
    assert claims[0].published == "layer 3 with 82.1 %, the output 75.0 %"
    otherwise = {
        "default": (32, 50, 60, 70, 80, 90),
        "none": (32, 50, 60, 75),
        "deep": (90, 80, 70, 60, 50, 40, 30, 20),
    }
    claims = experiment.claims(results_of(otherwise, [0.1] * 10))
    assert [claim.holds for claim in claims] == [False] * 7


@pytest.mark.parametrize(
    ("best", "verdict"), [(85.0, "holds"), (85.5, "does not hold"), (79.3, "holds"), (79, "does not hold")]
)
def test_networks_are_similar_within_three_points(best, verdict):
    accuracies = {"default": (32, 82.2, 79.5), "none": (32, 82.2, 79.5), "deep": (32, 60.0, best)}
    accuracies = {name: (*values, 50.0, 40.0) for name, values in accuracies.items()}
    assert experiment.claims(results_of(accuracies, STAND_APART))[3].verdict == verdict


@pytest.mark.parametrize(("second", "verdict"), [(80.0, "holds"), (77.0, "does not hold")])
def test_the_second_layer_is_best_on_average_over_the_networks(second, verdict):
    accuracies = {
        "default": (32, 75.0, second, 82.0),
        "none": (32, 82.0, second, 53.0),
        "deep": (32, 76.0, second, 79.0),
    }
    assert experiment.claims(results_of(accuracies, STAND_APART))[4].verdict == verdict


@pytest.mark.parametrize("digit", APART)
def test_every_one_of_the_digits_stands_apart(digit):
    silhouettes = [*STAND_APART]
    silhouettes[digit] = -0.1
    assert experiment.claims(results_of(PUBLISHED, silhouettes))[5].verdict == "does not hold"


def test_the_published_accuracies_are_the_papers():
    assert PUBLISHED == {
        "default": (32.8, 75.1, 80.9, 82.1, 76.1, 75.0),
        "none": (32.8, 82.2, 79.5, 53.4),
        "deep": (32.8, 75.9, 82.4, 79.5, 77.3, 72.8, 65.0, 61.1),
    }


def test_claims_show_both_numbers():
    paired = "one-sided paired t-test over seeds, p < 0.05"
    middle = "for each seed the best layer is neither the input nor the output"
    claims = experiment.claims(results_of(PUBLISHED, STAND_APART))
    assert said(claims) == paragraphs(
        f"""
        with the projector the best layer is in the middle | layer 3 with 82.1 %, the output 75.0 % | layer 3 with 82.3 ± 0.2 %,
        the output 75.2 ± 0.2 % | {middle}

        with no projector the best layer is in the middle | layer 1 with 82.2 %, the output 53.4 % | layer 1 with 82.4 ± 0.2 %,
        the output 53.6 ± 0.2 % | {middle}

        with the deep projector the best layer is in the middle | layer 2 with 82.4 %, the output 61.1 % | layer 2 with 82.6 ±
        0.2 %, the output 61.3 ± 0.2 % | {middle}

        the three networks are of similar quality | 82.1, 82.2, 82.4 % in their best layers | 82.3 ± 0.2 with the projector,
        82.4 ± 0.2 with no projector, 82.6 ± 0.2 with the deep projector, in percent | each pair differs by less than 3 points,
        either way, {paired}

        over the three networks the accuracy is highest after the second layer | 77.7, 80.9, 71.7 % after layers 1 to 3 | 77.9 ±
        0.2, 81.1 ± 0.2, 71.9 ± 0.2 % | the mean over networks after layer 2 against each other layer, pixels too, {paired}

        digits 0, 3, 6 and 8 stand apart in the output | seen in the t-SNE | silhouettes 0: 0.51 ± 0.01, 3: 0.51 ± 0.01, 6: 0.51
        ± 0.01, 8: 0.51 ± 0.01; mean of the others 0.01 ± 0.01 | each against the mean of the others, {paired}

        the linear accuracy of the convolutions is better with the projector than without, in percent | 82.1 against 53.4 |
        82.3 ± 0.2 against 53.6 ± 0.2 | {paired}
        """
    )


def test_the_figure_shows_the_embedding_the_means_and_what_was_published():
    results = results_of(PUBLISHED, [0.0] * 10)
    points = [[float(row), float(-row * row)] for row in range(30)]
    labels = [row % 10 for row in range(30)]
    first = results.measured["default-0-1-2"]
    results.measured["default-0-1-2"] = replace(first, embedding=points, labels=labels)
    embedding, layers = experiment.plot(results).axes
    (scattered,) = embedding.collections
    assert scattered.get_offsets().tolist() == points
    assert scattered.get_array().tolist() == labels
    assert written(embedding) == [str(digit) for digit in range(10)]
    assert [text.get_position() for text in embedding.texts][3] == (13, -169)
    assert embedding.get_title() == "t-SNE of the output, 30 rows"
    lines = [line for _, line in curves(layers)]
    for projector, published in PUBLISHED.items():
        assert list(enumerate(published)) in lines, projector
        assert [(layer, round(accuracy + 0.2, 6)) for layer, accuracy in enumerate(published)] in lines
    assert {height for _, height in lines[-1]} == {59.6}
    assert written(layers) == ["nearest neighbours of pixels"]
    spreads = {round(float(bar[1, 1] - bar[0, 1]), 6) for bars in layers.collections for bar in bars.get_segments()}
    assert spreads == {round(2 * 0.2 * (2 / 3) ** 0.5, 6)}
    names = [text.get_text() for text in layers.get_legend().get_texts()]
    assert names == ["projector", "no projector", "deep projector"]
    assert (layers.get_xlabel(), layers.get_ylabel()) == ("layer (0: pixels)", "linear accuracy (%)")


@pytest.mark.parametrize(("rows", "batches"), [(8, 1), (15, 1), (16, 2), (17, 2), (24, 3)])
def test_the_last_batch_is_taken_if_it_is_full(rows, batches):
    x = signals(rows, 6)
    views = list(simclr.draw_batches(x, 8, SHIFT_ONLY, [generator(0), generator(1)]))
    assert [view.shape for view in views] == [(2, 2, 8, 6)] * batches
    # No row is there twice: sums over a row do not change when it is shifted.
    for member in range(2):
        sums = torch.cat([view[member, 0].sum(1) for view in views])
        known = x.sum(1)
        places = [int((known - one).abs().argmin()) for one in sums]
        assert len(set(places)) == 8 * batches
        torch.testing.assert_close(known[places], sums)


def test_features_of_many_rows_are_those_of_each():
    network = network_of((6, 3), [0, 1])
    x = signals(readout._ROWS_AT_ONCE + 3)
    features = readout.all_features(network, x)
    assert [layer.shape[:2] for layer in features] == [(2, len(x))] * 5
    for rows in (slice(0, 2), slice(readout._ROWS_AT_ONCE - 1, readout._ROWS_AT_ONCE + 3)):
        outputs = simclr.layer_outputs(network, x[rows].expand(2, -1, -1))
        for layer, expected in zip(features, outputs, strict=True):
            np.testing.assert_allclose(layer[:, rows], expected.numpy(), rtol=1e-9, atol=1e-9)


def test_the_parts_have_every_seed_with_every_projector_once():
    for seeds in (1, 2, 3, 4):
        parts = experiment.EXPERIMENT.plan(Settings(), seeds)
        members = [(part.values["projector"], seed) for part in parts for seed in part.values["seeds"]]
        assert sorted(members) == sorted((name, seed) for name in PROJECTORS for seed in range(seeds))
        assert len({part.name for part in parts}) == len(parts)


@pytest.mark.long
def test_the_quick_form_runs_and_its_figure_is_not_empty(executor):
    results = experiment.run(seeds=2, quick=True, executor=executor)
    assert list(results.measured) == ["deep-0-1", "default-0-1", "none-0", "none-1"]
    for name, one in results.measured.items():
        projector, *seeds = name.split("-")
        assert np.shape(one.linear_accuracies) == (len(seeds), len(PUBLISHED[projector]))
        assert np.min(one.linear_accuracies) > 10
        # The loss of a network that tells nothing apart is the logarithm of the rows of a batch.
        assert max(one.final_losses) < np.log(100)
        assert len(json.dumps(asdict(one))) < 20_000
    default = results.measured["default-0-1"]
    assert len(default.embedding) == len(default.labels) == 200
    figure = experiment.plot(results)
    embedding, layers = figure.axes
    assert len(embedding.collections[0].get_offsets()) == 200
    assert len(layers.lines) >= 2 * 3 + 1
    assert len(experiment.claims(results)) == 7


def test_networks_see_training_and_test_rows_and_the_readout_is_fitted_on_training_rows(monkeypatch):
    seen, fitted = [], []
    monkeypatch.setattr(experiment, "train", lambda network, x, **settings: seen.append(len(x)) or [2.9])
    monkeypatch.setattr(
        experiment, "linear_accuracy", lambda *data: fitted.append([len(rows) for rows in data]) or 50.0
    )
    monkeypatch.setattr(experiment, "embed", lambda x, seed: [[0, 0]] * len(x))
    part = Part("default-0", 1, {"projector": "default", "seeds": [0]})
    measured = experiment.EXPERIMENT.measure(Settings(train_rows=600, epochs=1), part, lambda done, what: None)
    assert seen == [1600]
    assert fitted == [[600, 600, 1000, 1000]] * 6
    assert len(measured.embedding) == len(measured.labels) == 1600
    labels = [*load_tensors("default", "train[:600]")[1].tolist(), *load_tensors("default", "test")[1].tolist()]
    assert measured.labels == labels


def test_the_plane_is_kept_in_whole_numbers():
    x = np.random.default_rng(0).normal(size=(100, 4)).astype(np.float32)
    places = np.array(readout.embed(x, 0))
    assert places.shape == (100, 2)
    assert np.abs(places).max() == readout.RANGE
