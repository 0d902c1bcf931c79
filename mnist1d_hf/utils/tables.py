"""Tables, as text and as HTML for notebooks."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Sequence
from html import escape

_BOLD = ' style="font-weight: bold"'


def align(lines: Iterable[Sequence[str]], left: int = 1) -> str:
    """Return lines of equally many cells as a text table, the first columns aligned left and the others right."""
    lines = list(lines)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join([*map(str.ljust, line[:left], widths), *map(str.rjust, line[left:], widths[left:])]).rstrip()
        for line in lines
    )


def html_table(lines: Iterable[Sequence[object]], caption: str = "", bold: int | None = None) -> str:
    """Return lines of cells, the head first, as an HTML table, one of its rows in bold; all text is escaped."""
    head, *rows = (tuple(escape(str(cell)) for cell in line) for line in lines)
    body = "".join(
        f"<tr{_BOLD if row == bold else ''}><th>{name}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
        for row, (name, *cells) in enumerate(rows)
    )
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{''.join(f'<th>{cell}</th>' for cell in head)}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


class _Short(reprlib.Repr):
    def repr_float(self, number: float, level: int) -> str:
        return f"{number:.4g}"


def shorten(value: object) -> str:
    """Return a value as text of one table cell: rounded numbers, and the beginnings of long lists and strings."""
    short = _Short()
    short.maxlevel, short.maxlist, short.maxdict, short.maxstring = 3, 3, 3, 40
    return short.repr(value)
