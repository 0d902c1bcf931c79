"""Residual connections, and networks whose parameters are one tensor."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from mnist1d_hf.baselines.layers.activation import Relu
from mnist1d_hf.baselines.layers.layer import Network, Residual
from mnist1d_hf.baselines.layers.linear import Linear

from .comparing import check_batches, check_network, drawn, make_room, member_gradients, reset


def linear(modules):
    return Linear(
        torch.stack([module.weight.detach() for module in modules]),
        torch.stack([module.bias.detach()[None] for module in modules]),
    )


@settings(deadline=None, max_examples=50)
@given(
    st.integers(1, 3),
    st.lists(st.integers(1, 4), min_size=1, max_size=4),
    st.integers(1, 6),
    st.integers(0, 6),
    st.booleans(),
)
def test_the_output_is_added_to_the_first_features_of_the_input(members, batches, inputs, outputs, relu):
    outputs = min(inputs, outputs)
    weight, bias = drawn(members, outputs, inputs, seed=1), drawn(members, 1, outputs, seed=2)
    residual = Residual([make_room(Linear(weight, bias)), *([Relu()] if relu else [])])
    leaves = [[weight[member].requires_grad_(), bias[member, 0].requires_grad_()] for member in range(members)]

    def function_of(member):
        def function(x):
            h = F.linear(x, *leaves[member])
            return torch.cat([x[:, :outputs] + (h.relu() if relu else h), x[:, outputs:]], dim=1)

        return function

    check_batches(
        residual,
        [function_of(member) for member in range(members)],
        [drawn(members, batch, inputs, seed=batch) for batch in batches],
        parameters=leaves,
    )


def small_network(members=2):
    """Return a network of layers with and without parameters, and the same in torch."""

    class Plain(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two, self.three = nn.Linear(6, 5), nn.Linear(5, 5), nn.Linear(5, 4)

        def forward(self, x):
            h = self.one(x).relu()
            return self.three(h + self.two(h).relu())

    plain = reset([Plain() for _ in range(members)])
    one, two, three = (linear([getattr(model, name) for model in plain]) for name in ("one", "two", "three"))
    return Network([one, Relu(), Residual([two, Relu()]), three]), plain


@settings(deadline=None)
@given(st.integers(1, 3), st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_a_network_is_its_layers_one_after_another(members, batches):
    network, plain = small_network(members)
    assert network.num_members == members
    for batch in batches:
        check_network(network, plain, drawn(members, batch, 6, seed=batch))


def test_parameters_and_gradients_of_the_layers_are_parts_of_one_tensor():
    network, plain = small_network()
    assert network.parameters.shape == (2 * sum(parameter.numel() for parameter in plain[0].parameters()),)
    for whole, name in ((network.parameters, "parameters"), (network.parameters.grad, "gradients")):
        whole.copy_(torch.arange(whole.numel()))
        parts = [part for leaf in network.leaves for part in getattr(leaf, name)]
        torch.testing.assert_close(torch.cat([part.flatten() for part in parts]), whole, rtol=0, atol=0)
        for part in parts:
            part += 1
        assert torch.equal(whole, torch.arange(1.0, 1 + whole.numel(), dtype=whole.dtype))


def test_an_optimiser_trains_a_network_as_the_modules():
    network, plain = small_network()
    x, y = drawn(2, 8, 6), drawn(2, 8, 4, seed=1)
    optimizer = torch.optim.Adam([network.parameters], lr=0.1, fused=True)
    for _ in range(5):
        network.backward(network.forward(x) - y)
        optimizer.step()
    for member, model in enumerate(plain):
        optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
        for _ in range(5):
            optimizer.zero_grad()
            (0.5 * (model(x[member]) - y[member]).square().sum()).backward()
            optimizer.step()
        parts = [part for leaf in network.leaves for part in leaf.of_member(member)]
        torch.testing.assert_close(parts, [parameter.detach() for parameter in model.parameters()])
        gradients = [part for leaf in network.leaves for part in member_gradients(leaf, member)]
        torch.testing.assert_close(gradients, [parameter.grad for parameter in model.parameters()])


@pytest.mark.parametrize("residual", [False, True])
def test_the_first_layer_has_gradients_too(residual):
    module = reset([nn.Linear(4, 4)])[0]
    layers = [linear([module])]
    network = Network([Residual(layers)] if residual else layers)
    x, grad = drawn(1, 3, 4), drawn(1, 3, 4, seed=1)
    network.forward(x)
    network.backward(grad)
    expected = [grad[0].T @ x[0], grad[0].sum(0)]
    torch.testing.assert_close(member_gradients(network.leaves[0], 0), expected)
