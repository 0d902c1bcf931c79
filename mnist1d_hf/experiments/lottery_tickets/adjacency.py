"""Whether a mask of inputs keeps inputs that are next to each other.

For each unit, chance is a random order of its inputs. In a mask of shape (units, inputs), unmasked inputs are True.
"""

from __future__ import annotations

import base64

import numpy as np
from numpy.typing import NDArray


def pack(mask: NDArray[np.bool_]) -> str:
    """Write a mask (units, inputs), with a multiple of eight inputs, as base64 of its bits."""
    return base64.b64encode(np.packbits(mask).tobytes()).decode()


def unpack(text: str, units: int) -> NDArray[np.bool_]:
    """Read a mask (units, inputs) that `pack` wrote."""
    return np.unpackbits(np.frombuffer(base64.b64decode(text), np.uint8)).astype(bool).reshape(units, -1)


def adjacency(mask: NDArray[np.bool_]) -> float:
    """Return the share of unmasked inputs whose next input is unmasked too, in [0, 1); 0 if everything is masked."""
    return float((mask[:, :-1] & mask[:, 1:]).sum() / max(1, mask.sum()))


def expected_adjacency(mask: NDArray[np.bool_]) -> float:
    """Return the mean adjacency over all orders of the inputs of each unit, in [0, 1)."""
    unmasked = mask.sum(1)
    # A pair of next inputs is unmasked with probability k (k - 1) / n (n - 1), and there are n - 1 pairs.
    return float((unmasked * (unmasked - 1)).sum() / mask.shape[1] / max(1, mask.sum()))


def p_adjacent(mask: NDArray[np.bool_], permutations: int = 999, seed: int = 0) -> float:
    """Return the p-value, in (0, 1], of a permutation test of the inputs of each unit that the adjacency is above chance."""
    rng = np.random.default_rng(seed)
    measured = adjacency(mask)
    reached = sum(adjacency(rng.permuted(mask, axis=1)) >= measured for _ in range(permutations))
    return (1 + reached) / (1 + permutations)
