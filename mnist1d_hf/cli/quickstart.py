"""The first command for newcomers: loads MNIST-1D with `load_dataset`, checks, describes and draws it."""

from __future__ import annotations

import dataclasses
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np

from ..dataset.checksums import FROZEN_SHA256, sha256
from ..dataset.figures import plot_samples
from ..dataset.registration import NAME, load
from ..errors import MissingExtraError
from ..utils.extras import check_extras
from ..utils.figures import check_format, save_figure
from ..utils.files import check_output_file
from ..utils.textplot import plot_signal
from ..version import DATA_VERSION, __version__
from .options import json_option, output_option, quiet_option


@dataclass(frozen=True)
class ConfigReport:
    """What was found when a config was loaded."""

    config: str
    rows: dict[str, int]
    points: int
    classes: int
    matches_frozen: bool
    seconds: float


@dataclass(frozen=True)
class QuickstartReport:
    """What `quickstart` found; `str` gives the text for the terminal."""

    version: str
    data_version: str
    configs: tuple[ConfigReport, ...]
    examples: tuple[tuple[int, tuple[float, ...]], ...]
    figure: str
    baselines: str
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether every row equals the paper's."""
        return all(config.matches_frozen for config in self.configs)

    def __str__(self) -> str:
        lines = [f"MNIST-1D (mnist1d-hf {self.version}, data version {self.data_version})", ""]
        for config in self.configs:
            rows = ", ".join(f"{count} {split}" for split, count in config.rows.items())
            verdict = "identical to the paper's" if config.matches_frozen else "NOT the paper's"
            lines += [
                f'load_dataset("{NAME}", "{config.config}")  in {config.seconds:.2f} s',
                f"  {rows} rows of {config.points} points, {config.classes} classes; sha256 of all rows: {verdict}",
            ]
        for label, signal in self.examples:
            drawing = plot_signal(np.array(signal)).splitlines()
            lines += ["", f"  A training row of default, digit {label}:", *(f"    {line}".rstrip() for line in drawing)]
        loaded = "\n".join(lines)
        return f"""{loaded}

{self.figure}

{self.baselines}

Total time: {self.seconds:.1f} s.

Next, in Python:
  import mnist1d_hf
  from datasets import load_dataset
  load_dataset("{NAME}", "shuffled", split="test").with_format("torch")
  load_dataset("{NAME}", "custom-noise", corr_noise_scale=0.4, seed=1)
  load_dataset("{NAME}", "large", num_samples=10**9, streaming=True)
and on the command line: mnist1d-hf --help"""


def quickstart(figure: str | Path = "mnist1d-samples.png") -> QuickstartReport:
    """Load the paper's two datasets, compare them with the frozen ones, draw examples, and evaluate the baselines.

    The figure and the baselines are skipped, and the report says so, where their libraries are not installed.
    """
    check_format(figure)
    check_output_file(figure)
    start = time.perf_counter()
    loaded = {config: _load(config) for config in ("default", "shuffled")}
    train = loaded["default"][0]["train"].with_format("numpy")
    # The first rows of three digits that look very different.
    first = {int(label): row for row, label in reversed(list(enumerate(train["y"][:])))}
    examples = tuple((digit, tuple(float(value) for value in train[first[digit]]["x"])) for digit in (0, 4, 7))
    return QuickstartReport(
        version=__version__,
        data_version=DATA_VERSION,
        configs=tuple(report for _, report in loaded.values()),
        examples=examples,
        figure=_draw(figure),
        baselines=_evaluate_baselines(),
        seconds=time.perf_counter() - start,
    )


def _load(config: str) -> tuple[Any, ConfigReport]:
    start = time.perf_counter()
    splits = load(config)
    seconds = time.perf_counter() - start
    features = splits["train"].features
    report = ConfigReport(
        config=config,
        rows={name: len(split) for name, split in splits.items()},
        points=features["x"].length,
        classes=features["y"].num_classes,
        matches_frozen=all(sha256(split) == FROZEN_SHA256[config, name] for name, split in splits.items()),
        seconds=seconds,
    )
    return splits, report


def _draw(path: str | Path) -> str:
    """Save the figure and return where, or why there is none."""
    try:
        return f"Fifty examples are drawn in {save_figure(plot_samples(), path)}."
    except MissingExtraError as error:
        return f"No figure: {error}."


def _evaluate_baselines() -> str:
    """Return the table of all checkpoints, or why there is none."""
    try:
        check_extras("torch")
        from ..baselines.table import evaluate_checkpoints, format_table
    except MissingExtraError as error:
        return f"No baselines: {error}."
    return f"The baselines, evaluated on newly generated test rows (percent):\n{format_table(evaluate_checkpoints())}"


@click.command("quickstart")
@output_option("File for the figure: .png, .svg or .pdf.", default="mnist1d-samples.png")
@quiet_option
@json_option
def quickstart_command(output: Path, as_json: bool) -> None:
    """Load, check, describe and draw the paper's data.

    Loads the paper's two datasets with load_dataset, and compares every row with the data frozen by the authors.

    \b
    Examples:
      mnist1d-hf quickstart
      mnist1d-hf quickstart --json
    """
    report = quickstart(output)
    click.echo(json.dumps(dataclasses.asdict(report), indent=2) if as_json else str(report))
    if not report.ok:
        raise click.ClickException(
            "the data is not the paper's; delete the 'mnist1d' folder in the cache of datasets and rerun the command"
        )
