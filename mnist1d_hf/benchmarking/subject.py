"""What is benchmarked: from a class, a function, an estimator or a name to a function that makes it anew."""

from __future__ import annotations

import copy
import importlib
import importlib.util
import inspect
import os
import sys
import sysconfig
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from types import ModuleType
from typing import Any

import cloudpickle
from torch import nn

from ..baselines.architectures import MODELS
from ..errors import ModelError
from ..utils.text import one_line, show

_SIZES = ("final_seq_length", "num_classes")

_ALLOWED = (
    "a class or a function that makes a torch.nn.Module or a classifier, a classifier with fit and predict, the name of an "
    "architecture, 'file.py:Name' or 'package.module:Name'"
)


@dataclass(frozen=True)
class Subject:
    """What is benchmarked."""

    name: str
    make: str | Callable[[int, int], Any]
    """Name of an architecture, or makes a fresh module or classifier for signals of so many points and so many classes."""
    source: Path | None = None
    """The file that defines it, if it is the user's own."""


def find_subject(model: Any, name: str | None = None) -> Subject:
    """Return what the user means; see `benchmark`. A ModelError says what is wrong with it, and what is allowed."""
    if isinstance(model, str) and model in MODELS:
        return Subject(name or model, model)
    source = None
    if isinstance(model, str):
        model, source = _load(model)
    if isinstance(model, nn.Module):
        kind = type(model).__name__
        raise ModelError(
            f"a {kind} that exists cannot be benchmarked, since every seed starts with fresh weights; give the class {kind}, "
            f"or a function that makes one"
        )
    if is_classifier(model) and not isinstance(model, type):
        return Subject(name or type(model).__name__, _Copies(model), source)
    if not callable(model):
        raise ModelError(f"{show(model)} of type {type(model).__name__} is not a model; give {_ALLOWED}")
    named = getattr(model, "func", model)  # of a functools.partial
    name = name or getattr(named, "__name__", type(named).__name__).replace("<lambda>", "model")
    return Subject(name, _Factory.of(name, model), source or _file_of(named))


def is_classifier(model: Any) -> bool:
    """Return whether something has the methods of scikit-learn's classifiers."""
    return hasattr(model, "fit") and any(
        hasattr(model, name) for name in ("predict", "predict_proba", "decision_function")
    )


def explain(error: BaseException) -> str:
    """Return the type and the message of an error that the user's code raised, and where, on one line."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}, line {error.lineno}: {error.msg}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not _is_installed(frame.filename) and not frame.filename.startswith("<frozen")]
    where = f" ({own[-1].filename}, line {own[-1].lineno})" if own else ""
    return f"{type(error).__name__}: {one_line(error)}{where}"


@dataclass(frozen=True)
class _Copies:
    """Makes unfitted copies of an estimator."""

    estimator: Any

    def __call__(self, length: int, classes: int) -> Any:
        if hasattr(self.estimator, "get_params") and "sklearn" in sys.modules:
            from sklearn.base import clone

            return clone(self.estimator)
        return copy.deepcopy(self.estimator)


@dataclass(frozen=True)
class _Factory:
    """Calls a class or a function with the sizes that it takes."""

    target: Callable[..., Any]
    names: tuple[str, ...] | None
    """Sizes that it takes by their names; None if it takes both by their position."""

    @classmethod
    def of(cls, name: str, target: Callable[..., Any]) -> _Factory:
        """Decide by its signature how it is called."""
        try:
            parameters = list(inspect.signature(target).parameters.values())
        except (TypeError, ValueError):  # of C
            return cls(target, ())
        variable = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD
        required = [one for one in parameters if one.default is one.empty and one.kind not in variable]
        names = tuple(
            one.name for one in parameters if one.name in _SIZES and one.kind is not inspect.Parameter.POSITIONAL_ONLY
        )
        if {one.name for one in required} <= set(names):
            return cls(target, names)
        if len(required) == len(_SIZES) and all(one.kind is not inspect.Parameter.KEYWORD_ONLY for one in required):
            return cls(target, None)
        needed = ", ".join(one.name for one in required)
        raise ModelError(
            f"{name} has to be given {needed}; a model may take nothing, {' and '.join(_SIZES)} by these names, or the two by "
            f"their position: give a function that fills in the rest, for example lambda length, classes: {name}(...)"
        )

    def __call__(self, length: int, classes: int) -> Any:
        if self.names is None:
            return self.target(length, classes)
        sizes = dict(zip(_SIZES, (length, classes), strict=True))
        return self.target(**{name: sizes[name] for name in self.names})


def _load(text: str) -> tuple[Any, Path | None]:
    """Return what ``file.py:Name`` or ``package.module:Name`` names, and its file."""
    place, colon, name = text.rpartition(":")
    if not colon or not place or not name:
        if text.endswith(".py"):
            names = ", ".join(_names(_import_file(Path(text)))) or "no class and no function"
            raise ModelError(f"{text!r} lacks the name of the model: give {text}:Name; the file has {names}")
        raise ModelError(
            f"{text!r} is not a model: give one of {', '.join(MODELS)}, file.py:Name or package.module:Name"
        )
    module = _import_file(Path(place)) if place.endswith(".py") else _import_module(place)
    if not hasattr(module, name):
        raise ModelError(f"{place} has no {name!r}; it has {', '.join(_names(module)) or 'no class and no function'}")
    found = getattr(module, name)
    return found, Path(place).absolute() if place.endswith(".py") else _file_of(module)


def _import_file(path: Path) -> ModuleType:
    """Import a file under a name of its own; it finds what stands beside it, as a script does."""
    if not path.is_file():
        raise ModelError(f"there is no file {path}")
    _look_in(path.absolute().parent)
    spec = importlib.util.spec_from_file_location(f"{path.stem}_{token_hex(4)}", path.absolute())
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise ModelError(f"{path} has a syntax error: {explain(error)}") from error
    except (Exception, SystemExit) as error:
        raise ModelError(f"{path} cannot be imported: {explain(error)}") from error
    # No other process knows the module by its name.
    cloudpickle.register_pickle_by_value(module)
    return module


def _import_module(name: str) -> ModuleType:
    _look_in(Path.cwd())
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise ModelError(f"{name} cannot be imported: {explain(error)}") from error
        raise ModelError(
            f"there is no module {error.name!r}, neither in {Path.cwd()} nor among what is installed; a file is named like "
            f"folder/file.py:Name"
        ) from error
    except (Exception, SystemExit) as error:
        raise ModelError(f"{name} cannot be imported: {explain(error)}") from error


def _look_in(folder: Path) -> None:
    """Let Python import from a folder, here and in processes that are started later."""
    if os.fspath(folder) not in sys.path:
        sys.path.insert(0, os.fspath(folder))


def _names(module: ModuleType) -> list[str]:
    """Return the names of the classes and functions that a module defines."""
    defined = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    return [name for name, value in defined.items() if getattr(value, "__module__", None) == module.__name__]


def _file_of(value: Any) -> Path | None:
    """Return the file of the user's that defines something."""
    try:
        file = inspect.getsourcefile(value)
    except (TypeError, OSError):
        return None
    return Path(file).absolute() if file and Path(file).is_file() and not _is_installed(file) else None


def _is_installed(file: str) -> bool:
    """Return whether a file belongs to Python, to a library or to this package."""
    folders = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    return any(Path(file).is_relative_to(folder) for folder in (*folders, Path(__file__).parents[1]))
