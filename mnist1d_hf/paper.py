"""The paper: its title, citation and numbers."""

from __future__ import annotations

from typing import NamedTuple

TITLE = "Scaling Down Deep Learning with MNIST-1D"
AUTHORS = "Sam Greydanus and Dmitry Kobak"
ARXIV_ID = "2011.14439"
ARXIV_URL = f"https://arxiv.org/abs/{ARXIV_ID}"
ORIGINAL_PACKAGE_URL = "https://github.com/greydanus/mnist1d"

BIBTEX = f"""\
@inproceedings{{greydanus2024scaling,
  title     = {{{TITLE}}},
  author    = {{Greydanus, Sam and Kobak, Dmitry}},
  booktitle = {{Proceedings of the 41st International Conference on Machine Learning}},
  year      = {{2024}},
  url       = {{{ARXIV_URL}}}
}}
"""


class Accuracy(NamedTuple):
    """A test accuracy of Table 1 in percent, printed as ``"94 ± 2"``."""

    mean: float
    sd: float
    """Standard deviation over three runs."""
    is_guess: bool = False
    """Whether it is the authors' guess."""

    def __str__(self) -> str:
        """Return the accuracy as it is printed in the paper."""
        return f"{'about ' if self.is_guess else ''}{self.mean:g} ± {self.sd:g}"


TABLE_1 = {
    "default": {
        "logistic": Accuracy(32.0, 1.0),
        "mlp": Accuracy(68.0, 2.0),
        "cnn": Accuracy(94.0, 2.0),
        "gru": Accuracy(91.0, 2.0),
        "human": Accuracy(96.0, 1.0),
    },
    "shuffled": {
        "logistic": Accuracy(32.0, 1.0),
        "mlp": Accuracy(68.0, 2.0),
        "cnn": Accuracy(56.0, 2.0),
        "gru": Accuracy(57.0, 2.0),
        "human": Accuracy(30.0, 10.0, is_guess=True),
    },
}
"""Test accuracies of Table 1 by config, then by architecture or ``"human"``."""

HARDEST_DIGITS, FREE_OF_ERRORS = (2, 7), (3, 6)
"""Digits that the paper's human and CNN find hardest, and those on which both make no error."""

NAMES = {"logistic": "logistic", "mlp": "MLP", "cnn": "CNN", "gru": "GRU", "human": "human"}
"""The names of Table 1's columns in the paper."""


def table_1(config: str, name: str) -> Accuracy | None:
    """Return the test accuracy of an architecture, or of ``"human"``, on a config; None where the paper gives none."""
    return TABLE_1.get(config, {}).get(name)
