"""How far work is: in a terminal one bar for all of it, and one line per finished piece in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import datasets
from datasets.utils import tqdm

# The bar has its place at 80 columns; what does not fit behind it is cut off.
_FORMAT = "{desc} {percentage:3.0f}% |{bar:18}| {remaining} left{postfix}"

# A loop that takes fewer seconds shows nothing.
_SILENCE = 2.0

_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Bar:
    """A piece of work as its progress shows it."""

    description: str
    total: int
    """Steps that it takes."""
    cost: float | None = None
    """Work relative to the other pieces; its steps if not given."""


class Progress:
    """Shows how far all pieces, by name, are; nothing if the progress bars of `datasets` are switched off."""

    def __init__(self, bars: Mapping[str, Bar]) -> None:
        self._bars = bars
        self._costs = {name: bar.total if bar.cost is None else bar.cost for name, bar in bars.items()}
        self._done = dict.fromkeys(bars, 0.0)
        self._finished = 0
        self._line: Any = None
        if sys.stderr.isatty():
            total, begun = sum(self._costs.values()), f"0/{len(bars)}"
            self._line = tqdm(total=total, desc=begun, bar_format=_FORMAT, dynamic_ncols=True, miniters=0)

    def move(self, name: str, steps: int, measured: str) -> None:
        """Show how many steps of a piece are done, and what was measured last."""
        self._done[name] = self._costs[name] * min(1, steps / max(1, self._bars[name].total))
        self._show(f"{self._bars[name].description} {measured}")

    def finish(self, name: str, measured: str) -> None:
        """Count a piece as finished."""
        self._done[name] = self._costs[name]
        self._finished += 1
        text = f"{self._bars[name].description} {measured}".rstrip()
        self._show(text)
        if self._line is None and not datasets.are_progress_bars_disabled():
            sys.stderr.write(f"{self._finished}/{len(self._bars)} {text}\n")
            sys.stderr.flush()

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._line is not None:
            self._line.close()

    def _show(self, text: str) -> None:
        if self._line is not None:
            self._line.set_description_str(f"{self._finished}/{len(self._bars)}", refresh=False)
            self._line.set_postfix_str(text.strip(), refresh=False)
            self._line.update(sum(self._done.values()) - self._line.n)


class RowProgress(Progress):
    """Shows finished files, given the number of rows of each by its path, and how many rows a second they are together."""

    def __init__(self, rows: Mapping[str, int]) -> None:
        super().__init__({path: Bar(path, count) for path, count in rows.items()})
        self._rows, self._made, self._begun = rows, 0, time.monotonic()

    def finish(self, name: str, measured: str = "") -> None:
        """Count a file as finished."""
        self._made += self._rows[name]
        rate = self._made / (time.monotonic() - self._begun)
        super().finish(name, f"{rate / 1000:,.0f}k rows/s")


def shown(items: Collection[_Item], description: str) -> Iterator[_Item]:
    """Iterate with a bar that appears in a terminal once the loop has taken a while, and vanishes with it."""
    if not sys.stderr.isatty():
        yield from items
        return
    options = {"desc": description, "bar_format": _FORMAT, "dynamic_ncols": True}
    yield from tqdm(items, total=len(items), delay=_SILENCE, leave=False, **options)
