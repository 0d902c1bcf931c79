"""The commands `mnist1d-hf build` and `mnist1d-hf prepare`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from ..dataset.cache import check_cache, is_prepared
from ..dataset.mnist1d import Mnist1D
from ..dataset.presets import CONFIGS
from ..dataset.registration import NAME
from ..hub.dataset_repo import build_dataset_repo
from .options import config_choice, json_option, quiet_option, set_option


@click.command("build")
@click.argument("output_dir", type=click.Path(path_type=Path))
@click.option("--config", "configs", type=config_choice, multiple=True, help="Config to include; all four by default.")
@click.option("--num-samples", type=int, help="Rows of the config 'large', train and test together.")
@set_option
@click.option("--overwrite", is_flag=True, help="Replace an earlier build in OUTPUT_DIR.")
@quiet_option
@json_option
def build_command(
    output_dir: Path,
    configs: tuple[str, ...],
    num_samples: int | None,
    changes: dict[str, Any],
    overwrite: bool,
    as_json: bool,
) -> None:
    """Write a complete dataset repository to OUTPUT_DIR.

    The folder holds Parquet files for each config and split, figures and the dataset card. Stock datasets loads it without
    this package: load_dataset("OUTPUT_DIR", "shuffled"). --set changes every config that is named with --config, and the
    card says so.

    \b
    Examples:
      mnist1d-hf build mnist1d
      mnist1d-hf build small --config default --config shuffled
      mnist1d-hf build big --config large --num-samples 10000000
      mnist1d-hf build noisy --config custom-noise --set corr_noise_scale=0.4
    """
    repo = build_dataset_repo(
        output_dir, configs=configs, num_samples=num_samples, parameters=changes, overwrite=overwrite
    )
    if as_json:
        click.echo(json.dumps({"folder": str(repo.folder), "rows": repo.rows, "files": repo.files}, indent=2))
        return
    for path, size in repo.files.items():
        click.echo(f"{size / 1e6:9.2f} MB  {path}")
    click.echo(f"{sum(repo.files.values()) / 1e6:9.2f} MB  in {repo.folder}")
    click.echo(f'Load it with load_dataset("{output_dir}", "{next(iter(repo.rows))}").')


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
    found = [builder for builder in builders if is_prepared(builder)]
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
