"""Models of one architecture that train in the same loop: as one stack where there is one, otherwise side by side.

Both take signals of shape (members, rows, length), and give logits of shape (members, rows, classes).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers.layer import Layer, Network
from .layers.losses import cross_entropy_gradient

State = dict[str, Tensor]


class Stack:
    """Members whose parameters are stacked, so that one call computes all of them."""

    def __init__(self, models: Sequence[nn.Module], layers: Sequence[Layer]) -> None:
        self._network = Network(layers)
        self._names = {parameter: name for name, parameter in models[0].named_parameters()}
        self.parameters = [self._network.parameters]

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """Return the logits in evaluation."""
        return self._network.forward(x)

    @torch.no_grad()
    def set_gradients(self, x: Tensor, labels: Tensor, label_smoothing: float) -> Tensor:
        """Set the gradients of each member's mean cross-entropy, and return the logits."""
        logits = self._network.forward(x)
        share = label_smoothing / logits.shape[2]
        targets = torch.full_like(logits, share).scatter_(2, labels.unsqueeze(2), 1 - label_smoothing + share)
        self._network.backward(cross_entropy_gradient(logits, targets))
        return logits

    def state(self, member: int) -> State:
        """Return a copy of the state dict of one member."""
        return {
            self._names[parameter]: tensor
            for leaf in self._network.leaves
            if leaf.module is not None
            for parameter, tensor in zip(leaf.module.parameters(), leaf.of_member(member), strict=True)
        }


class Separate:
    """Members that are ordinary modules.

    Each has its own random stream for what it draws in training, such as dropout: a state of torch's global generator.
    """

    def __init__(self, models: Sequence[nn.Module], streams: Sequence[Tensor] | None = None) -> None:
        self._models = models
        self._streams = list(streams or [torch.get_rng_state()] * len(models))
        self.parameters = [parameter for model in models for parameter in model.parameters()]

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """Return the logits in evaluation, of each model for its own signals."""
        return torch.stack([model.eval()(signals) for model, signals in zip(self._models, x, strict=True)])

    def set_gradients(self, x: Tensor, labels: Tensor, label_smoothing: float) -> Tensor:
        """Set the gradients of each member's mean cross-entropy in training, and return the logits."""
        every, before = [], torch.get_rng_state()
        try:
            for member, (model, signals, own) in enumerate(zip(self._models, x, labels, strict=True)):
                torch.set_rng_state(self._streams[member])
                model.zero_grad()
                logits = model.train()(signals)
                F.cross_entropy(logits, own, label_smoothing=label_smoothing).backward()
                self._streams[member] = torch.get_rng_state()
                every.append(logits.detach())
        finally:
            torch.set_rng_state(before)
        return torch.stack(every)

    def state(self, member: int) -> State:
        """Return a copy of the state dict of one member."""
        return {name: tensor.clone() for name, tensor in self._models[member].state_dict().items()}


Members = Stack | Separate
