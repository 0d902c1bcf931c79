"""The command `mnist1d-hf`: parses, calls, prints."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import click
import datasets
from datasets.exceptions import DatasetGenerationError

from . import plotting
from .cli_evaluate import evaluate_command
from .cli_experiment import experiment_group
from .cli_options import config_choice, json_option, set_option
from .cli_publish import publish_command, verify_command
from .cli_train import train_command
from .hub.dataset_repo import build_dataset_repo
from .mnist1d import CONFIGS
from .network import HubError
from .parameters import GenerationParameters
from .quickstart import quickstart
from .registration import NAME
from .version import DATA_VERSION, __version__


class _OneLineErrors(click.Group):
    """Reports bad input and failing disks as one line, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DatasetGenerationError as error:
            raise click.ClickException(_one_line(error.__cause__ or error)) from error
        except (ValueError, OSError, ImportError, HubError) as error:
            raise click.ClickException(_one_line(error)) from error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


@click.group(cls=_OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message=f"mnist1d-hf {__version__} (data version {DATA_VERSION})")
def main() -> None:
    """MNIST-1D for the Hugging Face ecosystem.

    \b
    Examples:
      mnist1d-hf quickstart
      mnist1d-hf build mnist1d
      mnist1d-hf plot samples --output samples.png
    """


@main.command()
@click.argument("output_dir", type=click.Path(path_type=Path))
@click.option(
    "--config", "configs", type=config_choice, multiple=True, help="Config to include; all four if not given."
)
@click.option("--num-samples", type=int, help="Rows of the config 'large', train and test together.")
@click.option("--overwrite", is_flag=True, help="Replace what an earlier build wrote to OUTPUT_DIR.")
@json_option
def build(output_dir: Path, configs: tuple[str, ...], num_samples: int | None, overwrite: bool, as_json: bool) -> None:
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


@main.command()
@click.argument("configs", metavar="[CONFIG]...", type=config_choice, nargs=-1)
@json_option
def prepare(configs: tuple[str, ...], as_json: bool) -> None:
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


@main.group()
def plot() -> None:
    """Draw a figure of the dataset.

    \b
    Examples:
      mnist1d-hf plot templates --output templates.pdf
      mnist1d-hf plot samples --output noisy.png --set corr_noise_scale=0.5
    """


_output_option = click.option(
    "--output", "-o", required=True, type=click.Path(path_type=Path), help="File to write: .png, .svg or .pdf."
)


@plot.command("templates")
@_output_option
def plot_templates(output: Path) -> None:
    """Draw the ten digit templates.

    \b
    Example:
      mnist1d-hf plot templates --output templates.png
    """
    _save(plotting.plot_templates(), output)


@plot.command("samples")
@_output_option
@set_option
def plot_samples(output: Path, changes: dict[str, Any]) -> None:
    """Draw training examples of each class.

    \b
    Example:
      mnist1d-hf plot samples --output samples.png --set shuffle_seq=true
    """
    _save(plotting.plot_samples(GenerationParameters(**changes)), output)


@plot.command("construction")
@_output_option
@set_option
def plot_construction(output: Path, changes: dict[str, Any]) -> None:
    """Draw how an example of each digit is made, step by step (Figure 1 of the paper).

    \b
    Example:
      mnist1d-hf plot construction --output construction.svg --set seed=1
    """
    _save(plotting.plot_construction(GenerationParameters(**changes)), output)


@plot.command("stats")
@_output_option
@set_option
def plot_stats(output: Path, changes: dict[str, Any]) -> None:
    """Draw mean and standard deviation of each class.

    \b
    Example:
      mnist1d-hf plot stats --output stats.png --set max_translation=1
    """
    _save(plotting.plot_stats(GenerationParameters(**changes)), output)


def _save(figure: Any, output: Path) -> None:
    click.echo(f"wrote {plotting.save_figure(figure, output)}")


@main.command("quickstart")
@click.option(
    "--output",
    "-o",
    default="mnist1d-samples.png",
    show_default=True,
    type=click.Path(path_type=Path),
    help="File for the figure: .png, .svg or .pdf.",
)
@json_option
def quickstart_command(output: Path, as_json: bool) -> None:
    """Load, check, describe and draw the paper's data.

    Its two datasets are loaded through load_dataset, and every row is compared with what the authors froze.

    \b
    Examples:
      mnist1d-hf quickstart
      mnist1d-hf quickstart --json
    """
    report = quickstart(output)
    click.echo(json.dumps(dataclasses.asdict(report), indent=2) if as_json else str(report))
    if not report.ok:
        raise click.ClickException(
            "the data is not the paper's; remove the 'mnist1d' folder in the cache of datasets and run this again"
        )


main.add_command(train_command)
main.add_command(evaluate_command)
main.add_command(experiment_group)
main.add_command(publish_command)
main.add_command(verify_command)
