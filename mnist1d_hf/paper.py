"""What the paper says: its name, its citation and its figures."""

from __future__ import annotations

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

ACCURACIES = {
    "default": {"logistic": "32 ± 1", "MLP": "68 ± 2", "CNN": "94 ± 2", "GRU": "91 ± 2", "human": "96 ± 1"},
    "shuffled": {"logistic": "32 ± 1", "MLP": "68 ± 2", "CNN": "56 ± 2", "GRU": "57 ± 2", "human": "about 30 ± 10"},
}
"""Test accuracy in percent (Table 1), mean and standard deviation over three runs, by config and model."""

PAPER_ACCURACY = {
    config: {
        name.lower(): float(text.removeprefix("about ").split()[0]) for name, text in row.items() if name != "human"
    }
    for config, row in ACCURACIES.items()
}
"""The means of Table 1 by config and name of the architecture."""

HUMAN_ACCURACY = {config: float(row["human"].removeprefix("about ").split()[0]) for config, row in ACCURACIES.items()}
"""The human's mean by config."""
