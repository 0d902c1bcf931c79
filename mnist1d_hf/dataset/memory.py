"""How much memory generating takes, estimated before any of it is taken."""

from __future__ import annotations

from ..utils.text import show
from .parameters import GenerationParameters
from .templates import NUM_CLASSES

BLOCK_ROWS = 1_000
"""Examples transformed at once: enough for numpy, few enough for the processor's cache.

Shards are drawn block by block, so changing this number changes the shards.
"""

MAX_BYTES = 8 * 2**30
"""Generating never takes more memory than this; 13 million rows of the paper's parameters need it."""

_SMALLER = {
    "num_samples": "; the config 'large' is generated in shards, has any number of rows and can be streamed",
    "rows": "; make more shards of fewer rows",
}


def estimated_bytes(parameters: GenerationParameters, rows: int) -> int:
    """Return about how much memory it takes to make this many rows at once, in bytes."""
    length, points = parameters.dilated_length, parameters.final_seq_length
    block = min(rows, BLOCK_ROWS)
    low, high = parameters.padding
    paddings = min(block, high - low + 1)
    numbers = (
        7 * block * length  # two kinds of noise, the signals, and what filtering needs
        + 4 * paddings * NUM_CLASSES * length  # the dilated templates
        + 3 * block * points  # down-sampling
        + 2 * rows * points  # the finished signals, and a copy to permute and standardise them
        + 10 * (length + points)
    )
    return 8 * numbers


def check_memory(parameters: GenerationParameters, *, rows: int | None = None) -> None:
    """Raise a ValueError that names a parameter if making the rows at once takes more than `MAX_BYTES` of memory.

    Without ``rows``, these are all ``num_samples`` rows.
    """
    needed = estimated_bytes(parameters, parameters.num_samples if rows is None else rows)
    if needed <= MAX_BYTES:
        return
    usual = GenerationParameters()
    counts = {"num_samples": parameters.num_samples} if rows is None else {"rows": rows}
    without = {name: estimated_bytes(parameters, usual.num_samples) for name in counts}
    for name in ("template_len", "padding", "final_seq_length"):
        without[name] = estimated_bytes(parameters.replace(**{name: getattr(usual, name)}), *counts.values())
    # The one without which the least memory is needed.
    culprit = min(without, key=without.__getitem__)
    raise ValueError(
        f"the {culprit!r} parameter must be smaller, got {show(getattr(parameters, culprit, rows))}: generating would take "
        f"about {needed / 2**30:.3g} GiB of memory, and at most {MAX_BYTES // 2**30} GiB are allowed{_SMALLER.get(culprit, '')}"
    )
