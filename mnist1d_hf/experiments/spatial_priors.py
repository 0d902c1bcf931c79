"""Trains the baselines on signals with their positions in order and permuted (section 3, Table 1, Figure 2).

The recipe is the project's own, which was chosen on validation rows; the test rows are read once, at the end.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .. import paper
from ..baselines.data import load_test_tensors
from ..baselines.evaluation import evaluate
from ..baselines.training import train
from ..utils.figures import new_figure, tidy
from ..utils.statistics import describe, mean_interval
from .baseline_training import COLOURS, MODELS, recipe, show
from .claims import FAILS, HOLDS, UNTOLD, Claim, paired_claim
from .experiment import Experiment, Progress
from .results import Part, Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CONFIGS = ("default", "shuffled")


@dataclass(frozen=True)
class Settings:
    """Settings of the experiment."""

    models: tuple[str, ...] = MODELS
    steps: int | None = None
    """Steps of training; those of the recipe if None."""


@dataclass(frozen=True)
class Measured:
    """Measurements of one model on one config: a value or a list per seed."""

    test_accuracies: list[float]
    """In percent."""
    steps: list[int]
    train_accuracies: list[list[float]]
    """In percent, at each of the steps."""


class SpatialPriors(Experiment[Settings, Measured]):
    """Each baseline on signals in order and on shuffled ones."""

    name = "spatial-priors"
    settings = Settings()
    quick = Settings(steps=30)
    measurement = Measured
    choices = ("models",)
    remarks = (
        "Each model is trained with this project's own recipe, chosen on validation rows. The paper's recipe reads the test "
        "rows to decide when to stop; `mnist1d-hf train --recipe paper` uses it.",
    )

    def plan(self, settings: Settings, seeds: int) -> list[Part]:
        """Return one part for each model and config; its seeds are members of one stack."""
        parts = []
        for model, config in itertools.product(settings.models, CONFIGS):
            values = {"model": model, "config": config, "seeds": list(range(seeds))}
            parts.append(Part(f"{model}-{config}", recipe(model, settings.steps).steps, values))
        return parts

    def measure(self, settings: Settings, part: Part, progress: Progress) -> Measured:
        """Train the seeds of one model on one config, and evaluate them."""
        model, config = part.values["model"], part.values["config"]
        runs = [(config, seed) for seed in part.values["seeds"]]
        members = train(model, runs, recipe(model, settings.steps), progress=show(progress))
        test = load_test_tensors(config)
        return Measured(
            test_accuracies=[100 * evaluate(member.model, test).accuracy for member in members],
            steps=list(members[0].curves.step),
            train_accuracies=[[round(100 * each, 2) for each in member.curves.train_accuracy] for member in members],
        )

    def uncorrected_claims(self, results: Results[Settings, Measured]) -> list[Claim]:
        """Compare the table with the paper's, and what shuffling costs each model."""
        models = sorted(results.settings.models)
        return [
            *(_table_claim(results, model, config) for config in CONFIGS for model in models),
            *(_order_claim(results, *pair) for pair in (("cnn", "mlp"), ("gru", "mlp"), ("mlp", "logistic"))),
            *(_prior_claim(results, model) for model in ("cnn", "gru")),
        ]

    def plot(self, results: Results[Settings, Measured]) -> Figure:
        """Draw training accuracy over the steps, and the test accuracies at the end."""
        figure = new_figure((8, 3))
        axes = figure.subplots(1, 2, sharey=True)
        for axis, config in zip(axes, CONFIGS, strict=True):
            for model in sorted(results.settings.models):
                measured = results.one(model=model, config=config)
                progress = [step / measured.steps[-1] for step in measured.steps]
                for curve in measured.train_accuracies:
                    axis.plot(progress, curve, color=COLOURS[model], linewidth=0.8, alpha=0.6)
                mean = sum(measured.test_accuracies) / len(measured.test_accuracies)
                axis.plot(1.06, mean, "o", color=COLOURS[model], markersize=5, label=f"{model} {mean:.0f}")
                published = paper.TABLE_1[config][model].mean
                axis.plot(1.06, published, "o", color=COLOURS[model], markersize=9, fillstyle="none")
            axis.set(title=config, xlabel="fraction of the training", xlim=(0, 1.1), ylim=(0, 102))
            axis.legend(frameon=False, fontsize=7, ncols=2, loc="lower right", handletextpad=0.1)
        tidy(axes)
        axes[0].set_ylabel("accuracy (%)")
        legend = "lines: training accuracy of each seed; dots: mean test accuracy; open circles: that of the paper"
        figure.suptitle(legend, fontsize=8)
        return figure


def _table_claim(results: Results[Settings, Measured], model: str, config: str) -> Claim:
    published = paper.TABLE_1[config][model]
    measured = results.one(model=model, config=config).test_accuracies
    mean, low, high = sum(measured) / len(measured), published.mean - published.sd, published.mean + published.sd
    above = " (above the published interval)" if mean > high else ""
    interval = mean_interval(measured)
    reaches = interval is not None and interval[1] >= low
    return Claim(
        statement=f"test accuracy of {model} on {config}, in percent",
        published=str(published),
        measured=f"{describe(measured)}{above}",
        test="the mean is not below the published interval; it cannot be told if the 95 % interval of the mean reaches it",
        verdict=HOLDS if mean >= low else UNTOLD if reaches else FAILS,
    )


def _order_claim(results: Results[Settings, Measured], better: str, worse: str) -> Claim:
    published = [paper.TABLE_1["default"][model].mean for model in (better, worse)]
    return paired_claim(
        f"{better} is ahead of {worse} on default",
        "{:g} against {:g}".format(*published),
        *(results.one(model=model, config="default").test_accuracies for model in (better, worse)),
    )


def _prior_claim(results: Results[Settings, Measured], model: str) -> Claim:
    """Shuffling costs a model with a spatial prior more than it costs the MLP."""
    losses, published = [], []
    for name in (model, "mlp"):
        ordered, shuffled = (results.one(model=name, config=config).test_accuracies for config in CONFIGS)
        losses.append([a - b for a, b in zip(ordered, shuffled, strict=True)])
        published.append(paper.TABLE_1["default"][name].mean - paper.TABLE_1["shuffled"][name].mean)
    statement = f"shuffling costs {model} more accuracy than mlp, in points"
    return paired_claim(statement, "{:.0f} against {:.0f}".format(*published), *losses)


EXPERIMENT = SpatialPriors()
run, plot, claims = EXPERIMENT.run, EXPERIMENT.plot, EXPERIMENT.claims
