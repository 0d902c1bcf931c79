"""Renders the cards' templates; a value that is missing is an error, not a blank."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jinja2


def render_template(path: Path, **values: Any) -> str:
    """Render a Markdown template.

    Parameters
    ----------
    path : pathlib.Path
        The template.
    **values : object
        What it may use.

    Returns
    -------
    str
        The text.

    Raises
    ------
    jinja2.UndefinedError
        If the template asks for a value that is not there.
    """
    return _environment(path.parent).get_template(path.name).render(**values)


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
