"""What is set in learning an activation function."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Settings of the experiment."""

    num_samples: int = 10_000
    """Rows generated, four fifths for training."""
    hidden_units: int = 100
    """Of each hidden layer of the network that is learned."""
    outer_steps: int = 301
    outer_learning_rate: float = 0.3
    largest_gradient: float = 0.1
    """Each element of the outer gradient is clamped to plus or minus this."""
    inner_steps: int = 301
    counted_steps: int = 200
    """Last inner steps, whose mean loss is the objective."""
    batch_size: int = 100
    mlp_units: int = 128
    noise: float = 0.1
    """Largest noise on a hidden unit of the MLP; a step draws it, the rows of its batch share it."""
    inner_learning_rate: float = 0.01
    decay: float = 0.4
    evaluations: int = 10
    """MLPs per seed that are trained with each activation function for the comparison."""
    transfer_epochs: tuple[int, ...] = (1, 2, 5, 10, 20, 40)
    """Epochs after which the CNN is tested."""
