"""Assembles the page: one HTML file with its style, its scripts and its data inside."""

from __future__ import annotations

import json
import re
from pathlib import Path

from .bundle import bundle
from .contents import contents

PAGE_FOLDER = Path(__file__).parent / "page"


def build_page() -> bytes:
    """Return the page, a whole HTML file in UTF-8 that needs no other; the same bytes each time.

    Returns
    -------
    bytes
        The file.

    Examples
    --------
    >>> build_page()[:15]
    b'<!doctype html>'
    """
    pieces = {
        "style": (PAGE_FOLDER / "style.css").read_text(encoding="utf-8"),
        "script": bundle(PAGE_FOLDER, "main.js"),
        "worker": bundle(PAGE_FOLDER, "worker.js"),
        "data": _json(contents()),
    }
    return fill((PAGE_FOLDER / "index.html").read_text(encoding="utf-8"), pieces).encode()


def fill(template: str, pieces: dict[str, str]) -> str:
    """Put each piece in the one place ``{{name}}`` of a template; a ValueError says what would not stay inside its element."""
    for name, piece in pieces.items():
        if template.count(f"{{{{{name}}}}}") != 1:
            raise ValueError(f"index.html must hold {{{{{name}}}}} once")
        if found := re.search(r"</(?:script|style)|<!--", piece, flags=re.IGNORECASE):
            raise ValueError(
                f"the {name} of the page must not hold {found[0]!r}, which would end it early; write it in pieces"
            )
    return re.sub(r"\{\{(\w+)\}\}", lambda place: pieces[place[1]], template)


def _json(content: object) -> str:
    """Return JSON in which no text can look like a tag."""
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
