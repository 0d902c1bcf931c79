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
    lower_learning_rate: float = 0.1
    """Outer learning rate at which the network of two hidden layers is learned, too."""
    largest_gradient: float = 0.1
    """Each element of the outer gradient is clamped to plus or minus this."""
    inner_steps: int = 301
    counted_steps: int = 200
    """Last inner steps, whose mean loss is the objective."""
    batch_size: int = 100
    mlp_units: int = 128
    noise: float = 0.1
    """Largest noise on a hidden unit, of the MLP and of the network; a step draws it, the rows of its batch share it."""
    inner_learning_rate: float = 0.01
    decay: float = 0.4
    evaluations: int = 10
    """MLPs per seed, beside that of the learning, that are trained with each activation function for the comparison."""
    signal_epochs: tuple[int, ...] = (1, 2, 5, 10, 20)
    """Epochs after which the CNN on MNIST-1D is tested."""
    image_rows: int = 5000
    """Images at most, four fifths for training."""
    image_epochs: tuple[int, ...] = (1, 2, 5, 10)
    """Epochs after which the CNN on images is tested."""
