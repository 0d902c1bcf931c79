"""Text tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def align(lines: Iterable[Sequence[str]]) -> str:
    """Return lines of equally many cells as a text table, the first column aligned left and the others right."""
    lines = list(lines)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip() for line in lines
    )
