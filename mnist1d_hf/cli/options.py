"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import datasets
from huggingface_hub import utils as hub_utils

from ..dataset.parameters import GenerationParameters, check_parameter_names
from ..dataset.presets import CONFIGS

config_choice = click.Choice(list(CONFIGS))
"""Names of the configs."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
"""The option ``--json``."""

results_option = click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    default="results",
    show_default=True,
    help="Folder for the results; parts that it already holds are not measured again.",
)
"""The option ``--output`` of experiments."""


def _parse_parameters(ctx: click.Context, option: click.Parameter, values: tuple[str, ...]) -> dict[str, Any]:
    """Turn NAME=VALUE settings into generation parameters of the right types."""
    changes: dict[str, Any] = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals:
            raise click.BadParameter(f"{value!r} is not of the form NAME=VALUE, for example corr_noise_scale=0.5")
        try:
            check_parameter_names([name])
            changes[name] = _parse_value(text, type(getattr(GenerationParameters, name)))
        except (TypeError, ValueError) as error:
            raise click.BadParameter(f"{value!r}: {error}") from error
    return changes


def _parse_value(text: str, kind: type) -> object:
    if kind is bool:
        if text.lower() not in ("true", "false"):
            raise ValueError("the value must be true or false")
        return text.lower() == "true"
    try:
        return tuple(int(part) for part in text.split(",")) if kind is tuple else kind(text)
    except ValueError:
        allowed = {int: "an integer", float: "a number", tuple: "two integers, for example 36,60"}[kind]
        raise ValueError(f"the value must be {allowed}") from None


set_option = click.option(
    "--set",
    "changes",
    metavar="NAME=VALUE",
    multiple=True,
    callback=_parse_parameters,
    help="Set a generation parameter, for example corr_noise_scale=0.5 or padding=36,60. May be repeated.",
)
"""The option ``--set``, which gives a dict ``changes``."""


def _silence(ctx: click.Context, option: click.Parameter, quiet: bool) -> None:
    """Switch the progress bars of `datasets`, which this package uses too, and of the Hub off until the command ends."""
    for library in (datasets, hub_utils):
        if quiet and not library.are_progress_bars_disabled():
            library.disable_progress_bars()
            ctx.call_on_close(library.enable_progress_bars)


quiet_option = click.option(
    "--quiet", "-q", is_flag=True, expose_value=False, callback=_silence, help="Show no progress."
)
"""The option ``--quiet``."""
