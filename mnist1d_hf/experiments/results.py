"""The parts of an experiment, and what was measured of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ..utils.tables import html_table, shorten

Settings = TypeVar("Settings")
Measured = TypeVar("Measured")


@dataclass(frozen=True)
class Part:
    """A piece of an experiment that is measured on its own: one setting, or one seed of it."""

    name: str
    """Names the file that keeps it."""
    steps: int
    """Length of its progress bar."""
    values: dict[str, Any]
    """What distinguishes it from the other parts; kept in its file, and what `Results.where` looks for."""


@dataclass(frozen=True, repr=False)
class Results(Generic[Settings, Measured]):
    """What an experiment measured."""

    experiment: str
    """Name of the experiment."""
    settings: Settings
    seeds: int
    parts: list[Part]
    """All parts, in the order of the plan."""
    measured: dict[str, Measured]
    """Measurements by the name of their part."""
    seconds: float
    """Time of all parts together, on one core."""

    def __repr__(self) -> str:
        """Return what was measured, without the numbers."""
        return f"<Results of {self.experiment}: {len(self.parts)} parts, seeds {self.seeds}, {self.seconds:.0f} s>"

    def _repr_html_(self) -> str:
        names = list(vars(next(iter(self.measured.values()))))
        lines = [(part.name, *map(shorten, vars(self.measured[part.name]).values())) for part in self.parts]
        return html_table([("part", *names), *lines], repr(self)[1:-1])

    def where(self, **values: Any) -> list[Measured]:
        """Return the measurements of the parts that have these values.

        Parameters
        ----------
        **values : object
            Some of the values that distinguish the parts, for example ``kind="tickets"``.

        Returns
        -------
        list of Measured
            At least one, in the order of the plan; seeds ascend.

        Raises
        ------
        LookupError
            If no part has them.
        """
        found = [self.measured[part.name] for part in self.parts if values.items() <= part.values.items()]
        if not found:
            names = ", ".join(part.name for part in self.parts)
            raise LookupError(f"no part of {self.experiment} has {_listed(values)}; its parts are {names}")
        return found

    def one(self, **values: Any) -> Measured:
        """Return the measurement of the only part that has these values.

        Parameters
        ----------
        **values : object
            See `where`.

        Returns
        -------
        Measured
            Its measurement.

        Raises
        ------
        LookupError
            If no part has them, or several do.
        """
        found = self.where(**values)
        if len(found) > 1:
            raise LookupError(f"{len(found)} parts of {self.experiment} have {_listed(values)}, not one")
        return found[0]


def _listed(values: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in values.items())
