"""The commands `mnist1d-hf experiment ...`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
def all_command(
    output: Path, seeds: int | None, quick: bool, jobs: int | None, executor: str | None, retries: int
) -> None:
    """Run all experiments and write a report: OUTPUT/README.md, or OUTPUT/quick/README.md.

    Finished parts are kept and not measured again: rerun the command to resume an interrupted run.

    \b
    Examples:
      mnist1d-hf experiment all --quick
      mnist1d-hf experiment all --output results
    """
    _check_extras(executor, *TITLES)
    from ..experiments.report import write_report

    with _workers(executor, retries, jobs) as where:
        for name in TITLES:
            click.echo(f"\n{TITLES[name]}")
            _run(name, output, seeds, quick, where)
    click.echo(f"\nThe report is {write_report(_folder(output, quick))}.")


def _check_extras(executor: str | None, *names: str) -> None:
    """Raise a MissingExtraError unless all that these experiments and this executor need is installed."""
    extras, others = [extra for name in names for extra in EXTRAS[name]], extras_of(executor)
    check_extras(*extras, *others, instead=",".join(["experiments", *others]))


def _folder(output: Path, quick: bool) -> Path:
    """Return where results are kept: quick settings have a folder of their own, since parts of both cannot be mixed."""
    return output / "quick" if quick else output


@contextmanager
def _workers(executor: str | None, retries: int, jobs: int | None) -> Iterator[dict[str, Any]]:
    """Yield the arguments that say where to measure."""
    if executor and jobs:
        raise click.UsageError(
            "--jobs is for the processes of this machine; leave it out, or give --executor processes:N"
        )
    with opened_executor(executor, retries) as where:
        yield {"jobs": jobs, **where}


def _run(
    name: str,
    output: Path,
    seeds: int | None,
    quick: bool,
    where: Mapping[str, Any],
    changes: Mapping[str, Any] | None = None,
) -> None:
    """Run one experiment, with changes to its settings, and print what it found."""
    experiment = find(name).EXPERIMENT
    from ..experiments.report import format_claims, write_summary

    output = _folder(output, quick)
    settings = dataclasses.replace(experiment.quick if quick else experiment.settings, **(changes or {}))
    results = experiment.run(output, seeds=seeds, settings=settings, **where)
    figure = write_summary(experiment, results, output)
    click.echo(format_claims(experiment.claims(results), judged=not quick))
    click.echo(f"The figure is {figure}.")
    if quick:
        click.echo(
            "These were quick settings, to try it out: only a full run, without --quick, judges the paper's claims."
        )


_train_rows_option = click.option(
    "--train-rows",
    type=click.IntRange(min=1),
    multiple=True,
    help="Number of rows that the CNN is also trained on. May be repeated.",
)


def _command(name: str) -> click.Command:
    @_options
    def command(
        output: Path,
        seeds: int | None,
        quick: bool,
        jobs: int | None,
        executor: str | None,
        retries: int,
        train_rows: tuple[int, ...] = (),
    ) -> None:
        changes = {"train_rows": train_rows} if train_rows else {}
        _check_extras(executor, name)
        with _workers(executor, retries, jobs) as where:
            _run(name, output, seeds, quick, where, changes)

    if name == "classwise-errors":
        command = _train_rows_option(command)
    text = f"{TITLES[name]}.\n\n\b\nExamples:\n  mnist1d-hf experiment {name} --quick\n  mnist1d-hf experiment {name}"
    if name == "classwise-errors":
        text += " --train-rows 8000 --train-rows 100000"
    return click.command(name, help=text, short_help=TITLES[name])(command)


for _name in TITLES:
    experiment_group.add_command(_command(_name))
experiment_group.add_command(human_command)
