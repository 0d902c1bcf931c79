"""The recurrence of many bidirectional GRUs at once, with its backward pass written out.

A GRU computes h' = z h + (1 - z) n with gates r, z = sigmoid(...) and the candidate n = tanh(c + r q), where q is its recurrent
and c its input part. With g = (h + 1) / 2 the candidate becomes m = (n + 1) / 2 = sigmoid(2c + r 2q), because torch's tanh is
slow on many processors, and the state g' = z g + (1 - z) m. One product gives r and z before their sigmoid, 2q and 2c. Its rows
change g' by

    (1 - z) m (1 - m) 2q r (1 - r),   (g - m) z (1 - z) = (g' - m) (1 - z),   (1 - z) m (1 - m) r,   (1 - z) m (1 - m).

These are computed for all positions at once; only the chain from position to position is a loop. The position is the first
dimension and the batch the last one, so that every operand of the loop is contiguous.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .layer import Layer


class Recurrence(Layer):
    """Bidirectional GRUs over signals of shape (members, batch, length); their hidden states start from zero.

    The weight has the shape (members, 2, 3 * hidden, hidden + 3): for each direction the rows of `torch.nn.GRU`, and the
    columns of its ``weight_hh``, ``weight_ih``, ``bias_ih`` and ``bias_hh``.
    """

    def __init__(self, weight: Tensor) -> None:
        super().__init__(weight)
        self._sizes: tuple[int, ...] = ()

    def forward(self, x: Tensor) -> Tensor:
        """Return the states (members, batch, 2 * length * hidden): by direction, position in the order of reading, unit."""
        (weight,) = self.parameters
        hidden = weight.shape[3] - 3
        if self._sizes != (*x.shape, hidden):
            self._allocate(x, hidden)
        weight = weight.flatten(0, 1)
        rows = torch.cat([weight, weight[:, 2 * hidden :]], dim=1) * self._scale
        by_r, by_z, by_q, _ = (2 * rows[:, :, :hidden]).split(hidden, dim=1)
        self._to_state = torch.cat([by_r, self._identity, by_q, by_z], dim=1).transpose(1, 2)
        rows = rows @ self._from_g
        r, z, q, c = rows[:, :, hidden].unsqueeze(1).split(hidden, dim=2)
        self._by_x = torch.cat([r, c, q, z], dim=2)
        self._inputs[:-1, :, hidden] = torch.stack([x, x.flip(2)], dim=1).flatten(0, 1).permute(2, 0, 1)
        for inputs, g, following, gates, rz, r, z, q, c in self._steps:
            torch.bmm(rows, inputs, out=gates)
            torch.sigmoid_(rz)
            m = torch.sigmoid_(c.addcmul_(r, q))
            torch.lerp(m, g, z, out=following)
        torch.add(x.new_tensor(-1), self._g[1:].transpose(0, 1), alpha=2, out=self._states)
        return self._states.view(len(x), -1, x.shape[1]).transpose(1, 2)

    def input_gradient(self, grad: Tensor) -> Tensor:
        """Return the gradient by the signals, from what `set_gradients` has left in memory."""
        by_x: Tensor = torch.matmul(2 * self._by_x, self._gates).squeeze(2).permute(1, 2, 0).unflatten(0, (-1, 2))
        return torch.add(by_x[:, 0], by_x[:, 1].flip(2))

    def set_gradients(self, grad: Tensor) -> None:
        """Write the gradient of the weight; once for each forward pass, whose memory is reused."""
        _, batch, length, hidden = self._sizes
        direct = grad.transpose(1, 2).reshape(-1, length, hidden, batch).unbind(1)
        self._differentiate()
        self._total[-1] = direct[-1]  # the gradient by a state: its own and that of all later ones
        own = (*direct[-2::-1], torch.zeros_like(direct[0]))
        for (blocks, rows, total, before), before_own in zip(self._steps_back, own, strict=True):
            torch.mul(blocks, total, out=blocks)
            torch.baddbmm(before_own, self._to_state, rows, out=before)
        torch.mul(self._by_c, self._total[1:], out=self._blocks[1])
        # With the columns of a position contiguous the product is three times as fast.
        self._columns.copy_(self._inputs[:-1].transpose(2, 3))
        r, c, q, z = torch.matmul(self._gates, self._columns).sum(0).split(hidden, dim=1)
        by_rows = 2 * torch.cat([r, z, q, c], dim=1) @ self._from_g.T * self._scale
        gates, q, c = by_rows.split([2 * hidden, hidden, hidden], dim=1)
        torch.cat([gates, q + c], dim=1, out=self.gradients[0].flatten(0, 1))

    def of_member(self, member: int) -> list[Tensor]:
        """Return weight_ih, weight_hh, bias_ih and bias_hh of both directions."""
        hidden = self.parameters[0].shape[3] - 3
        parts = [direction.split([hidden, 1, 1, 1], dim=1) for direction in super().of_member(member)[0]]
        return [part for hh, ih, *biases in parts for part in (ih, hh, *(bias.squeeze(1) for bias in biases))]

    def _allocate(self, x: Tensor, hidden: int) -> None:
        members, batch, length = x.shape
        self._sizes = members, batch, length, hidden
        # The candidate's rows are used twice: without the columns of the input, and with only these.
        gate, recurrent, direct = [1] * (hidden + 3), [2] * hidden + [0, 0, 2], [0] * hidden + [2, 2, 0]
        self._scale = x.new_tensor([gate] * (2 * hidden) + [recurrent] * hidden + [direct] * hidden)
        self._identity = torch.eye(hidden, dtype=x.dtype, device=x.device).expand(2 * members, -1, -1)
        self._from_g = torch.eye(hidden + 3, dtype=x.dtype, device=x.device)  # h = 2g - 1
        self._from_g[:hidden] *= 2
        self._from_g[:hidden, -1] = -1
        self._inputs = x.new_ones(length + 1, 2 * members, hidden + 3, batch)  # [g; x; 1; 1] of every position
        self._g = self._inputs[:, :, :hidden]
        self._g[0] = 0.5
        self._columns = x.new_empty(length, 2 * members, batch, hidden + 3)
        self._states = x.new_empty(2 * members, length, hidden, batch)
        self._gates = x.new_empty(length, 2 * members, 4 * hidden, batch)
        self._blocks = self._gates.split(hidden, dim=2)
        self._total = x.new_empty(length + 1, 2 * members, hidden, batch)
        self._by_c, self._spare = x.new_empty(2, length, 2 * members, hidden, batch)
        # Views take as long to make as to compute with, so that they are kept as well.
        states = self._inputs[:-1], self._g[:-1], self._g[1:]
        views = *states, self._gates, self._gates[:, :, : 2 * hidden], *self._blocks
        self._steps = list(zip(*(view.unbind() for view in views), strict=True))
        blocks = self._gates.unflatten(2, (4, hidden))
        views = blocks, self._gates, self._total[1:].unsqueeze(2), self._total[:-1]
        self._steps_back = list(zip(*(view.unbind()[::-1] for view in views), strict=True))

    def _differentiate(self) -> None:
        """Overwrite r, z, 2q and m: how g' changes with the rows of r, with g alone, and with the rows of 2q and z."""
        r, z, q, m = self._blocks
        torch.addcmul(m, m, m, value=-1, out=self._spare)
        torch.addcmul(self._spare, self._spare, z, value=-1, out=self._by_c)
        torch.sub(self._g[1:], m, out=m)
        torch.addcmul(m, m, z, value=-1, out=m)
        torch.addcmul(r, r, r, value=-1, out=self._spare).mul_(q)
        torch.mul(self._by_c, r, out=q)
        torch.mul(self._by_c, self._spare, out=r)
