"""Layers of many members: each computes, and differentiates, what torch's own does."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist1d_hf.experiments import layers


def generators(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@settings(deadline=None)
@given(
    members=st.integers(1, 3),
    batch=st.integers(1, 3),
    length=st.integers(3, 12),
    inputs=st.integers(1, 3),
    outputs=st.integers(1, 3),
    size=st.integers(1, 5),
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
)
def test_a_convolution_and_its_gradients_equal_torchs_own(
    members, batch, length, inputs, outputs, size, stride, padding
):
    size = min(size, length + 2 * padding)
    weight, bias = drawn(members, outputs, size, inputs, seed=1), drawn(members, outputs, seed=2)
    layer = layers.Convolution(weight, bias, stride=stride, padding=padding)
    # Another batch first, whose traces must not be left in the memory; and one of another size between.
    for seed, rows in ((5, batch), (6, batch + 1), (3, batch)):
        x = drawn(members, rows, length, inputs, seed=seed)
        ours = layer.forward(x)
        grad = drawn(*ours.shape, seed=4)
        layer.set_gradients(grad)
        by_input = layer.input_gradient(grad)
    # A stack of members is one convolution in as many groups.
    leaves = [tensor.clone().requires_grad_() for tensor in (x, weight, bias)]
    groups = F.conv1d(
        leaves[0].permute(1, 0, 3, 2).flatten(1, 2),
        leaves[1].transpose(2, 3).flatten(0, 1),
        leaves[2].flatten(),
        stride=stride,
        padding=padding,
        groups=members,
    )
    theirs = groups.unflatten(1, (members, outputs)).permute(1, 0, 3, 2)
    torch.testing.assert_close(ours, theirs)
    by_torch = torch.autograd.grad(theirs, leaves, grad)
    torch.testing.assert_close((by_input, weight.grad, bias.grad), by_torch)


@pytest.mark.parametrize("shape", [(7,), (4, 3)])
def test_a_linear_layer_and_its_gradients_equal_torchs_own(shape):
    x, inputs = drawn(2, 5, *shape), torch.Size(shape).numel()
    weight, bias = drawn(2, 4, inputs, seed=1), drawn(2, 4, seed=2)
    layer = layers.Linear(weight, bias)
    ours, grad = layer.forward(x), drawn(2, 5, 4, seed=3)
    layer.set_gradients(grad)
    by_input = layer.input_gradient(grad)
    for member in range(2):
        leaves = [tensor[member].clone().requires_grad_() for tensor in (x, weight, bias)]
        theirs = F.linear(leaves[0].flatten(1), *leaves[1:])
        torch.testing.assert_close(ours[member], theirs)
        by_torch = torch.autograd.grad(theirs, leaves, grad[member])
        torch.testing.assert_close((by_input[member], weight.grad[member], bias.grad[member]), by_torch)


def test_a_relu_and_its_gradient_equal_torchs_own():
    x, grad = drawn(2, 3, 4, 5), drawn(2, 3, 4, 5, seed=1)
    leaf = x.clone().requires_grad_()
    theirs = leaf.relu()
    layer = layers.Relu()
    torch.testing.assert_close(layer.forward(x.clone()), theirs)
    torch.testing.assert_close(layer.input_gradient(grad), *torch.autograd.grad(theirs, leaf, grad))


@pytest.mark.parametrize(
    ("layer", "bound"),
    [
        (layers.draw_linear(30, 40, generators(0, 1)), 30**-0.5),
        (layers.draw_convolution(6, 20, 5, generators(0, 1)), 30**-0.5),
    ],
)
def test_parameters_are_uniform_within_the_bound_of_torchs_layers(layer, bound):
    for parameter in layer.parameters:
        assert 0.8 * bound < parameter.abs().max() <= bound
        assert parameter.shape[0] == 2
    assert abs(layer.weight.std() / bound - 3**-0.5) < 0.05


def test_a_member_is_drawn_from_its_own_generator():
    together = layers.draw_convolution(3, 4, 5, generators(5, 6))
    alone = layers.draw_convolution(3, 4, 5, generators(6))
    for ours, theirs in zip(together.parameters, alone.parameters, strict=True):
        torch.testing.assert_close(ours[1], theirs[0])


def test_a_network_is_its_layers_one_after_another():
    network = layers.Network(
        [layers.draw_linear(6, 5, generators(0)), layers.Relu(), layers.draw_linear(5, 4, generators(1))]
    )
    x, grad = drawn(1, 3, 6).float(), drawn(1, 3, 4, seed=1).float()
    plain = torch.nn.Sequential(torch.nn.Linear(6, 5), torch.nn.ReLU(), torch.nn.Linear(5, 4))
    with torch.no_grad():
        for ours, theirs in zip(network.parameters, plain.parameters(), strict=True):
            theirs.copy_(ours[0])
    output = plain(x[0])
    torch.testing.assert_close(network.forward(x)[0], output)
    network.set_gradients(grad)
    by_torch = torch.autograd.grad(output, list(plain.parameters()), grad[0])
    torch.testing.assert_close([parameter.grad[0] for parameter in network.parameters], list(by_torch))
