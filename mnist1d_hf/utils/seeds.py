"""The rule that turns one seed into the random streams of a training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch

# Each purpose has its own range of seeds. Torch's CPU generator takes only their low 32 bits, so the streams of one seed begin
# with the same numbers, used for other things; another rule would change every checkpoint and result.
_STREAMS = {"weights": 0, "batches": 1, "transfer": 2}


def generator(seed: int, purpose: Literal["weights", "batches", "transfer"] = "weights") -> torch.Generator:
    """Return the CPU random stream of a seed, in ``[0, 2**32)``, for one purpose.

    ``"weights"`` also draws label noise, ``"batches"`` also masks; ``"transfer"`` is for later training on new data.
    """
    return torch.Generator().manual_seed(seed + _STREAMS[purpose] * 2**32)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw the initial weights of torch's own layers from a seed; torch's global generator is left unchanged."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
