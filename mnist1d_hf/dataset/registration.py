"""Lets `datasets.load_dataset("mnist1d", ...)` find the builder.

`datasets` has no way to register a builder. It asks one function, `dataset_module_factory`, what a name stands for; this
module answers for the one name and hands everything else on. Adding the name to the table of packaged modules instead is
a trap: `datasets` then looks for data files in the working directory, and those it finds become part of the cache key.
"""

from __future__ import annotations

import functools
import warnings
from typing import Any

import datasets

NAME = "mnist1d"

_MODULE = "mnist1d_hf.dataset.mnist1d"
_NO_MEANING_HERE = ("data_dir", "data_files", "revision")


def register() -> None:
    """Make `datasets` know the name "mnist1d", for the rest of the process.

    Calling it again changes nothing. Where a future `datasets` has no such hook, it warns and says what works instead.
    """
    try:
        from datasets import inspect, load

        factory, dataset_module = load.dataset_module_factory, load.DatasetModule
    except (ImportError, AttributeError):
        warnings.warn(
            f"mnist1d_hf cannot hook into datasets {datasets.__version__}, so load_dataset({NAME!r}) finds only what is in its "
            f"cache. Run 'mnist1d-hf prepare' to fill the cache, 'mnist1d-hf build {NAME}' to write a folder that "
            f"load_dataset reads, or use mnist1d_hf.Mnist1D directly.",
            stacklevel=3,
        )
        return
    if getattr(factory, "knows_mnist1d", False):
        return

    @functools.wraps(factory)
    def dataset_module_factory(path: str, *args: Any, **kwargs: Any) -> Any:
        if path != NAME:
            return factory(path, *args, **kwargs)
        for option in _NO_MEANING_HERE:
            if kwargs.get(option) is not None:
                raise ValueError(
                    f"{option}={kwargs[option]!r} has no meaning for {NAME!r}, which is generated here; to read files give "
                    f"their folder ('./{NAME}') or repository ('<namespace>/{NAME}')"
                )
        return dataset_module(_MODULE, None, {})

    dataset_module_factory.knows_mnist1d = True  # type: ignore[attr-defined]
    load.dataset_module_factory = dataset_module_factory
    inspect.dataset_module_factory = dataset_module_factory
