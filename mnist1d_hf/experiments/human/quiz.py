"""Answers and scores of a quiz on MNIST-1D, for somebody who has studied training rows; its questions are in `questions`.

`mnist1d_hf.cli.human` asks and prints. Answers are kept without labels, so that their file gives nothing away.
"""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ... import paper
from ...baselines.bundled import list_checkpoints
from ...baselines.registry import load_model
from ...dataset.templates import CLASS_NAMES, NUM_CLASSES
from ...utils.figures import INK, new_figure
from ...utils.files import provenance, write_json
from ...utils.statistics import wilson_interval
from ...utils.textplot import plot_upright
from ...version import DATA_VERSION
from .questions import CONFIG, Quiz

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DRAWINGS_PER_PAGE = 3
"""As many as fit side by side into 80 columns."""

FEWEST_ANSWERS = 100
"""Below this, the interval is too wide to compare with the paper's human."""


def draw_side_by_side(signals: Sequence[NDArray[np.floating[Any]]]) -> str:
    """Draw up to `DRAWINGS_PER_PAGE` signals of shape (length,) as text of 20 lines and at most 80 columns."""
    drawings = zip(*(plot_upright(signal) for signal in signals), strict=True)
    return "\n".join("   ".join(pieces).rstrip() for pieces in drawings)


def draw_figure(signal: NDArray[np.floating[Any]], title: str) -> Figure:
    """Draw a question as a figure: position downwards and value to the right, as in the paper."""
    figure = new_figure((2.2, 3.2))
    axis = figure.subplots()
    axis.plot(signal, np.arange(len(signal)), color=INK, linewidth=1.8)
    axis.invert_yaxis()
    axis.set(xticks=[], yticks=[])
    axis.set_title(title, fontsize=9)
    return figure


def save_quiz(quiz: Quiz, path: str | os.PathLike[str]) -> None:
    """Write answers as JSON, whole or not at all; the folder is created."""
    content = {
        "experiment": "human",
        "config": CONFIG,
        "seed": quiz.seed,
        "data_version": DATA_VERSION,
        **provenance(),
        "rows": quiz.answered_rows,
        "answers": quiz.answers,
        "seconds": quiz.seconds,
    }
    write_json(Path(path), content)


def resume_quiz(quiz: Quiz, path: str | os.PathLike[str]) -> Quiz:
    """Return the quiz with the answers of an earlier one, if there is such a file.

    Raises ValueError if the file does not hold answers to these questions.
    """
    path = Path(path)
    if not path.is_file():
        return quiz
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        resumed = Quiz(quiz.seed, quiz.order, tuple(content["answers"]), tuple(content["seconds"]))
        same = (content["config"], content["seed"], content["data_version"]) == (CONFIG, quiz.seed, DATA_VERSION)
        whole = len(resumed.answers) == len(resumed.seconds) and set(resumed.answers) <= set(range(NUM_CLASSES))
        if same and whole and tuple(content["rows"]) == resumed.answered_rows:
            return resumed
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is not a file of answers ({error!r}); move it away to start anew") from error
    raise ValueError(f"{path} does not hold answers to these questions; move it away to start anew")


@dataclass(frozen=True)
class Score:
    """Answers compared with the labels."""

    confusion: tuple[tuple[int, ...], ...]
    """Number of rows, ``confusion[true][answered]``."""

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(map(sum, self.confusion))

    @property
    def correct(self) -> int:
        """Number of rows with the right answer."""
        return sum(self.confusion[digit][digit] for digit in range(NUM_CLASSES))

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson score interval of the fraction of right answers."""
        return wilson_interval(self.correct, self.rows)

    @property
    def wrong(self) -> tuple[int, ...]:
        """Wrong answers by true digit."""
        return tuple(sum(counts) - counts[digit] for digit, counts in enumerate(self.confusion))


def score(labels: Sequence[int], answers: Sequence[int]) -> Score:
    """Compare answers with labels, equally many and at least one."""
    counts = np.zeros((NUM_CLASSES, NUM_CLASSES), int)
    np.add.at(counts, (np.array(labels), np.array(answers)), 1)
    return Score(tuple(map(tuple, counts.tolist())))


def baseline_answers(x: Tensor) -> dict[str, list[int]]:
    """Return the digits that each bundled baseline names, for signals of shape (rows, 40)."""
    with torch.inference_mode():
        return {name: load_model(name)(x).argmax(1).tolist() for config, name in list_checkpoints() if config == CONFIG}


def format_scores(scores: Mapping[str, Score]) -> str:
    """Return a table of scores on the same rows, and what the paper found, in lines of at most 80 characters.

    Scores are by the name of who answered, "you" first.
    """
    you = scores["you"]
    counts = [sum(row) for row in you.confusion]
    lines = [
        f"{'':14}{'accuracy':>8}  {'95 % interval':<16}wrong answers by digit",
        f"{'':40}" + "".join(f"{name:>4}" for name in CLASS_NAMES),
        f"{f'of {you.rows} rows':40}" + "".join(f"{count:>4}" for count in counts),
    ]
    for name, result in scores.items():
        low, high = (100 * end for end in result.interval)
        accuracy = f"{100 * result.correct / result.rows:.1f} %"
        wrong = "".join(f"{count:>4}" for count in result.wrong)
        lines.append(f"{name:14}{accuracy:>8}  {f'{low:.1f} to {high:.1f} %':<16}{wrong}")
    lines += ["", *_compare_with_paper(you)]
    return "\n".join(lines)


def _compare_with_paper(you: Score) -> list[str]:
    human = paper.TABLE_1[CONFIG]["human"]
    if you.rows < FEWEST_ANSWERS:
        return [f"The paper's human reached {human} %; a comparison needs {FEWEST_ANSWERS} answers."]
    asked = [digit for digit in range(NUM_CLASSES) if sum(you.confusion[digit])]
    hardest = [digit for digit in asked if you.wrong[digit] and you.wrong[digit] == max(you.wrong)]
    free = [digit for digit in asked if not you.wrong[digit]]
    low, high = (100 * end for end in you.interval)
    inside = "within" if low <= human.mean <= high else "outside"
    sentences = [
        f"The paper's human reached {human} %, which is {inside} your interval.",
        f"Most errors:  the paper's human on {_join(paper.HARDEST_DIGITS)}, then on 9; you on {_join(hardest)}.",
        f"No errors:    the paper's human on {_join(paper.FREE_OF_ERRORS)}; you on {_join(free)}.",
    ]
    return [line for sentence in sentences for line in textwrap.wrap(sentence, 80, subsequent_indent=" " * 14)]


def _join(digits: Sequence[int]) -> str:
    if len(digits) == NUM_CLASSES:
        return "every digit"
    *first, last = [str(digit) for digit in digits] or ["none"]
    return f"{', '.join(first)} and {last}" if first else last


def scores_as_json(scores: Mapping[str, Score]) -> dict[str, dict[str, Any]]:
    """Return rows, correct, interval, wrong and confusion of each score, as plain values."""
    names = ("rows", "correct", "interval", "wrong", "confusion")
    return {who: {name: getattr(result, name) for name in names} for who, result in scores.items()}
