"""The commands `mnist1d-hf publish` and `mnist1d-hf verify`."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ..utils.extras import check_extras
from ..utils.text import printable
from .options import config_choice, integer, json_option, quiet_option

if TYPE_CHECKING:
    from ..hub.planning import PublishedRepo
    from ..hub.verification import Check


@click.command("publish")
@click.argument("namespace")
@click.option(
    "--only", type=click.Choice(("dataset", "models", "collection")), help="Publish one part; all three by default."
)
@click.option(
    "--config",
    "configs",
    type=config_choice,
    multiple=True,
    help="Config of the dataset; all four by default. Models need default and shuffled.",
)
@click.option("--num-samples", type=integer, help="Rows of the config 'large', train and test together.")
@click.option("--private", is_flag=True, help="Make new repositories private.")
@click.option("--create-pr", is_flag=True, help="Propose the changes as pull requests.")
@click.option("--revision", help="Branch to publish to, created if needed; main by default.")
@click.option("--dry-run", is_flag=True, help="Only show what would happen; this needs no token.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.option("--verify/--no-verify", "with_verification", default=True, help="Download everything again and check it.")
@quiet_option
def publish_command(
    namespace: str,
    only: str | None,
    configs: tuple[str, ...],
    num_samples: int | None,
    private: bool,
    create_pr: bool,
    revision: str | None,
    dry_run: bool,
    yes: bool,
    with_verification: bool,
) -> None:
    """Publish the dataset and the baselines to NAMESPACE on the Hub.

    NAMESPACE is your user name or an organisation. The command first shows what happens to each file. Each repository then
    gets one commit, or none if nothing has changed. Rerun the command to resume after an interruption.

    \b
    Examples:
      mnist1d-hf publish ada --dry-run
      mnist1d-hf publish ada
      mnist1d-hf publish ada --only dataset --config default --config shuffled --yes
    """
    if only in (None, "models"):
        check_extras("torch")
    from ..hub import publish, verify

    plans: list[PublishedRepo] = []
    done: list[PublishedRepo] = []

    def review(planned: Sequence[PublishedRepo]) -> bool:
        plans.extend(planned)
        click.echo(_format_plan(planned))
        if dry_run or yes or not any(repo.changed for repo in planned):
            return True
        if not sys.stdin.isatty():
            raise click.UsageError("cannot ask for confirmation without a terminal; give --yes to publish without it")
        return click.confirm("Publish this?", abort=True)

    def show(repo: PublishedRepo) -> None:
        done.append(repo)
        click.echo(_format_result(repo))

    try:
        published = publish(
            namespace,
            only=only,
            configs=configs or None,
            num_samples=num_samples,
            private=private,
            create_pr=create_pr,
            revision=revision,
            dry_run=dry_run,
            review=review,
            progress=show,
        )
    except KeyboardInterrupt as error:
        if plans and not dry_run:
            error.args = (f"{len(done)} of {len(plans)} repositories are published; rerun the command to resume",)
        raise
    if dry_run:
        click.echo("Nothing was changed.")
    elif with_verification and not create_pr and only != "collection":
        expected = [repo.repo_id for repo in published if repo.repo_type != "collection"]
        _report(verify(namespace, only=only, expected=expected, revision=revision, progress=_show_check))


@click.command("verify")
@click.argument("namespace")
@click.option("--only", type=click.Choice(("dataset", "models")), help="Check one part; both by default.")
@click.option("--revision", help="Branch, tag or commit to check; main by default.")
@quiet_option
@json_option
def verify_command(namespace: str, only: str | None, revision: str | None, as_json: bool) -> None:
    """Download what is published in NAMESPACE and check it.

    Every file is compared with the hash it was published with, every config that the card lists is loaded, and every
    checkpoint is evaluated and compared with what its card claims. The exit status is 1 if a check fails.

    \b
    Examples:
      mnist1d-hf verify ada
      mnist1d-hf verify ada --only models --json
    """
    from ..hub import verify

    checks = verify(namespace, only=only, revision=revision, progress=None if as_json else _show_check)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(check) for check in checks], indent=2))
    _report(checks, quiet=as_json)


def _format_plan(planned: Sequence[PublishedRepo]) -> str:
    """Return each repository with what happens to its files; unchanged ones are only counted."""
    lines = []
    for repo in planned:
        lines.append(f"{repo.repo_type} {repo.repo_id}")
        lines += [
            f"  {change.status:<9} {_size(change.size):>10}  {printable(change.path)}"
            for change in repo.changes
            if change.status != "unchanged"
        ]
        unchanged = sum(change.status == "unchanged" for change in repo.changes)
        if unchanged:
            lines.append(f"  unchanged {unchanged:>10}  {'item' if repo.repo_type == 'collection' else 'file'}s")
    changed = sum(repo.changed for repo in planned)
    lines.append(f"{changed} of {len(planned)} change." if changed else "Everything is published already.")
    return "\n".join(lines)


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 10**6 else f"{size / 1e3:.1f} kB" if size else ""


def _format_result(repo: PublishedRepo) -> str:
    if repo.pull_request:
        return f"proposed   {printable(repo.pull_request)}"
    line = f"{'published' if repo.changed else 'unchanged'}  {repo.url}{f'  {repo.commit[:7]}' if repo.commit else ''}"
    return printable(line)


def _show_check(check: Check) -> None:
    click.echo(f"{'ok' if check.ok else 'WRONG':<6} {check.repo_id}  {printable(f'{check.what}: {check.detail}')}")


def _report(checks: Sequence[Check], *, quiet: bool = False) -> None:
    failed = sum(not check.ok for check in checks)
    if failed:
        raise click.ClickException(f"{failed} of {len(checks)} checks failed")
    if not quiet:
        click.echo(f"All {len(checks)} checks passed.")
