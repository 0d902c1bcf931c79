"""Gradients of losses by the logits: of each member's mean over its batch, with targets of shape (members, batch, classes)."""

from __future__ import annotations

from torch import Tensor


def cross_entropy_gradient(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the gradient of the cross-entropy of the softmax; the targets of an example sum to 1."""
    return logits.softmax(2).sub_(targets).div_(logits.shape[1])


def squared_error_gradient(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the gradient of the squared error, summed over the classes."""
    return (logits - targets).mul_(2 / logits.shape[1])
