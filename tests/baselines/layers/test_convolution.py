"""Convolutions: outputs and gradients are torch's own, whatever was computed in their memory before."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from mnist1d_hf.baselines.layers.convolution import Convolution

from .comparing import check_batches, drawn, make_room, reset


def stacked(modules, size, **options):
    """Return the layer of modules, its matrix written entry by entry: the rows are positions, then channels."""
    outputs, inputs = modules[0].weight.shape[:2]
    matrix = torch.empty(len(modules), size * inputs + 1, outputs, dtype=torch.float64)
    for member, module in enumerate(modules):
        for position in range(size):
            for channel in range(inputs):
                matrix[member, position * inputs + channel] = module.weight[:, channel, position].detach()
        matrix[member, -1] = module.bias.detach()
    return make_room(Convolution(matrix, size, **options))


SIZES = {
    "members": st.integers(1, 3),
    "inputs": st.integers(1, 3),
    "outputs": st.integers(1, 3),
    "size": st.integers(1, 5),
    "stride": st.integers(1, 3),
    "padding": st.integers(0, 3),
}
BATCHES = st.lists(st.tuples(st.integers(1, 4), st.integers(5, 12)), min_size=1, max_size=4)


@settings(deadline=None, max_examples=60)
@given(batches=BATCHES, **SIZES)
def test_outputs_and_gradients_are_torchs_for_batches_of_several_sizes_and_lengths_in_turn(
    batches, members, inputs, outputs, size, stride, padding
):
    options = {"stride": stride, "padding": padding}
    modules = reset([nn.Conv1d(inputs, outputs, size, **options) for _ in range(members)])
    layer = stacked(modules, size, **options)
    for member, module in enumerate(modules):
        torch.testing.assert_close(layer.of_member(member), list(module.parameters()), rtol=0, atol=0)
    # Channels come last in a layer, and first in torch.
    check_batches(
        layer,
        [lambda x, module=module: module(x.transpose(1, 2)).transpose(1, 2) for module in modules],
        [drawn(members, batch, length, inputs, seed=batch) for batch, length in batches],
        parameters=[list(module.parameters()) for module in modules],
    )


@settings(deadline=None, max_examples=20)
@given(batches=BATCHES, stride=st.integers(1, 2), padding=st.integers(0, 2))
def test_signals_have_one_channel(batches, stride, padding):
    options = {"stride": stride, "padding": padding}
    modules = reset([nn.Conv1d(1, 3, 4, **options) for _ in range(2)])
    check_batches(
        stacked(modules, 4, **options),
        [lambda x, module=module: module(x.unsqueeze(1)).transpose(1, 2) for module in modules],
        [drawn(2, batch, length, seed=batch) for batch, length in batches],
        parameters=[list(module.parameters()) for module in modules],
    )


def test_bits_are_the_same_whatever_was_in_the_memory():
    modules = reset([nn.Conv1d(2, 3, 3, stride=2, padding=1) for _ in range(2)])
    used, fresh = (stacked(modules, 3, stride=2, padding=1) for _ in range(2))
    for scale, batch in ((1e300, 5), (torch.nan, 5), (1.0, 3)):
        output = used.forward(scale * drawn(2, batch, 8, 2))
        used.backward(output * scale)
    x = drawn(2, 5, 8, 2, seed=1)
    grad = drawn(2, 5, 4, 3, seed=2)
    results = []
    for layer in (used, fresh):
        results.append([layer.forward(x).clone(), layer.backward(grad).clone(), *layer.gradients])
    assert all(torch.equal(*pair) for pair in zip(*results, strict=True))
