"""The experiments that the page shows, each with a sentence, a link and its figure."""

from __future__ import annotations

import base64
import struct
from pathlib import Path
from typing import Any

from ..experiments import TITLES
from ..utils.resources import resource_folder

SHOWN = {
    "spatial-priors": (
        "Neighbours matter",
        "With the points in order, the CNN is far ahead of the MLP. Shuffled, it falls behind: its strength was to know which "
        "points are neighbours.",
    ),
    "classwise-errors": (
        "Which digits are hard",
        "The CNN errs most on 2, 7 and 9, and hardly ever on a 0 or a 6. The paper's human finds 2 and 7 hardest.",
    ),
    "double-descent": (
        "Worse, then better again",
        "With some wrong labels to learn from, wider networks get better, then worse, then better again. They are worst where "
        "they just manage to learn every label.",
    ),
    "self-supervised": (
        "Learning without labels",
        "A network that is shown no labels still learns what tells the digits apart, and its middle layers know it best.",
    ),
    "pooling": (
        "Keeping what matters",
        "Pooling, which merges neighbouring points, helps most when there are few digits to learn from.",
    ),
}
"""Title and finding of each experiment that is shown, by its name."""


def results(repository: str) -> list[dict[str, Any]]:
    """Return, of each experiment that is shown, title and finding, its title in the report, link, picture and its size."""
    return [_result(name, title, sentence, repository) for name, (title, sentence) in SHOWN.items()]


def figure_path(name: str) -> Path:
    """Return the file of an experiment's figure."""
    return resource_folder("results") / name / "figure.png"


def _result(name: str, title: str, sentence: str, repository: str) -> dict[str, Any]:
    png = figure_path(name).read_bytes()
    width, height = struct.unpack(">II", png[16:24])
    return {
        "title": title,
        "sentence": sentence,
        "experiment": TITLES[name],
        "link": f"{repository}/blob/main/results/README.md#{name}",
        "image": f"data:image/png;base64,{base64.b64encode(png).decode()}",
        "width": width,
        "height": height,
    }
