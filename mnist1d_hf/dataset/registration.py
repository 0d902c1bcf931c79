"""Lets `datasets.load_dataset("mnist1d", ...)` find the builder.

`datasets` has no way to register a builder. It asks a single function, `dataset_module_factory`, what a name stands for;
this module answers for one name and passes all others on. Adding the name to the table of packaged modules instead is a
trap: `datasets` then looks for data files in the working directory, and what it finds becomes part of the cache key.

Importing `datasets` takes seven times as long as importing numpy, so the name is registered once somebody else imports it.
"""

from __future__ import annotations

import sys

from ..utils.import_hooks import AfterImport

TYPE_CHECKING = False  # see `import_hooks`
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

NAME = "mnist1d"

# The last word is the dataset's name to `datasets`, and so the name of its folder in the cache.
_MODULE = "mnist1d_hf.dataset.mnist1d"


def register() -> None:
    """Make `datasets` know the name "mnist1d" for the rest of the process: now if it is imported, otherwise as soon as it is.

    Warn if this `datasets` offers no way to do so.
    """
    if sys.modules.get("datasets") or sys.modules.get("datasets.load"):
        _wrap_factory()
    elif _hook not in sys.meta_path:
        sys.meta_path.insert(0, _hook)


def _wrap_factory() -> None:
    try:
        from datasets import load

        dataset_module, _ = load.DatasetModule, load.dataset_module_factory
    except (ImportError, AttributeError):
        import warnings

        version = getattr(sys.modules.get("datasets"), "__version__", "of an unknown version")
        warnings.warn(
            f"mnist1d_hf cannot hook into datasets {version}, so load_dataset({NAME!r}) only finds what is in "
            f"its cache. Run 'mnist1d-hf prepare' to fill the cache or 'mnist1d-hf build {NAME}' to write a folder that "
            "load_dataset can read, or use mnist1d_hf.Mnist1D directly.",
            stacklevel=4,
        )
        return
    # `datasets.inspect` has a name of its own for the function, unless it is yet to import it.
    modules: list[Any] = [load, sys.modules.get("datasets.inspect")]
    for module in modules:
        factory = getattr(module, "dataset_module_factory", None)
        if factory and not getattr(factory, "knows_mnist1d", False):
            module.dataset_module_factory = _knowing(factory, dataset_module)


# Not `datasets` itself, which another thread may be importing already, and others look for with `find_spec`.
_hook = AfterImport("datasets.load", _wrap_factory)


def load(name: str | None = None, **options: Any) -> Any:
    """Load a config with `datasets.load_dataset`, even if another library has put back the function that `register` wraps."""
    from ..utils.extras import naming_requirements

    with naming_requirements():
        import datasets
    if not getattr(getattr(datasets.load, "dataset_module_factory", None), "knows_mnist1d", False):
        import warnings

        warnings.warn(
            f"another library has replaced datasets.load.dataset_module_factory, so that datasets.load_dataset({NAME!r}) "
            "looks on the Hub; mnist1d_hf registers the name again. mnist1d_hf.load_dataset always finds it.",
            stacklevel=3,
        )
        register()
    return datasets.load_dataset(NAME, name, **options)


def _knowing(factory: Callable[..., Any], dataset_module: Callable[..., Any]) -> Callable[..., Any]:
    """Return the factory, knowing one more name."""
    import functools

    @functools.wraps(factory)
    def dataset_module_factory(path: str, *args: Any, **kwargs: Any) -> Any:
        if path != NAME:
            return factory(path, *args, **kwargs)
        for option in ("data_dir", "data_files", "revision"):
            if kwargs.get(option) is not None:
                raise ValueError(
                    f"{option}={kwargs[option]!r} is not supported, since {NAME!r} is generated; to read files, give their "
                    f"folder ('./{NAME}') or repository ('<namespace>/{NAME}')"
                )
        return dataset_module(_MODULE, None, {})

    dataset_module_factory.knows_mnist1d = True  # type: ignore[attr-defined]
    return dataset_module_factory
