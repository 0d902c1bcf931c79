"""The command `mnist1d-hf register`."""

from __future__ import annotations

import sys

import click

from ..dataset.startup import register_environment, registered_files, unregister_environment


@click.command("register")
@click.option("--undo", is_flag=True, help="Remove the file again.")
@click.option("--status", is_flag=True, help="Only say whether there is one.")
def register_command(undo: bool, status: bool) -> None:
    """Make load_dataset("mnist1d", ...) work in programs that do not import mnist1d_hf.

    Writes a file of one line into this environment, which Python reads whenever it starts. The line imports nothing until a
    program imports datasets, and cannot break one. Installing the package never writes it.

    \b
    Examples:
      mnist1d-hf register
      mnist1d-hf register --status
      mnist1d-hf register --undo
    """
    if undo and status:
        raise click.UsageError("--undo and --status exclude each other")
    if status:
        _show_status()
    elif undo:
        removed = unregister_environment()
        click.echo(
            "\n".join(f"Removed {path}." for path in removed) or f"There is nothing to remove for {sys.executable}."
        )
    else:
        path = register_environment()
        click.echo(f"Wrote {path}.")
        click.echo(f'load_dataset("mnist1d", ...) now works in every program of {sys.executable}.')


def _show_status() -> None:
    files = registered_files()
    for path in files:
        click.echo(f'load_dataset("mnist1d", ...) works in every program of {sys.executable}, by {path}.')
    if not files:
        click.echo(f"Nothing is registered for {sys.executable}; programs have to import mnist1d_hf.")
