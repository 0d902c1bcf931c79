"""Linear layers: outputs and gradients are torch's own, whichever outputs have a gradient."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from mnist1d_hf.baselines.layers import linear
from mnist1d_hf.baselines.layers.linear import Linear, MaskedLinear
from mnist1d_hf.baselines.layers.stacking import stack_linear

from .comparing import check_batches, drawn, make_room, reset

BATCHES = st.lists(st.integers(1, 5), min_size=1, max_size=4)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 3), BATCHES, st.lists(st.integers(1, 4), min_size=1, max_size=2), st.integers(1, 4))
def test_outputs_and_gradients_are_torchs_for_batches_of_several_sizes_in_turn(members, batches, shape, outputs):
    inputs = torch.Size(shape).numel()
    modules = reset([nn.Linear(inputs, outputs) for _ in range(members)])
    weight, bias = (torch.stack([getattr(module, name).detach() for module in modules]) for name in ("weight", "bias"))
    layer = make_room(Linear(weight, bias.unsqueeze(1)))
    for member, module in enumerate(modules):
        torch.testing.assert_close(layer.of_member(member), list(module.parameters()), rtol=0, atol=0)
    functions = [nn.Sequential(nn.Flatten(), module) for module in modules]
    check_batches(layer, functions, [drawn(members, batch, *shape, seed=batch) for batch in batches])


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 3), BATCHES, st.integers(1, 7), st.integers(0, 1000))
def test_inputs_in_another_order_are_told_from_torchs(members, batches, inputs, seed):
    order = torch.randperm(inputs, generator=torch.Generator().manual_seed(seed))
    modules = reset([nn.Linear(inputs, 3) for _ in range(members)])
    layer = make_room(stack_linear(modules, order))
    assert layer.module is modules[0]
    for member, module in enumerate(modules):
        torch.testing.assert_close(layer.of_member(member), list(module.parameters()), rtol=0, atol=0)
    for x in (drawn(members, batch, inputs, seed=batch) for batch in batches):
        functions = [lambda h, module=module: module(h[:, order.argsort()]) for module in modules]
        check_batches(layer, functions, [x], parameters=[list(module.parameters()) for module in modules])


def test_of_a_member_there_is_a_copy():
    layer = Linear(torch.zeros(1, 2, 3), torch.zeros(1, 1, 2), order=torch.tensor([2, 0, 1]))
    taken = layer.of_member(0)
    for parameter in layer.parameters:
        parameter += 1
    assert not any(part.any() for part in taken)


def masked(members, outputs, inputs, sparsity, seed):
    """Return a masked layer and, for each member, leaves of weight and bias and a function of torch."""
    masks = [
        (torch.rand(members, *shape, generator=torch.Generator().manual_seed(seed + number)) >= sparsity).double()
        for number, shape in enumerate([(outputs, inputs), (1, outputs)])
    ]
    weight, bias = drawn(members, outputs, inputs, seed=seed), drawn(members, 1, outputs, seed=seed + 1)
    layer = make_room(MaskedLinear(weight, bias, *masks))
    leaves = [[weight[member].requires_grad_(), bias[member, 0].requires_grad_()] for member in range(members)]

    def function_of(member):
        return lambda x: F.linear(
            x.flatten(1), leaves[member][0] * masks[0][member], leaves[member][1] * masks[1][member, 0]
        )

    return layer, leaves, [function_of(member) for member in range(members)], masks


@settings(deadline=None, max_examples=40)
@given(
    st.integers(1, 3),
    BATCHES,
    st.integers(0, 4),
    st.integers(0, 4),
    st.sampled_from([0.0, 0.4, 1.0]),
    st.integers(0, 1000),
)
def test_a_masked_layer_is_torchs_of_weight_times_mask(members, batches, inputs, outputs, sparsity, seed):
    layer, leaves, functions, _ = masked(members, outputs, inputs, sparsity, seed)
    check_batches(layer, functions, [drawn(members, batch, inputs) for batch in batches], parameters=leaves)


@settings(deadline=None, max_examples=30)
@given(
    members=st.integers(1, 3),
    batches=BATCHES,
    shape=st.sampled_from([(3,), (2, 3)]),
    outputs=st.integers(linear._MANY - 1, linear._MANY + 20),
    # Around the share up to which others are left out.
    firing=st.one_of(st.integers(0, 3), st.integers(38, 52), st.just(linear._MANY - 1)),
    sparsity=st.sampled_from([0.0, 0.5, 1.0]),
    seed=st.integers(0, 1000),
)
def test_outputs_without_a_gradient_are_left_out_and_nothing_changes(
    members, batches, shape, outputs, firing, sparsity, seed
):
    inputs = torch.Size(shape).numel()
    layer, leaves, functions, masks = masked(members, outputs, inputs, sparsity, seed)
    for batch in batches:
        x, grad = drawn(members, batch, *shape, seed=batch), torch.zeros(members, batch, outputs, dtype=torch.float64)
        # Which outputs have a gradient differs between the members, and from batch to batch.
        for member in range(members):
            some = torch.randperm(outputs, generator=torch.Generator().manual_seed(seed + batch + member))[:firing]
            grad[member][:, some] = drawn(batch, firing, seed=member)
        output = layer.forward(x)
        by_input = layer.backward(grad.clone())
        sparse = [by_input, *(gradient.clone() for gradient in layer.gradients)]
        make_room(layer)
        layer.set_gradients(grad)
        dense = [layer.input_gradient(grad), *layer.gradients]
        torch.testing.assert_close(sparse, dense, rtol=1e-9, atol=1e-11)
        for member, function in enumerate(functions):
            leaf = x[member].clone().requires_grad_()
            expected = function(leaf)
            torch.testing.assert_close(output[member], expected.detach())
            by_torch = torch.autograd.grad(expected, [leaf, *leaves[member]], grad[member])
            ours = [sparse[0][member], sparse[1][member], sparse[2][member, 0]]
            torch.testing.assert_close(ours, list(by_torch), rtol=1e-9, atol=1e-11)
        for parameter, mask in zip(layer.parameters, masks, strict=True):
            assert not parameter[mask == 0].any()


def test_only_outputs_with_a_gradient_are_computed_on_the_way_back():
    layer, *_ = masked(2, linear._MANY, 3, 0.5, 0)
    grad = torch.zeros(2, 4, linear._MANY, dtype=torch.float64)
    grad[0, 1, 7] = grad[1, 3, 9] = 1
    layer.forward(drawn(2, 4, 3))
    expected = layer.backward(grad)
    # What the weights of the others are makes no difference then: not even NaN, by which a product is NaN.
    others = torch.ones(linear._MANY, dtype=torch.bool)
    others[[7, 9]] = False
    layer.parameters[0][:, others] = torch.nan
    torch.testing.assert_close(layer.backward(grad), expected)


@pytest.mark.parametrize("name", ["weight", "bias"])
def test_masks_apply_from_the_beginning(name):
    layer, leaves, _, masks = masked(2, 3, 4, 0.5, 0)
    number = ["weight", "bias"].index(name)
    for member in range(2):
        expected = leaves[member][number].detach() * masks[number][member].view_as(leaves[member][number])
        torch.testing.assert_close(layer.of_member(member)[number], expected, rtol=0, atol=0)
