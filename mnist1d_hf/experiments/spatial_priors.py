"""Trains the baselines on signals with their positions in order and permuted (section 3, Table 1, Figure 2).

The recipe is the project's own, which was chosen on validation rows; the test rows are read once, at the end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .. import paper
from ..baselines.architectures import get_architecture
from ..baselines.data import load_test_tensors
from ..baselines.evaluation import evaluate
from ..baselines.recipes import TrainingSettings
from ..baselines.training import ProgressCallback, train
from ..utils.extras import require
from ..utils.figures import GREY
from ..utils.statistics import PAIRED_TEST, describe, is_greater
from .experiment import Claim, Experiment, Part, Progress, Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CONFIGS = ("default", "shuffled")

COLOURS = {"cnn": "C0", "gru": "C1", "logistic": "C2", "mlp": "C3"}
"""Of the models, in figures."""


@dataclass(frozen=True)
class Settings:
    """Settings of the experiment."""

    models: tuple[str, ...] = ("gru", "mlp", "cnn", "logistic")
    """Those of the paper, the slow ones first."""
    steps: int | None = None
    """Steps of training; those of the recipe if None."""


@dataclass(frozen=True)
class Measured:
    """What is measured of one model on one config: a value, or a list, a seed."""

    test_accuracies: list[float]
    """In percent."""
    steps: list[int]
    train_accuracies: list[list[float]]
    """In percent, at each of the steps."""


class SpatialPriors(Experiment[Settings, Measured]):
    """The experiment; see the module."""

    name = "spatial-priors"
    settings = Settings()
    quick = Settings(steps=30)
    measurement = Measured
    choices = ("models",)
    remarks = (
        "The recipe of each model is this project's own, chosen on validation rows; the paper's reads test rows "
        "to stop, and can be had with `mnist1d-hf train --recipe paper`.",
    )

    def plan(self, settings: Settings, seeds: int) -> list[Part]:
        """Return one part for each model and config; its seeds are members of one stack."""
        return [
            Part(
                f"{model}-{config}",
                recipe(model, settings.steps).steps,
                {"model": model, "config": config, "seeds": list(range(seeds))},
            )
            for model in settings.models
            for config in CONFIGS
        ]

    def measure(self, settings: Settings, part: Part, progress: Progress) -> Measured:
        """Train the seeds of one model on one config, and evaluate them."""
        config = part.values["config"]
        members = train(
            part.values["model"],
            [(config, seed) for seed in part.values["seeds"]],
            recipe(part.values["model"], settings.steps),
            progress=show(progress),
        )
        test = load_test_tensors(config)
        return Measured(
            test_accuracies=[100 * evaluate(member.model, test).accuracy for member in members],
            steps=list(members[0].curves.step),
            train_accuracies=[
                [round(100 * accuracy, 2) for accuracy in member.curves.train_accuracy] for member in members
            ],
        )

    def claims(self, results: Results[Settings, Measured]) -> list[Claim]:
        """Compare the table with the paper's, and what shuffling costs each model."""
        accuracies = {name: one.test_accuracies for name, one in results.measured.items()}
        return [
            *(
                _table_claim(model, config, accuracies)
                for config in CONFIGS
                for model in sorted(results.settings.models)
            ),
            *(_order_claim(*pair, accuracies) for pair in (("cnn", "mlp"), ("gru", "mlp"), ("mlp", "logistic"))),
            *(_prior_claim(model, accuracies) for model in ("cnn", "gru")),
        ]

    def plot(self, results: Results[Settings, Measured]) -> Figure:
        """Draw training accuracy over the steps, and the test accuracies at the end."""
        figure: Figure = require("matplotlib.figure", "plot").Figure(figsize=(8, 3), layout="constrained")
        axes = figure.subplots(1, 2, sharey=True)
        for axis, config in zip(axes, CONFIGS, strict=True):
            for model in sorted(results.settings.models):
                one = results.measured[f"{model}-{config}"]
                progress = [step / one.steps[-1] for step in one.steps]
                for curve in one.train_accuracies:
                    axis.plot(progress, curve, color=COLOURS[model], linewidth=0.8, alpha=0.6)
                mean = sum(one.test_accuracies) / len(one.test_accuracies)
                axis.plot(1.06, mean, "o", color=COLOURS[model], markersize=5, label=f"{model} {mean:.0f}")
                published = paper.TABLE_1[config][model].mean
                axis.plot(1.06, published, "o", color=GREY, markersize=9, fillstyle="none")
            axis.set(title=config, xlabel="fraction of the training", xlim=(0, 1.1), ylim=(0, 102))
            axis.legend(frameon=False, fontsize=7, ncols=2, loc="lower right", handletextpad=0.1)
            axis.spines[["top", "right"]].set_visible(False)
        axes[0].set_ylabel("accuracy (%)")
        figure.suptitle(
            "lines: training accuracy, a seed each; dots: mean test accuracy; grey circles: that of the paper",
            fontsize=8,
        )
        return figure


def recipe(model: str, steps: int | None) -> TrainingSettings:
    """Return the settings to train a model with: the project's own, of another length if ``steps`` is given.

    Parameters
    ----------
    model : str
        Architecture.
    steps : int, optional
        Number of steps.

    Returns
    -------
    TrainingSettings
        The settings.
    """
    settings = get_architecture(model).recipes["tuned"]
    return settings if steps is None else replace(settings, steps=steps, log_every=max(1, steps // 10))


def show(progress: Progress) -> ProgressCallback:
    """Return the callback of `train` that moves the bar of a part.

    Parameters
    ----------
    progress : callable
        Moves the bar.

    Returns
    -------
    callable
        For `train`.
    """
    return lambda step, loss, accuracy: progress(step, f"loss {loss:.3f}, accuracy {100 * accuracy:.1f} %")


def _table_claim(model: str, config: str, accuracies: dict[str, list[float]]) -> Claim:
    published = paper.TABLE_1[config][model]
    measured = accuracies[f"{model}-{config}"]
    return Claim(
        statement=f"test accuracy of {model} on {config}, in percent",
        published=str(published),
        measured=describe(measured),
        test="the measured mean is not below the published interval",
        holds=sum(measured) / len(measured) >= published.mean - published.sd,
    )


def _order_claim(better: str, worse: str, accuracies: dict[str, list[float]]) -> Claim:
    default = paper.TABLE_1["default"]
    a, b = accuracies[f"{better}-default"], accuracies[f"{worse}-default"]
    return Claim(
        statement=f"{better} is ahead of {worse} on default",
        published=f"{default[better].mean:g} against {default[worse].mean:g}",
        measured=f"{describe(a)} against {describe(b)}",
        test=PAIRED_TEST,
        holds=is_greater(a, b),
    )


def _prior_claim(model: str, accuracies: dict[str, list[float]]) -> Claim:
    """Shuffling costs a model with a spatial prior more than it costs the MLP."""
    losses = {
        name: [a - b for a, b in zip(accuracies[f"{name}-default"], accuracies[f"{name}-shuffled"], strict=True)]
        for name in (model, "mlp")
    }
    published = {name: paper.TABLE_1["default"][name].mean - paper.TABLE_1["shuffled"][name].mean for name in losses}
    return Claim(
        statement=f"shuffling costs {model} more accuracy than mlp, in points",
        published=f"{published[model]:.0f} against {published['mlp']:.0f}",
        measured=f"{describe(losses[model])} against {describe(losses['mlp'])}",
        test=PAIRED_TEST,
        holds=is_greater(losses[model], losses["mlp"]),
    )


EXPERIMENT = SpatialPriors()
run, plot, claims = EXPERIMENT.run, EXPERIMENT.plot, EXPERIMENT.claims
