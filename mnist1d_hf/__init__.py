"""MNIST-1D for the Hugging Face ecosystem.

Importing this package makes `datasets.load_dataset("mnist1d", ...)` work offline, with any generation parameters.
"""

from __future__ import annotations

from typing import Any

from .dataset.generator import construction_steps, generate_shard, make_dataset
from .dataset.mnist1d import Mnist1D, Mnist1DConfig
from .dataset.parameters import GenerationParameters
from .dataset.presets import CONFIGS
from .dataset.registration import load as _load
from .dataset.registration import register
from .dataset.templates import get_templates
from .version import DATA_VERSION, __version__

__all__ = [
    "CONFIGS",
    "DATA_VERSION",
    "GenerationParameters",
    "Mnist1D",
    "Mnist1DConfig",
    "__version__",
    "batches",
    "construction_steps",
    "create_model",
    "evaluate",
    "generate_shard",
    "get_templates",
    "list_models",
    "load_dataset",
    "load_model",
    "make_dataset",
]

_BASELINES = ("batches", "create_model", "evaluate", "list_models", "load_model")

register()


def __getattr__(name: str) -> Any:
    """Import the baselines, and with them torch, when one of their names is first used."""
    if name in _BASELINES:
        from . import baselines

        return getattr(baselines, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_dataset(name: str | None = None, **kwargs: Any) -> Any:
    """Load a config of MNIST-1D: `datasets.load_dataset` with the name of the dataset filled in.

    It also works where another library has put back the function of `datasets` that finds the name, and says so.

    Parameters
    ----------
    name : str, optional
        Config: ``"default"``, which is also the default, ``"shuffled"``, ``"large"`` or ``"custom-noise"``.
    **kwargs : object
        Any generation parameter (``corr_noise_scale=0.5``) and any option of `datasets.load_dataset` (``split``,
        ``streaming``, ``num_proc``, ...).

    Returns
    -------
    datasets.DatasetDict or datasets.Dataset, or their iterable counterparts
        With the columns ``x``, a list of ``final_seq_length`` float32, and ``y``, a ClassLabel from "0" to "9".

    Raises
    ------
    TypeError
        If a parameter is unknown, or its value is of the wrong type.
    ValueError
        If the config is unknown, a parameter's value is out of range, or generating would take more than 8 GiB of memory.
    DamagedCacheError
        If a file of the cache entry is missing or damaged; the message says which folder to remove.

    Examples
    --------
    >>> dataset = load_dataset("shuffled", split="test", seed=1)
    >>> dataset.num_rows, dataset.features["x"].length
    (1000, 40)
    """
    return _load(name, **kwargs)
