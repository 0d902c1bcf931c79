"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click

from ..dataset.parameters import GenerationParameters, check_parameter_names
from ..dataset.presets import CONFIGS

_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

# Digits of an integer at most; more are out of range anyway, and take time.
_MAX_DIGITS = 30

config_choice = click.Choice(list(CONFIGS))
"""Names of the configs."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
"""The option ``--json``."""


def output_option(help: str, *, file_okay: bool = True, **options: Any) -> _Decorator:
    """Return an option ``--output`` for a path."""
    return click.option("--output", "-o", type=click.Path(path_type=Path, file_okay=file_okay), help=help, **options)


results_option = output_option(
    "Folder for the results; parts that it already holds are not measured again.", file_okay=False, default="results"
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


def parse_integer(text: str) -> int:
    """Return the integer that a text like 1000000, 1e6 or 1.5e6 stands for; raise a ValueError for any other text."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not an integer") from None
    if not number.is_finite() or abs(number.adjusted()) > _MAX_DIGITS or number != number.to_integral_value():
        raise ValueError(f"{text!r} is not an integer")
    return int(number)


class _Integer(click.ParamType):  # type: ignore[type-arg]  # older versions of click take no argument
    name = "integer"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return parse_integer(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a valid integer; write it like 1000000 or 1e6.", param, ctx)


integer = _Integer()
"""The type of an option that may be large: 1e9 is an integer too."""


def _parse_value(text: str, kind: type) -> object:
    if kind is bool:
        if text.lower() not in ("true", "false"):
            raise ValueError("the value must be true or false")
        return text.lower() == "true"
    try:
        if kind is int:
            return parse_integer(text)
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
    if not quiet:
        return
    import datasets
    from huggingface_hub import utils as hub_utils

    for library in (datasets, hub_utils):
        if not library.are_progress_bars_disabled():
            library.disable_progress_bars()
            ctx.call_on_close(library.enable_progress_bars)


def _check_executor(ctx: click.Context, option: click.Parameter, address: str | None) -> str | None:
    if address is None:
        return None
    from ..cluster import check_address

    try:
        return check_address(address)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def executor_options(command: Any) -> Any:
    """Add the options ``--executor``, which gives ``executor``, and ``--retries``; see `opened_executor`."""
    where = "Where to work: processes:N, dask (a cluster on this machine), or dask://HOST:PORT. [default: one process per core]"
    often = "How often a task that fails on an executor is tried again."
    retries = click.option("--retries", type=click.IntRange(min=0), default=2, help=often)
    return click.option("--executor", metavar="ADDRESS", callback=_check_executor, help=where)(retries(command))


def extras_of(executor: str | None) -> tuple[str, ...]:
    """Return the extras that an executor needs."""
    return ("cluster",) if executor and executor.startswith("dask") else ()


@contextmanager
def opened_executor(address: str | None, retries: int) -> Iterator[dict[str, Any]]:
    """Yield the arguments ``executor`` and ``retries`` of a function that works in parallel, none without an address."""
    if address is None:
        yield {}
        return
    from ..cluster import open_executor

    with open_executor(address) as executor:
        yield {"executor": executor, "retries": retries}


quiet_option = click.option(
    "--quiet", "-q", is_flag=True, expose_value=False, callback=_silence, help="Show no progress."
)
"""The option ``--quiet``."""
