"""`mnist1d.utils`: seeds, pickles of one's own, attributes from a dict, and a figure of signals."""

from __future__ import annotations

import pickle
import random
from collections.abc import Sequence
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..utils.extras import require
from .transform import transform

if TYPE_CHECKING:
    from os import PathLike

    from matplotlib.figure import Figure


class ObjectView:
    """The entries of a dict as attributes.

    Parameters
    ----------
    d : dict
        Becomes the object's ``__dict__``: what changes in one changes in the other.
    """

    def __init__(self, d: dict[str, Any]) -> None:
        self.__dict__ = d


def set_seed(seed: int) -> None:
    """Seed Python's and NumPy's global random states.

    Parameters
    ----------
    seed : int
        Seed, in ``[0, 2**32)``.
    """
    random.seed(index(seed))  # which takes no integers of NumPy
    np.random.seed(seed)


def to_pickle(thing: Any, path: str | PathLike[str]) -> None:
    """Save an object as a pickle.

    Parameters
    ----------
    thing : object
        Whatever can be pickled.
    path : path-like
        File to write.
    """
    Path(path).write_bytes(pickle.dumps(thing, protocol=3))


def from_pickle(path: str | PathLike[str]) -> Any:
    """Load a pickle. Loading runs what is in it, so load only what you have saved yourself.

    Parameters
    ----------
    path : path-like
        File to read.

    Returns
    -------
    object
        What was saved.
    """
    return pickle.loads(Path(path).read_bytes())


def plot_signals(
    xs: Sequence[NDArray[np.float64]],
    t: NDArray[np.float64],
    labels: Sequence[object] | None = None,
    args: Any = None,
    ratio: float = 2.6,
    do_transform: bool = False,
    dark_mode: bool = False,
    zoom: float = 1,
) -> Figure:
    """Draw ten signals side by side, upright, and show the figure.

    Parameters
    ----------
    xs : sequence of ndarray
        At least ten signals.
    t : ndarray
        Their time axis.
    labels : sequence, optional
        Shown above each signal.
    args : object, optional
        Generation parameters, needed with ``do_transform``.
    ratio : float
        Height of a panel by its width.
    do_transform : bool
        Draw each signal after `transform`.
    dark_mode : bool
        White points on black instead of a black line.
    zoom : float
        Limit of both axes.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    ValueError
        If ``do_transform`` is set without ``args``.
    MissingExtraError
        If matplotlib is not installed.
    """
    if do_transform and args is None:
        raise ValueError("do_transform=True needs args, for example args=get_dataset_args()")
    pyplot = require("matplotlib.pyplot", "plot")
    figure: Figure = pyplot.figure(figsize=(15, 1.5 * ratio), dpi=60)
    for place, axes in enumerate(figure.subplots(1, 10)):
        x, time = transform(xs[place], t, args) if do_transform else (xs[place], t)
        axes.plot(x, time, "wo" if dark_mode else "k-", linewidth=6 if dark_mode else 2)
        if dark_mode:
            axes.set_facecolor("k")
        if labels is not None:
            axes.set_title(f"label={labels[place]}", fontsize=22)
        axes.set(xlim=(-zoom, zoom), ylim=(zoom, -zoom), xticks=[], yticks=[])
    figure.tight_layout()
    pyplot.show()
    return figure
