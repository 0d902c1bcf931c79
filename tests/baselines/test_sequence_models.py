"""The models that read signals as sequences: what a position sees, and what a state space computes."""

import pytest
import torch
from torch import nn

from mnist1d_hf.baselines import create_model
from mnist1d_hf.baselines.architectures.s4d import StateSpace
from mnist1d_hf.utils.seeds import seeded


def fresh(name, **sizes):
    with seeded(0):
        return create_model(name, **sizes).eval()


@pytest.mark.parametrize(("num_blocks", "radius"), [(1, 3), (3, 9), (5, 33), (7, 36)])
def test_a_position_of_the_tcn_sees_as_many_points_as_its_dilations_add_up_to(num_blocks, radius):
    model = fresh("tcn", final_seq_length=101, num_blocks=num_blocks)
    for block in model.blocks:
        block.norm = nn.Identity()  # which sees every position
    impulse = torch.zeros(2, 1, 101)
    impulse[1, 0, 50] = 1
    silence, response = nn.Sequential(model.stem, *model.blocks)(impulse)
    seen = (response != silence).any(0).nonzero().flatten()
    assert [int(seen[0]), int(seen[-1])] == [50 - radius, 50 + radius]


def test_the_centre_of_a_signal_sees_all_of_it_in_the_tcn():
    x = torch.zeros(1, 1, 40, requires_grad=True)
    model = fresh("tcn")
    for block in model.blocks:
        block.norm = nn.Identity()
    nn.Sequential(model.stem, *model.blocks)(x + 1)[0, :, 20].sum().backward()
    assert bool((x.grad != 0).all())


def test_a_moved_signal_gives_the_tcn_the_same_logits_far_from_the_ends():
    model = fresh("tcn", final_seq_length=240)
    x = torch.zeros(2, 240)
    x[0, 90:130] = x[1, 107:147] = torch.randn(40, generator=torch.Generator().manual_seed(0))
    first, second = model(x).detach()
    torch.testing.assert_close(first, second, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(first, model(torch.zeros(1, 240))[0])


def recur(space, u):
    """Return the outputs of the state spaces one point after another, as `StateSpace` describes them."""
    real, imaginary = space.output.chunk(2, dim=2)
    weights = torch.complex(real, -imaginary)  # (channels, 2 directions, state_size)
    a = torch.complex(-space.log_decay.exp(), space.frequency).squeeze(2)
    step = space.log_step.squeeze(2).exp()
    transition = torch.exp(step * a).unsqueeze(1)
    outputs = []
    for direction, signals in enumerate((u, u.flip(2))):
        state, points = torch.zeros(*u.shape[:2], a.shape[1], dtype=torch.complex128), []
        for point in signals.unbind(2):
            # The second direction reads a position after its output.
            before = (weights[:, direction].unsqueeze(1) * (transition * state)).sum(2).real
            state = transition * state + (step * point).unsqueeze(2)
            after = (weights[:, direction].unsqueeze(1) * state).sum(2).real
            points.append(before if direction else after)
        outputs.append(torch.stack(points, 2))
    return outputs[0] + outputs[1].flip(2) + space.skip.unsqueeze(2) * u


@pytest.mark.parametrize("length", [1, 2, 40])
def test_the_kernel_of_a_state_space_gives_what_its_recurrence_gives(length):
    with seeded(0):
        space, u = StateSpace(3, 5, length).double(), torch.randn(3, 4, length, dtype=torch.float64)
    torch.testing.assert_close(space(u), recur(space, u), rtol=1e-10, atol=1e-10)


def test_a_state_space_is_stable_whatever_its_parameters_are():
    with seeded(0):
        space = StateSpace(50, 4, 400)
        for parameter in space.parameters():
            nn.init.normal_(parameter, std=3)
    responses = space.responses().detach()
    largest = space.log_step.exp() * space.output.unflatten(2, (2, 4)).norm(dim=2).sum(2, keepdim=True)
    assert bool((responses.abs() <= largest * (1 + 1e-5)).all())
    assert bool(responses.isfinite().all())


def test_both_directions_count_in_the_s4d():
    """A point changes features before and after it, even without norms."""
    with seeded(0):
        space = StateSpace(2, 4, 40)
    impulse = torch.zeros(2, 1, 40)
    impulse[:, :, 20] = 1
    assert bool((space(impulse) != 0).all())
