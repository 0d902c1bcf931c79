"""MNIST-1D for the Hugging Face ecosystem.

Importing this package makes `datasets.load_dataset("mnist1d", ...)` work offline, with any generation parameters, whether
`datasets` is imported before or after it. Nothing else is imported until it is used.
"""

from __future__ import annotations

from .dataset.registration import load as _load
from .dataset.registration import register
from .version import DATA_VERSION, __version__

TYPE_CHECKING = False  # see `utils.import_hooks`
if TYPE_CHECKING:
    from typing import Any

    from .baselines import batches, create_model, evaluate, list_models, load_model
    from .benchmarking import benchmark
    from .dataset.construction import construction_steps
    from .dataset.generator import generate_shard, make_dataset
    from .dataset.mnist1d import Mnist1D, Mnist1DConfig
    from .dataset.parameters import GenerationParameters
    from .dataset.presets import CONFIGS
    from .dataset.templates import get_templates

__all__ = [
    "CONFIGS",
    "DATA_VERSION",
    "GenerationParameters",
    "Mnist1D",
    "Mnist1DConfig",
    "__version__",
    "batches",
    "benchmark",
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

# Imported on first use, since numpy, `datasets` and torch take a tenth of a second to several seconds.
_MODULES = {
    "baselines": ("batches", "create_model", "evaluate", "list_models", "load_model"),
    "benchmarking": ("benchmark",),
    "dataset.construction": ("construction_steps",),
    "dataset.generator": ("generate_shard", "make_dataset"),
    "dataset.mnist1d": ("Mnist1D", "Mnist1DConfig"),
    "dataset.parameters": ("GenerationParameters",),
    "dataset.presets": ("CONFIGS",),
    "dataset.templates": ("get_templates",),
}

register()


def __getattr__(name: str) -> Any:
    """Import the module of a public name, and what it needs, when the name is first used."""
    from importlib import import_module

    from .utils.extras import naming_requirements

    for module, names in _MODULES.items():
        if name in names:
            with naming_requirements():
                return getattr(import_module(f".{module}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names, imported or not; those that need torch only where it is installed, since `help` reads them all."""
    from importlib.util import find_spec

    from .utils.extras import LIBRARIES

    hidden = () if all(map(find_spec, LIBRARIES["torch"])) else {*_MODULES["baselines"], *_MODULES["benchmarking"]}
    return sorted({*globals(), *__all__}.difference(hidden))


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
    ImportError
        If `datasets` is not installed.

    Examples
    --------
    >>> dataset = load_dataset("shuffled", split="test", seed=1)
    >>> dataset.num_rows, dataset.features["x"].length
    (1000, 40)
    """
    return _load(name, **kwargs)
