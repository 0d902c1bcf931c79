"""The reference classifiers: what each computes, what is written down of it, what is kept."""

import csv
import dataclasses
import json
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from click.testing import CliRunner

from mnist1d_hf import cli
from mnist1d_hf.baselines.data import load_fresh_tensors, load_training_tensors
from mnist1d_hf.baselines.references import REFERENCES, classifiers, measuring, train_references
from mnist1d_hf.baselines.references.dtw import NearestByWarping, warping_distances
from mnist1d_hf.baselines.references.minirocket import _KERNELS, FEATURES, MiniRocket, spread_dilations
from mnist1d_hf.baselines.tasks import TASKS
from mnist1d_hf.errors import MissingExtraError

from ..conftest import ROOT

RANDOM = ["extra-trees", "minirocket"]

SMALLER = {"extra-trees": {"n_estimators": 20}, "gradient-boosting": {"max_iter": 3}}


@pytest.fixture
def small(monkeypatch):
    """Few rows, smaller ensembles, and one thread instead of processes."""
    for name, changes in SMALLER.items():
        settings = {**REFERENCES[name].settings, **changes}
        monkeypatch.setitem(REFERENCES, name, dataclasses.replace(REFERENCES[name], settings=settings))
    monkeypatch.setattr(
        measuring, "load_training_tensors", lambda task: [values[:400] for values in load_training_tensors(task)]
    )
    monkeypatch.setattr(measuring, "load_fresh_tensors", lambda task, rows: load_fresh_tensors(task, 300))
    with ThreadPoolExecutor(1) as executor:
        yield {"executor": executor, "seeds": 2}


def read(folder):
    return json.loads((folder / "metrics.json").read_text())


@pytest.fixture
def digits():
    """Training signals and labels, and others to classify."""
    x, y = (values.numpy() for values in load_training_tensors("default"))
    return x[:200], y[:200], x[200:260]


@pytest.mark.long
def test_every_classifier_is_measured(tmp_path, small):
    folders = train_references(tmp_path, tasks=["default"], **small)
    assert [folder.relative_to(tmp_path).as_posix() for folder in folders] == [f"default/{name}" for name in REFERENCES]
    for folder in folders:
        metrics = read(folder)
        assert [path.name for path in folder.iterdir()] == ["metrics.json"]
        assert (metrics["model"], metrics["recipe"], metrics["task"]) == (folder.name, "reference", "default")
        assert metrics["parameters"] is None and metrics["macs"] is None
        assert metrics["settings"] == dict(REFERENCES[folder.name].settings)
        assert metrics["seeds"] == ([0, 1] if folder.name in RANDOM else [0])
        assert (metrics["interval"] is None) == (folder.name not in RANDOM)
        assert "scikit-learn" in metrics["versions"]
        for run in metrics["runs"]:
            assert (run["test"]["rows"], run["fresh"]["rows"]) == (1000, 300)
            assert run["test"]["accuracy"] > 0.2 and run["curves"] is None and run["seconds"] >= 0


@pytest.mark.parametrize("name", REFERENCES)
def test_the_same_seed_gives_the_same_scores_and_another_seed_others_where_it_says_so(name, digits):
    x, y, others = digits
    a, b, c = (
        classifiers.score(REFERENCES[name].create(seed, **SMALLER.get(name, {})).fit(x, y), others)
        for seed in (7, 7, 8)
    )
    assert a.shape == (60, 10)
    assert np.array_equal(a, b)
    assert np.array_equal(a, c) == (name not in RANDOM)


@pytest.mark.parametrize(("name", "sees"), [("svm", False), ("1nn", False), ("1nn-dtw", True), ("minirocket", True)])
def test_the_order_of_the_points_matters_to_some(name, sees, digits):
    x, y, others = digits
    order = np.random.default_rng(0).permutation(40)
    a = classifiers.score(REFERENCES[name].create(0).fit(x, y), others).argmax(1)
    b = classifiers.score(REFERENCES[name].create(0).fit(x[:, order], y), others[:, order]).argmax(1)
    assert (a != b).any() == sees


def test_rows_are_scored_in_parts(digits, monkeypatch):
    x, y, others = digits
    classifier = REFERENCES["1nn"].create(0).fit(x, y)
    scores = classifiers.score(classifier, others)
    assert set(np.unique(scores)) == {-np.inf, 0}
    monkeypatch.setattr(classifiers, "_CHUNK", 7)
    assert np.array_equal(classifiers.score(classifier, others), scores)


def test_few_fits_only_its_first_rows(tmp_path, monkeypatch):
    fitted = []

    class Constant:
        def fit(self, x, y):
            fitted.append((x, y))

        def decision_function(self, x):
            return np.zeros((len(x), 10))

    constant = dataclasses.replace(REFERENCES["1nn"], name="constant", factory=Constant, settings={})
    monkeypatch.setitem(REFERENCES, "constant", constant)
    with ThreadPoolExecutor(1) as executor:
        (folder,) = train_references(tmp_path, tasks=["few"], names=["constant"], executor=executor)
    ((x, y),) = fitted
    training, labels = load_training_tensors("few")
    assert np.array_equal(x, training[:500]) and np.array_equal(y, labels[:500])
    assert read(folder)["runs"][0]["fresh"]["rows"] == 100_000


def test_what_is_finished_is_kept_and_the_rest_is_measured(tmp_path, small):
    (folder,) = train_references(tmp_path, tasks=["default"], names=["1nn"], **small)
    before = (folder / "metrics.json").stat().st_mtime_ns
    folders = train_references(tmp_path, tasks=["default", "shuffled"], names=["1nn"], **small)
    assert (folder / "metrics.json").stat().st_mtime_ns == before
    # The distances are the same however points are ordered.
    assert read(folders[1])["test_accuracy"] == read(folder)["test_accuracy"]
    assert [folder.parent.name for folder in folders] == ["default", "shuffled"]


def test_other_results_are_not_overwritten_unless_asked(tmp_path, small):
    options = {**small, "tasks": ["default"], "names": ["extra-trees"]}
    (folder,) = train_references(tmp_path, **options)
    before = (folder / "metrics.json").read_bytes()
    with pytest.raises(FileExistsError, match=r"extra-trees holds other results; name another folder, or give --overw"):
        train_references(tmp_path, **{**options, "seeds": 1})
    assert (folder / "metrics.json").read_bytes() == before
    train_references(tmp_path, **{**options, "seeds": 1}, overwrite=True)
    assert read(folder)["seeds"] == [0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"names": ["rocket"]}, "unknown reference classifier 'rocket'; there are extra-trees, gradient-boosting, svm"),
        ({"tasks": ["large"]}, "reference classifiers are measured on default, shuffled, noisy, few, not on 'large'"),
        ({"seeds": 0}, "the number of seeds must be at least 1, got 0"),
    ],
)
def test_what_cannot_be_measured_is_named(options, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        train_references(tmp_path / "runs", **options)
    assert not (tmp_path / "runs").exists()


def test_without_scikit_learn_one_line_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingExtraError, match=r"needs sklearn, which is not .*'mnist1d-hf\[reference\]'"):
        train_references(tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


@pytest.mark.long
def test_the_command_measures_in_processes(tmp_path):
    arguments = ["train", "--reference", "--model", "1nn", "--config", "default", "--output", str(tmp_path)]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        result = CliRunner().invoke(cli.main, arguments)
    assert result.exit_code == 0, result.output
    metrics = read(tmp_path / "default/1nn")
    test, fresh = (100 * metrics[f"mean_{rows}_accuracy"] for rows in ("test", "fresh"))
    line = f"default/1nn  test accuracy {test:6.2f} %  fresh rows {fresh:6.2f} %\n"
    assert result.stdout.replace("\\", "/").endswith(f"{line}The report is {tmp_path.as_posix()}/README.md.\n")
    printed = CliRunner().invoke(cli.main, [*arguments, "--json"])
    assert json.loads(printed.stdout) == [read(tmp_path / "default/1nn")]


def test_the_command_refuses_what_only_networks_have():
    result = CliRunner().invoke(cli.main, ["train", "--reference", "--device", "cuda"])
    assert result.exit_code == 2
    assert "Error: --reference goes with neither --recipe nor --device: leave them out" in result.stderr


def plain_warping(a, b, window):
    best = np.full((len(a) + 1, len(b) + 1), np.inf)
    best[0, 0] = 0
    for i in range(len(a)):
        for j in range(max(0, i - window), min(len(b), i + window + 1)):
            best[i + 1, j + 1] = (a[i] - b[j]) ** 2 + min(best[i, j], best[i, j + 1], best[i + 1, j])
    return best[-1, -1]


@pytest.mark.parametrize("window", [0, 1, 3, 12, 50])
def test_warping_distances_are_those_of_the_definition(window):
    rng = np.random.default_rng(0)
    queries, rows = (rng.normal(size=(count, 12)).astype(np.float32) for count in (3, 5))
    expected = [[plain_warping(a, b, window) for b in rows] for a in queries]
    np.testing.assert_allclose(warping_distances(queries, rows, window), expected, rtol=1e-5)


def test_a_shifted_signal_is_near_if_the_window_allows_it():
    steps = np.repeat(np.array([[0, 1], [1, 0]], np.float32), 10, axis=1)
    shifted = np.roll(steps, 4, axis=1)
    shifted[:, :4] = steps[:, :1]
    assert warping_distances(shifted, steps, 4).diagonal().tolist() == [0, 0]
    assert warping_distances(shifted, steps, 3).diagonal().tolist() == [1, 1]
    nearest = NearestByWarping(window=4).fit(steps, np.array([3, 5])).predict_proba(shifted)
    assert nearest.tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("length", "dilations", "counts"), [(40, [1, 2, 3, 4], [53, 30, 22, 14]), (20, [1, 2], [93, 26]), (9, [1], [119])]
)
def test_dilations_are_spread_as_by_the_authors(length, dilations, counts):
    assert spread_dilations(length) == (dilations, counts)


def test_features_are_those_of_the_definition():
    x = np.random.default_rng(0).normal(size=(6, 40)).astype(np.float32)
    rocket = MiniRocket(x, seed=0)
    features = rocket(x)
    assert features.shape == (6, FEATURES)
    start = moved = 0
    for number, (dilation, count) in enumerate(zip(*spread_dilations(40), strict=True)):
        for index, places in enumerate(_KERNELS):
            weights = np.full(9, -1.0)
            weights[list(places)] = 2
            kernel = np.zeros(8 * dilation + 1)
            kernel[::dilation] = weights
            padded = np.pad(x.astype(float), ((0, 0), (4 * dilation, 4 * dilation)))
            values = np.stack([np.correlate(row, kernel, "valid") for row in padded])
            biases = rocket._biases[number * len(_KERNELS) + index]
            # Quantiles of one of the rows, which lie along the golden ratio.
            quantiles = np.arange(start + 1, start + count + 1) * (1 + 5**0.5) / 2 % 1
            of_rows = np.quantile(values, quantiles, axis=1).T
            assert np.abs(of_rows - biases).max(axis=1).min() < 1e-4
            if (number + index) % 2:
                values = values[:, 4 * dilation : -4 * dilation]
            expected = (values[:, :, None] > biases).mean(axis=1)
            moved += (np.abs(features[:, start : start + count] - expected) > 1e-6).sum()
            start += count
    assert start == FEATURES
    # Rounding moves a few points over a bias.
    assert moved < 0.001 * features.size


KEPT = [path.parent for path in sorted(ROOT.glob("models/*/*/metrics.json")) if path.parent.name in REFERENCES]


@pytest.mark.parametrize("folder", KEPT, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_the_kept_results_are_those_of_the_settings(folder):
    metrics, reference = read(folder), REFERENCES[folder.name]
    assert metrics["settings"] == dict(reference.settings)
    assert metrics["seeds"] == (list(range(5)) if folder.name in RANDOM else [0])
    assert metrics["task"] == folder.parent.name and metrics["config"] == TASKS[metrics["task"]].config
    rows = [(run["test"]["rows"], run["fresh"]["rows"]) for run in metrics["runs"]]
    assert set(rows) == {(1000, reference.fresh_rows)}


def test_the_settings_were_chosen_on_validation_rows():
    with (ROOT / "models/reference_selection.csv").open() as file:
        lines = list(csv.DictReader(file))
    for name, reference in REFERENCES.items():
        candidates = {line["settings"]: float(line["default"]) for line in lines if line["model"] == name}
        chosen = candidates[json.dumps(reference.settings if len(candidates) > 1 else {})]
        assert chosen > max(candidates.values()) - 1
