"""The recurrence of a stack of GRUs with a backward pass of its own.

Automatic differentiation records some ten operations for each of the 40 positions of a signal, on tensors so small that the
recording costs more than the arithmetic. Here the derivatives of all positions are computed at once, and only the chain from
position to position is a loop. The batch is the last dimension, so that every operand of the loop is contiguous.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def gru_states(weight: Tensor, signals: Tensor) -> Tensor:
    """Return the hidden states, of shape (members, length * hidden, batch), of GRUs at every position, starting from zero.

    The rows of the weight, of shape (members, 4 * hidden, hidden + 2), give the reset gate, the update gate, and the recurrent
    and the input part of the candidate; its columns belong to the hidden state, the signal and a constant 1. Signals have the
    shape (length, members, batch) and get no gradient.
    """
    states: Tensor = _Recurrence.apply(weight, signals)
    return states


class _Recurrence(torch.autograd.Function):
    """h' = z h + (1 - z) n with gates r, z = sigmoid(...) and the candidate n = tanh(c + r q), as in `torch.nn.GRU`."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, signals: Tensor) -> Tensor:
        length, members, batch = signals.shape
        hidden = weight.shape[2] - 2
        inputs = signals.new_ones(length + 1, members, hidden + 2, batch)  # [h; x; 1] of every position
        inputs[0, :, :hidden] = 0
        inputs[:length, :, hidden] = signals
        states = inputs[:, :, :hidden].unbind()
        gates, candidates = [], []
        for column, h, following in zip(inputs[:length].unbind(), states[:-1], states[1:], strict=True):
            rz, q, c = torch.bmm(weight, column).split([2 * hidden, hidden, hidden], dim=1)
            r, z = rz.sigmoid_().chunk(2, dim=1)
            n = torch.addcmul(c, r, q).tanh_()
            torch.lerp(n, h, z, out=following)
            gates += [rz, q]
            candidates.append(n)
        rzq = torch.cat(gates, dim=1).view(members, length, 3, hidden, batch)
        ctx.save_for_backward(weight, inputs, rzq, torch.stack(candidates, dim=1))
        return torch.cat(states[1:], dim=1)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        weight, inputs, rzq, n = ctx.saved_tensors
        members, length, hidden, batch = n.shape
        r, z, q = rzq.unbind(2)
        h = inputs[:length, :, :hidden].transpose(0, 1)
        # How the next state changes with each row of the product.
        dc = (1 - z) * (1 - n * n)
        jacobian = n.new_empty(members, length, 4, hidden, batch)
        torch.mul(dc * q, r * (1 - r), out=jacobian[:, :, 0])
        torch.mul(h - n, z * (1 - z), out=jacobian[:, :, 1])
        torch.mul(dc, r, out=jacobian[:, :, 2])
        jacobian[:, :, 3] = dc
        transposed = weight[:, :, :hidden].transpose(1, 2).contiguous()
        later = torch.zeros_like(n[:, 0])  # the gradient that comes from the positions after this one
        rows = []
        for own, to_rows, kept in zip(*(t.unbind(1)[::-1] for t in (grad.view_as(n), jacobian, z)), strict=True):
            total = own + later
            row = (total.unsqueeze(1) * to_rows).flatten(1, 2)
            later = torch.baddbmm(total * kept, transposed, row)
            rows.append(row)
        columns = torch.cat(inputs[:length].unbind(), dim=2)
        return torch.bmm(torch.cat(rows[::-1], dim=2), columns.transpose(1, 2)), None
