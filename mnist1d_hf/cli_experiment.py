"""The commands `mnist1d-hf experiment ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .experiments import TITLES, find


@click.group("experiment")
def experiment_group() -> None:
    """Run an experiment of the paper.

    \b
    Examples:
      mnist1d-hf experiment list
      mnist1d-hf experiment metalearn-learning-rate --quick
      mnist1d-hf experiment all --output results
    """


def _options(command: Any) -> Any:
    for option in (
        click.option("--jobs", type=click.IntRange(min=1), help="Number of processes; one for each core if not given."),
        click.option("--quick", is_flag=True, help="Small settings, for trying it out in less than 20 seconds."),
        click.option("--seeds", type=click.IntRange(min=1), default=3, show_default=True, help="Number of seeds."),
        click.option(
            "--output",
            "-o",
            type=click.Path(path_type=Path, file_okay=False),
            default="results",
            show_default=True,
            help="Folder that keeps what is measured, and is looked into first.",
        ),
    ):
        command = option(command)
    return command


@experiment_group.command("list")
def list_command() -> None:
    """List the experiments."""
    width = max(map(len, TITLES))
    for name, title in TITLES.items():
        click.echo(f"{name:<{width}}  {title}")


@experiment_group.command("all")
@_options
def all_command(output: Path, seeds: int, quick: bool, jobs: int | None) -> None:
    """Run all experiments, and write a report of them to OUTPUT/README.md."""
    from .experiments.report import write_report

    for name in TITLES:
        click.echo(f"\n{TITLES[name]}")
        _run(name, output, seeds, quick, jobs)
    click.echo(f"\nThe report is {write_report(output)}.")


def _run(name: str, output: Path, seeds: int, quick: bool, jobs: int | None) -> None:
    """Run one experiment, and print what it found."""
    experiment = find(name).EXPERIMENT
    from .experiments.report import format_claims, write_summary

    # Parts that were measured with other settings are no start for these.
    output = output / "quick" if quick else output
    results = experiment.run(output, seeds=seeds, quick=quick, jobs=jobs)
    figure = write_summary(experiment, results, output)
    click.echo(format_claims(experiment.claims(results)))
    click.echo(f"The figure is {figure}.")
    if quick:
        click.echo("These were quick settings, for trying it out; the paper's claims are about the full ones.")


def _command(name: str) -> click.Command:
    @click.command(name, help=f"{TITLES[name]}.", short_help=TITLES[name])
    @_options
    def command(output: Path, seeds: int, quick: bool, jobs: int | None) -> None:
        _run(name, output, seeds, quick, jobs)

    return command


for _name in TITLES:
    experiment_group.add_command(_command(_name))
