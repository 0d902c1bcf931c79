"""The experiments that the page shows, each with a sentence, a link and its figure."""

from __future__ import annotations

import base64
import struct
from pathlib import Path
from typing import Any

from ..experiments import TITLES
from ..utils.resources import resource_folder

SENTENCES = {
    "spatial-priors": "With the points in order, a CNN is far ahead of an MLP; shuffled, it falls behind, since it can no longer "
    "use which points are neighbours.",
    "classwise-errors": "The CNN finds 2 and 7 the hardest, as people do, and hardly ever mistakes a 0 or a 6.",
    "double-descent": "With some wrong labels, larger networks first get worse and then better again; the peak is where they are "
    "just large enough to learn every label.",
    "self-supervised": "A network that never saw a label arranges the digits so well that a simple classifier can tell them apart.",
    "pooling": "Pooling, which merges neighbouring points, helps when there are few training rows and matters less with more.",
}
"""What each experiment found, in one sentence; these are the experiments that are shown."""


def results(repository: str) -> list[dict[str, Any]]:
    """Return title, sentence, link, picture and its size of each experiment that is shown."""
    return [_result(name, sentence, repository) for name, sentence in SENTENCES.items()]


def figure_path(name: str) -> Path:
    """Return the file of an experiment's figure."""
    return resource_folder("results") / name / "figure.png"


def _result(name: str, sentence: str, repository: str) -> dict[str, Any]:
    png = figure_path(name).read_bytes()
    width, height = struct.unpack(">II", png[16:24])
    return {
        "title": TITLES[name],
        "sentence": sentence,
        "link": f"{repository}/blob/main/results/README.md#{name}",
        "image": f"data:image/png;base64,{base64.b64encode(png).decode()}",
        "width": width,
        "height": height,
    }
