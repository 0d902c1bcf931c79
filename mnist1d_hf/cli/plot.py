"""The commands `mnist1d-hf plot ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..dataset import figures
from ..dataset.parameters import GenerationParameters
from ..utils.figures import check_format, save_figure
from ..utils.files import check_output_file
from .options import output_option, set_option


@click.group("plot")
def plot_group() -> None:
    """Draw a figure of the dataset.

    \b
    Examples:
      mnist1d-hf plot templates --output templates.pdf
      mnist1d-hf plot samples --output noisy.png --set corr_noise_scale=0.5
    """


_EXAMPLES = {
    "templates": ("Draw the ten digit templates.", "templates.png"),
    "samples": ("Draw five training examples of each class.", "samples.png --set shuffle_seq=true"),
    "construction": (
        "Draw how one example of each digit is made, step by step (Figure 1 of the paper).",
        "construction.svg --set seed=1",
    ),
    "stats": ("Draw the mean and standard deviation of each class.", "stats.png --set max_translation=1"),
}


def _add_command(name: str, text: str, example: str) -> None:
    def command(output: Path, changes: dict[str, Any] | None = None) -> None:
        check_format(output)
        check_output_file(output)
        plot = getattr(figures, f"plot_{name}")
        figure = plot() if changes is None else plot(GenerationParameters(**changes))
        click.echo(f"wrote {save_figure(figure, output)}")

    if name != "templates":
        command = set_option(command)
    command = output_option("File to write: .png, .svg or .pdf.", required=True)(command)
    plot_group.command(name, help=f"{text}\n\n\b\nExample:\n  mnist1d-hf plot {name} --output {example}")(command)


for _name, (_text, _example) in _EXAMPLES.items():
    _add_command(_name, _text, _example)
