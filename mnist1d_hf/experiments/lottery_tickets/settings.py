"""What is set in the search for tickets, and what is measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Settings:
    """Settings of the experiment."""

    hidden_size: int = 500
    learning_rate: float = 2e-2
    rounds: int = 100
    """Sparsities from 0 to 1, evenly spaced."""
    steps: int = 1501
    batch_size: int = 100
    transfer_sparsity: float = 0.92
    """The ticket of the nearest round is transferred."""
    transfer_data_seed: int = 43
    transfer_steps: int = 6000
    transfer_batch_size: int = 500
    transfer_evaluations: int = 24

    @property
    def sparsities(self) -> list[float]:
        """Sparsity of each round."""
        return [float(value) for value in np.linspace(0, 1, self.rounds)]

    @property
    def transfer_round(self) -> int:
        """The round whose ticket is transferred."""
        return int(np.abs(np.subtract(self.sparsities, self.transfer_sparsity)).argmin())


@dataclass(frozen=True)
class Measured:
    """Measurements of the tickets of a trial, or of its random masks."""

    accuracies: list[float]
    """On the test rows after training, a fraction, by round."""
    losses: list[float]
    """Mean cross-entropy of the test rows, in nats."""
    transfers: dict[str, list[float]]
    """Test accuracy on the new dataset while training, by network and what is done to it."""
    mask: str
    """First layer of the transferred mask, without biases, as `pack` writes it."""
