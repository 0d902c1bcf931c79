"""The folder of a measured model: weights, ONNX, metrics, curves, card and the source file."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from ..baselines.checkpoints import CONFIG_NAME, WEIGHTS_NAME, save_weights
from ..baselines.data import load_training_tensors
from ..baselines.figures import plot_curves
from ..baselines.layout import CURVES_NAME, METRICS_NAME, ONNX_NAME
from ..baselines.model_card import CARD_NAME
from ..baselines.onnx_export import export_onnx
from ..baselines.tasks import TASKS
from ..utils.extras import require
from ..utils.figures import save_figure
from ..utils.files import check_output_folder, read_folder, refuse_foreign_files, write_folder, write_json, write_text
from ..utils.text import escape, one_line, shorten_name
from ..version import DATA_VERSION, __version__
from .card import is_built_in, render_benchmark_card
from .measurement import Measurement

if TYPE_CHECKING:
    from .report import Report

_OF_A_TASK = (METRICS_NAME, WEIGHTS_NAME, ONNX_NAME, CURVES_NAME)
_COMPARED_ROWS = 300
_TOLERANCE = 1e-3
"""Difference of logits, relative to the largest, that rounding may make."""
_REASON_LENGTH = 200


def save_report(report: Report, folder: Path, *, overwrite: bool) -> Path:
    """Write the folder of a report; see `Report.save`."""
    check_output_folder(folder)
    target = folder.resolve()
    if overwrite:
        refuse_foreign_files(target, _known_files(report.source), "a benchmark")
    elif target.is_dir() and any(target.iterdir()):
        names = sorted(escape(path.name) for path in target.iterdir())
        raise FileExistsError(
            f"{folder} holds {', '.join(names[:3])}{', ...' if len(names) > 3 else ''}; existing files are kept: name another "
            f"folder, or give --overwrite (overwrite=True)"
        )
    with TemporaryDirectory() as temporary:
        left_out = _Writer(Path(temporary)).write(report)
        write_folder(target, read_folder(Path(temporary)))
    for reason in left_out:
        warnings.warn(reason, stacklevel=3)  # names the line that calls `Report.save`
    return folder


def _known_files(source: Path | None) -> set[str]:
    """Return the paths of everything that a report may write."""
    further = {f"{task}/{name}" for task in TASKS for name in _OF_A_TASK}
    return {CARD_NAME, CONFIG_NAME, *_OF_A_TASK, *further, *([source.name] if source else [])}


class _Writer:
    """Writes the files of a report; what cannot be written is left out, for no training is to be lost over it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._left_out: list[str] = []

    def write(self, report: Report) -> list[str]:
        """Write everything; return what was left out, and why."""
        first, *others = report.measurements
        self._write_task(self._folder, first)
        for measurement in others:
            self._write_task(self._folder / measurement.metrics["task"], measurement)
        if first.model is not None:
            write_json(self._folder / CONFIG_NAME, _config(first.model, first.metrics), indent=2)
        if report.source:
            copy = self._folder / report.source.name
            with self._leaving_out(copy):
                copy.write_bytes(report.source.read_bytes())
        write_text(self._folder / CARD_NAME, render_benchmark_card(report, set(read_folder(self._folder))))
        return self._left_out

    def _write_task(self, folder: Path, measurement: Measurement) -> None:
        metrics, model = measurement.metrics, measurement.model
        write_json(folder / METRICS_NAME, metrics, indent=1)
        if all(run["curves"] for run in metrics["runs"]):
            with self._leaving_out(folder / CURVES_NAME) as path:
                save_figure(plot_curves(metrics), path)
        if model is not None:
            with self._leaving_out(folder / WEIGHTS_NAME) as path:
                save_weights(model.state_dict(), path, {"data_version": DATA_VERSION})
            with self._leaving_out(folder / ONNX_NAME) as path:
                _write_onnx(model, path, load_training_tensors(metrics["task"], _COMPARED_ROWS)[0])

    @contextmanager
    def _leaving_out(self, path: Path) -> Iterator[Path]:
        """Remove a file that fails, and remember why."""
        try:
            yield path
        # Modules of strangers fail in their own ways.
        except Exception as error:
            path.unlink(missing_ok=True)
            name, reason = path.relative_to(self._folder).as_posix(), shorten_name(one_line(error), _REASON_LENGTH)
            self._left_out.append(f"{escape(name)} is left out: {reason}")


def _write_onnx(model: nn.Module, path: Path, signals: Tensor) -> None:
    """Write a model as ONNX; raise a ValueError if onnxruntime is installed and computes something else."""
    export_onnx(model, path, signals.shape[1])
    if find_spec("onnxruntime") is None:
        return
    runtime = require("onnxruntime", "onnx")
    options = runtime.SessionOptions()
    options.log_severity_level = 4  # what fails is said once, in the warning
    session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    (logits,) = session.run(["logits"], {"x": signals.numpy()})
    with torch.no_grad():
        expected = model(signals).numpy()
    difference = np.abs(logits - expected).max()
    if not difference <= _TOLERANCE * max(1.0, float(np.abs(expected).max())):
        raise ValueError(f"the logits of the exported file differ from the model's by up to {difference:.3g}")


def _config(model: nn.Module, metrics: dict[str, Any]) -> dict[str, Any]:
    """Return the content of ``config.json``; that of a built-in architecture is one that `load_model` reads."""
    of_the_run = {"task": metrics["task"], "protocol": metrics["protocol"]}
    if is_built_in(model):
        return {**model.config, "dataset_config": metrics["config"], **of_the_run}
    versions = {"data_version": DATA_VERSION, "package_version": __version__}
    return {"architecture": type(model).__name__, **of_the_run, **versions}
