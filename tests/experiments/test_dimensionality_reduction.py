"""Dimensionality reduction: scores of clusters, and the data set beside MNIST-1D."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.model_selection import StratifiedKFold

from mnist1d_hf.experiments import dimensionality_reduction as experiment
from mnist1d_hf.experiments.mnist import DIGITS, MNIST
from mnist1d_hf.experiments.report import format_claims

from .reading import paragraphs, said, written


def blobs(spread, seed=0, rows=200):
    """Points around ten places on a circle, and the places' numbers."""
    generator = np.random.default_rng(seed)
    y = np.arange(rows) % 10
    angle = 2 * np.pi * y / 10
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) + spread * generator.normal(size=(rows, 2)), y


def test_clusters_score_high_and_what_has_none_low():
    x, y = blobs(0.02)
    assert experiment.neighbor_accuracy(x, y, 10, 5) == 100
    assert experiment.silhouette(x, y) > 0.8
    x, y = blobs(100)
    assert experiment.neighbor_accuracy(x, y, 10, 5) < 30
    assert experiment.silhouette(x, y) < 0


@given(st.floats(0.05, 2), st.integers(0, 99))
@settings(deadline=None, max_examples=10)
def test_the_silhouette_is_that_of_its_definition(spread, seed):
    x, y = blobs(spread, seed, 60)
    distances = cdist(x, x)
    values = []
    for row, label in enumerate(y):
        own = distances[row, y == label].sum() / ((y == label).sum() - 1)
        other = min(distances[row, y == another].mean() for another in range(10) if another != label)
        values.append((other - own) / max(own, other))
    assert experiment.silhouette(x, y) == pytest.approx(np.mean(values), abs=1e-4)


@given(st.floats(0.05, 2), st.integers(0, 99))
@settings(deadline=None, max_examples=10)
def test_neighbors_are_those_of_the_other_folds(spread, seed):
    x, y = blobs(spread, seed)
    accuracies = []
    for train, test in StratifiedKFold(5).split(x, y):
        nearest = cdist(x[test], x[train]).argsort(axis=1)[:, :7]
        votes = np.stack([(y[train][nearest] == label).sum(axis=1) for label in range(10)], axis=1)
        accuracies.append(100 * (votes.argmax(axis=1) == y[test]).mean())
    assert experiment.neighbor_accuracy(x, y, 7, 5) == pytest.approx(np.mean(accuracies), abs=0.01)


@pytest.mark.long
def test_the_quick_form_runs_and_its_figure_is_not_empty(executor):
    results = experiment.run(seeds=2, quick=True, executor=executor)
    assert set(results.measured) == {"clustered-seed0", "clustered-seed1", "mnist1d-seed0", "mnist1d-seed1"}
    first, second = results.measured["mnist1d-seed0"], results.measured["mnist1d-seed1"]
    assert np.abs(first.embedding).max() == experiment.RANGE
    assert np.shape(first.embedding) == (200, 2)
    assert len(first.labels) == 200
    assert second.embedding == []
    assert first.embedding_silhouette != second.embedding_silhouette
    assert first.pixel_silhouette == second.pixel_silhouette
    figure = experiment.plot(results)
    assert [len(axis.collections[0].get_offsets()) for axis in figure.axes] == [200, 200]
    assert figure.axes[0].get_title() == "a   5000 rows of MNIST"
    printed = format_claims(experiment.claims(results))
    assert "t-SNE of 5000 rows of MNIST shows the ten classes" in printed


def made_up(silhouettes, accuracies, data=MNIST, pixels=60.0):
    parts = experiment.EXPERIMENT.plan(experiment.Settings(), 3)
    measured = {}
    for part in parts:
        place, drift = experiment.DATA.index(part.values["data"]), 0.001 * part.values["seed"]
        measured[part.name] = experiment.Measured(
            data=(data, experiment.MNIST_1D)[place],
            rows=5,
            embedding_accuracy=accuracies[place] + drift,
            pixel_accuracy=pixels,
            embedding_silhouette=silhouettes[place] + drift,
            pixel_silhouette=0.0,
            embedding=[[0, 0]] * 5,
            labels=[0] * 5,
        )
    return experiment.Results(experiment.EXPERIMENT.name, experiment.Settings(), 3, parts, measured, 0.0)


def test_claims_follow_from_the_numbers():
    claims = experiment.claims(made_up((0.4, -0.1), (90.0, 50.0)))
    assert [claim.holds for claim in claims] == [True] * 4
    assert [claim.is_control for claim in claims] == [False, False, False, True]
    assert claims[0].statement == "t-SNE of MNIST shows the ten classes as clusters"
    assert claims[0].measured == "silhouette of the classes 0.40 ± 0.00"
    claims = experiment.claims(made_up((0.1, 0.3), (50.0, 90.0), pixels=50.0))
    assert [claim.verdict for claim in claims] == ["does not hold"] * 4


def test_only_clusters_are_named_in_the_figure():
    axes = experiment.plot(made_up((0.4, -0.1), (90.0, 50.0))).axes
    assert [len(axis.texts) for axis in axes] == [2, 1]
    assert axes[0].get_title() == "a   MNIST"


def test_claims_show_both_numbers():
    results = made_up((0.4, -0.1), (90.0, 50.0), data=DIGITS)
    assert said(experiment.claims(results)) == paragraphs(
        """
        t-SNE of scikit-learn's digits (in place of MNIST, which was unavailable) shows the ten classes as clusters | ten
        clusters of MNIST | silhouette of the classes 0.40 ± 0.00 | mean silhouette above 0.25, from each start

        t-SNE of MNIST-1D shows no clusters | none | silhouette of the classes -0.10 ± 0.00 | mean silhouette of at most 0.25,
        from each start

        nearest neighbours among the pixels tell most of scikit-learn's digits apart | the majority of MNIST (the authors'
        README) | 60.0 %, of MNIST-1D 60.0 % | accuracy of nearest neighbours above 50 %

        neighbours in the plane are more often of one class in scikit-learn's digits than in MNIST-1D | seen in the figure |
        90.0 ± 0.0 % against 50.0 ± 0.0 % | accuracy of nearest neighbours, from each start
        """
    )


def test_the_first_seed_starts_from_the_principal_components_and_the_others_at_random(monkeypatch):
    starts = []
    x, y = blobs(0.1)
    monkeypatch.setattr(experiment, "load_mnist1d", lambda: ("MNIST-1D", x, y))
    monkeypatch.setattr(experiment, "embed", lambda x, perplexity, seed, start: starts.append((seed, start)) or x)
    for part in experiment.EXPERIMENT.plan(experiment.Settings(), 3)[:3]:
        experiment.EXPERIMENT.measure(experiment.Settings(), part, lambda done, what: None)
    assert starts == [(0, "pca"), (1, "random"), (2, "random")]


@pytest.mark.parametrize(
    ("silhouettes", "holds"),
    [((0.2501, 0.2479), (True, True)), ((0.25, 0.248), (False, True)), ((0.3, 0.2481), (True, False))],
)
def test_the_silhouette_of_every_start_decides(silhouettes, holds):
    assert tuple(claim.holds for claim in experiment.claims(made_up(silhouettes, (90.0, 50.0)))[:2]) == holds


def test_the_figure_shows_the_rows_of_the_first_seed_and_the_scores():
    results = made_up((0.4, -0.1), (90.0, 50.0))
    rows = [[10 * row, -row] for row in range(20)]
    for name in ("clustered-seed0", "mnist1d-seed0"):
        labels = [row % 2 for row in range(20)]
        results.measured[name] = dataclasses.replace(results.measured[name], embedding=rows, labels=labels)
    for axes, score in zip(experiment.plot(results).axes, ("0.40 ± 0.00", "-0.10 ± 0.00"), strict=True):
        (scattered,) = axes.collections
        assert scattered.get_offsets().tolist() == rows
        assert scattered.get_array().tolist() == labels
        accuracy = "90.0" if score[0] == "0" else "50.0"
        below = f"10 nearest neighbours {accuracy} ± 0.0 %, silhouette {score}"
        assert [text for text in written(axes) if len(text) > 1] == [below]
        names = {text.get_text(): text.get_position() for text in axes.texts if len(text.get_text()) == 1}
        assert names == ({"0": (90, -9), "1": (100, -10)} if score[0] == "0" else {})
        assert axes.get_xlim() == axes.get_ylim() == (-1.05 * 999, 1.05 * 999)
