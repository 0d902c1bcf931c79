"""The commands `mnist1d-hf plot ...`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..dataset import figures
from ..dataset.parameters import GenerationParameters
from ..utils.figures import check_format, save_figure
from ..utils.outputs import check_output_file
from .options import set_option

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@click.group("plot")
def plot_group() -> None:
    """Draw a figure of the dataset.

    \b
    Examples:
      mnist1d-hf plot templates --output templates.pdf
      mnist1d-hf plot samples --output noisy.png --set corr_noise_scale=0.5
    """


_output_option = click.option(
    "--output", "-o", required=True, type=click.Path(path_type=Path), help="File to write: .png, .svg or .pdf."
)


@plot_group.command("templates")
@_output_option
def plot_templates(output: Path) -> None:
    """Draw the ten digit templates.

    \b
    Example:
      mnist1d-hf plot templates --output templates.png
    """
    _draw(figures.plot_templates, output)


@plot_group.command("samples")
@_output_option
@set_option
def plot_samples(output: Path, changes: dict[str, Any]) -> None:
    """Draw five training examples of each class.

    \b
    Example:
      mnist1d-hf plot samples --output samples.png --set shuffle_seq=true
    """
    _draw(lambda: figures.plot_samples(GenerationParameters(**changes)), output)


@plot_group.command("construction")
@_output_option
@set_option
def plot_construction(output: Path, changes: dict[str, Any]) -> None:
    """Draw how one example of each digit is made, step by step (Figure 1 of the paper).

    \b
    Example:
      mnist1d-hf plot construction --output construction.svg --set seed=1
    """
    _draw(lambda: figures.plot_construction(GenerationParameters(**changes)), output)


@plot_group.command("stats")
@_output_option
@set_option
def plot_stats(output: Path, changes: dict[str, Any]) -> None:
    """Draw the mean and standard deviation of each class.

    \b
    Example:
      mnist1d-hf plot stats --output stats.png --set max_translation=1
    """
    _draw(lambda: figures.plot_stats(GenerationParameters(**changes)), output)


def _draw(plot: Callable[[], Figure], output: Path) -> None:
    """Draw a figure and write it, if it can be written."""
    check_format(output)
    check_output_file(output)
    click.echo(f"wrote {save_figure(plot(), output)}")
