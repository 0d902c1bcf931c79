"""Stacks of modules compute, and differentiate, what the modules do one after another."""

import copy
import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from mnist1d_hf.baselines.layers.layer import Network
from mnist1d_hf.baselines.layers.stacking import ADD_CHANNEL, FLATTEN, RELU, SkipConnection, stack_layers

from .comparing import check_network, drawn, reset


@st.composite
def skip_connections(draw, make):
    """Return a skip connection of one or two modules, among them others and ReLUs."""
    modules = [make()]
    for _ in range(draw(st.integers(0, 2))):
        modules.append(draw(st.sampled_from([lambda: RELU, make, lambda: SkipConnection(make())]))())
    return SkipConnection(*modules)


@st.composite
def linear_modules(draw, inputs):
    """Return modules, the first of which is linear, and the number of their outputs."""
    modules: list[nn.Module] = [nn.Linear(inputs, outputs := draw(st.integers(3, 7)))]
    for kind in draw(st.lists(st.sampled_from(["linear", "residual", "relu", "flatten"]), max_size=3)):
        if kind == "linear":
            modules.append(nn.Linear(outputs, outputs := draw(st.integers(3, 7))))
        elif kind == "residual":
            modules.append(draw(skip_connections(lambda: nn.Linear(outputs, outputs))))
        else:
            modules.append(RELU if kind == "relu" else FLATTEN)
    return modules, outputs


@st.composite
def convolutional_modules(draw, length):
    """Return modules that begin with a convolution of signals, and the number of their outputs, which are flattened."""
    channels, modules = 1, [ADD_CHANNEL]
    for kind in ["convolution", *draw(st.lists(st.sampled_from(["convolution", "residual", "relu"]), max_size=3))]:
        if kind == "convolution":
            size, stride, padding = draw(st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(1, 2)))
            outputs = draw(st.integers(1, 3))
            modules.append(nn.Conv1d(channels, outputs, size, stride=stride, padding=padding))
            length, channels = (length + 2 * padding - size) // stride + 1, outputs
        elif kind == "residual":
            modules.append(draw(skip_connections(lambda: nn.Conv1d(channels, channels, 3, padding=1))))  # noqa: B023
        else:
            modules.append(RELU)
    return [*modules, FLATTEN, *draw(st.sampled_from([[], [RELU], [FLATTEN]]))], channels * length


@st.composite
def lists_of_modules(draw):
    """Return the length of signals, and modules of any kinds that take them; the last one is linear."""
    outputs = length = draw(st.integers(5, 9))
    modules: list[nn.Module] = []
    flattened = False
    for kind in draw(st.lists(st.sampled_from([linear_modules, convolutional_modules]), max_size=3)):
        more, outputs = draw((linear_modules if flattened else kind)(outputs))
        modules, flattened = modules + more, not flattened and kind is convolutional_modules
    return length, [*modules, nn.Linear(outputs, 4)]


@settings(deadline=None, max_examples=150)
@given(lists_of_modules(), st.integers(1, 3), st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_logits_gradients_and_parameters_are_those_of_the_modules(drawn_modules, members, batches):
    length, modules = drawn_modules
    plain = reset([nn.Sequential(*copies(modules)) for _ in range(members)])
    before = copy.deepcopy([list(module.parameters()) for module in plain])
    network = Network(stack_layers(plain))
    for batch in batches:
        check_network(network, plain, drawn(members, batch, length, seed=batch))
    network.parameters.zero_()
    for module, parameters in zip(plain, before, strict=True):
        # The layers have copies.
        assert all(torch.equal(*pair) for pair in zip(module.parameters(), parameters, strict=True))


def copies(modules):
    """Return copies of modules, but of those that are told apart by identity."""
    kept = {id(module): module for module in (ADD_CHANNEL, FLATTEN, RELU)}
    return [copy.deepcopy(module, dict(kept)) for module in modules]


def test_layers_know_the_modules_of_the_first_member():
    members = [[nn.Linear(4, 3), RELU, SkipConnection(nn.Linear(3, 3), RELU)] for _ in range(2)]
    leaves = Network(stack_layers(members)).leaves
    assert [leaf.module for leaf in leaves] == [members[0][0], None, members[0][2][0], None]


@pytest.mark.parametrize(
    "module",
    [
        nn.Tanh(),
        nn.BatchNorm1d(4),
        nn.MaxPool1d(2),
        nn.Linear(4, 4, bias=False),
        nn.Conv1d(1, 1, 3, bias=False),
        nn.Conv1d(1, 1, 3, dilation=2),
        nn.Conv1d(2, 2, 3, groups=2),
        nn.Conv1d(1, 1, 3, padding="same"),
        nn.Conv1d(1, 1, 3, padding=1, padding_mode="circular"),
    ],
    ids=str,
)
@pytest.mark.parametrize("inside", [False, True])
def test_a_module_of_another_kind_raises(module, inside):
    message = f"there are no stacks of {module}; a class with such layers has to be a `Baseline`"
    with pytest.raises(ValueError, match=re.escape(message)):
        stack_layers([[nn.Linear(4, 4), SkipConnection(module) if inside else module]] * 2)


@pytest.mark.parametrize("modules", [[RELU, nn.Linear(4, 3)], [nn.Linear(4, 4), SkipConnection(RELU, nn.Linear(4, 4))]])
def test_a_relu_of_what_is_used_elsewhere_raises(modules):
    """It works in the memory of its input, that is the signals or what a skip connection adds."""
    with pytest.raises(ValueError, match=re.escape("there are no stacks of ReLU() as the first layer")):
        stack_layers([modules])


def test_members_of_other_depths_raise():
    with pytest.raises(ValueError, match="argument 2 is longer"):
        stack_layers([[nn.Linear(4, 4)], [nn.Linear(4, 4), nn.Linear(4, 4)]])
