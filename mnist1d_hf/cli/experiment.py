"""The commands `mnist1d-hf experiment ...`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click

from ..experiments import EXTRAS, INTERACTIVE_TITLES, TITLES, find
from ..utils.extras import check_extras
from .human import human_command
from .options import executor_options, extras_of, opened_executor, quiet_option, results_option


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
        click.option("--jobs", type=click.IntRange(min=1), help="Number of processes; one per core if not given."),
        click.option("--quick", is_flag=True, help="Use small settings, to try it out in less than 20 seconds."),
        click.option("--seeds", type=click.IntRange(min=1), help="Number of seeds; 3 if not given."),
        executor_options,
        quiet_option,
        results_option,
    ):
        command = option(command)
    return command


@experiment_group.command("list")
def list_command() -> None:
    """List the experiments.

    \b
    Example:
      mnist1d-hf experiment list
    """
    titles = TITLES | INTERACTIVE_TITLES
    width = max(map(len, titles))
    for name, title in titles.items():
        click.echo(f"{name:<{width}}  {title}")


@experiment_group.command("all")
@_options
def all_command(**options: Any) -> None:
    """Run all experiments and write a report: OUTPUT/README.md, or OUTPUT/quick/README.md.

    Finished parts are kept and not measured again: rerun the command to resume an interrupted run.

    \b
    Examples:
      mnist1d-hf experiment all --quick
      mnist1d-hf experiment all --output results
    """
    with _runner(*TITLES, **options) as (folder, run):
        from ..experiments.report import write_report

        for name in TITLES:
            click.echo(f"\n{TITLES[name]}")
            run(name, {})
    click.echo(f"\nThe report is {write_report(folder)}.")


@contextmanager
def _runner(
    *names: str, output: Path, quick: bool, jobs: int | None, executor: str | None, retries: int, **options: Any
) -> Iterator[tuple[Path, Callable[..., None]]]:
    """Look for what these experiments and the executor need; yield the folder of results, and what runs one of them."""
    extras, others = [extra for name in names for extra in EXTRAS[name]], extras_of(executor)
    check_extras(*extras, *others, instead=",".join(["experiments", *others]))
    if executor and jobs:
        raise click.UsageError(
            "--jobs is for the processes of this machine; leave it out, or give --executor processes:N"
        )
    # Quick settings have a folder of their own, since parts of both cannot be mixed.
    folder = output / "quick" if quick else output
    with opened_executor(executor, retries) as where:
        yield folder, partial(_run, folder, quick, jobs=jobs, **options, **where)


def _run(output: Path, quick: bool, name: str, changes: Mapping[str, Any], **options: Any) -> None:
    """Run one experiment, with changes to its settings, and print what it found."""
    experiment = find(name).EXPERIMENT
    from ..experiments.report import format_claims, write_summary

    settings = dataclasses.replace(experiment.quick if quick else experiment.settings, **changes)
    results = experiment.run(output, settings=settings, **options)
    figure = write_summary(experiment, results, output)
    click.echo(format_claims(experiment.claims(results), judged=not quick))
    click.echo(f"The figure is {figure}.")
    if quick:
        click.echo(
            "These were quick settings, to try it out: only a full run, without --quick, judges the paper's claims."
        )


def _command(name: str) -> click.Command:
    @_options
    def command(train_rows: tuple[int, ...] = (), **options: Any) -> None:
        with _runner(name, **options) as (_, run):
            run(name, {"train_rows": train_rows} if train_rows else {})

    text = f"{TITLES[name]}.\n\n\b\nExamples:\n  mnist1d-hf experiment {name} --quick\n  mnist1d-hf experiment {name}"
    if name == "classwise-errors":
        rows = "Number of rows that the CNN is also trained on. May be repeated."
        command = click.option("--train-rows", type=click.IntRange(min=1), multiple=True, help=rows)(command)
        text += " --train-rows 8000 --train-rows 100000"
    return click.command(name, help=text, short_help=TITLES[name])(command)


for _name in TITLES:
    experiment_group.add_command(_command(_name))
experiment_group.add_command(human_command)
