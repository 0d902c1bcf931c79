"""The commands `mnist1d-hf build` and `mnist1d-hf prepare`."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from ..dataset.presets import CONFIGS
from ..dataset.registration import NAME
from .options import config_choice, executor_options, integer, json_option, opened_executor, quiet_option, set_option

if TYPE_CHECKING:
    from ..dataset.mnist1d import Mnist1D
    from ..hub.dataset_repo import BuiltRepo

# Files of a split that are listed one by one.
_LISTED = 20


@click.command("build")
@click.argument("output_dir")
@click.option("--config", "configs", type=config_choice, multiple=True, help="Config to include; all four by default.")
@click.option("--num-samples", type=integer, help="Rows of the config 'large', train and test together, like 1e9.")
@set_option
@click.option(
    "--rows-per-file",
    type=integer,
    help="Rows of each Parquet file, a multiple of 100000. [default: 100000; 3e6 from 1e9 rows on, 3e7 from 1e12 on]",
)
@click.option("--overwrite", is_flag=True, help="Replace an earlier build in OUTPUT_DIR.")
@executor_options
@quiet_option
@json_option
def build_command(
    output_dir: str, changes: dict[str, Any], executor: str | None, retries: int, as_json: bool, **options: Any
) -> None:
    """Write a complete dataset repository to OUTPUT_DIR, a folder or an address such as s3://bucket/folder.

    It holds Parquet files for each config and split, figures and the dataset card. Stock datasets loads a folder without
    this package: load_dataset("OUTPUT_DIR", "shuffled"). --set changes every config that is named with --config, and the
    card says so.

    A folder is replaced whole, or not at all. At an address, or with --executor, finished files are kept: rerun the command
    to resume; the manifest is written last. Keys of a store come from the environment, on the workers too.

    \b
    Examples:
      mnist1d-hf build mnist1d
      mnist1d-hf build small --config default --config shuffled
      mnist1d-hf build big --config large --num-samples 1e7
      mnist1d-hf build noisy --config custom-noise --set corr_noise_scale=0.4
      mnist1d-hf build s3://bucket/big --config large --num-samples 1e9
    """
    from ..hub.dataset_repo import build_dataset_repo

    with opened_executor(executor, retries) as workers:
        repo = build_dataset_repo(output_dir, parameters=changes, **{"retries": retries, **options, **workers})
    if as_json:
        click.echo(json.dumps({"folder": repo.address, "rows": repo.rows, "files": repo.files}, indent=2))
        return
    for line in _list_files(repo.files):
        click.echo(line)
    click.echo(f"{sum(repo.files.values()) / 1e6:9.2f} MB  in {repo.address}")
    click.echo(f"Load it with {_loading(output_dir, repo)}.")


def _list_files(files: Mapping[str, int]) -> Iterator[str]:
    """Return a line for each file, one for all of a split that has many."""
    splits: dict[str, list[str]] = {}
    for path in files:
        splits.setdefault(re.sub(r"-\d.*", "-*", path), []).append(path)
    for split, paths in splits.items():
        if len(paths) > _LISTED:
            yield f"{sum(files[path] for path in paths) / 1e6:9.2f} MB  {split} ({len(paths)} files)"
        else:
            yield from (f"{files[path] / 1e6:9.2f} MB  {path}" for path in paths)


def _loading(output_dir: str, repo: BuiltRepo) -> str:
    """Return the call that loads the first config; datasets finds repositories in folders and on the Hub alone."""
    from ..hub.storage import is_url

    config = next(iter(repo.rows))
    if not is_url(output_dir):
        return f'load_dataset("{output_dir}", "{config}")'
    # A file of a config with subfolders has two slashes.
    nested = any(path.startswith(f"{config}/") and path.count("/") > 1 for path in repo.files)
    files = {split: f"{repo.address}/{config}/{split}-*{'/*' if nested else ''}" for split in repo.rows[config]}
    return f'load_dataset("parquet", data_files={json.dumps(files)})'


@click.command("prepare")
@click.argument("configs", metavar="[CONFIG]...", type=config_choice, nargs=-1)
@set_option
@click.option("--check", is_flag=True, help="Compare what is in the cache with what would be generated; fill nothing.")
@quiet_option
@json_option
def prepare_command(configs: tuple[str, ...], changes: dict[str, Any], check: bool, as_json: bool) -> None:
    """Fill the cache of datasets with the named configs, all four by default (190 MB).

    Then load_dataset("mnist1d", CONFIG) works without importing this package. --set changes every config that is named;
    load_dataset finds it by the same parameters, as the command prints them. --check ends with an error that names the folder
    to remove if any row differs; without names it checks the configs that are in the cache.

    \b
    Examples:
      mnist1d-hf prepare
      mnist1d-hf prepare default shuffled
      mnist1d-hf prepare custom-noise --set corr_noise_scale=0.4
      mnist1d-hf prepare --check
    """
    if changes and not configs:
        raise click.UsageError("--set needs the configs that it changes; name them, for example custom-noise")
    from ..dataset.mnist1d import Mnist1D

    builders = [Mnist1D(config_name=config, **changes) for config in configs or CONFIGS]
    if check:
        builders = _check(builders, named=bool(configs))
    else:
        for builder in builders:
            builder.download_and_prepare()
    if as_json:
        click.echo(json.dumps({builder.config.name: builder.cache_dir for builder in builders}, indent=2))
        return
    for builder in builders:
        click.echo(f"{_call(builder, changes)}  {builder.cache_dir}{'  as generated now' if check else ''}")


def _check(builders: Sequence[Mnist1D], named: bool) -> list[Mnist1D]:
    """Check the cache entries, all of which must be there if they are named, and return the builders of those that are."""
    from ..dataset.cache import check_cache

    found = [builder for builder in builders if os.path.isdir(builder.cache_dir)]
    missing = [builder.config.name for builder in builders if builder not in found]
    if not found or (named and missing):
        raise ValueError(
            f"the cache has no entry of {', '.join(missing)}; run mnist1d-hf prepare without --check first"
        )
    for builder in found:
        check_cache(builder)
    return found


def _call(builder: Mnist1D, changes: Iterable[str]) -> str:
    """Return the call that loads what is prepared."""
    # Without the package, datasets compares parameters as they are written, and takes those of the config for others.
    used, preset = builder.config.parameters, CONFIGS[builder.config.name]
    given = [f", {name}={value}" for name in changes if (value := getattr(used, name)) != getattr(preset, name)]
    return f'load_dataset("{NAME}", "{builder.config.name}"{"".join(given)})'
