"""Layers of many members: each computes, and differentiates, what torch's own does."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist1d_hf.experiments.layers import convolve, draw_layer, linear


def generators(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def double(parameters):
    return {name: tensor.detach().double().requires_grad_() for name, tensor in parameters.items()}


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
    parameters = double(draw_layer("conv", (outputs, inputs, size), generators(*range(members))))
    x = drawn(members, batch, length, inputs).requires_grad_()
    ours = convolve(parameters, "conv", x, stride=stride, padding=padding)
    # A stack of members is one convolution in as many groups.
    groups = torch.nn.functional.conv1d(
        x.permute(1, 0, 3, 2).flatten(1, 2),
        parameters["conv.weight"].flatten(0, 1),
        parameters["conv.bias"].flatten(),
        stride=stride,
        padding=padding,
        groups=members,
    )
    theirs = groups.unflatten(1, (members, outputs)).permute(1, 0, 3, 2)
    torch.testing.assert_close(ours, theirs)
    weights = drawn(*ours.shape, seed=1)
    inputs_of_both = [x, *parameters.values()]
    torch.testing.assert_close(
        torch.autograd.grad((ours * weights).sum(), inputs_of_both),
        torch.autograd.grad((theirs * weights).sum(), inputs_of_both),
    )


def test_a_linear_layer_equals_torchs_own():
    parameters = draw_layer("layer", (4, 7), generators(0, 1))
    x = drawn(2, 5, 7).float()
    ours = linear(parameters, "layer", x)
    for member in range(2):
        weight, bias = (parameters[f"layer.{part}"][member] for part in ("weight", "bias"))
        torch.testing.assert_close(ours[member], torch.nn.functional.linear(x[member], weight, bias))


@pytest.mark.parametrize("shape", [(40, 30), (20, 6, 5)])
def test_parameters_are_uniform_within_the_bound_of_torchs_layers(shape):
    parameters = draw_layer("layer", shape, generators(0, 1))
    bound = torch.Size(shape[1:]).numel() ** -0.5
    for tensor in parameters.values():
        assert tensor.requires_grad
        assert bound * 0.8 < tensor.abs().max() <= bound
    assert abs(parameters["layer.weight"].std() / bound - 3**-0.5) < 0.05
    assert parameters["layer.weight"].shape == (2, *shape)


def test_a_member_is_drawn_from_its_own_generator():
    together = draw_layer("layer", (3, 4), generators(5, 6))
    alone = draw_layer("layer", (3, 4), generators(6))
    for name in alone:
        torch.testing.assert_close(together[name][1], alone[name][0])
