"""What Python puts into the page: constants of the dataset, the networks' weights, test rows, questions and results."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from .. import paper
from ..baselines.bundled import WEIGHTS_NAME, checkpoint_folder, list_checkpoints
from ..baselines.layout import METRICS_NAME
from ..dataset.generator import Mnist1dArrays, make_dataset, raw_dataset
from ..dataset.parameters import GenerationParameters
from ..dataset.templates import get_templates
from ..dataset.transform import EPSILON, gaussian_weights
from ..experiments.human.questions import CONFIG, STUDY, new_quiz, study_rows
from ..version import DATA_VERSION, __version__
from .results import results

REPOSITORY = "https://github.com/mnist1d-hf/mnist1d-hf"
CONFIGS = ("default", "shuffled")
"""The configs whose networks are shown: points in order, and in one fixed other order."""

QUIZ_SEED = 0
"""The quiz is that of `mnist1d-hf experiment human` with this seed."""


@dataclass(frozen=True)
class Description:
    """A network in the words of the page."""

    title: str
    about: str


DESCRIPTIONS = {
    "logistic": Description("Logistic", "Logistic regression: adds up the points, each with a weight for every digit."),
    "mlp": Description(
        "MLP", "A multilayer perceptron: every unit sees all points, and none knows which are neighbours."
    ),
    "cnn": Description("CNN", "A convolutional network: looks for the same small shapes all along the signal."),
    "gru": Description(
        "GRU", "A recurrent network: reads the points one after another, from both ends, and remembers."
    ),
    "resnet": Description("ResNet", "A deep convolutional network whose layers each correct the one before."),
    "s4d": Description("S4D", "A state-space model: follows the signal as a set of damped oscillators would."),
    "tcn": Description("TCN", "A convolutional network that looks at points further and further apart."),
    "transformer": Description("Transformer", "Compares every piece of the signal with every other, by attention."),
}


RANGES = {
    "padding_low": {"low": 0, "high": 60, "step": 1},
    "padding_high": {"low": 12, "high": 60, "step": 1},
    "scale_coeff": {"low": 0, "high": 1.5, "step": 0.05},
    "max_translation": {"low": 1, "high": 72, "step": 1},
    "corr_noise_scale": {"low": 0, "high": 1, "step": 0.01},
    "iid_noise_scale": {"low": 0, "high": 0.3, "step": 0.005},
    "shear_scale": {"low": 0, "high": 3, "step": 0.05},
}
"""Sensible ranges of the sliders, by generation parameter; the two ends of the padding have one each."""

DRAW_RANGES = {
    "padding": {"low": 0, "high": 60, "step": 0.02},
    "scale": {"low": 0, "high": 1, "step": 0.01},
    "translation": {"low": 0, "high": 71, "step": 0.02},
    "shear": {"low": 0, "high": 1, "step": 0.005},
}
"""The same for the draws of one digit (see `construction_steps`); no step moves its points by more than 0.05 RMS."""


def contents() -> dict[str, Any]:
    """Return what `getData` of the page's scripts returns, as plain values."""
    parameters = GenerationParameters()
    shuffled = raw_dataset(parameters.replace(shuffle_seq=True), get_templates())
    dataset = make_dataset(parameters)
    return {
        "version": __version__,
        "data_version": DATA_VERSION,
        "parameters": asdict(parameters),
        "ranges": RANGES,
        "draw_ranges": DRAW_RANGES,
        "templates": {"x": get_templates()["x"].tolist()},
        "epsilon": EPSILON,
        "filter_weights": gaussian_weights().tolist(),
        "mean": shuffled.mean,
        "std": shuffled.std,
        "permutation": shuffled.positions.tolist(),
        "models": [_model(name) for name in model_names()],
        "weights": {config: {name: _weights(name, config) for name in model_names()} for config in CONFIGS},
        "test": {"x": _encode_array(dataset["x_test"], "<f4"), "y": _encode_array(dataset["y_test"], "u1")},
        "human": _human(dataset),
        "results": results(REPOSITORY),
        "links": {"repository": REPOSITORY, "paper": paper.ARXIV_URL, "original": paper.ORIGINAL_PACKAGE_URL},
    }


def model_names() -> list[str]:
    """Return the models that have a checkpoint on every config that is shown, in the package's order."""
    checkpoints = list_checkpoints()
    return [name for config, name in checkpoints if config == CONFIGS[0] and (CONFIGS[1], name) in checkpoints]


def _model(name: str) -> dict[str, Any]:
    """Return what the page says of a network; accuracies are those of the checkpoint, on the test rows."""
    config = json.loads((checkpoint_folder(name) / "config.json").read_text(encoding="utf-8"))
    metrics = {
        config: json.loads((checkpoint_folder(name, config) / METRICS_NAME).read_text(encoding="utf-8"))
        for config in CONFIGS
    }
    return {
        "name": name,
        **asdict(DESCRIPTIONS[name]),
        "parameters": metrics["default"]["parameters"],
        "accuracy": {config: metrics[config]["test_accuracy"] for config in CONFIGS},
        "sizes": {size: value for size, value in config.items() if isinstance(value, int)},
    }


def _weights(name: str, config: str) -> str:
    return _encode((checkpoint_folder(name, config) / WEIGHTS_NAME).read_bytes())


def _human(dataset: Mnist1dArrays) -> dict[str, Any]:
    """Return the questions of the quiz in their order, what is studied before it, and how the paper's human did."""
    study = study_rows(dataset["y"], STUDY, QUIZ_SEED)
    rows = [row for rows_of_digit in study for row in rows_of_digit]
    human = paper.TABLE_1["default"]["human"]
    return {
        "config": CONFIG,
        "seed": QUIZ_SEED,
        "order": list(new_quiz(QUIZ_SEED, len(dataset["y_test"])).order),
        "study": {
            "rows": rows,
            "x": _encode_array(dataset["x"][rows], "<f4"),
            "y": dataset["y"][rows].tolist(),
        },
        "paper": {
            "mean": human.mean / 100,
            "error": human.sd / 100,
            "shuffled": paper.TABLE_1["shuffled"]["human"].mean / 100,
        },
    }


def _encode(data: bytes) -> str:
    """Return bytes, as many as a multiple of four, as text that `decodeBytes` of the page reads.

    It is Base85, which takes 5 characters for 4 bytes, less than base64, without the sign that begins a tag.
    """
    return base64.b85encode(data).decode().replace("<", ",")


def _encode_array(array: ArrayLike, dtype: DTypeLike) -> str:
    return _encode(np.ascontiguousarray(array, dtype).tobytes())
