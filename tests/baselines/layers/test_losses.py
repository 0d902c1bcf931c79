"""Gradients of the losses are those of automatic differentiation."""

import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist1d_hf.baselines.layers.losses import cross_entropy_gradient, squared_error_gradient

from .comparing import drawn

SIZES = st.tuples(*(st.integers(1, 5) for _ in range(3)))


@settings(deadline=None)
@given(SIZES, st.floats(0.1, 100), st.integers(0, 1000))
def test_gradients_are_those_of_each_members_mean(sizes, scale, seed):
    logits = (scale * drawn(*sizes, seed=seed)).requires_grad_()
    targets = drawn(*sizes, seed=seed + 1).softmax(2)
    losses = {
        cross_entropy_gradient: sum(F.cross_entropy(*member) for member in zip(logits, targets, strict=True)),
        squared_error_gradient: (logits - targets).square().sum(2).mean(1).sum(),
    }
    for gradient, loss in losses.items():
        before = logits.detach().clone(), targets.clone()
        ours = gradient(logits.detach(), targets)
        torch.testing.assert_close(ours, *torch.autograd.grad(loss, logits))
        assert torch.equal(logits, before[0]) and torch.equal(targets, before[1])


@settings(deadline=None)
@given(SIZES, st.floats(0, 0.9), st.integers(0, 1000))
def test_smoothed_targets_give_the_gradient_of_torchs_label_smoothing(sizes, smoothing, seed):
    logits, classes = drawn(*sizes, seed=seed).requires_grad_(), sizes[2]
    labels = torch.randint(classes, sizes[:2], generator=torch.Generator().manual_seed(seed))
    targets = (1 - smoothing) * F.one_hot(labels, classes) + smoothing / classes
    loss = sum(F.cross_entropy(*member, label_smoothing=smoothing) for member in zip(logits, labels, strict=True))
    ours = cross_entropy_gradient(logits.detach(), targets.double())
    torch.testing.assert_close(ours, *torch.autograd.grad(loss, logits))
