"""ReLU and pooling: outputs and gradients are torch's own, and no gradient is infinite where a unit is off."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist1d_hf.baselines.layers.activation import AveragePool, L2Pool, MaxPool, Relu

from .comparing import check_batches, drawn

POOLS = {
    MaxPool: lambda h: F.max_pool1d(h, 2),
    AveragePool: lambda h: F.avg_pool1d(h, 2),
    L2Pool: lambda h: F.lp_pool1d(h, 2, 2),
}


def by_torch(pool):
    # Channels come last in a layer, and first in torch.
    return lambda x: POOLS[pool](x.relu().transpose(1, 2)).transpose(1, 2)


SIZES = st.tuples(*(st.integers(1, 4) for _ in range(3)))
BATCHES = st.lists(SIZES, min_size=1, max_size=4)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from([Relu, *POOLS]), st.integers(1, 3), BATCHES)
def test_outputs_and_gradients_are_torchs_for_batches_of_several_sizes_in_turn(layer, members, batches):
    inputs = [drawn(members, batch, 2 * half, channels, seed=half) for batch, half, channels in batches]
    function = torch.relu if layer is Relu else by_torch(layer)
    check_batches(layer(), [function] * members, inputs, parameters=[[]] * members)


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 3), st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_a_relu_takes_any_shape(members, shape):
    check_batches(
        Relu(),
        [torch.relu] * members,
        [drawn(members, *shape), drawn(members, *shape, seed=1)],
        parameters=[[]] * members,
    )


@pytest.mark.parametrize("layer", [Relu, *POOLS])
def test_where_everything_is_off_the_gradient_is_zero(layer):
    x = drawn(2, 3, 8, 4)
    x[0] = -x[0].abs()
    x[1, 0] = 0
    pool = layer()
    grad = torch.full_like(pool.forward(x), 1e30)
    gradient = pool.backward(grad)
    assert not gradient[0].any()
    assert not gradient[1, 0].any()
    assert gradient.isfinite().all()


def test_of_two_equal_positions_one_has_the_whole_gradient():
    pool = MaxPool()
    grad = torch.tensor([5.0]).view(1, 1, 1, 1)
    pool.forward(torch.full((1, 1, 2, 1), 3.0))
    assert pool.backward(grad).flatten().tolist() == [0, 5]
