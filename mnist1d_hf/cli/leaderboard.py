"""The command `mnist1d-hf leaderboard`."""

from __future__ import annotations

import json

import click

from ..baselines.tasks import BENCHMARK_TASKS
from ..utils.extras import check_extras
from .options import json_option, quiet_option


@click.command("leaderboard")
@click.option("--task", type=click.Choice(BENCHMARK_TASKS), default="default", help="Task to compare models on.")
@click.option(
    "--verify", "with_verification", is_flag=True, help="Evaluate each ONNX file, and compare with what is claimed."
)
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the table as Markdown.")
@quiet_option
@json_option
def leaderboard_command(task: str, with_verification: bool, as_markdown: bool, as_json: bool) -> None:
    """Compare submitted models with the baselines.

    Models are found on the Hub by their tags, and ranked by the accuracy on fresh rows that their metrics.json claims; what
    cannot be read is named below the table. With --verify, their ONNX files are evaluated here, each in a process of its own
    with limits of memory and time, and those that do not reach what is claimed of the first seed lose their rank.

    \b
    Examples:
      mnist1d-hf leaderboard
      mnist1d-hf leaderboard --task shuffled --verify
      mnist1d-hf leaderboard --markdown > leaderboard.md
    """
    if as_json and as_markdown:
        raise click.UsageError("--json and --markdown exclude each other")
    check_extras("torch", *(["onnx"] if with_verification else []))
    from ..hub.leaderboard import read_leaderboard

    board = read_leaderboard(task, verify=with_verification)
    if as_json:
        click.echo(json.dumps(board.to_dict(), indent=2))
    else:
        click.echo(board.to_markdown() if as_markdown else str(board))
