"""Errors of each baseline by digit, and of the CNN with more training rows (supplement, Table 1).

The rows beyond the paper's 4000 are those of `large`; the test rows are always the paper's, which are none of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .. import paper
from ..baselines.data import load_test_tensors
from ..baselines.evaluation import evaluate
from ..baselines.training import train
from ..dataset.templates import CLASS_NAMES, NUM_CLASSES
from ..utils.figures import DARK_GREY, GREY, new_figure, tidy
from ..utils.statistics import LEVEL, PAIRED_TEST, describe
from .baseline_training import COLOURS, MODELS, recipe, show
from .claims import Claim, judged, tested_claim
from .experiment import Experiment, Progress
from .results import Part, Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PAPER_ROWS = 4000
"""Training rows of `default`."""

FINDINGS: dict[int, str] = {
    **dict.fromkeys(paper.HARDEST_DIGITS, "hardest"),
    **dict.fromkeys(paper.FREE_OF_ERRORS, "no errors"),
    1: "CNN weaker\nthan human",
    9: "human weaker\nthan CNN",
}
"""What the paper finds about human and CNN, by digit."""


@dataclass(frozen=True)
class Settings:
    """Settings of the experiment."""

    models: tuple[str, ...] = MODELS
    train_rows: tuple[int, ...] = (50_000, 20_000, 10_000)
    """Numbers of rows of `large` that the CNN is trained on as well."""
    steps: int | None = None
    """Steps of training on the paper's rows; those of the recipe if None. More rows get four times as many."""


@dataclass(frozen=True)
class Measured:
    """Measurements of one model: a value or a table per seed."""

    accuracies: list[float]
    """On the test rows, in percent."""
    confusion: list[list[list[int]]]
    """Test rows by true and predicted digit."""


class ClasswiseErrors(Experiment[Settings, Measured]):
    """Each baseline on the paper's rows, and the CNN on more of them."""

    name = "classwise-errors"
    settings = Settings()
    quick = Settings(train_rows=(8000,), steps=20)
    measurement = Measured
    choices = ("models", "train_rows")
    remarks = (
        "The human is the paper's; `mnist1d-hf experiment human` measures another.",
        "The test rows hold about a hundred 3s, so a single error on one of them counts as 1 %. With more training "
        "rows the CNN makes hardly any.",
    )

    def plan(self, settings: Settings, seeds: int) -> list[Part]:
        """Return one part for each model, and one for each number of rows; its seeds are members of one stack."""

        def part(name: str, model: str, rows: int | None) -> Part:
            steps = recipe(model, settings.steps).steps * (4 if rows else 1)
            return Part(name, steps, {"model": model, "rows": rows, "seeds": list(range(seeds))})

        more = [part(f"cnn-{rows}rows", "cnn", rows) for rows in settings.train_rows]
        return [*more, *(part(model, model, None) for model in settings.models)]

    def measure(self, settings: Settings, part: Part, progress: Progress) -> Measured:
        """Train the seeds of one model, and count its errors."""
        model, rows = part.values["model"], part.values["rows"]
        runs = [("large" if rows else "default", seed) for seed in part.values["seeds"]]
        # As many steps as the part says: more rows take longer to see.
        members = train(model, runs, recipe(model, part.steps), train_rows=rows, progress=show(progress))
        evaluations = [evaluate(member.model, load_test_tensors("default")) for member in members]
        return Measured(
            accuracies=[100 * evaluation.accuracy for evaluation in evaluations],
            confusion=[[list(row) for row in evaluation.confusion] for evaluation in evaluations],
        )

    def uncorrected_claims(self, results: Results[Settings, Measured]) -> list[Claim]:
        """Compare the digits the CNN errs on, and its accuracy with more rows, with the paper's findings."""
        cnn = _cnn_by_rows(results)
        by_seed = class_errors(cnn[PAPER_ROWS])
        errors = by_seed.mean(axis=0)
        listed = ", ".join(f"{digit}: {errors[digit]:.1f}" for digit in np.argsort(-errors, kind="stable"))
        free = []
        for rows, measured in cnn.items():
            first, second = class_errors(measured).mean(axis=0)[list(paper.FREE_OF_ERRORS)]
            free.append(f"{first:.1f} and {second:.1f} % with {rows} training rows")
        most = max(results.settings.train_rows)
        human, accuracies = paper.TABLE_1["default"]["human"].mean, cnn[most].accuracies
        others = np.delete(by_seed, paper.HARDEST_DIGITS, axis=1)
        return [
            tested_claim(
                statement="the CNN finds 2 and 7 hardest, as the human does",
                published="2 and 7",
                measured=f"errors in percent by digit: {listed}",
                differences=[
                    (by_seed[:, digit] - other).tolist() for digit in paper.HARDEST_DIGITS for other in others.T
                ],
                test=f"2 and 7 each against every other digit, {PAIRED_TEST}",
            ),
            Claim(
                statement="the CNN makes no error on 3 and 6, as the human does",
                published="0 and 0 %",
                measured=", ".join(free),
                test=f"both errors are below 1 %, for each seed, with {PAPER_ROWS} rows",
                verdict=judged(bool((each[list(paper.FREE_OF_ERRORS)] < 1).all()) for each in by_seed),
            ),
            tested_claim(
                statement=f"with more training rows ({most:,}) the CNN exceeds the human",
                published=f"above {human:.0f} %",
                measured=f"{describe(accuracies)} %",
                differences=[[accuracy - human for accuracy in accuracies]],
                test=f"one-sided t-test over seeds against {human:.0f} %, p < {LEVEL}",
            ),
        ]

    def plot(self, results: Results[Settings, Measured]) -> Figure:
        """Draw errors by digit, the CNN's accuracy over the number of rows, and the confusion matrices."""
        figure = new_figure((9, 5.2))
        grid = figure.add_gridspec(2, 4, height_ratios=(1, 1.1))
        models = [model for model in ("logistic", "mlp", "gru", "cnn") if model in results.settings.models]
        _draw_errors(figure.add_subplot(grid[0, :3]), results, models)
        _draw_rows(figure.add_subplot(grid[0, 3]), results)
        for column, model in enumerate(models):
            _draw_confusion(figure.add_subplot(grid[1, column]), results.one(model=model, rows=None), model)
        return figure


def class_errors(measured: Measured) -> np.ndarray:
    """Return the share of wrong rows of each true digit, in percent, of shape (seeds, 10)."""
    confusion = np.array(measured.confusion, dtype=float)
    return np.asarray(100 * (1 - np.diagonal(confusion, axis1=1, axis2=2) / confusion.sum(axis=2)))


def _cnn_by_rows(results: Results[Settings, Measured]) -> dict[int, Measured]:
    """Return what was measured of the CNN by its number of training rows: the paper's, then the others in order."""
    others = {rows: results.one(model="cnn", rows=rows) for rows in sorted(results.settings.train_rows)}
    return {PAPER_ROWS: results.one(model="cnn", rows=None), **others}


def _draw_errors(axes: Axes, results: Results[Settings, Measured], models: Sequence[str]) -> None:
    for number, model in enumerate(models):
        places = np.arange(NUM_CLASSES) + 0.2 * (number - (len(models) - 1) / 2)
        errors = class_errors(results.one(model=model, rows=None)).mean(axis=0)
        axes.bar(places, errors, 0.2, color=COLOURS[model], label=model)
    labels = [f"{name}\n{FINDINGS.get(digit, '')}" for digit, name in enumerate(CLASS_NAMES)]
    axes.set_xticks(range(NUM_CLASSES), labels, fontsize=7)
    axes.set(xlabel="digit, and what the paper finds", ylabel="errors (%)", ylim=(0, 108))
    axes.legend(frameon=False, fontsize=7, ncols=4, loc="upper center")
    tidy([axes])


def _draw_rows(axes: Axes, results: Results[Settings, Measured]) -> None:
    points = _cnn_by_rows(results)
    for count, measured in points.items():
        axes.plot([count] * len(measured.accuracies), measured.accuracies, "o", color=COLOURS["cnn"], markersize=4)
    human = paper.TABLE_1["default"]["human"].mean
    axes.axhline(human, color=GREY, linestyle=":", linewidth=1)
    axes.text(max(points), human, "human", color=DARK_GREY, fontsize=7, ha="right", va="bottom")
    axes.set(xscale="log", xlabel="training rows", ylabel="test accuracy of the CNN (%)")
    axes.set_xticks(list(points), [f"{count // 1000}k" for count in points], fontsize=7)
    axes.minorticks_off()
    tidy([axes])


def _draw_confusion(axes: Axes, measured: Measured, model: str) -> None:
    """Draw the rows of all seeds by true and predicted digit, errors shaded."""
    confusion = np.array(measured.confusion).sum(axis=0)
    errors = np.where(np.eye(NUM_CLASSES, dtype=bool), 0, confusion)
    axes.imshow(errors, cmap="Blues", vmax=1.6 * errors.max() + 1)  # pale, so that the numbers can be read
    for true, predicted in zip(*np.nonzero(confusion), strict=True):
        axes.text(predicted, true, confusion[true, predicted], ha="center", va="center", fontsize=4.5)
    axes.set_xticks(range(NUM_CLASSES), CLASS_NAMES, fontsize=7)
    axes.set_yticks(range(NUM_CLASSES), CLASS_NAMES, fontsize=7)
    axes.set(xlabel=f"predicted by {model}", ylabel="true digit")
    axes.label_outer()


EXPERIMENT = ClasswiseErrors()
run, plot, claims = EXPERIMENT.run, EXPERIMENT.plot, EXPERIMENT.claims
