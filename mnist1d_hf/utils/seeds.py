"""The rule that turns one seed into independent random streams."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch

# Each purpose takes the seeds of a range of its own, so that no two share random numbers.
_STREAMS = {"weights": 0, "batches": 1, "transfer": 2}


def generator(seed: int, purpose: Literal["weights", "batches", "transfer"] = "weights") -> torch.Generator:
    """Return the random stream of a seed for a purpose.

    Parameters
    ----------
    seed : int
        Seed, in ``[0, 2**32)``.
    purpose : {"weights", "batches", "transfer"}
        What is drawn: initial weights (and label noise), the order of rows (and masks), or what a later training on
        new data needs.

    Returns
    -------
    torch.Generator
        On the CPU.
    """
    return torch.Generator().manual_seed(seed + _STREAMS[purpose] * 2**32)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw initial weights of torch's own layers from a seed; torch's global generator is left unchanged."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
