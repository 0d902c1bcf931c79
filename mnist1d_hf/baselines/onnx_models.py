"""Models of any framework as ONNX files, of this machine or of the Hub, evaluated without their code."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import CheckpointError
from ..utils.extras import check_extras
from ..utils.text import printable
from .architectures import MODELS, Baseline
from .checkpoints import CONFIG_NAME, MAX_WEIGHTS_BYTES, WEIGHTS_NAME, is_path, read_config, resolve_file
from .layout import METRICS_NAME, ONNX_NAME
from .onnx_process import MAX_SECONDS, REFUSED
from .registry import find_checkpoint, load_model
from .tasks import TASKS

# The path of this process, so that the other one finds the same packages.
_PROGRAM = "import sys; path, *sys.path = sys.argv[1:]; from mnist1d_hf.baselines.onnx_process import main; main(path)"


@dataclass(frozen=True)
class OnnxModel:
    """A model in an ONNX file; call it with signals of shape (rows, length) for logits of shape (rows, classes)."""

    source: str
    """Where it was found: file, folder, or repository on the Hub."""
    path: Path
    """The file."""
    task: str | None = None
    """Task that it was trained on, if its folder or repository names one."""

    def __call__(self, signals: ArrayLike) -> NDArray[np.float64]:
        """Classify signals, in a process of its own that may take 300 s and, on Linux, 4 GiB of memory.

        Raises
        ------
        CheckpointError
            If the file is not an ONNX file of a model that takes signals of this length in batches of any size, if it keeps
            weights in other files, or if it takes too much memory or time.
        """
        rows = io.BytesIO()
        np.save(rows, np.asarray(signals, np.float32))
        command = [sys.executable, "-c", _PROGRAM, str(self.path.absolute()), *sys.path]
        try:
            result = subprocess.run(command, input=rows.getvalue(), capture_output=True, timeout=MAX_SECONDS)
        except subprocess.TimeoutExpired:
            raise CheckpointError(f"{self.path} takes more than {MAX_SECONDS} s for {len(signals)} signals") from None  # type: ignore[arg-type]
        if result.returncode == REFUSED:
            raise CheckpointError(f"{self.path} {printable(result.stdout.decode(errors='replace'))}")
        if result.returncode:
            raise CheckpointError(f"{self.path} cannot be run: {_last_words(result)}")
        logits: NDArray[np.float64] = np.load(io.BytesIO(result.stdout))
        return logits


def _last_words(result: subprocess.CompletedProcess[bytes]) -> str:
    lines = [line for line in result.stderr.decode(errors="replace").splitlines() if line.strip()]
    return f"its process ended with status {result.returncode}{f' ({printable(lines[-1])[:300]})' if lines else ''}"


def load_onnx(source: str | os.PathLike[str], *, revision: str | None = None, **download: Any) -> OnnxModel:
    """Find a model in an ONNX file, to be evaluated by `evaluate` without its code.

    The file itself is read when the model is called, in a process of its own: by onnxruntime, on the CPU, in one thread.
    Libraries of operators that it asks for are never loaded, nor is any other file.

    Parameters
    ----------
    source : str or path-like
        A file whose name ends in ``.onnx``, a folder with ``onnx/model.onnx``, or the id of such a repository on the Hub.
    revision : str, optional
        For a repository, the branch, tag or commit.
    **download : object
        Other options of `huggingface_hub.hf_hub_download`.

    Returns
    -------
    OnnxModel
        The model.

    Raises
    ------
    CheckpointError
        If there is no such file, or it has more than 256 MiB.
    HubError
        If the repository or the revision is missing, or the Hub is out of reach.
    MissingExtraError
        If onnx or onnxruntime is not installed.

    Examples
    --------
    >>> model = load_onnx("models/shuffled/cnn")
    >>> model.path.name, model(np.zeros((3, 40))).shape
    ('model.onnx', (3, 10))
    """
    check_extras("onnx")
    name, task = os.fspath(source), None
    if is_onnx_file(source):
        path = Path(source)
        if not path.is_file():
            raise CheckpointError(f"there is no file {path}")
    else:
        if is_path(source) and not Path(source).is_dir():
            raise CheckpointError(f"{name} is neither an .onnx file nor a folder with {ONNX_NAME}")
        options = {key: value for key, value in {"revision": revision, **download}.items() if value is not None}
        path = resolve_file(name, ONNX_NAME, options)
        if re.fullmatch("[0-9a-f]{40}", path.parents[1].name):
            # In the cache of the Hub, the folder is the commit.
            options["revision"] = path.parents[1].name
        task = _named_task(name, options)
    size = path.stat().st_size
    if size > MAX_WEIGHTS_BYTES:
        raise CheckpointError(f"{path} has {size} bytes; at most {MAX_WEIGHTS_BYTES} are loaded")
    return OnnxModel(name, path, task)


def is_onnx_file(source: str | os.PathLike[str]) -> bool:
    """Return whether this names an ONNX file, and not a folder or a repository."""
    return os.fspath(source).lower().endswith(".onnx") and not Path(source).is_dir()


def load_any(name: str, config: str = "default") -> Baseline | OnnxModel:
    """Load what `load_model` or `load_onnx` does.

    The ONNX file of a folder or a repository is taken if ``config.json`` is missing or names an architecture that is not of
    this package, and if there are no weights; if there is none either, the error says what `load_model` lacks.
    """
    if is_onnx_file(name):
        return load_onnx(name)
    try:
        checkpoint = find_checkpoint(name, config)
        architecture = checkpoint.config.get("architecture")
        if not isinstance(architecture, str) or architecture not in MODELS:
            return load_model(checkpoint)  # raises
        checkpoint.file(WEIGHTS_NAME)
    except CheckpointError as error:
        try:
            return load_onnx(name)
        except CheckpointError:
            raise error from None
    return load_model(checkpoint)


def _named_task(source: str, options: dict[str, Any]) -> str | None:
    """Return the task that the files beside an ONNX file name, if they do."""
    for name in (CONFIG_NAME, METRICS_NAME):
        try:
            task = read_config(resolve_file(source, name, options)).get("task")
        except CheckpointError:
            continue
        if isinstance(task, str) and task in TASKS:
            return task
    return None
