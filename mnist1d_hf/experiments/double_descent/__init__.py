"""Widens networks past the point where they fit all training rows, wrong labels included (section 5.2, Figure 5).

The test error of networks that just fit all training rows, at the interpolation threshold, is worst. The paper's first
version (2020) places that threshold at as many parameters as rows for the negative log likelihood, and at as many as rows
times outputs for the squared error. The squared error is summed over the outputs here: with their mean, whose gradient is a
tenth of that, no width of the paper's fits the training rows within its epochs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ...baselines.data import load_tensors
from ..experiment import Experiment, Progress, StepCounter
from ..results import Part
from .claims import uncorrected_claims
from .figure import plot
from .settings import Measured, Settings
from .width_families import Condition, train_width

__all__ = ["EXPERIMENT", "claims", "plot", "run"]

CONDITIONS = {"mlp": ("noisy", "clean", "squared"), "cnn": ("noisy",)}
"""Names of the conditions, by architecture: with label noise, without, and with it and the squared error."""

_WIDTHS_OF_A_PART = 2


class DoubleDescent(Experiment[Settings, Measured]):
    """MLPs and CNNs of growing width."""

    name = "double-descent"
    settings = Settings()
    quick = Settings(
        num_samples=1200, mlp_widths=(2, 8, 24, 64), cnn_widths=(2, 8), epochs=60, batch_size=50, learning_rate=0.05
    )
    measurement = Measured
    remarks = (
        "The squared error is summed over the outputs: its mean has a tenth of the gradient, and then no width "
        "fits the training rows within the epochs.",
        "The interpolation threshold is taken to be where the training rows are fitted, not where the test error of each "
        "seed peaks: with the squared error those peaks are far apart, since single narrow networks err by chance.",
        "The widths of the CNN are spaced geometrically, as those of the MLP; the authors' code has others, also up to "
        "100.",
    )
    uncorrected_claims = staticmethod(uncorrected_claims)
    plot = staticmethod(plot)

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
        samples = {"num_samples": settings.num_samples, "train_split": settings.train_split}
        training, test = (load_tensors("default", split, **samples) for split in ("train", "test"))
        noise = settings.label_noise
        available = {
            "noisy": Condition(noise),
            "clean": Condition(0.0),
            "squared": Condition(noise, squared_error=True),
        }
        names = CONDITIONS[architecture]
        count = StepCounter(progress)
        measured = [
            train_width(
                architecture,
                width,
                [available[name] for name in names],
                range(part.values["seeds"]),
                settings.optimisation,
                training,
                test,
                partial(count, 1, f"width {width}"),
            )
            for width in widths
        ]
        return Measured(
            architecture,
            widths,
            parameters=[errors.num_parameters for errors in measured],
            train_errors=_by_condition(names, [errors.train for errors in measured]),
            test_errors=_by_condition(names, [errors.test for errors in measured]),
        )


def _by_condition(names: Sequence[str], errors: list[list[list[float]]]) -> dict[str, list[list[float]]]:
    """Return errors by width, condition and seed as one list per width for each condition, rounded."""
    return {name: [[round(e, 5) for e in width[place]] for width in errors] for place, name in enumerate(names)}


EXPERIMENT = DoubleDescent()
run, claims = EXPERIMENT.run, EXPERIMENT.claims
