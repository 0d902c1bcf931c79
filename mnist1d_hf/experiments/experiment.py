"""What all experiments share: parts that are measured in parallel, kept as JSON and not measured again; claims; results."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Generic

from ..utils.extras import check_extras
from ..utils.files import check_output_folder, provenance, write_json
from ..utils.processes import report, workers
from ..utils.progress import Bar
from ..utils.tasks import run_tasks
from ..version import DATA_VERSION
from . import EXTRAS
from .claims import Claim, corrected
from .results import Measured, Part, Results, Settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DEFAULT_SEEDS = 5

_KEPT = "finished parts are kept: rerun to measure the others"

Progress = Callable[[int, str], None]
"""Called with the number of steps done so far and the latest measurement, as text."""


class Experiment(ABC, Generic[Settings, Measured]):
    """An experiment of the paper; subclasses name its settings and say what is planned, measured, claimed and drawn."""

    name: str
    """As on the command line."""
    settings: Settings
    """Those of the paper."""
    quick: Settings
    """Those for trying it out, in less than 20 seconds."""
    measurement: type[Measured]
    """Dataclass of what a part measures."""
    choices: tuple[str, ...] = ()
    """Names of settings that select parts without changing any of them."""
    remarks: tuple[str, ...] = ()
    """How it differs from the paper, and what explains a claim that does not hold; for the report."""

    @abstractmethod
    def plan(self, settings: Settings, seeds: int) -> list[Part]:
        """Return the parts of the experiment.

        Parameters
        ----------
        settings : Settings
            Settings of the experiment.
        seeds : int
            Number of seeds, at least 1.

        Returns
        -------
        list of Part
            In the order in which they are started, the long ones first.
        """

    @abstractmethod
    def measure(self, settings: Settings, part: Part, progress: Progress) -> Measured:
        """Measure a part.

        Parameters
        ----------
        settings : Settings
            Settings of the experiment.
        part : Part
            One of the plan.
        progress : callable
            Called now and then; see `Progress`.

        Returns
        -------
        Measured
            Dataclass of numbers, strings, and lists and dicts of them.
        """

    @abstractmethod
    def uncorrected_claims(self, results: Results[Settings, Measured]) -> list[Claim]:
        """Compare results with what the paper says, each claim by itself.

        Parameters
        ----------
        results : Results
            Results of this experiment.

        Returns
        -------
        list of Claim
            One per claim of the paper, and the controls.
        """

    def claims(self, results: Results[Settings, Measured]) -> list[Claim]:
        """Compare results with what the paper says, and correct the tests for the number of its claims.

        Parameters
        ----------
        results : Results
            Results of this experiment.

        Returns
        -------
        list of Claim
            One per claim of the paper, and the controls. Whether a claim holds is for the paper's settings to judge, not for
            quick ones.
        """
        return corrected(self.uncorrected_claims(results))

    @abstractmethod
    def plot(self, results: Results[Settings, Measured]) -> Figure:
        """Draw results as the paper does.

        Parameters
        ----------
        results : Results
            Results of this experiment.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.
        """

    def run(
        self,
        output: str | os.PathLike[str] | None = None,
        *,
        seeds: int | None = None,
        quick: bool = False,
        settings: Settings | None = None,
        jobs: int | None = None,
        executor: Executor | None = None,
        retries: int = 0,
    ) -> Results[Settings, Measured]:
        """Run the experiment, or those of its parts that have not been measured yet.

        Parameters
        ----------
        output : path-like, optional
            Folder that keeps finished parts, as ``<experiment>/<part>.json``, so that they are not measured again. If not
            given, nothing is kept.
        seeds : int, optional
            Number of seeds, at least 1; 5 if not given.
        quick : bool
            Use the settings for trying it out.
        settings : Settings, optional
            Other settings than the paper's.
        jobs : int, optional
            Largest number of processes; one per core if not given.
        executor : concurrent.futures.Executor, optional
            Where to measure; local processes if not given. Its workers need not see ``output``.
        retries : int
            How often a part that fails is measured again.

        Returns
        -------
        Results
            What was measured.

        Raises
        ------
        FileExistsError
            If the folder holds parts that were measured with other settings.
        MissingExtraError
            If a library that the experiment needs is not installed.
        OSError
            If the folder cannot be written to.
        ValueError
            If a number is out of range.
        TasksFailedError
            If parts failed; it names them when the others are done.
        WorkerError
            If a process is killed. Finished parts are kept.
        """
        for name, value in (("seeds", seeds), ("jobs", jobs)):
            if value is not None and value < 1:
                raise ValueError(f"the number of {name} must be at least 1, got {value}")
        check_extras(*(extra for extra in EXTRAS.get(self.name, ()) if extra != "plot"), instead="experiments")
        seeds = DEFAULT_SEEDS if seeds is None else seeds
        chosen = settings or (self.quick if quick else self.settings)
        parts = self.plan(chosen, seeds)
        with TemporaryDirectory() if output is None else nullcontext(output) as top:
            folder = Path(top) / self.name
            check_output_folder(folder)
            folder.mkdir(parents=True, exist_ok=True)
            kept = {part.name: self._read(folder, part, chosen) for part in parts}
            missing = [part for part in parts if not kept[part.name]]
            again = "nothing is kept without an output folder" if output is None else _KEPT
            self._measure_all(folder, chosen, missing, again, jobs, executor, retries)
            kept |= {part.name: self._read(folder, part, chosen) for part in missing}
        return Results(
            experiment=self.name,
            settings=chosen,
            seeds=seeds,
            parts=parts,
            measured={name: self.measurement(**content["measured"]) for name, content in kept.items()},
            seconds=sum(content["seconds"] for content in kept.values()),
        )

    def _read(self, folder: Path, part: Part, settings: Settings) -> dict[str, Any]:
        """Return the content of a part's file, empty if there is none; raise if it was measured with other settings."""
        path = folder / f"{part.name}.json"
        if not path.is_file():
            return {}
        content = _load(path)
        # Through JSON, which knows no tuples.
        wanted, found = _flat(json.loads(json.dumps(_key(settings, part)))), _flat(content)
        different = [
            f"{name} {found.get(name)}, not {value}"
            for name, value in wanted.items()
            if name not in self.choices and found.get(name) != value
        ]
        if different:
            raise FileExistsError(
                f"{path} was measured with {'; '.join(different)}; name another folder with --output, or remove it"
            )
        return content

    def _measure_all(
        self,
        folder: Path,
        settings: Settings,
        parts: Sequence[Part],
        kept: str,
        jobs: int | None,
        executor: Executor | None,
        retries: int,
    ) -> None:
        """Measure parts and keep each as soon as it is finished."""
        if not parts:
            return
        paths = {part.name: folder / f"{part.name}.json" for part in parts}
        for path in paths.values():
            for unfinished in folder.glob(f".{path.name}*.incomplete"):
                unfinished.unlink(missing_ok=True)  # of a process that was killed
        bars = {part.name: Bar(part.name, part.steps) for part in parts}
        with workers(executor, bars, jobs, what="parts", kept=kept) as (pool, finish):

            def keep(name: str, content: dict[str, Any]) -> None:
                write_json(paths[name], {**content, "command": provenance()["command"]})
                finish(name)

            tasks = {part.name: (self, settings, part) for part in parts}
            run_tasks(pool, _measure_part, tasks, keep, retries=retries, what="parts", kept=kept)


class StepCounter:
    """Adds up the steps of the pieces of a part, and reports their sum."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._done = progress, 0

    def __call__(self, steps: int, measured: str) -> None:
        """Report steps done since the last call."""
        self._done += steps
        self._progress(self._done, measured)


def _measure_part(experiment: Experiment[Any, Any], settings: Any, part: Part) -> dict[str, Any]:
    """Measure a part and return the content of its file; runs in a process that imports the experiment's class."""
    report(part.name, 0)
    start = time.perf_counter()
    measured = experiment.measure(settings, part, lambda done, what: report(part.name, done, what))
    return {
        "experiment": experiment.name,
        "part": part.name,
        **_key(settings, part),
        **provenance(),
        "seconds": round(time.perf_counter() - start, 2),
        "measured": dataclasses.asdict(measured),
    }


def _key(settings: Any, part: Part) -> dict[str, Any]:
    """Return what decides the numbers of a part."""
    return {**part.values, "settings": dataclasses.asdict(settings), "data_version": DATA_VERSION}


def _load(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        content = None
    if not isinstance(content, dict) or not {"settings", "seconds", "measured"} <= set(content):
        raise FileExistsError(f"{path} holds no results; remove it, or name another folder with --output")
    return content


def _flat(content: dict[str, Any]) -> dict[str, Any]:
    others = {name: value for name, value in content.items() if name != "settings"}
    return {**content["settings"], **others}
