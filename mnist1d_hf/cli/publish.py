"""The commands `mnist1d-hf publish` and `mnist1d-hf verify`."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from ..utils.extras import check_extras
from ..utils.text import printable
from .options import config_choice, executor_options, extras_of, integer, json_option, opened_executor, quiet_option

if TYPE_CHECKING:
    from ..hub.planning import PublishedRepo
    from ..hub.remote_repo import FileChange
    from ..hub.verification import Check


@click.command("publish")
@click.argument("namespace")
@click.option(
    "--only",
    type=click.Choice(("dataset", "models", "space", "collection")),
    help="Publish one part; all four by default.",
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
@click.option(
    "--verify/--no-verify",
    "with_verification",
    default=None,
    help="Download everything again and check it; by default unless workers upload files.",
)
@executor_options
@quiet_option
def publish_command(
    namespace: str,
    only: str | None,
    configs: tuple[str, ...],
    yes: bool,
    with_verification: bool | None,
    executor: str | None,
    retries: int,
    **options: Any,
) -> None:
    """Publish the dataset, the baselines and a page to play with to NAMESPACE on the Hub.

    NAMESPACE is your user name or an organisation. The command first shows what happens to each file. Each repository then
    gets one commit, or none if nothing has changed. Rerun the command to resume after an interruption.

    With --executor, workers make the files of 'large' and upload them, with the HF_TOKEN of their own environment.

    \b
    Examples:
      mnist1d-hf publish ada --dry-run
      mnist1d-hf publish ada
      mnist1d-hf publish ada --only dataset --config default --config shuffled --yes
      mnist1d-hf publish ada --only dataset --config large --num-samples 1e9 --executor processes:8 --dry-run
    """
    check_extras(*(("torch",) if only in (None, "models") else ()), *extras_of(executor))
    from ..hub import publish, verify
    from ..hub.naming import checked_name

    dry_run, revision = options["dry_run"], options["revision"]
    plans: list[PublishedRepo] = []
    done: list[PublishedRepo] = []

    def review(planned: Sequence[PublishedRepo]) -> bool:
        plans.extend(planned)
        click.echo(format_plan(planned))
        if dry_run or yes or not any(repo.changed for repo in planned):
            return True
        if not sys.stdin.isatty():
            raise click.UsageError("cannot ask for confirmation without a terminal; give --yes to publish without it")
        return click.confirm("Publish this?", abort=True)

    def show(repo: PublishedRepo) -> None:
        done.append(repo)
        click.echo(format_result(repo))

    try:
        with opened_executor(executor, retries) as where:
            published = publish(
                namespace, only=only, configs=configs or None, review=review, progress=show, **options, **where
            )
    except KeyboardInterrupt as error:
        if plans and not dry_run and not error.args:
            error.args = (f"{len(done)} of {len(plans)} repositories are published; rerun the command to resume",)
        raise
    if dry_run:
        click.echo("Nothing was changed.")
        return
    if with_verification is None:
        # By default unless workers made files, which may be too many to download.
        with_verification = not any(change.is_estimated for repo in plans for change in repo.changes)
    if with_verification and not options["create_pr"] and only != "collection":
        expected = [checked_name(repo.repo_type, repo.repo_id) for repo in published if repo.repo_type != "collection"]
        _report(verify(namespace, only=only, expected=expected, revision=revision, progress=_show_check))


@click.command("verify")
@click.argument("namespace")
@click.option("--only", type=click.Choice(("dataset", "models", "space")), help="Check one part; all three by default.")
@click.option("--revision", help="Branch, tag or commit to check; main by default.")
@quiet_option
@json_option
def verify_command(namespace: str, only: str | None, revision: str | None, as_json: bool) -> None:
    """Download what is published in NAMESPACE and check it.

    Every file is compared with the hash it was published with, every config that the card lists is loaded, every checkpoint is
    evaluated and compared with what its card claims, and the Space has to be static. The exit status is 1 if a check fails.

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


def format_plan(planned: Sequence[PublishedRepo]) -> str:
    """Return each repository with what happens to its files; unchanged ones are only counted."""
    lines = []
    for repo in planned:
        lines.append(f"{repo.repo_type} {repo.repo_id}")
        lines += [_format_change(change) for change in _merged(repo.changes) if change.status != "unchanged"]
        unchanged = sum(change.status == "unchanged" for change in repo.changes)
        if unchanged:
            lines.append(f"  unchanged {unchanged:>10}  {'item' if repo.repo_type == 'collection' else 'file'}s")
    changed = sum(repo.changed for repo in planned)
    statuses = [{change.status for change in repo.changes} for repo in planned if repo.changed]
    may = "may " if any(found <= {"pending", "unchanged"} for found in statuses) else ""
    lines.append(f"{changed} of {len(planned)} {may}change." if changed else "Everything is published already.")
    return "\n".join(lines)


def _merged(changes: Iterable[FileChange]) -> Iterator[FileChange]:
    """Yield one change for the files that workers make of a config, with their number in place of a path."""
    groups: dict[tuple[str, str], list[FileChange]] = {}
    for change in changes:
        config, slash, _ = change.path.partition("/")
        if change.is_estimated and slash:
            groups.setdefault((config, change.status), []).append(change)
        else:
            yield change
    for (config, _), group in groups.items():
        count = f"{len(group):,} file{'s' if len(group) > 1 else ''}"
        what = f"{config}: {count}, made by the workers"
        yield dataclasses.replace(group[0], path=what, size=sum(change.size for change in group))


def _format_change(change: FileChange) -> str:
    size = change.size
    amount = f"{size / 1e6:.1f} MB" if size >= 10**6 else f"{size / 1e3:.1f} kB" if size else ""
    return f"  {change.status:<9} {'~' * change.is_estimated + amount:>10}  {printable(change.path)}"


def format_result(repo: PublishedRepo) -> str:
    """Return what became of a repository, its address, and its commit."""
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
