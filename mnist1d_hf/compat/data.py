"""`mnist1d.data`: arguments, templates and datasets."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import random
import warnings
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from ..dataset.generator import raw_dataset, standardised
from ..dataset.memory import check_memory
from ..dataset.parameters import PARAMETER_NAMES, GenerationParameters
from ..dataset.templates import Templates, get_templates
from ..utils.files import replacing
from ..version import DATA_VERSION
from .utils import ObjectView

__all__ = ["get_dataset", "get_dataset_args", "get_templates", "make_dataset"]

URL = "https://github.com/greydanus/mnist1d/raw/master/mnist1d_data.pkl"
"""Where the original downloads from; one of its arguments, and not used here."""

_ARRAYS = ("x", "x_test", "y", "y_test", "t")
_told: set[str] = set()


def get_dataset_args(as_dict: bool = False) -> Any:
    """Return the paper's generation parameters.

    Parameters
    ----------
    as_dict : bool
        Return a dict instead of an `ObjectView`.

    Returns
    -------
    ObjectView or dict
        The parameters of `mnist1d_hf.GenerationParameters`, and ``url``.
    """
    parameters = dataclasses.asdict(GenerationParameters())
    args = {**parameters, "padding": list(parameters["padding"]), "url": URL}
    return args if as_dict else ObjectView(args)


def make_dataset(args: Any = None, template: Templates | None = None, *, reseed: bool = False) -> dict[str, Any]:
    """Make a dataset.

    Parameters
    ----------
    args : object, optional
        Generation parameters as attributes; those of `get_dataset_args` by default.
    template : dict, optional
        ``x``, ``t`` and ``y`` as those of `get_templates`, which is the default.
    reseed : bool
        Leave the global random states of Python and NumPy as the original does: seeded with ``args.seed``, and behind its
        draws. They are left alone by default.

    Returns
    -------
    dict
        ``x``, ``x_test``, ``t`` (float64), ``y``, ``y_test`` (labels) and ``templates``.

    Raises
    ------
    AttributeError
        If a parameter is missing.
    TypeError, ValueError
        If a parameter is of the wrong type or out of range; see `mnist1d_hf.GenerationParameters`.
    """
    args = get_dataset_args() if args is None else args
    templates = get_templates() if template is None else template
    parameters = _parameters(args)
    check_memory(parameters)
    raw = raw_dataset(parameters, templates)
    if reseed:
        random.seed(parameters.seed)
        np.random.set_state({**raw.words.state, "has_gauss": 0, "gauss": 0.0})
    x, y, t = standardised(raw, parameters, templates)
    # The original slices by any number, so that 1 leaves no test rows.
    rows = int(len(y) * args.train_split)
    return {"x": x[:rows], "x_test": x[rows:], "y": y[:rows], "y_test": y[rows:], "t": t, "templates": templates}


def get_dataset(
    args: Any,
    path: str | PathLike[str] | None = None,
    verbose: bool = True,
    download: bool = True,
    regenerate: bool = False,
    **kwargs: Any,
) -> dict[str, Any]:
    """Return the dataset that ``args`` describe: generated, or read from a file that was kept for the same parameters.

    Parameters
    ----------
    args : object
        Generation parameters as attributes, as from `get_dataset_args`.
    path : path-like, optional
        File to keep the dataset in, with the suffix ``.npz`` in place of any other. Nothing is kept by default.
    verbose : bool
        Whether to warn, once, that nothing is downloaded, and to say what is read and kept.
    download : bool
        Has no effect: the network is never asked.
    regenerate : bool
        Generate the dataset even if the file holds it.
    **kwargs : object
        ``template`` and ``reseed``, as for `make_dataset`.

    Returns
    -------
    dict
        See `make_dataset`.

    Raises
    ------
    FileExistsError
        If there is a file at the path that `get_dataset` has not written; it is kept.
    OSError
        If the file cannot be read or written.
    AttributeError, TypeError, ValueError
        See `make_dataset`.
    """
    if verbose and download and not _told:
        _told.add("download")
        message = "nothing is downloaded and no pickle is read: get_dataset generates what args say (verbose=False hides this)"
        warnings.warn(message, stacklevel=2)
    if path is None:
        return make_dataset(args, **kwargs)
    file, key = Path(path).with_suffix(".npz"), _key(args, kwargs.get("template"))
    kept = _read(file)
    # What was read has drawn nothing, so it leaves no random state.
    if kept is not None and kept.pop("key") == key and not (regenerate or kwargs.get("reseed")):
        return {**kept, "templates": kwargs.get("template") or get_templates()}
    dataset = make_dataset(args, **kwargs)
    with replacing(file) as unfinished, unfinished.open("wb") as handle:
        np.savez(handle, key=key, **{name: dataset[name] for name in _ARRAYS})
    return dataset


def _parameters(args: Any) -> GenerationParameters:
    if isinstance(args, Mapping):
        raise TypeError("args must have the parameters as attributes, got a dict; wrap it as ObjectView(args)")
    values = {name: getattr(args, name) for name in PARAMETER_NAMES}
    values |= {"padding": tuple(values["padding"]), "shuffle_seq": bool(values["shuffle_seq"])}
    del values["train_split"]  # any number will do; see `make_dataset`
    return GenerationParameters(**values)


def _key(args: Any, template: Templates | None) -> str:
    """Return what decides the arrays, as text."""
    templates = template or get_templates()
    content = b"".join(np.ascontiguousarray(templates[name]).tobytes() for name in ("x", "t", "y"))
    values = {**dataclasses.asdict(_parameters(args)), "train_split": float(args.train_split)}
    return json.dumps({**values, "templates": hashlib.sha256(content).hexdigest(), "data_version": DATA_VERSION})


def _read(file: Path) -> dict[str, Any] | None:
    """Return the key and the arrays of a file; None if there is none."""
    if not file.exists():
        return None
    try:
        # Opened here, since NumPy leaves a damaged file open.
        with file.open("rb") as handle, np.load(handle, allow_pickle=False) as content:
            arrays = {name: content[name] for name in _ARRAYS}
            return {**arrays, "key": str(content["key"])}
    except (ValueError, KeyError, BadZipFile, EOFError) as error:
        raise FileExistsError(
            f"{file} was not written by get_dataset, so it is kept; name another path, or remove it"
        ) from error
