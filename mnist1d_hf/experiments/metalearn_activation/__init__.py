"""Learns the activation function of an MLP by gradient descent through its training (section 5.4, Figure 7).

The activation function is ELU(x) + 0.2 * network(x), and the network is what is learned. As in the authors' public code it has
one hidden layer of 100 tanh units; the paper's text speaks of two, which are measured too. Every outer step draws another MLP
and other batches, and what was learned is compared with fixed activation functions on MLPs and batches it has not seen.
"""

from __future__ import annotations

import dataclasses

from ..experiment import Experiment, Progress, StepCounter
from ..results import Part
from .activations import FIXED
from .claims import uncorrected_claims
from .comparison import FIXED_KIND, LEARNED, TWO_LAYERS, Measured, compare
from .figure import plot
from .learning import Course, Problem, learn
from .settings import Settings

__all__ = ["EXPERIMENT", "claims", "plot", "run"]


class MetalearnActivation(Experiment[Settings, Measured]):
    """Activation functions, learned in two ways and fixed, in MLPs and CNNs."""

    name = "metalearn-activation"
    settings = Settings()
    quick = Settings(
        num_samples=1000, outer_steps=5, inner_steps=25, counted_steps=20, evaluations=1, transfer_epochs=(1, 2)
    )
    measurement = Measured
    remarks = (
        "The network of two hidden layers, of which the paper's text speaks, diverges; with an outer learning rate of "
        "0.1 instead of 0.3 it does not.",
        "The digits stand in for MNIST and CIFAR-10. They are easier, and an epoch of them has fewer steps.",
    )
    uncorrected_claims = staticmethod(uncorrected_claims)
    plot = staticmethod(plot)

    def plan(self, settings: Settings, seeds: int) -> list[Part]:
        """Return three parts per seed: two ways to learn an activation function, and the fixed ones."""
        # An outer step each, and a CNN for each data set.
        steps = dict.fromkeys((TWO_LAYERS, LEARNED), settings.outer_steps + 2) | {FIXED_KIND: 2 * len(FIXED)}
        pairs = [(kind, seed) for kind in steps for seed in range(seeds)]
        return [Part(f"{kind}-seed{seed}", steps[kind], {"kind": kind, "seed": seed}) for kind, seed in pairs]

    def measure(self, settings: Settings, part: Part, progress: Progress) -> Measured:
        """Learn an activation function, or take the fixed ones, and train networks with them."""
        kind, seed = part.values["kind"], part.values["seed"]
        problem = Problem(settings)
        activations, course, count = FIXED, Course(), StepCounter(progress)
        if kind != FIXED_KIND:
            hidden = [settings.hidden_units] * (1 if kind == LEARNED else 2)
            learned, course = learn(problem, hidden, seed, count)
            activations = {kind: learned}
        comparison = compare(problem, activations, seed, count)
        return Measured(**dataclasses.asdict(comparison), **dataclasses.asdict(course))


EXPERIMENT = MetalearnActivation()
run, claims = EXPERIMENT.run, EXPERIMENT.claims
