"""Trains the baselines on signals with their positions in order and permuted (section 3, Table 1, Figure 2).

They are trained twice: in the authors' loop, followed on training and test rows as in Figure 2, and with the project's own
recipe, which was chosen on validation rows and reads the test rows once, at the end.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from .. import paper
from ..baselines.data import load_test_tensors, load_training_tensors
from ..baselines.evaluation import evaluate
from ..baselines.training import Accuracies, train
from ..utils.figures import DARK_GREY, GREY, new_figure, tidy
from ..utils.statistics import PAIRED_TEST, describe, mean_interval
from .baseline_training import COLOURS, MODELS, OWN, PAPER, recipe, show
from .claims import FAILS, HOLDS, UNTOLD, Claim, as_control, judged, paired_claim, tested_claim
from .experiment import Experiment, Progress
from .results import Part, Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CONFIGS = ("default", "shuffled")

RECIPES = (PAPER, OWN)

ALL = 99.5
"""Training accuracies from here on are 100 % in whole percent, as the paper prints them."""


@dataclass(frozen=True)
class Settings:
    """Settings of the experiment."""

    models: tuple[str, ...] = MODELS
    steps: int | None = None
    """Steps of training; those of the recipes if None."""


@dataclass(frozen=True)
class Measured:
    """Measurements of one model on one config with one recipe: a value or a list per seed, accuracies in percent."""

    final_test_accuracies: list[float]
    """After the last step."""
    steps: list[int]
    train_accuracies: list[list[float]]
    """On all training rows, at each of the steps."""
    test_accuracies: list[list[float]]
    """At each of the steps; empty with the project's own recipe."""

    @property
    def best_test_accuracies(self) -> list[float]:
        """Those of early stopping on the test rows, as the paper's are."""
        return [max(curve) for curve in self.test_accuracies]


class SpatialPriors(Experiment[Settings, Measured]):
    """Each baseline on signals in order and on shuffled ones."""

    name = "spatial-priors"
    settings = Settings()
    quick = Settings(steps=30)
    measurement = Measured
    choices = ("models",)
    remarks = (
        "The paper's claims are judged by the authors' loop (Adam, learning rate 1e-2, batches of 100 in a fixed order, 6000 "
        "steps) with their early stopping: the best evaluation on the test rows, of one every 250 steps. That flatters every "
        "model; the accuracies after the last step stand beside them.",
        "The controls are this project's own recipes, chosen on validation rows; they read the test rows once, at the end.",
        "A training accuracy of 100 % is read as at least 99.5 %, at any of the evaluations. In the authors' own figure the "
        "shuffled signals end at about 92 % with the CNN and 87 % with the GRU.",
        "The seeds draw weights, as the paper's three runs do: all share one data set and one permutation.",
        "The human rows are not measured here, nor is MNIST's row of Table 1: its 60,000 training rows were not available.",
    )

    def plan(self, settings: Settings, seeds: int) -> list[Part]:
        """Return one part for each recipe, model and config; its seeds are members of one stack."""
        parts = []
        for name, model, config in itertools.product(RECIPES, settings.models, CONFIGS):
            values = {"model": model, "config": config, "recipe": name, "seeds": list(range(seeds))}
            parts.append(Part(f"{model}-{config}-{name}", recipe(model, settings.steps, name).steps, values))
        return parts

    def measure(self, settings: Settings, part: Part, progress: Progress) -> Measured:
        """Train the seeds of one model on one config with one recipe, and evaluate them."""
        model, config, name = (part.values[value] for value in ("model", "config", "recipe"))
        runs = [(config, seed) for seed in part.values["seeds"]]
        test = load_test_tensors(config)
        observed = {"train": load_training_tensors(config), **({"test": test} if name == PAPER else {})}
        steps: list[int] = []
        curves: dict[str, list[Tensor]] = {rows: [] for rows in ("train", "test")}

        def observe(step: int, accuracies: Accuracies) -> None:
            steps.append(step)
            for rows, (x, y) in observed.items():
                curves[rows].append(accuracies(x.expand(len(runs), -1, -1), y.expand(len(runs), -1)))

        members = train(model, runs, recipe(model, settings.steps, name), progress=show(progress), observe=observe)
        return Measured(
            final_test_accuracies=[round(100 * evaluate(member.model, test).accuracy, 2) for member in members],
            steps=steps,
            train_accuracies=_by_seed(curves["train"]),
            test_accuracies=_by_seed(curves["test"]),
        )

    def uncorrected_claims(self, results: Results[Settings, Measured]) -> list[Claim]:
        """Compare the table with the paper's, the curves with Figure 2, and what shuffling costs each model."""
        models = sorted(results.settings.models)
        cells = list(itertools.product(CONFIGS, models))
        return [
            *(_table_claim(results, model, config) for config, model in cells),
            *(_human_claim(config) for config in CONFIGS),
            *(_training_claim(results, config) for config in CONFIGS),
            *(_order_claim(results, *pair) for pair in (("cnn", "mlp"), ("gru", "mlp"), ("mlp", "logistic"))),
            _between_claim(results),
            *(_prior_claim(results, model) for model in ("cnn", "gru")),
            _best_after_shuffling_claim(results),
            *(as_control(_own_claim(results, model, config)) for config, model in cells),
        ]

    def plot(self, results: Results[Settings, Measured]) -> Figure:
        """Draw training and test accuracy over the steps of the authors' loop as in Figure 2, and Table 1."""
        figure = new_figure((9, 3.4))
        train_axis, test_axis, table_axis = figure.subplots(1, 3, width_ratios=(1, 1, 1.25))
        _draw_curves(train_axis, results, "train_accuracies")
        _draw_curves(test_axis, results, "test_accuracies")
        human = paper.TABLE_1["default"]["human"].mean
        test_axis.axhline(human, color="k", linewidth=1)
        place = test_axis.get_yaxis_transform()
        test_axis.text(0.03, human + 1, "human (the paper's)", fontsize=7, transform=place)
        train_axis.set(title="training accuracy, the authors' loop", ylabel="accuracy (%)")
        test_axis.set(title="test accuracy, the authors' loop")
        train_axis.legend(frameon=False, fontsize=7, loc="lower right")
        _draw_table(table_axis, results)
        tidy([train_axis, test_axis, table_axis])
        for axis in figure.axes:
            axis.title.set_fontsize(9)
        return figure


def _by_seed(curve: list[Tensor]) -> list[list[float]]:
    """Return accuracies at each step, of shape (seeds,) each, as lists per seed in percent."""
    return [[round(100 * float(value), 2) for value in of_seed] for of_seed in zip(*curve, strict=True)]


def _papers(results: Results[Settings, Measured], model: str, config: str) -> Measured:
    return results.one(model=model, config=config, recipe=PAPER)


def _best(results: Results[Settings, Measured], model: str, config: str = "default") -> list[float]:
    return _papers(results, model, config).best_test_accuracies


def _table_claim(results: Results[Settings, Measured], model: str, config: str) -> Claim:
    measured = _papers(results, model, config)
    return _cell_claim(
        f"test accuracy of {model} on {config}, in percent",
        model,
        config,
        measured.best_test_accuracies,
        f"; {describe(measured.final_test_accuracies)} after the last step",
    )


def _own_claim(results: Results[Settings, Measured], model: str, config: str) -> Claim:
    measured = results.one(model=model, config=config, recipe=OWN).final_test_accuracies
    return _cell_claim(f"test accuracy of {model} on {config} with our recipe, in percent", model, config, measured)


def _cell_claim(statement: str, model: str, config: str, measured: list[float], more: str = "") -> Claim:
    """Hold accuracies against a cell of Table 1."""
    published = paper.TABLE_1[config][model]
    mean, low, high = sum(measured) / len(measured), published.mean - published.sd, published.mean + published.sd
    above = " (above the published interval)" if mean > high else ""
    interval = mean_interval(measured)
    reaches = interval is not None and interval[1] >= low
    return Claim(
        statement=statement,
        published=str(published),
        measured=f"{describe(measured)}{above}{more}",
        test="the mean is not below the published interval; it cannot be told if the 95 % interval of the mean reaches it",
        verdict=HOLDS if mean >= low else UNTOLD if reaches else FAILS,
    )


def _human_claim(config: str) -> Claim:
    return Claim(
        statement=f"test accuracy of a human on {config}, in percent",
        published=str(paper.TABLE_1[config]["human"]),
        measured="not measured here",
        test="none; `mnist1d-hf experiment human` measures a human on default",
        verdict=UNTOLD,
    )


def _training_claim(results: Results[Settings, Measured], config: str) -> Claim:
    """All models but the logistic regression fit the training rows."""
    best = {
        model: [max(curve) for curve in _papers(results, model, config).train_accuracies]
        for model in sorted(results.settings.models)
    }
    fits = {model: np.array(values) >= ALL for model, values in best.items()}
    as_said = np.all([~fits[model] if model == "logistic" else fits[model] for model in fits], axis=0)
    return Claim(
        statement=f"all models but logistic reach 100 % training accuracy on {config}",
        published="caption of Table 1",
        measured=", ".join(f"{model} {describe(values)}" for model, values in best.items()) + " % at best",
        test=f"at least {ALL} % at some step by all the others, not by logistic, for each seed",
        verdict=judged(as_said),
    )


def _order_claim(results: Results[Settings, Measured], better: str, worse: str) -> Claim:
    published = [paper.TABLE_1["default"][model].mean for model in (better, worse)]
    return paired_claim(
        f"{better} is ahead of {worse} on default",
        "{:g} against {:g}".format(*published),
        *(_best(results, model) for model in (better, worse)),
    )


def _between_claim(results: Results[Settings, Measured]) -> Claim:
    mlp, gru, cnn = (_best(results, model) for model in ("mlp", "gru", "cnn"))
    return tested_claim(
        statement="gru is between mlp and cnn on default",
        published="91 between 68 and 94",
        measured=f"{describe(gru)} between {describe(mlp)} and {describe(cnn)}",
        differences=[np.subtract(gru, mlp).tolist(), np.subtract(cnn, gru).tolist()],
        test=f"above mlp and below cnn, {PAIRED_TEST}",
    )


def _prior_claim(results: Results[Settings, Measured], model: str) -> Claim:
    """Shuffling costs a model with a spatial prior more than it costs the MLP."""
    losses, published = [], []
    for name in (model, "mlp"):
        ordered, shuffled = (_best(results, name, config) for config in CONFIGS)
        losses.append(np.subtract(ordered, shuffled).tolist())
        published.append(paper.TABLE_1["default"][name].mean - paper.TABLE_1["shuffled"][name].mean)
    statement = f"shuffling costs {model} more accuracy than mlp, in points"
    return paired_claim(statement, "{:.0f} against {:.0f}".format(*published), *losses)


def _best_after_shuffling_claim(results: Results[Settings, Measured]) -> Claim:
    others = [model for model in sorted(results.settings.models) if model != "mlp"]
    mlp, published = _best(results, "mlp", "shuffled"), paper.TABLE_1["shuffled"]
    accuracies = {model: _best(results, model, "shuffled") for model in others}
    return tested_claim(
        statement="mlp is the best after shuffling",
        published=f"{published['mlp'].mean:g} against "
        + ", ".join(f"{model} {published[model].mean:g}" for model in others),
        measured=f"{describe(mlp)} against "
        + ", ".join(f"{model} {describe(values)}" for model, values in accuracies.items()),
        differences=[np.subtract(mlp, values).tolist() for values in accuracies.values()],
        test=f"against each other model, {PAIRED_TEST}",
    )


def _draw_curves(axis: Axes, results: Results[Settings, Measured], curves: str) -> None:
    """Draw the means over seeds on ordered (solid) and shuffled (dashed) signals."""
    for model in sorted(results.settings.models):
        for config, style in zip(CONFIGS, ("-", "--"), strict=True):
            measured = _papers(results, model, config)
            mean = np.mean(getattr(measured, curves), axis=0)
            label = model if config == "default" else None
            axis.plot(measured.steps, mean, style, color=COLOURS[model], linewidth=1.2, label=label)
    axis.plot([], [], "k--", linewidth=1.2, label="shuffled")
    axis.set(xlabel="step", ylim=(0, 104))


def _draw_table(axis: Axes, results: Results[Settings, Measured]) -> None:
    """Draw each cell of Table 1: the published interval, and the mean of both recipes."""
    cells = [(config, model) for config in CONFIGS for model in sorted(results.settings.models)]
    for place, (config, model) in enumerate(cells):
        published, color = paper.TABLE_1[config][model], COLOURS[model]
        label = "published" if place == 0 else None
        axis.errorbar(
            place, published.mean, published.sd, fmt="none", color=DARK_GREY, linewidth=5, alpha=0.4, label=label
        )
        for name, marker, shift in ((PAPER, "o", -0.15), (OWN, "D", 0.15)):
            measured = results.one(model=model, config=config, recipe=name)
            values = measured.best_test_accuracies if name == PAPER else measured.final_test_accuracies
            label = {PAPER: "the authors' loop", OWN: "our recipe"}[name] if place == 0 else None
            axis.plot(place + shift, np.mean(values), marker, color=color, markersize=4, label=label)
    axis.set_xticks(range(len(cells)), [model for _, model in cells], fontsize=7, rotation=45)
    axis.axvline(len(cells) / 2 - 0.5, color=GREY, linewidth=0.8)
    axis.set(title="test accuracy (Table 1)", ylim=(0, 102), xlabel="in order | shuffled")
    axis.legend(frameon=False, fontsize=7, loc="lower left")


EXPERIMENT = SpatialPriors()
run, plot, claims = EXPERIMENT.run, EXPERIMENT.plot, EXPERIMENT.claims
