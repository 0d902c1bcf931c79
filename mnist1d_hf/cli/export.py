"""The command `mnist1d-hf export`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .options import config_choice, set_option

_FORMATS = ("npz", "csv", "ts", "monster")


@click.command("export")
@click.argument("output", type=click.Path(path_type=Path, file_okay=False))
@click.option("--format", type=click.Choice(_FORMATS), required=True, help="What the files are for; see above.")
@click.option("--config", type=config_choice, default="default", help="Config to export.")
@set_option
@click.option("--overwrite", is_flag=True, help="Replace files that an earlier export wrote to OUTPUT.")
def export_command(output: Path, format: str, config: str, changes: dict[str, Any], overwrite: bool) -> None:
    """Write a config to the folder OUTPUT, as files that other tools read.

    \b
    npz      one file for NumPy: x_train, y_train, x_test, y_test
    csv      train.csv and test.csv, the label and the points of a row in a line
    ts       MNIST1D_TRAIN.ts and MNIST1D_TEST.ts, for aeon and sktime
    monster  MNIST1D_X.npy, MNIST1D_Y.npy and the test rows, as in the MONSTER archive

    \b
    Examples:
      mnist1d-hf export mnist1d-ts --format ts
      mnist1d-hf export noisy --format csv --config custom-noise --set corr_noise_scale=0.4
    """
    from ..dataset.export import export

    for path in export(output, format=format, config=config, overwrite=overwrite, **changes):
        click.echo(f"{path.stat().st_size / 1e6:9.2f} MB  {path}")
