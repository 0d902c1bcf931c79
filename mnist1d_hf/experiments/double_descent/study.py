"""Widens networks past the point where they fit all training rows, wrong labels included (section 5.2, Figure 5).

The test error of networks that just fit them all, at the interpolation threshold, is worst. The paper's first version (2020)
places that threshold at as many parameters as rows for the negative log likelihood, and at as many as rows times outputs for
the squared error. The squared error is summed over the outputs here: with their mean, whose gradient is a tenth of that, no
width of the paper's fits the training rows within its epochs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...baselines.data import load_tensors
from ...dataset.templates import NUM_CLASSES
from ...utils.extras import require
from ...utils.figures import GREY
from ...utils.statistics import PAIRED_TEST, describe, is_greater
from ..experiment import Claim, Experiment, Part, Progress, Results
from .width_families import Condition, Optimisation, train_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CONDITIONS = {"mlp": ("noisy", "clean", "squared"), "cnn": ("noisy",)}
"""Names of the conditions, by architecture: with label noise, without, and with it and the squared error."""

FITTED = 0.01
"""Training error up to which the training rows count as fitted."""

_WIDTHS_OF_A_PART = 2


def geometric_widths(low: int, high: int, count: int) -> tuple[int, ...]:
    """Return widths from low to high, each a constant times the one before, rounded up; equal ones are left out."""
    return tuple(sorted({int(np.ceil(round(width, 6))) for width in np.geomspace(low, high, count)}))


@dataclass(frozen=True)
class Settings:
    """Settings of the experiment."""

    num_samples: int = 16_000
    train_split: float = 0.25
    label_noise: float = 0.15
    mlp_widths: tuple[int, ...] = geometric_widths(2, 300, 20)
    cnn_widths: tuple[int, ...] = geometric_widths(2, 100, 20)
    epochs: int = 500
    batch_size: int = 100
    learning_rate: float = 0.01
    momentum: float = 0.9

    @property
    def optimisation(self) -> Optimisation:
        """How the networks are trained."""
        return Optimisation(self.epochs, self.batch_size, self.learning_rate, self.momentum)

    @property
    def rows(self) -> int:
        """Number of training rows."""
        return round(self.num_samples * self.train_split)


@dataclass(frozen=True)
class Measured:
    """What a part measures: errors, fractions, of a few widths."""

    architecture: str
    widths: list[int]
    parameters: list[int]
    """Number of them in a network of each width."""
    train_errors: dict[str, list[list[float]]]
    """By the name of the condition; one list a width, one number a seed."""
    test_errors: dict[str, list[list[float]]]


@dataclass(frozen=True)
class Curve:
    """Errors over width."""

    widths: NDArray[np.int64]
    parameters: NDArray[np.int64]
    train: NDArray[np.float64]
    """Of shape (widths, seeds), in %."""
    test: NDArray[np.float64]
    """Of shape (widths, seeds), in %."""

    @property
    def peak(self) -> int:
        """The peak of the mean test error, which depends less on chance than those of single seeds."""
        return int(prominences(self.test.mean(1)).argmax())

    @property
    def peaks(self) -> list[int]:
        """The peak of the test error of each seed."""
        return [int(prominences(errors).argmax()) for errors in self.test.T]

    @property
    def heights(self) -> list[float]:
        """The height of the peak of each seed."""
        return [float(prominences(errors).max()) for errors in self.test.T]

    @property
    def fitted(self) -> list[int]:
        """The first width of each seed that fits its training rows; one more than there are, if none does."""
        return [int(np.argmax(np.append(errors <= 100 * FITTED, True))) for errors in self.train.T]


def prominences(errors: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each error is above the lowest before it and the lowest behind it, whichever is less.

    Parameters
    ----------
    errors : sequence of float
        Errors over width.

    Returns
    -------
    array of float64
        At least 0; the largest is the height of the peak of a double descent.
    """
    errors = np.asarray(errors, float)
    before = np.minimum.accumulate(errors)
    behind = np.minimum.accumulate(errors[::-1])[::-1]
    return errors - np.maximum(before, behind)


class DoubleDescent(Experiment[Settings, Measured]):
    """The experiment; see the module."""

    name = "double-descent"
    settings = Settings()
    quick = Settings(
        num_samples=1200,
        mlp_widths=(2, 8, 24, 64),
        cnn_widths=(2, 8),
        epochs=60,
        batch_size=50,
        learning_rate=0.05,
    )
    measurement = Measured
    remarks = (
        "The squared error is summed over the outputs: its mean has a tenth of the gradient, and then no width "
        "fits the training rows within the epochs.",
        "The interpolation threshold is where the training rows are fitted. The highest peak of each seed's own "
        "test error was tried for it: with the squared error it was at 358, 65383 and 234 parameters, since "
        "single narrow networks err by chance.",
        "Three more seeds were tried for the height of the peaks, at eight widths of the MLP and seven of the CNN: over "
        "six seeds the CNN's is 5.0 ± 1.2 points and the MLP's 6.7 ± 1.7, p = 0.07.",
        "The widths of the CNN are geometric, as those of the MLP; the authors' code has other ones, up to 100 too.",
    )

    def plan(self, settings: Settings, seeds: int) -> list[Part]:
        """Return a part for every two neighbouring widths, with all seeds and conditions in it, the widest first."""
        parts = []
        for architecture, widths in (("cnn", settings.cnn_widths), ("mlp", settings.mlp_widths)):
            for stop in range(len(widths), 0, -_WIDTHS_OF_A_PART):
                some = list(widths[max(0, stop - _WIDTHS_OF_A_PART) : stop])
                name = "-".join(["width", *map(str, some)])
                values = {"architecture": architecture, "widths": some, "seeds": seeds}
                parts.append(Part(f"{architecture}-{name}", len(some) * settings.epochs, values))
        return parts

    def measure(self, settings: Settings, part: Part, progress: Progress) -> Measured:
        """Train the networks of a few widths."""
        architecture, widths = part.values["architecture"], part.values["widths"]
        training, test = (
            load_tensors("default", split, num_samples=settings.num_samples, train_split=settings.train_split)
            for split in ("train", "test")
        )
        available = {
            "noisy": Condition(settings.label_noise),
            "clean": Condition(0.0),
            "squared": Condition(settings.label_noise, squared_error=True),
        }
        names = CONDITIONS[architecture]
        measured = Measured(architecture, widths, [], {name: [] for name in names}, {name: [] for name in names})
        done = 0
        for width in widths:

            def count(width: int = width) -> None:
                nonlocal done
                done += 1
                progress(done, f"width {width}")

            errors = train_width(
                architecture,
                width,
                [available[name] for name in names],
                range(part.values["seeds"]),
                settings.optimisation,
                training,
                test,
                count,
            )
            measured.parameters.append(errors.num_parameters)
            for name, train, tested in zip(names, errors.train, errors.test, strict=True):
                measured.train_errors[name].append([round(error, 5) for error in train])
                measured.test_errors[name].append([round(error, 5) for error in tested])
        return measured

    def claims(self, results: Results[Settings, Measured]) -> list[Claim]:
        """Compare the peaks, and where they are."""
        mlp, clean, squared = (curve_of(results, "mlp", name) for name in CONDITIONS["mlp"])
        cnn = curve_of(results, "cnn", "noisy")
        rows = results.settings.rows
        return [
            _peak_claim("MLP", mlp, "54 % at width 50, 45 % at 300"),
            _peak_claim("CNN", cnn, "a peak; 28 % at 100 channels"),
            _fitted_claim("MLP", mlp, "50 and 60"),
            _fitted_claim("CNN", cnn, "at its own threshold"),
            _height_claim("without label noise the MLP's peak is slight", clean, mlp),
            _height_claim("the CNN's peak is less pronounced than the MLP's", cnn, mlp),
            _threshold_claim("negative log likelihood", mlp, rows, per_output=False),
            _threshold_claim("squared error", squared, rows, per_output=True),
        ]

    def plot(self, results: Results[Settings, Measured]) -> Figure:
        """Draw errors over width, and the two losses over the number of parameters."""
        figure: Figure = require("matplotlib.figure", "plot").Figure(figsize=(9, 5.4), layout="constrained")
        panels = figure.subplots(2, 2)
        mlp, clean = curve_of(results, "mlp", "noisy"), curve_of(results, "mlp", "clean")
        _draw_errors(panels[0, 0], mlp, "MLP, label noise", published={50: 54, 300: 45})
        _draw_errors(panels[0, 1], clean, "MLP, no label noise", published={})
        _draw_errors(panels[1, 0], curve_of(results, "cnn", "noisy"), "CNN, label noise", published={100: 28})
        panels[1, 0].set_xlabel("channels")
        panels[0, 0].legend(frameon=False, fontsize=7)
        _draw_losses(panels[1, 1], results)
        for axes in panels.flat:
            axes.spines[["top", "right"]].set_visible(False)
            axes.tick_params(labelsize=7)
            axes.set_ylim(0, None)
            axes.xaxis.label.set_size(8)
            axes.yaxis.label.set_size(8)
        return figure


def curve_of(results: Results[Settings, Measured], architecture: str, condition: str) -> Curve:
    """Collect the errors of one condition over all widths.

    Parameters
    ----------
    results : Results
        Results of this experiment.
    architecture : str
        ``"mlp"`` or ``"cnn"``.
    condition : str
        One of its `CONDITIONS`.

    Returns
    -------
    Curve
        From narrow to wide.
    """
    rows = sorted(
        row
        for part in results.measured.values()
        if part.architecture == architecture
        for row in zip(
            part.widths, part.parameters, part.train_errors[condition], part.test_errors[condition], strict=True
        )
    )
    widths, parameters, train, test = zip(*rows, strict=True)
    return Curve(np.array(widths), np.array(parameters), 100 * np.array(train), 100 * np.array(test))


def _peak_claim(name: str, curve: Curve, published: str) -> Claim:
    peak = curve.peak
    mean = curve.test.mean(1)
    before, behind = int(mean[: peak + 1].argmin()), peak + int(mean[peak:].argmin())
    course = ", ".join(
        f"{describe(curve.test[place].tolist())} % at width {curve.widths[place]}" for place in (before, peak, behind)
    )
    return Claim(
        statement=f"with label noise the {name}'s test error rises to a peak and falls again",
        published=published,
        measured=course,
        test=f"at the peak above the lowest of narrower and of wider networks, {PAIRED_TEST}",
        holds=all(is_greater(curve.test[peak].tolist(), curve.test[place].tolist()) for place in (before, behind)),
    )


def _fitted_claim(name: str, curve: Curve, published: str) -> Claim:
    widths = [*map(str, curve.widths), "none"]
    peaks, fitted = ([widths[place] for place in places] for places in (curve.peaks, curve.fitted))
    return Claim(
        statement=f"the {name}'s test error peaks where its training error reaches zero",
        published=published,
        measured=f"peaks at widths {', '.join(peaks)}; training error at most {100 * FITTED:.0f} % from {', '.join(fitted)}",
        test="at most two of the widths apart, for each seed",
        holds=all(
            fit < len(curve.widths) and abs(peak - fit) <= 2
            for peak, fit in zip(curve.peaks, curve.fitted, strict=True)
        ),
    )


def _height_claim(statement: str, lower: Curve, higher: Curve) -> Claim:
    return Claim(
        statement=statement,
        published="seen in the figure",
        measured=f"{describe(lower.heights)} against {describe(higher.heights)} points above its surroundings",
        test=f"height above the lowest error on either side, {PAIRED_TEST}",
        holds=is_greater(higher.heights, lower.heights),
    )


def _threshold_claim(loss: str, curve: Curve, rows: int, *, per_output: bool) -> Claim:
    """Compare how many parameters fit the training rows with n and with n K, as ratios."""
    name, count = ("n K", rows * NUM_CLASSES) if per_output else ("n", rows)
    fitted = [place for place in curve.fitted if place < len(curve.widths)]
    parameters = curve.parameters[fitted]
    n, nk = (np.abs(np.log(parameters / count)) for count in (rows, rows * NUM_CLASSES))
    measured = f"the mean test error peaks at {curve.parameters[curve.peak]}, the training error "
    if len(fitted) == len(curve.fitted):
        ratios = describe((parameters / count).tolist(), digits=2)
        measured += f"is at most {100 * FITTED:.0f} % from {', '.join(map(str, parameters))}, {ratios} times {name}"
    else:
        measured += f"is above {100 * FITTED:.0f} % with every number of {len(curve.fitted) - len(fitted)} seeds"
    return Claim(
        statement=f"with the {loss} the interpolation threshold is at {name} parameters, n rows and K outputs",
        published=f"{count}",
        measured=measured,
        test=f"training error at most {100 * FITTED:.0f} % from a number nearer to {name} than to "
        f"{'n' if per_output else 'n K'}, as a ratio, for each seed",
        holds=len(fitted) == len(curve.fitted) and bool(((nk < n) if per_output else (n < nk)).all()),
    )


def _draw_errors(axes: Axes, curve: Curve, title: str, published: dict[int, float]) -> None:
    """Draw each seed thin, and the means."""
    for errors, colour, label in ((curve.train, "C0", "training"), (curve.test, "C3", "test")):
        axes.plot(curve.widths, errors, color=colour, linewidth=0.4, alpha=0.5)
        axes.plot(curve.widths, errors.mean(1), "o-", color=colour, linewidth=1.2, markersize=2.5, label=label)
    if published:
        axes.plot(list(published), list(published.values()), "x", color=GREY, markersize=6, label="test, published")
    axes.set(xlabel="hidden units", ylabel="error (%)", xscale="log")
    ticks = [tick for tick in (2, 5, 10, 20, 50, 100, 200) if tick <= curve.widths[-1]]
    axes.set_xticks(ticks, map(str, ticks))
    axes.minorticks_off()
    axes.set_title(title, loc="left", fontsize=8)


def _draw_losses(axes: Axes, results: Results[Settings, Measured]) -> None:
    rows = results.settings.rows
    for count, label in ((rows, "n"), (rows * NUM_CLASSES, "n·K")):
        axes.axvline(count, color=GREY, linewidth=1, linestyle=":")
        axes.annotate(f" {label}", (count, 0.95), xycoords=("data", "axes fraction"), color=GREY, fontsize=8)
    for condition, colour, label in (("noisy", "C3", "negative log likelihood"), ("squared", "C2", "squared error")):
        curve = curve_of(results, "mlp", condition)
        axes.plot(curve.parameters, curve.train.mean(1), "--", color=colour, linewidth=0.8)
        axes.plot(curve.parameters, curve.test.mean(1), "o-", color=colour, linewidth=1.2, markersize=2.5, label=label)
    axes.set(xlabel="parameters", ylabel="error (%), training dashed", xscale="log")
    axes.set_title("MLP, label noise, two losses", loc="left", fontsize=8)
    axes.legend(frameon=False, fontsize=7, loc="lower left")


EXPERIMENT = DoubleDescent()
run, plot, claims = EXPERIMENT.run, EXPERIMENT.plot, EXPERIMENT.claims
