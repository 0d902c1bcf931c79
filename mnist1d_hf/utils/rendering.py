"""Renders the cards' templates; a value that is missing is an error, not a blank."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

if TYPE_CHECKING:
    from huggingface_hub import CardData


def render_template(path: Path, **values: Any) -> str:
    """Render a Markdown template; a value it asks for that is not given raises a jinja2.UndefinedError."""
    return _environment(path.parent).get_template(path.name).render(**values)


def render_card(data: CardData, template: Path, **values: Any) -> str:
    """Render a card: its metadata between ``---``, as the Hub reads it, and the template's text."""
    return f"---\n{data.to_yaml()}\n---\n\n{render_template(template, **values)}"


@cache
def _environment(folder: Path) -> jinja2.Environment:
    """Return what keeps the compiled templates of a folder: compiling takes longer than rendering."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,
    )
