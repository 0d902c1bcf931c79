"""Every exception of the package."""

from __future__ import annotations


class MissingExtraError(ImportError):
    """An optional dependency is not installed.

    Parameters
    ----------
    module : str
        Name of the missing module; several are separated by ", ".
    extra : str
        Extra of this package that installs it; several are separated by ",".
    """

    def __init__(self, module: str, extra: str) -> None:
        verb = "are" if "," in module else "is"
        super().__init__(f"this needs {module}, which {verb} not installed; run: pip install 'mnist1d-hf[{extra}]'")
        self.module = module
        self.extra = extra

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str]]:
        """Rebuild it from the two names: by default, the message would be taken for them."""
        return type(self), (self.module, self.extra)


class CheckpointError(ValueError):
    """A checkpoint is missing, damaged, or belongs to another model."""


class ModelError(ValueError):
    """A model that somebody wrote cannot be trained or evaluated; the message says why and what to do."""


class DamagedCacheError(ValueError):
    """An entry of the cache of `datasets` cannot be read; the message says which folder to remove."""


class WorkerError(RuntimeError):
    """The processes that do the work are lost, or cannot do it; the message says what is finished and what to do."""


class TasksFailedError(RuntimeError):
    """Some of many tasks failed; the message names them and says what is finished."""


class HubError(RuntimeError):
    """Something on the Hub is missing, forbidden or unreachable; the message says what to do."""


class BusyError(HubError):
    """Someone else changed the repository first; try again."""
