"""Errors of each baseline by digit, and of the CNN with more training rows (supplement, Table 1).

The rows beyond the paper's 4000 are those of `large`; the test rows are always the paper's, which are none of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import chi2_contingency

from .. import paper
from ..baselines.data import load_test_tensors
from ..baselines.evaluation import evaluate
from ..baselines.training import train
from ..dataset.templates import CLASS_NAMES, NUM_CLASSES
from ..utils.figures import DARK_GREY, GREY, new_figure, tidy
from ..utils.statistics import LEVEL, PAIRED_TEST, describe
from .baseline_training import COLOURS, MODELS, OWN, PAPER, recipe, show
from .claims import Claim, as_control, judged, tested_claim
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

CNN_AGAINST_HUMAN = {1: (9.8, 3.6), 9: (5.9, 7.4)}
"""Errors of the paper's CNN and human on two digits in percent, read off the authors' figures."""

LESS_EVEN = 4
"""The digit of which the first version says that its errors are less even."""


@dataclass(frozen=True)
class Settings:
    """Settings of the experiment."""

    models: tuple[str, ...] = MODELS
    train_rows: tuple[int, ...] = (50_000, 20_000, 10_000)
    """Numbers of rows of `large` that the CNN is trained on as well."""
    cnn_seeds: int = 10
    """Least number of seeds of the CNN on the paper's rows, whose digits are told apart."""
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
    quick = Settings(train_rows=(8000,), cnn_seeds=2, steps=20)
    measurement = Measured
    choices = ("models", "train_rows")
    remarks = (
        "The human is the paper's; `mnist1d-hf experiment human` measures another.",
        "The paper's claims about digits are judged by the CNN of the authors' loop after its last step, with ten seeds; the "
        "controls, and the CNN with more rows, are of this project's own recipe.",
        "Which digits are hardest depends on the seed. The authors' figure is of one run: no error on 0, 3 and 6; 16.3 % on 2, "
        "15.8 % on 7, 12.7 % on 4 and 9.8 % on 1.",
        "The test rows hold about a hundred of each digit, so a single error counts as 1 %.",
        "That errors are evenly balanced, on 4 to a lesser degree, is a sentence of the first version; it is read as: over the "
        "digits other than 4. The paper's own figure, in which three digits have no errors, contradicts that reading.",
    )

    def plan(self, settings: Settings, seeds: int) -> list[Part]:
        """Return one part for each model, and one for each number of rows; its seeds are members of one stack."""

        def part(name: str, model: str, rows: int | None, recipe_name: str = OWN) -> Part:
            steps = recipe(model, settings.steps, recipe_name).steps * (4 if rows else 1)
            number = max(seeds, settings.cnn_seeds) if model == "cnn" and not rows else seeds
            return Part(
                name, steps, {"model": model, "rows": rows, "recipe": recipe_name, "seeds": list(range(number))}
            )

        more = [part(f"cnn-{rows}rows", "cnn", rows) for rows in settings.train_rows]
        return [*more, part("cnn-paper", "cnn", None, PAPER), *(part(model, model, None) for model in settings.models)]

    def measure(self, settings: Settings, part: Part, progress: Progress) -> Measured:
        """Train the seeds of one model, and count its errors."""
        model, rows = part.values["model"], part.values["rows"]
        runs = [("large" if rows else "default", seed) for seed in part.values["seeds"]]
        # As many steps as the part says: more rows take longer to see.
        training = recipe(model, part.steps, part.values["recipe"])
        members = train(model, runs, training, train_rows=rows, progress=show(progress))
        evaluations = [evaluate(member.model, load_test_tensors("default")) for member in members]
        return Measured(
            accuracies=[round(100 * evaluation.accuracy, 2) for evaluation in evaluations],
            confusion=[[list(row) for row in evaluation.confusion] for evaluation in evaluations],
        )

    def uncorrected_claims(self, results: Results[Settings, Measured]) -> list[Claim]:
        """Compare the digits the CNN errs on, and its accuracy with more rows, with the paper's findings."""
        papers = class_errors(results.one(model="cnn", rows=None, recipe=PAPER))
        own = class_errors(results.one(model="cnn", rows=None, recipe=OWN))
        return [
            _hardest_claim(papers),
            _free_claim(papers),
            *(_human_claim(papers, digit) for digit in CNN_AGAINST_HUMAN),
            _even_claim(results.one(model="cnn", rows=None, recipe=PAPER)),
            _more_rows_claim(results),
            as_control(_hardest_claim(own, " with our recipe")),
            as_control(_free_claim(own, " with our recipe")),
        ]

    def plot(self, results: Results[Settings, Measured]) -> Figure:
        """Draw errors by digit, the CNN's accuracy over the number of rows, and the confusion matrices."""
        figure = new_figure((9, 5.2))
        grid = figure.add_gridspec(2, 4, height_ratios=(1, 1.1))
        models = [model for model in ("logistic", "mlp", "gru", "cnn") if model in results.settings.models]
        _draw_errors(figure.add_subplot(grid[0, :3]), results, models)
        _draw_rows(figure.add_subplot(grid[0, 3]), results)
        for column, model in enumerate(models):
            _draw_confusion(figure.add_subplot(grid[1, column]), results.one(model=model, rows=None, recipe=OWN), model)
        return figure


def class_errors(measured: Measured) -> np.ndarray:
    """Return the share of wrong rows of each true digit, in percent, of shape (seeds, 10)."""
    confusion = np.array(measured.confusion, dtype=float)
    return np.asarray(100 * (1 - np.diagonal(confusion, axis1=1, axis2=2) / confusion.sum(axis=2)))


def _hardest_claim(errors: np.ndarray, recipe_text: str = "") -> Claim:
    hardest = paper.HARDEST_DIGITS
    others = np.delete(errors, hardest, axis=1)
    mean = errors.mean(axis=0)
    listed = ", ".join(f"{digit}: {mean[digit]:.1f}" for digit in np.argsort(-mean, kind="stable"))
    return tested_claim(
        statement=f"the CNN finds 2 and 7 hardest{recipe_text}, as the human does",
        published="2 and 7",
        measured=f"errors in percent by digit: {listed}",
        differences=[(errors[:, digit] - other).tolist() for digit in hardest for other in others.T],
        test=f"2 and 7 each against every other digit, {PAIRED_TEST}",
    )


def _free_claim(errors: np.ndarray, recipe_text: str = "") -> Claim:
    free = errors[:, list(paper.FREE_OF_ERRORS)]
    return Claim(
        statement=f"the CNN makes no error on 3 and 6{recipe_text}, as the human does",
        published="0 and 0 %",
        measured="{} and {} %".format(*(describe(values.tolist()) for values in free.T)),
        test="both errors are 0 %, for each seed",
        verdict=judged((free == 0).all(axis=1)),
    )


def _human_claim(errors: np.ndarray, digit: int) -> Claim:
    """Claim that the one of CNN and human that the paper finds weaker on a digit is so."""
    cnn, human = CNN_AGAINST_HUMAN[digit]
    weaker, better, sign = ("CNN", "human", 1) if cnn > human else ("human", "CNN", -1)
    measured = errors[:, digit]
    return tested_claim(
        statement=f"the {weaker} is weaker than the {better} on {digit}",
        published=f"errors of the CNN {cnn} %, of the human {human} %",
        measured=f"errors of the CNN {describe(measured.tolist())} %",
        differences=[(sign * (measured - human)).tolist()],
        test=f"against the paper's human, one-sided t-test over seeds, p < {LEVEL}",
    )


def _even_claim(measured: Measured) -> Claim:
    confusion = np.array(measured.confusion)
    right = np.delete(np.diagonal(confusion, axis1=1, axis2=2), LESS_EVEN, axis=1)
    wrong = np.delete(confusion.sum(axis=2), LESS_EVEN, axis=1) - right
    p_values = [float(chi2_contingency(counts).pvalue) for counts in np.stack([right, wrong], axis=1)]
    return Claim(
        statement="the CNN's errors are evenly balanced over the digits other than 4 (first version)",
        published="evenly, 4 to a lesser degree",
        measured=f"p of a chi-squared test from {min(p_values):.2g} to {max(p_values):.2g}",
        test=f"a chi-squared test of even errors gives p > {LEVEL}, for each seed",
        verdict=judged(p > LEVEL for p in p_values),
    )


def _more_rows_claim(results: Results[Settings, Measured]) -> Claim:
    most = max(results.settings.train_rows)
    human, accuracies = paper.TABLE_1["default"]["human"].mean, _cnn_by_rows(results)[most].accuracies
    return tested_claim(
        statement=f"with more training rows ({most:,}) the CNN exceeds the human",
        published=f"above {human:.0f} %",
        measured=f"{describe(accuracies)} %",
        differences=[[accuracy - human for accuracy in accuracies]],
        test=f"one-sided t-test over seeds against {human:.0f} %, p < {LEVEL}",
    )


def _cnn_by_rows(results: Results[Settings, Measured]) -> dict[int, Measured]:
    """Return what was measured of the CNN by its number of training rows: the paper's, then the others in order."""
    others = {rows: results.one(model="cnn", rows=rows) for rows in sorted(results.settings.train_rows)}
    return {PAPER_ROWS: results.one(model="cnn", rows=None, recipe=OWN), **others}


def _draw_errors(axes: Axes, results: Results[Settings, Measured], models: Sequence[str]) -> None:
    bars = [(model, OWN, COLOURS[model], model) for model in models]
    bars.append(("cnn", PAPER, "C9", "cnn, the authors' loop"))
    for number, (model, recipe_name, color, label) in enumerate(bars):
        places = np.arange(NUM_CLASSES) + 0.16 * (number - (len(bars) - 1) / 2)
        errors = class_errors(results.one(model=model, rows=None, recipe=recipe_name)).mean(axis=0)
        axes.bar(places, errors, 0.16, color=color, label=label)
    labels = [f"{name}\n{FINDINGS.get(digit, '')}" for digit, name in enumerate(CLASS_NAMES)]
    axes.set_xticks(range(NUM_CLASSES), labels, fontsize=7)
    axes.set(xlabel="digit, and what the paper finds", ylabel="errors (%)", ylim=(0, 108))
    axes.legend(frameon=False, fontsize=7, ncols=5, loc="upper center")
    tidy([axes])


def _draw_rows(axes: Axes, results: Results[Settings, Measured]) -> None:
    points = _cnn_by_rows(results)
    for count, measured in points.items():
        axes.plot([count] * len(measured.accuracies), measured.accuracies, "o", color=COLOURS["cnn"], markersize=4)
    human = paper.TABLE_1["default"]["human"].mean
    axes.axhline(human, color=GREY, linestyle=":", linewidth=1)
    axes.text(max(points), human, "human", color=DARK_GREY, fontsize=7, ha="right", va="bottom")
    axes.set(xscale="log", xlabel="training rows", ylabel="accuracy of the CNN (%)")
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
