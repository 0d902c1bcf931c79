"""Learns the activation function of an MLP by gradient descent through its training (section 5.4, Figure 7).

The activation function is ELU(x) + 0.2 * network(x), and the network is what is learned. As in the authors' public code it has
one hidden layer of 100 tanh units; the paper's text speaks of two, which are measured too. Every outer step trains the same MLP
on the same batches. What was learned is compared with fixed activation functions on that MLP, on MLPs and batches it has not
seen, and in CNNs.
"""

from __future__ import annotations

import dataclasses

from ..experiment import Experiment, Progress, StepCounter
from ..results import Part
from .activations import FIXED
from .claims import uncorrected_claims
from .comparison import FAST_TWO_LAYERS, FIXED_KIND, LEARNED, TWO_LAYERS, Measured, compare, load_tasks
from .figure import plot
from .learning import Course, Problem, learn
from .settings import Settings

__all__ = ["EXPERIMENT", "claims", "plot", "run"]


class MetalearnActivation(Experiment[Settings, Measured]):
    """Activation functions, learned in two ways and fixed, in MLPs and CNNs."""

    name = "metalearn-activation"
    settings = Settings()
    quick = Settings(
        num_samples=500, outer_steps=5, inner_steps=25, counted_steps=20, evaluations=1, signal_epochs=(1, 2),
        image_rows=250, image_epochs=(1, 2),
    )  # fmt: skip
    measurement = Measured
    remarks = (
        "As in the authors' code, all outer steps train the same MLP on the same batches with the same noise, on its hidden "
        "layer and on the network's, so what is learned is for this MLP. (There, the first outer step has another MLP, and "
        "the fixed functions a third; here all have the same.) How it does on other MLPs is a control.",
        "Test accuracies are of all 2000 rows, without noise; the authors' are of 500 rows with a draw of it. Over 301 inner "
        "steps the outer gradient is chaotic: from the authors' own draws the objectives of the first outer steps are those of "
        "their log within 0.006; later their own two logs differ, too.",
        "Of the network of two hidden layers, of which the paper's text speaks, there is no code. The noise is on its last "
        "hidden layer; at the outer learning rate of the authors' code, 0.3, it diverges, so its claim is of 0.1. It is a "
        "control: the rate is ours.",
        "The paper's CNNs for MNIST and CIFAR-10 and their data are not public: this is the CNN of Table 1 in two "
        "dimensions, with 5000 rows of MNIST and 10 epochs. CIFAR-10 was looked for and is not in any package that was found.",
    )
    uncorrected_claims = staticmethod(uncorrected_claims)
    plot = staticmethod(plot)

    def plan(self, settings: Settings, seeds: int) -> list[Part]:
        """Return four parts per seed: three ways to learn an activation function, and the fixed ones."""
        # An outer step each, and two CNNs for each activation function.
        steps = {
            LEARNED: settings.outer_steps + 2,
            TWO_LAYERS: settings.outer_steps,
            FAST_TWO_LAYERS: settings.outer_steps,
            FIXED_KIND: 2 * len(FIXED),
        }
        pairs = [(kind, seed) for kind in steps for seed in range(seeds)]
        return [Part(f"{kind}-seed{seed}", steps[kind], {"kind": kind, "seed": seed}) for kind, seed in pairs]

    def measure(self, settings: Settings, part: Part, progress: Progress) -> Measured:
        """Learn an activation function, or take the fixed ones, and train networks with them."""
        kind, seed = part.values["kind"], part.values["seed"]
        problem = Problem(settings)
        activations, course, count = FIXED, Course(), StepCounter(progress)
        if kind != FIXED_KIND:
            hidden = [settings.hidden_units] * (1 if kind == LEARNED else 2)
            rate = settings.lower_learning_rate if kind == TWO_LAYERS else settings.outer_learning_rate
            learned, course = learn(problem, problem.draw_trial(hidden, seed), rate, count)
            activations = {kind: learned}
        tasks = load_tasks(problem) if kind in (LEARNED, FIXED_KIND) else {}
        comparison = compare(problem, activations, tasks, seed, count)
        return Measured(**dataclasses.asdict(comparison), **dataclasses.asdict(course))


EXPERIMENT = MetalearnActivation()
run, claims = EXPERIMENT.run, EXPERIMENT.claims
