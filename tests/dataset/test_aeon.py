"""aeon, which goes with none of the pinned versions: `make test-aeon` runs this in an environment of its own."""

import numpy as np
import pytest

from mnist1d_hf import load_arrays
from mnist1d_hf.dataset.export import export

aeon_datasets = pytest.importorskip("aeon.datasets", reason="aeon is not installed; run make test-aeon")


def test_aeon_reads_the_files_of_the_archives(tmp_path):
    export(tmp_path / "MNIST1D", format="ts", num_samples=500)
    for split, rows in load_arrays(channels="first", num_samples=500).items():
        x, y = aeon_datasets.load_classification("MNIST1D", split=split, extract_path=str(tmp_path))
        np.testing.assert_allclose(x, rows["x"], rtol=1e-6)
        np.testing.assert_array_equal(y.astype(int), rows["y"])


def test_aeon_reads_the_layout_of_monster(tmp_path, monkeypatch):
    export(tmp_path, format="monster", num_samples=500)
    monkeypatch.setattr("aeon.datasets.monster_loader.load_monster_dataset_names", lambda: ["MNIST1D"])
    monkeypatch.setattr("huggingface_hub.hf_hub_download", lambda filename, **_: str(tmp_path / filename))
    x_train, y_train, x_test, y_test = aeon_datasets.load_monster_dataset("MNIST1D")
    (x, y), (x_held, y_held) = load_arrays(channels="first", num_samples=500, return_X_y=True)
    for found, expected in ((x_train, x), (y_train, y), (x_test, x_held), (y_test, y_held)):
        np.testing.assert_array_equal(found, expected)


def test_aeon_classifies_arrays_as_they_are():
    classifiers = pytest.importorskip("aeon.classification.convolution_based")
    (x, y), (x_test, y_test) = load_arrays(channels="first", return_X_y=True)
    classifier = classifiers.MiniRocketClassifier(n_kernels=500, random_state=0).fit(x[:1000], y[:1000])
    assert (classifier.predict(x_test) == y_test).mean() > 0.7
