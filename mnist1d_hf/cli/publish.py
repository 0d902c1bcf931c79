"""The commands `mnist1d-hf publish` and `mnist1d-hf verify`."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from .options import config_choice, json_option

if TYPE_CHECKING:
    from ..hub.publishing import PublishedRepo
    from ..hub.verification import Check


@click.command("publish")
@click.argument("namespace")
@click.option(
    "--only", type=click.Choice(("dataset", "models", "collection")), help="Publish one part; all three if not given."
)
@click.option(
    "--config", "configs", type=config_choice, multiple=True, help="Config of the dataset; all four if not given."
)
@click.option("--num-samples", type=int, help="Rows of the config 'large', train and test together.")
@click.option("--private", is_flag=True, help="Make new repositories private.")
@click.option("--create-pr", is_flag=True, help="Propose the changes as pull requests.")
@click.option("--revision", help="Branch to publish to, made if needed; main if not given.")
@click.option("--dry-run", is_flag=True, help="Only show what would happen; this takes no token.")
@click.option("--yes", is_flag=True, help="Do not ask before anything is changed.")
@click.option("--verify/--no-verify", "with_verification", default=True, help="Pull everything back and check it.")
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

    NAMESPACE is your user name or an organisation. First you see what happens to each file. Each repository then gets one
    commit, or none if nothing differs from what is there. Repeat the command if it is interrupted.

    \b
    Examples:
      mnist1d-hf publish ada --dry-run
      mnist1d-hf publish ada
      mnist1d-hf publish ada --only dataset --config default --config shuffled --yes
    """
    from ..hub import publish, verify

    def review(planned: Sequence[PublishedRepo]) -> bool:
        click.echo(_format_plan(planned))
        if dry_run or yes or not any(repo.changed for repo in planned):
            return True
        if not sys.stdin.isatty():
            raise click.UsageError("nobody can be asked here; give --yes to publish without a question")
        return click.confirm("Publish this?", abort=True)

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
        progress=lambda repo: click.echo(_format_result(repo)),
    )
    if dry_run:
        click.echo("Nothing was changed.")
    elif with_verification and not create_pr and only != "collection":
        expected = [repo.repo_id for repo in published if repo.repo_type != "collection"]
        _report(verify(namespace, only=only, expected=expected, revision=revision, progress=_show_check))


@click.command("verify")
@click.argument("namespace")
@click.option("--only", type=click.Choice(("dataset", "models")), help="Check one part; both if not given.")
@click.option("--revision", help="Branch, tag or commit to check; main if not given.")
@json_option
def verify_command(namespace: str, only: str | None, revision: str | None, as_json: bool) -> None:
    """Pull back what is published in NAMESPACE and check it.

    Every file is compared with the hash it was published with, every config the card lists is loaded, and every checkpoint
    is evaluated and compared with what its card claims. The exit status is 1 if anything differs.

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
    """Return each repository with what happens to its files; those that stay are only counted."""
    lines = []
    for repo in planned:
        lines.append(f"{repo.repo_type} {repo.repo_id}")
        lines += [
            f"  {change.status:<9} {_size(change.size):>10}  {change.path}"
            for change in repo.changes
            if change.status != "unchanged"
        ]
        unchanged = sum(change.status == "unchanged" for change in repo.changes)
        if unchanged:
            lines.append(f"  unchanged {unchanged:>10}  {'item' if repo.repo_type == 'collection' else 'file'}s")
    changed = sum(repo.changed for repo in planned)
    lines.append(
        f"{changed} of {len(planned)} change." if changed else "All of this is published already; nothing changes."
    )
    return "\n".join(lines)


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 10**6 else f"{size / 1e3:.1f} kB" if size else ""


def _format_result(repo: PublishedRepo) -> str:
    if repo.pull_request:
        return f"proposed   {repo.pull_request}"
    return f"{'published' if repo.changed else 'unchanged'}  {repo.url}{f'  {repo.commit[:7]}' if repo.commit else ''}"


def _show_check(check: Check) -> None:
    click.echo(f"{'ok' if check.ok else 'WRONG':<6} {check.repo_id}  {check.what}: {check.detail}")


def _report(checks: Sequence[Check], *, quiet: bool = False) -> None:
    """Say how many checks went well, or fail."""
    wrong = sum(not check.ok for check in checks)
    if wrong:
        raise click.ClickException(f"{wrong} of {len(checks)} checks went wrong")
    if not quiet:
        click.echo(f"All {len(checks)} checks went well.")
