"""Lets `datasets.load_dataset("mnist1d", ...)` find the builder.

`datasets` has no way to register a builder. It asks a single function, `dataset_module_factory`, what a name stands for;
this module answers for one name and passes all others on. Adding the name to the table of packaged modules instead is a
trap: `datasets` then looks for data files in the working directory, and what it finds becomes part of the cache key.
"""

from __future__ import annotations

import functools
import warnings
from typing import Any

import datasets

NAME = "mnist1d"

# The last word is the dataset's name to `datasets`, and so the name of its folder in the cache.
_MODULE = "mnist1d_hf.dataset.mnist1d"
_FILE_OPTIONS = ("data_dir", "data_files", "revision")


def register() -> None:
    """Make `datasets` know the name "mnist1d" for the rest of the process, or warn if this `datasets` has no such hook."""
    try:
        from datasets import inspect, load

        factory, dataset_module = load.dataset_module_factory, load.DatasetModule
    except (ImportError, AttributeError):
        warnings.warn(
            f"mnist1d_hf cannot hook into datasets {datasets.__version__}, so load_dataset({NAME!r}) only finds what is in "
            f"its cache. Run 'mnist1d-hf prepare' to fill the cache or 'mnist1d-hf build {NAME}' to write a folder that "
            "load_dataset can read, or use mnist1d_hf.Mnist1D directly.",
            stacklevel=3,
        )
        return
    if getattr(factory, "knows_mnist1d", False):
        return

    @functools.wraps(factory)
    def dataset_module_factory(path: str, *args: Any, **kwargs: Any) -> Any:
        if path != NAME:
            return factory(path, *args, **kwargs)
        for option in _FILE_OPTIONS:
            if kwargs.get(option) is not None:
                raise ValueError(
                    f"{option}={kwargs[option]!r} is not supported, since {NAME!r} is generated; to read files, give their "
                    f"folder ('./{NAME}') or repository ('<namespace>/{NAME}')"
                )
        return dataset_module(_MODULE, None, {})

    dataset_module_factory.knows_mnist1d = True  # type: ignore[attr-defined]
    load.dataset_module_factory = inspect.dataset_module_factory = dataset_module_factory
