"""Rendering of cards and reports; a missing value is an error, not a blank."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

if TYPE_CHECKING:
    from huggingface_hub import CardData


def render_template(path: Path, **values: Any) -> str:
    """Return a rendered Markdown template; raise a jinja2.UndefinedError if it uses a value that is not given."""
    return _environment(path.parent).get_template(path.name).render(**values)


def render_card(data: CardData, path: Path, **values: Any) -> str:
    """Render the card of a repository: its metadata as front matter, then its template."""
    return f"---\n{data.to_yaml()}\n---\n\n{render_template(path, **values)}"


@cache
def _environment(folder: Path) -> jinja2.Environment:
    """Return the templates of a folder, cached because compiling one takes longer than rendering it."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,
    )
