"""One seed, independent random streams."""

import pytest
import torch

from mnist1d_hf.utils.seeds import generator, seeded


@pytest.mark.parametrize(("purpose", "place"), [("weights", 0), ("batches", 1), ("transfer", 2)])
def test_every_purpose_has_its_own_range_of_seeds(purpose, place):
    for seed in (0, 7, 2**32 - 1):
        assert generator(seed, purpose).initial_seed() == seed + place * 2**32


def test_weights_are_the_purpose_if_none_is_given():
    assert generator(3).initial_seed() == 3


def test_seeds_draw_other_numbers():
    assert len({tuple(torch.rand(3, generator=generator(seed)).tolist()) for seed in range(20)}) == 20


def test_purposes_of_one_seed_begin_with_the_same_numbers():
    """Torch's CPU generator takes the low 32 bits of a seed; kept, since another rule changes every checkpoint."""
    drawn = [torch.rand(3, generator=generator(5, purpose)) for purpose in ("weights", "batches", "transfer")]
    assert len({tuple(numbers.tolist()) for numbers in drawn}) == 1


def test_torchs_generator_is_left_unchanged():
    before = torch.get_rng_state()
    with seeded(5):
        inside = torch.rand(3)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(inside, torch.rand(3, generator=torch.Generator().manual_seed(5)))
