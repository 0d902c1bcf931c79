"""The recurrence of stacked GRUs: torch's states and gradients, whatever was computed in its memory before."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from mnist1d_hf.baselines.layers.recurrence import Recurrence
from mnist1d_hf.baselines.layers.stacking import stack_recurrences

from .comparing import drawn, make_room, member_gradients, reset

SIZES = st.tuples(*(st.integers(1, high) for high in (9, 12)))


def draw(members, batch, length, hidden=6, *, seed=0, scale=1.0, dtype=torch.float32):
    """Return a weight, signals and a gradient by the states."""
    shapes = (members, 2, 3 * hidden, hidden + 3), (members, batch, length), (members, batch, 2 * length * hidden)
    weight, x, grad = (drawn(*shape, seed=seed + number, dtype=dtype) for number, shape in enumerate(shapes))
    return scale * weight, x, grad


def run(recurrence, weight, x, grad=None):
    """Return a copy of the states, and the gradient of the weight if there is one by the states."""
    recurrence.parameters = [weight]
    make_room(recurrence)
    states = recurrence.forward(x).clone()
    if grad is not None:
        recurrence.set_gradients(grad)
    return states, recurrence.gradients[0]


def modules_of(weight):
    """Return torch's GRU of each member."""
    hidden, modules = weight.shape[3] - 3, []
    for own in weight:
        gru = nn.GRU(1, hidden, batch_first=True, bidirectional=True, dtype=weight.dtype)
        for suffix, columns in zip(("", "_reverse"), own, strict=True):
            names = ("weight_hh_l0", "weight_ih_l0", "bias_ih_l0", "bias_hh_l0")
            for name, values in zip(names, columns.split([hidden, 1, 1, 1], dim=1), strict=True):
                parameter = getattr(gru, name + suffix)
                parameter.data = values.reshape(parameter.shape).clone()
        modules.append(gru)
    return modules


def by_torch(gru, x):
    """Return the states of torch's own GRU in the recurrence's order: the second direction reads from the end."""
    forward, backward = gru(x.unsqueeze(2))[0].unflatten(2, (2, -1)).unbind(2)
    return torch.cat([forward.flatten(1), backward.flip(1).flatten(1)], dim=1)


def check(recurrence, modules, x, grad, **tolerances):
    """Compare the states, and the gradients in the shapes and the order of torch's, with those of modules."""
    make_room(recurrence)
    states = recurrence.forward(x).clone()
    by_x = recurrence.backward(grad)
    for member, gru in enumerate(modules):
        signals = x[member].clone().requires_grad_()
        expected = by_torch(gru, signals)
        torch.testing.assert_close(states[member], expected.detach(), **tolerances)
        own, *gradients = torch.autograd.grad(expected, [signals, *gru.parameters()], grad[member])
        torch.testing.assert_close(by_x[member], own, **tolerances)
        torch.testing.assert_close(member_gradients(recurrence, member), gradients, **tolerances)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 3),
    st.lists(SIZES, min_size=1, max_size=3),
    st.integers(1, 7),
    st.sampled_from([0.1, 1.0, 5.0]),
    st.integers(0, 999),
)
def test_states_and_gradients_are_torchs_for_batches_of_several_sizes_in_turn(members, sizes, hidden, scale, seed):
    weight, *_ = draw(members, 1, 1, hidden, seed=seed, scale=scale, dtype=torch.float64)
    recurrence, modules = Recurrence(weight), modules_of(weight)
    for batch, length in sizes:
        _, x, grad = draw(members, batch, length, hidden, seed=seed, dtype=torch.float64)
        check(recurrence, modules, x, grad, rtol=1e-9, atol=1e-10)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 3), st.integers(1, 5))
def test_a_stack_of_modules_has_their_parameters_and_states(members, hidden):
    modules = reset([nn.GRU(1, hidden, batch_first=True, bidirectional=True) for _ in range(members)])
    recurrence = stack_recurrences(modules)
    assert recurrence.module is modules[0]
    for member, gru in enumerate(modules):
        parts = recurrence.of_member(member)
        assert all(torch.equal(*pair) for pair in zip(parts, gru.parameters(), strict=True))
    _, x, grad = draw(members, 3, 4, hidden, dtype=torch.float64)
    check(recurrence, modules, x, grad, rtol=1e-9, atol=1e-10)


def test_single_precision_is_as_close_to_double_as_torch_is():
    weight, x, grad = draw(3, 100, 40, scale=0.5)
    states, gradient = run(Recurrence(weight), weight, x, grad)
    expected = run(Recurrence(weight.double()), weight.double(), x.double(), grad.double())
    torch.testing.assert_close(states, expected[0].float(), rtol=0, atol=2e-6)
    largest = expected[1].abs().max().item()
    torch.testing.assert_close(gradient, expected[1].float(), rtol=1e-5, atol=1e-5 * largest)


def test_the_gradient_equals_finite_differences():
    class Once(torch.autograd.Function):
        """Computes the states anew for each of the gradients that `gradcheck` takes."""

        @staticmethod
        def forward(ctx, weight, x):
            ctx.save_for_backward(weight, x)
            return run(Recurrence(weight), weight, x)[0]

        @staticmethod
        def backward(ctx, grad):
            weight, x = ctx.saved_tensors
            return run(Recurrence(weight), weight, x, grad)[1], None

    weight, x, _ = draw(2, 3, 4, 2, dtype=torch.float64)
    assert torch.autograd.gradcheck(Once.apply, (weight.requires_grad_(), x))


def test_results_are_the_same_bits_whatever_was_in_the_memory():
    weight, x, grad = draw(3, 20, 40)
    expected, used = run(Recurrence(weight), weight, x, grad), Recurrence(weight)
    for scale, batch in ((1e4, 20), (1.0, 7), (1e4, 20), (float("nan"), 20)):
        other_weight, other_x, other_grad = draw(3, batch, 40, seed=1, scale=scale)
        run(used, other_weight, other_x, other_grad if batch == 20 else None)
        states, gradient = run(used, weight, x, grad)
        assert torch.equal(states, expected[0])
        assert torch.equal(gradient, expected[1])


def test_the_gradient_of_the_caller_is_not_changed():
    weight, x, grad = draw(2, 5, 6)
    kept = grad.clone()
    run(Recurrence(weight), weight, x, grad)
    assert torch.equal(grad, kept)


@pytest.mark.parametrize("scale", [1e3, 1e30])
def test_saturated_gates_give_finite_states_and_gradients(scale):
    weight, x, grad = draw(2, 10, 40, scale=scale)
    states, gradient = run(Recurrence(weight), weight, x, grad)
    assert states.abs().max() <= 1
    assert gradient.isfinite().all()
