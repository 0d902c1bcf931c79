"""Where work is done: processes of this machine, or the workers of a Dask cluster, behind one kind of executor."""

from __future__ import annotations

import logging
import os
import platform
import re
import sys
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import datasets

from .errors import WorkerError
from .utils.extras import check_extras, require
from .utils.processes import ALLOCATOR, local_processes, use_one_thread
from .utils.text import one_line
from .version import DATA_VERSION, __version__

# Seconds to wait for the scheduler, and for its first worker.
_PATIENCE = 10

# Seconds in which the cluster is left, whatever state it is in.
_FAREWELL = 5


@contextmanager
def open_executor(address: str) -> Iterator[Executor]:
    """Open an executor for whatever takes ``executor=``, and close it when the block ends.

    Any other `concurrent.futures.Executor` will do as well.

    Parameters
    ----------
    address : str
        ``"processes:8"`` for eight processes of this machine; ``"dask"`` for a Dask cluster on this machine, one worker per
        core; ``"dask://host:8786"`` for the workers of a Dask scheduler, which go on when this ends.

    Yields
    ------
    concurrent.futures.Executor
        Runs tasks in processes of one thread each. A script that opens one on this machine needs
        ``if __name__ == "__main__":``.

    Raises
    ------
    MissingExtraError
        If it is a Dask cluster and the extra ``cluster`` is not installed.
    ValueError
        If the address is not of these forms.
    WorkerError
        If the scheduler cannot be reached or has no workers, if a worker has another version of Python, of this package or of
        what decides the bytes it writes, or if the scheduler or a local process is lost; the message says what to do.

    References
    ----------
    https://distributed.dask.org/en/stable/api.html#distributed.Client.get_executor
    """
    if check_address(address).startswith("processes:"):
        with local_processes({}, int(address.partition(":")[2])) as pool:
            yield pool
    else:
        check_extras("cluster")
        require("distributed", "cluster")  # sets the levels of its loggers
        with _dask_is_silent(), _dask_executor(address) as executor:
            yield executor


def check_address(address: str) -> str:
    """Return the address of an executor; raise a ValueError if it is not of a form that `open_executor` takes."""
    if not re.fullmatch(r"processes:[1-9]\d{0,3}|dask|dask://[^\s/:]+:\d+", address):
        raise ValueError(
            f"unknown executor {address!r}; give processes:N, dask, or dask://HOST:PORT, for example dask://localhost:8786"
        )
    return address


@contextmanager
def _dask_is_silent() -> Iterator[None]:
    """Let Dask log nothing: what fails is reported here, without the tracebacks of its connections."""
    levels = {logger: logger.level for logger in map(logging.getLogger, ("distributed", "distributed.client"))}
    for logger in levels:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in levels.items():
            logger.setLevel(level)


@contextmanager
def _dask_executor(address: str) -> Iterator[Executor]:
    from distributed.comm.core import CommClosedError

    client = _connect(address)
    name = "the Dask cluster" if address == "dask" else f"the Dask scheduler at {address}"
    try:
        _prepare_workers(client)
        if client.dashboard_link and not datasets.are_progress_bars_disabled():
            sys.stderr.write(f"The dashboard of the workers is {client.dashboard_link}.\n")
        yield client.get_executor(pure=False)
    except (CancelledError, CommClosedError, TimeoutError) as error:
        raise WorkerError(f"{name} does not answer any more; finished work is kept: rerun to resume") from error
    finally:
        # Close the client, and the cluster if it is ours; workers of others go on with nothing of this.
        cluster = client.cluster
        client.close(timeout=_FAREWELL)
        if cluster is not None:
            cluster.close(timeout=_FAREWELL)


def _connect(address: str) -> Any:
    dask, distributed = require("dask", "cluster"), require("distributed", "cluster")
    if address == "dask":
        # By default Dask's workers give memory back at once, which makes generation 1.8 times slower.
        environment = {f"distributed.nanny.pre-spawn-environ.{name}": value for name, value in ALLOCATOR.items()}
        with dask.config.set(environment):
            # Failures of tasks are reported by whoever asked for them.
            options = {"dashboard_address": ":0", "silence_logs": logging.CRITICAL}
            cluster = distributed.LocalCluster(n_workers=os.cpu_count(), threads_per_worker=1, **options)
        return distributed.Client(cluster)
    try:
        return distributed.Client(address.replace("dask://", "tcp://"), timeout=_PATIENCE)
    except OSError as error:
        raise WorkerError(
            f"there is no Dask scheduler at {address} ({one_line(error)}); start one with: dask scheduler"
        ) from error


def _prepare_workers(client: Any) -> None:
    """Compare the workers with this process, and let each, also those that come later, use one thread and print no bars."""
    try:
        client.wait_for_workers(1, timeout=_PATIENCE)
    except TimeoutError:
        raise WorkerError(
            f"the scheduler at {client.scheduler.address} has no workers; start some with: "
            f"dask worker {client.scheduler.address} --nworkers auto --nthreads 1"
        ) from None
    here = _versions()
    for worker, found in client.run(_versions, on_error="return").items():
        if isinstance(found, OSError):
            continue  # it is gone; what it would have done goes to others
        if isinstance(found, Exception):
            raise WorkerError(
                f"the worker {worker} cannot run mnist1d-hf {__version__} ({one_line(found)}); install it there"
            )
        differences = [f"{name} {found[name]}, not {value}" for name, value in here.items() if found[name] != value]
        if differences:
            raise WorkerError(f"the worker {worker} has {'; '.join(differences)}; install the same there")
    client.register_plugin(_plugin())


def _versions() -> dict[str, str]:
    """Return what decides the numbers and the bytes that a worker makes."""
    python = ".".join(platform.python_version_tuple()[:2])
    libraries = {name: version(name) for name in ("numpy", "pyarrow")}
    return {"mnist1d-hf": __version__, "data version": DATA_VERSION, "Python": python, **libraries}


def _plugin() -> Any:
    class Setup(require("distributed", "cluster").WorkerPlugin):  # type: ignore[misc]
        """Prepares a worker as a local process is prepared."""

        name = "mnist1d-hf"

        def setup(self, worker: Any) -> None:
            use_one_thread()
            datasets.disable_progress_bars()

    return Setup()
