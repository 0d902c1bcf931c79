"""Learns features without labels, and reads them out by layer (section 5.5, Figure 8).

SimCLR trains three convolutions and a projector on training and test rows, without labels; see `simclr`. Then the labels are
read out of each layer by a logistic regression, which is fitted on the training rows and scored on the test rows, once.
"""

from __future__ import annotations

import numpy as np
import torch

from ...baselines.data import load_tensors
from ...utils.extras import require
from ..experiment import Experiment, Progress
from ..results import Part
from .claims import MARGIN, uncorrected_claims
from .figure import plot
from .readout import all_features, class_silhouettes, embed, linear_accuracy, neighbor_accuracy
from .settings import Measured, Settings
from .simclr import draw_network, train

__all__ = ["EXPERIMENT", "claims", "plot", "run"]

PROJECTORS: dict[str, tuple[int, ...]] = {"deep": (125, 125, 125, 16), "default": (125, 16), "none": ()}
"""Units of each layer of the projector."""


class SelfSupervised(Experiment[Settings, Measured]):
    """SimCLR with each projector, and what every layer has learned."""

    name = "self-supervised"
    settings = Settings()
    quick = Settings(train_rows=500, epochs=4, embedded_rows=200)
    measurement = Measured
    remarks = (
        "The networks are trained on training and test rows, without labels, as the paper says; the authors' notebook trains "
        "them on the 4000 training rows alone.",
        "The paper's words on the three networks are read as two claims: the accuracies of their best layers lie within "
        f"{MARGIN:g} points of each other, and on average over the networks the second layer is the best of those that all "
        "have. The published numbers agree with both.",
        "The published numbers, from the authors' notebook, are of one run.",
        "All seeds share one data set: the intervals and p-values cover weights, batches and views, not the 1000 test rows, "
        "whose standard error is 1.2 points.",
    )
    uncorrected_claims = staticmethod(uncorrected_claims)
    plot = staticmethod(plot)

    def plan(self, settings: Settings, seeds: int) -> list[Part]:
        """Return one part for each projector, whose seeds are members of one stack.

        Without a projector there are two, as it takes the least time: so two processes share the work evenly.
        """
        everyone = list(range(seeds))
        half = -(-seeds // 2)
        stacks = [("deep", everyone), ("default", everyone), ("none", everyone[:half]), ("none", everyone[half:])]
        return [
            Part("-".join(map(str, [projector, *stack])), settings.epochs, {"projector": projector, "seeds": stack})
            for projector, stack in stacks
            if stack
        ]

    def measure(self, settings: Settings, part: Part, progress: Progress) -> Measured:
        """Train the seeds with one projector, and evaluate every layer."""
        projector, seeds = part.values["projector"], part.values["seeds"]
        x, y = load_tensors("default", f"train[:{settings.train_rows}]")
        x_test, y_test = load_tensors("default", "test")
        network = draw_network(x.shape[1], settings.channels, PROJECTORS[projector], seeds)
        losses = train(
            network,
            torch.cat([x, x_test]),
            seeds=seeds,
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            learning_rate=settings.learning_rate,
            temperature=settings.temperature,
            augmentation=settings.augmentation,
            progress=lambda epoch, loss: progress(epoch, f"loss {loss:.3f}"),
        )
        features, features_test = all_features(network, x), all_features(network, x_test)
        outputs = np.concatenate([features[-1], features_test[-1]], axis=1)
        labels, labels_test = y.numpy(), y_test.numpy()
        everyone = np.concatenate([labels, labels_test])
        embeds = projector == "default"
        # One thread, as in the training: another process is busy on the next core.
        with require("threadpoolctl", "experiments").threadpool_limits(1):
            progress(settings.epochs, "linear accuracies")
            pixels = linear_accuracy(x.numpy(), labels, x_test.numpy(), labels_test)
            return Measured(
                linear_accuracies=[
                    [pixels]
                    + [
                        linear_accuracy(train[member], labels, test[member], labels_test)
                        for train, test in zip(features, features_test, strict=True)
                    ]
                    for member in range(len(seeds))
                ],
                final_losses=[round(loss, 3) for loss in losses],
                silhouettes=[class_silhouettes(output, everyone) for output in outputs],
                neighbor_accuracy=neighbor_accuracy(x.numpy(), labels, x_test.numpy(), labels_test, settings.neighbors),
                embedding=embed(outputs[0][: settings.embedded_rows], seeds[0]) if embeds else [],
                labels=everyone[: settings.embedded_rows].tolist() if embeds else [],
            )


EXPERIMENT = SelfSupervised()
run, claims = EXPERIMENT.run, EXPERIMENT.claims
