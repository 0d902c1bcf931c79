"""Adjacency of masks, counted one by one, and chance, over all orders."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from mnist1d_hf.experiments.lottery_tickets.adjacency import adjacency, expected_adjacency, p_adjacent, pack, unpack

masks = arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=9))


def counted(rows):
    pairs = sum(row[i] and row[i + 1] for row in rows for i in range(len(row) - 1))
    return pairs / max(1, sum(map(sum, rows)))


@given(masks)
def test_adjacency_equals_a_count(mask):
    assert adjacency(mask) == pytest.approx(counted(mask.tolist()))


@given(arrays(bool, st.tuples(st.integers(1, 2), st.integers(1, 4))))
def test_expected_adjacency_equals_the_mean_over_all_orders(mask):
    orders = itertools.product(*(itertools.permutations(row) for row in mask.tolist()))
    assert expected_adjacency(mask) == pytest.approx(np.mean([counted(rows) for rows in orders]))


def test_the_permutation_test_finds_blocks_and_does_not_find_chance():
    rng = np.random.default_rng(0)
    blocks = np.zeros((50, 40), bool)
    for row, start in zip(blocks, rng.integers(0, 35, 50), strict=True):
        row[start : start + 4] = True
    assert p_adjacent(blocks, permutations=99) == 0.01
    p_values = [p_adjacent(rng.random((50, 40)) < 0.1, permutations=99, seed=seed) for seed in range(40)]
    assert 0.3 < np.mean(p_values) < 0.7


@given(st.integers(1, 20), st.integers(0, 100))
def test_masks_are_read_as_they_were_written(units, seed):
    mask = np.random.default_rng(seed).random((units, 40)) < 0.5
    text = pack(mask)
    assert len(text) <= 7 * units + 4
    assert np.array_equal(unpack(text, units), mask)
