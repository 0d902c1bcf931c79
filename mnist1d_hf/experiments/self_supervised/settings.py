"""What is set in self-supervised learning, and what is measured."""

from __future__ import annotations

from dataclasses import dataclass, field

from .simclr import Augmentation


@dataclass(frozen=True)
class Settings:
    """Settings of the experiment."""

    train_rows: int = 4000
    """The first ones, whose labels the readout is fitted on; the networks see the test rows too, without labels."""
    channels: int = 25
    epochs: int = 200
    batch_size: int = 100
    learning_rate: float = 1e-2
    temperature: float = 0.5
    augmentation: Augmentation = field(default_factory=Augmentation)
    neighbors: int = 10
    embedded_rows: int = 5000
    """Training and test rows in the t-SNE."""


@dataclass(frozen=True)
class Measured:
    """Measurements with one projector: a value or a list per seed of the part."""

    linear_accuracies: list[list[float]]
    """Of each layer in percent, from the pixels to the output."""
    final_losses: list[float]
    """Mean InfoNCE loss in the last epoch, in nats."""
    silhouettes: list[list[float]]
    """Mean silhouette of each digit's training and test rows in the output, in [-1, 1]."""
    neighbor_accuracy: float
    """Of nearest neighbours among the pixels, in percent."""
    embedding: list[list[int]]
    """Both coordinates of rows, training rows first, in a t-SNE of the output of the first seed; with the default projector."""
    labels: list[int]
    """Of these rows."""
