"""The command `mnist1d-hf submit`."""

from __future__ import annotations

from pathlib import Path

import click

from .options import quiet_option
from .publish import format_plan, format_result


@click.command("submit")
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("repo_id", metavar="NAMESPACE/NAME")
@click.option("--private", is_flag=True, help="Make a new repository private.")
@click.option("--dry-run", is_flag=True, help="Only show what would happen; this needs no token.")
@quiet_option
def submit_command(folder: Path, repo_id: str, private: bool, dry_run: bool) -> None:
    """Publish a measured model for the leaderboard.

    FOLDER is what 'mnist1d-hf benchmark --output FOLDER' writes, or like it. Its results are checked and its card is
    completed; what else the folder holds stays here. The repository gets one commit, or none if nothing has changed.

    \b
    Examples:
      mnist1d-hf submit mynet ada/mynet --dry-run
      mnist1d-hf submit mynet ada/mynet
    """
    from ..hub.submission import submit_folder

    done = submit_folder(folder, repo_id, private=private, dry_run=dry_run)
    if dry_run:
        click.echo(f"{format_plan([done])}\nNothing was changed.")
    else:
        click.echo(format_result(done))
