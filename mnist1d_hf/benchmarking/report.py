"""What is shown and kept of a model that was measured on some tasks: tables beside the baselines, a figure, a folder."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ..baselines.results import read_results
from ..utils.tables import html_table
from . import wording
from .figures import plot_standings
from .folder import save_report
from .measurement import Measurement
from .standings import Entry, count_ranked, find_own, rank_entries

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Report:
    """A measured model among the baselines; ``str()`` of it is for a terminal, and notebooks show it as tables.

    Parameters
    ----------
    name : str
        Name of the model.
    measurements : list of Measurement
        One for each task, at least one; the first is the one whose model is loaded from the folder that `save` writes.
    source : Path, optional
        The file the model comes from, which `save` copies for readers.
    """

    def __init__(self, name: str, measurements: Sequence[Measurement], source: Path | None = None) -> None:
        if not measurements:
            raise ValueError("a report needs a measurement of at least one task")
        self.name = name
        self.measurements = list(measurements)
        self.source = source

    @cached_property
    def standings(self) -> dict[str, list[Entry]]:
        """The model among the baselines of each task, the best first."""
        baselines = read_results()
        return {one.metrics["task"]: rank_entries(self.name, one, baselines) for one in self.measurements}

    def __repr__(self) -> str:
        """Return the names of the model and of the tasks."""
        return f"<Report: {self.name} on {', '.join(self.standings)}>"

    def __str__(self) -> str:
        """Return the tables, and what is to be known about them, in lines of at most 120 characters."""
        tables = [
            f"{wording.heading(task, entries)}\n{wording.text_table(entries)}"
            for task, entries in self.standings.items()
        ]
        notes = "\n".join(wording.wrap(note) for note in self._notes())
        return "\n\n".join([wording.title(self.name, self._metrics()), *tables, notes])

    def _repr_html_(self) -> str:
        tables = [
            html_table(wording.lines(entries), wording.heading(task, entries), bold=entries.index(find_own(entries)))
            for task, entries in self.standings.items()
        ]
        title, notes = wording.title(self.name, self._metrics()), map(wording.html_paragraph, self._notes())
        return "".join([wording.html_paragraph(title), *tables, *notes])

    def figure(self) -> Figure:
        """Draw the accuracies on the fresh rows, a panel for each task, the best model at the top.

        Returns
        -------
        matplotlib.figure.Figure
            The figure, which notebooks show.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        """
        return plot_standings(self.standings)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON.

        Returns
        -------
        dict
            ``name``, ``protocol``, ``tasks`` (by name: the ``rank`` among ``models`` by accuracy on the fresh rows, and the
            ``metrics``, those of ``metrics.json``), ``shuffling_gap`` (a fraction, None unless both tasks were measured) and
            ``warnings``.
        """
        tasks = {
            one.metrics["task"]: {
                "rank": find_own(entries).rank,
                "models": count_ranked(entries),
                "metrics": one.metrics,
            }
            for one, entries in zip(self.measurements, self.standings.values(), strict=True)
        }
        return {
            "name": self.name,
            "protocol": self._metrics()[0]["protocol"],
            "tasks": tasks,
            "shuffling_gap": wording.own_gap(self.standings),
            "warnings": wording.warnings(self.standings, self._metrics()),
        }

    def to_json(self) -> str:
        """Return `to_dict` as JSON."""
        return json.dumps(self.to_dict(), indent=1)

    def save(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write a folder like that of a baseline.

        It holds weights as safetensors and ONNX, ``config.json``, metrics, curves, a card and the source file, which nothing
        ever runs; the first task at the top, every other in a folder of its name. The folder appears complete or not at all.
        What cannot be written of a model (one that does not export to ONNX) is left out with a warning.

        Parameters
        ----------
        folder : str or path-like
            The folder, new or empty.
        overwrite : bool
            Whether a folder that a report wrote is replaced.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        FileExistsError
            If the folder holds files; with ``overwrite``, files that a report does not write.
        MissingExtraError
            If matplotlib is not installed.
        """
        return save_report(self, Path(folder), overwrite=overwrite)

    def push_to_hub(self, repo_id: str, **options: Any) -> str:
        """Publish the folder that `save` writes; see `mnist1d_hf.hub.submission.submit`.

        Parameters
        ----------
        repo_id : str
            Id of the repository, which is created if it does not exist.
        **options : object
            ``private`` and ``token``.

        Returns
        -------
        str
            URL of the commit.

        Raises
        ------
        HubError
            If the Hub refuses, or cannot be reached.
        """
        from ..hub.submission import submit

        with TemporaryDirectory() as folder:
            return submit(self.save(folder), repo_id, **options)

    def _metrics(self) -> list[dict[str, Any]]:
        return [one.metrics for one in self.measurements]

    def _notes(self) -> list[str]:
        return wording.notes(self.name, self.standings, self._metrics())
