"""The commands `mnist1d-hf build` and `mnist1d-hf prepare`."""

from __future__ import annotations

import json
from pathlib import Path

import click
import datasets

from ..dataset.presets import CONFIGS
from ..dataset.registration import NAME
from ..hub.dataset_repo import build_dataset_repo
from .options import config_choice, json_option


@click.command("build")
@click.argument("output_dir", type=click.Path(path_type=Path))
@click.option(
    "--config", "configs", type=config_choice, multiple=True, help="Config to include; all four if not given."
)
@click.option("--num-samples", type=int, help="Rows of the config 'large', train and test together.")
@click.option("--overwrite", is_flag=True, help="Replace what an earlier build wrote to OUTPUT_DIR.")
@json_option
def build_command(
    output_dir: Path, configs: tuple[str, ...], num_samples: int | None, overwrite: bool, as_json: bool
) -> None:
    """Write a complete dataset repository to OUTPUT_DIR.

    The folder holds Parquet files for each config and split, figures and the dataset card. Stock datasets loads it without
    this package: load_dataset("OUTPUT_DIR", "shuffled").

    \b
    Examples:
      mnist1d-hf build mnist1d
      mnist1d-hf build small --config default --config shuffled
      mnist1d-hf build big --config large --num-samples 10000000
    """
    repo = build_dataset_repo(output_dir, configs=configs, num_samples=num_samples, overwrite=overwrite)
    if as_json:
        click.echo(json.dumps({"folder": str(repo.folder), "rows": repo.rows, "files": repo.files}, indent=2))
        return
    for path, size in repo.files.items():
        click.echo(f"{size / 1e6:9.2f} MB  {path}")
    click.echo(f"{sum(repo.files.values()) / 1e6:9.2f} MB  in {repo.folder}")
    click.echo(f'Load it with load_dataset("{output_dir}", "{next(iter(repo.rows))}").')


@click.command("prepare")
@click.argument("configs", metavar="[CONFIG]...", type=config_choice, nargs=-1)
@json_option
def prepare_command(configs: tuple[str, ...], as_json: bool) -> None:
    """Fill the cache of datasets with the named configs.

    Then load_dataset("mnist1d", CONFIG) works without importing this package. All four configs are prepared if none
    is named; they take 190 MB.

    \b
    Examples:
      mnist1d-hf prepare
      mnist1d-hf prepare default shuffled
    """
    folders = {}
    for config in configs or CONFIGS:
        builder = datasets.load_dataset_builder(NAME, config)
        builder.download_and_prepare()
        folders[config] = builder.cache_dir
    if as_json:
        click.echo(json.dumps(folders, indent=2))
        return
    for config, folder in folders.items():
        click.echo(f'load_dataset("{NAME}", "{config}")  {folder}')
