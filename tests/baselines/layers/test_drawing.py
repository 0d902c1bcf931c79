"""Initial weights: uniform within the bound of torch's layers, each member from its own generator."""

import pytest
import torch
from torch import nn

from mnist1d_hf.baselines.layers.drawing import draw_convolution, draw_linear


def generators(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


@pytest.mark.parametrize(
    ("layer", "module"),
    [
        (draw_linear(30, 40, generators(0, 1)), nn.Linear(30, 40)),
        (draw_convolution(6, 20, 5, generators(0, 1)), nn.Conv1d(6, 20, 5)),
    ],
)
def test_parameters_have_the_shapes_and_the_distribution_of_torchs(layer, module):
    bound = 30**-0.5
    for member in range(2):
        drawn = layer.of_member(member)
        assert [part.shape for part in drawn] == [parameter.shape for parameter in module.parameters()]
        for part in drawn:
            assert 0.8 * bound < part.abs().max() <= bound
        assert float(drawn[0].std()) / bound == pytest.approx(3**-0.5, rel=0.05)
        assert abs(float(drawn[0].mean())) < 0.1 * bound


@pytest.mark.parametrize("draw", [lambda streams: draw_convolution(3, 4, 5, streams), lambda s: draw_linear(3, 4, s)])
def test_a_member_is_drawn_from_its_own_generator(draw):
    together, alone, again = (draw(generators(*seeds)) for seeds in ((5, 6), (6,), (6,)))
    for ours, theirs, same, other in zip(
        together.of_member(1), alone.of_member(0), again.of_member(0), together.of_member(0), strict=True
    ):
        assert torch.equal(ours, theirs)
        assert torch.equal(theirs, same)
        assert not torch.equal(ours, other)


def test_stride_and_padding_are_those_of_the_convolution():
    layer = draw_convolution(1, 2, 3, generators(0), stride=2, padding=1)
    module = nn.Conv1d(1, 2, 3, stride=2, padding=1)
    assert layer.forward(torch.zeros(1, 4, 9)).shape[2] == module(torch.zeros(4, 1, 9)).shape[2]
