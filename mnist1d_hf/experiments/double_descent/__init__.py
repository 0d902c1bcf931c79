"""Widens networks past the point where they fit all training rows, wrong labels included (section 5.2, Figure 5).

The test error of networks that just fit all training rows, at the interpolation threshold, is worst. The paper's first
version (2020, Figure 4) also has a CNN, and shows test losses. It places the threshold at as many parameters as rows for the
negative log likelihood, and at as many as rows times outputs for the squared error.
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
        "Published numbers are from the log of the authors' notebook, of one run. The CNN and the two losses are in the "
        "paper's first version only, whose figure shows test losses and draws the threshold at 10,000 parameters; it does "
        "not say on how many rows, and its numbers are not in the log.",
        "The widths of the MLP are the notebook's. Those of the CNN are spaced geometrically too, so that both resolve the "
        "number of parameters alike; the notebook's are the even ones below 30 and every fifth from there, also up to 100, "
        "which would take about twice the time.",
        "Each seed draws its own wrong labels, initial weights and batches; the notebook draws wrong labels once for all "
        "networks.",
        "The interpolation threshold is taken to be where the training rows are fitted, not where the test error of each "
        "seed peaks: with the squared error those peaks are far apart, since single narrow networks err by chance. It is "
        "known to one step of the widths, 1.3 to 1.6 times the parameters, hence the factor of two.",
        "The squared error is summed over the outputs: its mean has a tenth of the gradient, and then no width "
        "fits the training rows within the epochs.",
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
        likelihood = [name for name in names if not available[name].squared_error]
        return Measured(
            architecture,
            widths,
            parameters=[scores.num_parameters for scores in measured],
            train_errors=_by_condition(names, [scores.train_errors for scores in measured]),
            test_errors=_by_condition(names, [scores.test_errors for scores in measured]),
            test_losses=_by_condition(likelihood, [scores.test_losses for scores in measured]),
        )


def _by_condition(names: Sequence[str], scores: list[list[list[float]]]) -> dict[str, list[list[float]]]:
    """Return scores by width, condition and seed as one list per width for each condition, rounded."""
    return {name: [[round(s, 5) for s in width[place]] for width in scores] for place, name in enumerate(names)}


EXPERIMENT = DoubleDescent()
run, claims = EXPERIMENT.run, EXPERIMENT.claims
