"""Renders the cards' templates; a value that is missing is an error, not a blank."""

from __future__ import annotations

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
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(path.parent),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,
    )
    return environment.get_template(path.name).render(**values)
