"""What all experiments share: parts that are measured in parallel, kept as JSON and not measured again, claims, and results."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..utils.extras import require
from ..version import DATA_VERSION

require("torch", "experiments")

from ..utils.files import provenance, write_json
from ..utils.processes import Bar, local_processes, report

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DEFAULT_SEEDS = 3

Settings = TypeVar("Settings")
Measured = TypeVar("Measured")

Progress = Callable[[int, str], None]
"""Called with the number of steps done and what is measured."""


@dataclass(frozen=True)
class Part:
    """A piece of an experiment that is measured by itself: a setting, or one of its seeds."""

    name: str
    """Names the file it is kept in."""
    steps: int
    """Length of its progress bar."""
    values: dict[str, Any]
    """What distinguishes it from the other parts."""


@dataclass(frozen=True)
class Claim:
    """Something the paper says, and what was measured."""

    statement: str
    published: str
    measured: str
    test: str
    """When the claim counts as holding."""
    holds: bool


@dataclass(frozen=True)
class Results(Generic[Settings, Measured]):
    """What an experiment measured."""

    experiment: str
    settings: Settings
    seeds: int
    measured: dict[str, Measured]
    """By the name of the part."""
    seconds: float
    """Time of all parts together, on one core."""


class Experiment(ABC, Generic[Settings, Measured]):
    """An experiment of the paper."""

    name: str
    """As on the command line."""
    settings: Settings
    """Those of the paper."""
    quick: Settings
    """Those for trying it out, in less than 20 seconds."""
    measurement: type[Measured]
    """Dataclass of what a part measures."""
    choices: tuple[str, ...] = ()
    """Names of settings that choose parts and change none of them."""
    remarks: tuple[str, ...] = ()
    """What is different from the paper, and what was tried where a claim does not hold; for the report."""

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
            Called now and then.

        Returns
        -------
        Measured
            Dataclass of numbers, strings and lists of them.
        """

    @abstractmethod
    def claims(self, results: Results[Settings, Measured]) -> list[Claim]:
        """Compare results with what the paper says.

        Parameters
        ----------
        results : Results
            Results of this experiment.

        Returns
        -------
        list of Claim
            One a claim.
        """

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
    ) -> Results[Settings, Measured]:
        """Run the experiment, or what is left of it.

        Parameters
        ----------
        output : path-like, optional
            Folder in which finished parts are kept, as ``<experiment>/<part>.json``, and found again; none are kept if not
            given.
        seeds : int, optional
            Number of seeds, at least 1; 3 if not given.
        quick : bool
            Use the settings for trying it out.
        settings : Settings, optional
            Other settings than the paper's.
        jobs : int, optional
            Number of processes at most; one for each core if not given.
        executor : concurrent.futures.Executor, optional
            Where to measure, without progress bars; local processes if not given.

        Returns
        -------
        Results
            What was measured.

        Raises
        ------
        FileExistsError
            If the folder holds parts that were measured with other settings.
        ValueError
            If a number is out of range.
        """
        for name, value in (("seeds", seeds), ("jobs", jobs)):
            if value is not None and value < 1:
                raise ValueError(f"the number of {name} must be at least 1, got {value}")
        seeds = DEFAULT_SEEDS if seeds is None else seeds
        chosen = settings or (self.quick if quick else self.settings)
        parts = self.plan(chosen, seeds)
        with _folder(output) as top:
            folder = top / self.name
            # Before anything is measured, so that a folder that cannot be written to is known at once.
            folder.mkdir(parents=True, exist_ok=True)
            kept = {part.name: self._read(folder, part, chosen) for part in parts}
            missing = [part for part in parts if kept[part.name] is None]
            self._measure_all(folder, chosen, missing, jobs, executor)
            kept |= {part.name: self._read(folder, part, chosen) for part in missing}
        files = {name: file for name, file in kept.items() if file is not None}
        return Results(
            experiment=self.name,
            settings=chosen,
            seeds=seeds,
            measured={name: self.measurement(**file["measured"]) for name, file in files.items()},
            seconds=sum(file["seconds"] for file in files.values()),
        )

    def _read(self, folder: Path, part: Part, settings: Settings) -> dict[str, Any] | None:
        """Return a part that is kept, or None; raise if it was measured with other settings."""
        path = _path(folder, part)
        if not path.is_file():
            return None
        content = _load(path)
        # Through JSON, which knows no tuples.
        wanted = _flat(json.loads(json.dumps(_key(settings, part))))
        found = _flat(content)
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
        self, folder: Path, settings: Settings, parts: Sequence[Part], jobs: int | None, executor: Executor | None
    ) -> None:
        if not parts:
            return
        bars = {part.name: Bar(f"{self.name} {part.name}", part.steps) for part in parts}
        with _executor(executor, bars, jobs) as pool:
            module = type(self).__module__
            futures = [pool.submit(_measure_part, module, settings, part, folder) for part in parts]
            for future in as_completed(futures):
                future.result()


def _measure_part(module: str, settings: Any, part: Part, folder: Path) -> None:
    """Measure a part and keep it; runs in a process of its own."""
    experiment: Experiment[Any, Any] = import_module(module).EXPERIMENT
    start = time.perf_counter()
    measured = experiment.measure(settings, part, lambda done, what: report(part.name, done, what))
    content = {
        "experiment": experiment.name,
        "part": part.name,
        **_key(settings, part),
        **provenance(),
        "seconds": round(time.perf_counter() - start, 2),
        "measured": dataclasses.asdict(measured),
    }
    write_json(_path(folder, part), content)


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


def _path(folder: Path, part: Part) -> Path:
    return folder / f"{part.name}.json"


@contextmanager
def _folder(output: str | os.PathLike[str] | None) -> Iterator[Path]:
    if output is not None:
        yield Path(output)
        return
    with TemporaryDirectory() as temporary:
        yield Path(temporary)


@contextmanager
def _executor(executor: Executor | None, bars: dict[str, Bar], jobs: int | None) -> Iterator[Executor]:
    if executor is not None:
        yield executor
        return
    with local_processes(bars, jobs) as pool:
        yield pool
