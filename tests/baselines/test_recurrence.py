"""The recurrence of stacked GRUs: torch's states and gradients, whatever was computed in its memory before."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist1d_hf.baselines import create_model
from mnist1d_hf.baselines.architectures.gru import stacked_gru
from mnist1d_hf.baselines.architectures.recurrence import Recurrence, gru_states
from mnist1d_hf.baselines.stacked import stack_parameters

SIZES = st.tuples(*(st.integers(1, high) for high in (3, 9, 12)))


def draw(members, batch, length, hidden=6, *, seed=0, scale=1.0, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    weight = scale * torch.randn(members, 2, 3 * hidden, hidden + 3, generator=generator, dtype=dtype)
    x = torch.randn(members, batch, length, generator=generator, dtype=dtype)
    return weight, x, torch.randn(members, 2 * length * hidden, batch, generator=generator, dtype=dtype)


def by_torch(weight, x, grad):
    """Return the states and the gradient by the weight of torch's own GRU, in the recurrence's order."""
    (members, batch, _), hidden = x.shape, weight.shape[3] - 3
    all_states, gradients = [], []
    for member in range(members):
        gru = torch.nn.GRU(1, hidden, batch_first=True, bidirectional=True, dtype=x.dtype)
        names = ("weight_hh_l0", "weight_ih_l0", "bias_ih_l0", "bias_hh_l0")
        pairs = [[getattr(gru, name + suffix) for name in names] for suffix in ("", "_reverse")]
        with torch.no_grad():
            for parameters, columns in zip(pairs, weight[member], strict=True):
                for parameter, values in zip(parameters, columns.split([hidden, 1, 1, 1], dim=1), strict=True):
                    parameter.copy_(values.view_as(parameter))
        forward, backward = gru(x[member].unsqueeze(2))[0].unflatten(2, (2, hidden)).unbind(2)
        states = torch.stack([forward, backward.flip(1)]).permute(0, 2, 3, 1).reshape(-1, batch)
        states.backward(grad[member])
        all_states.append(states.detach())
        columns = [[parameter.grad.view(3 * hidden, -1) for parameter in parameters] for parameters in pairs]
        gradients.append(torch.stack([torch.cat(parts, dim=1) for parts in columns]))
    return torch.stack(all_states), torch.stack(gradients)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(SIZES, min_size=1, max_size=3), st.integers(1, 7), st.sampled_from([0.1, 1.0, 5.0]), st.integers(0, 999)
)
def test_states_and_gradients_are_those_of_torch_for_batches_of_several_sizes_in_turn(sizes, hidden, scale, seed):
    recurrence = Recurrence()
    for members, batch, length in sizes:
        weight, x, grad = draw(members, batch, length, hidden, seed=seed, scale=scale, dtype=torch.float64)
        states, gradient = by_torch(weight, x, grad)
        torch.testing.assert_close(recurrence.forward(weight, x), states, rtol=1e-10, atol=1e-12)
        torch.testing.assert_close(recurrence.backward(grad), gradient, rtol=1e-9, atol=1e-10)


def test_single_precision_is_as_close_to_double_as_torch_is():
    weight, x, grad = draw(3, 100, 40, scale=0.5)
    states, gradient = by_torch(weight.double(), x.double(), grad.double())
    recurrence = Recurrence()
    torch.testing.assert_close(recurrence.forward(weight, x), states.float(), rtol=0, atol=2e-6)
    torch.testing.assert_close(
        recurrence.backward(grad), gradient.float(), rtol=1e-5, atol=1e-5 * gradient.abs().max().item()
    )


def test_the_gradient_equals_finite_differences():
    class Once(torch.autograd.Function):
        """Computes the states anew for each of the gradients that `gradcheck` takes."""

        @staticmethod
        def forward(ctx, weight, x):
            ctx.save_for_backward(weight, x)
            return Recurrence().forward(weight, x)

        @staticmethod
        def backward(ctx, grad):
            recurrence = Recurrence()
            recurrence.forward(*ctx.saved_tensors)
            return recurrence.backward(grad), None

    weight, x, _ = draw(2, 3, 4, 2, dtype=torch.float64)
    assert torch.autograd.gradcheck(Once.apply, (weight.requires_grad_(), x))


def test_results_are_the_same_bits_whatever_was_in_the_memory():
    weight, x, grad = draw(3, 20, 40)
    fresh, used = Recurrence(), Recurrence()
    expected = fresh.forward(weight, x).clone(), fresh.backward(grad)
    for scale, batch in ((1e4, 20), (1.0, 7), (1e4, 20), (float("nan"), 20)):
        other_weight, other_x, other_grad = draw(3, batch, 40, seed=1, scale=scale)
        used.forward(other_weight, other_x)
        if batch == 20:
            used.backward(other_grad)
        assert torch.equal(used.forward(weight, x), expected[0])
        assert torch.equal(used.backward(grad), expected[1])


def test_the_gradient_of_the_caller_is_not_changed():
    weight, x, grad = draw(2, 5, 6)
    recurrence, kept = Recurrence(), grad.clone()
    recurrence.forward(weight, x)
    recurrence.backward(grad)
    assert torch.equal(grad, kept)


@pytest.mark.parametrize("scale", [1e3, 1e30])
def test_saturated_gates_give_finite_states_and_gradients(scale):
    weight, x, grad = draw(2, 10, 40, scale=scale)
    recurrence = Recurrence()
    states = recurrence.forward(weight, x)
    assert states.abs().max() <= 1
    assert recurrence.backward(grad).isfinite().all()


def test_states_can_be_differentiated_once():
    weight, x, grad = draw(1, 2, 3)
    states = gru_states(weight.requires_grad_(), x)
    states.backward(grad, retain_graph=True)
    with pytest.raises(RuntimeError, match="only once; compute them again"):
        states.backward(grad)


def test_other_batches_between_forward_and_backward_change_nothing():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        parameters = stack_parameters([create_model("gru") for _ in range(2)])
    x, other = torch.randn(2, 2, 10, 40, generator=torch.Generator().manual_seed(0))

    def gradients(*logits):
        for tensor in parameters.values():
            tensor.grad = None
        for batch in logits:
            batch.square().sum().backward()
        return [tensor.grad.clone() for tensor in parameters.values()]

    def evaluate():
        with torch.no_grad():
            return stacked_gru(parameters, torch.cat([x, other]).repeat(1, 250, 1).view(2, 5000, 40))

    first, second = gradients(stacked_gru(parameters, x)), gradients(stacked_gru(parameters, other))
    logits = stacked_gru(parameters, x), stacked_gru(parameters, other)
    torch.testing.assert_close(evaluate()[0, :10], logits[0][0], rtol=1e-5, atol=1e-6)
    for both, one, two in zip(gradients(*logits), first, second, strict=True):
        assert torch.equal(both, one + two)
