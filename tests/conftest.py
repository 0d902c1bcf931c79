"""Shared fixtures: caches in temporary folders, no network, and the original package under its own name."""

import dataclasses
import errno
import importlib
import os
import signal
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

# Read when the libraries are imported, so set before anything is. One thread: the tests run in several processes.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["HF_HOME"] = tempfile.mkdtemp(prefix="mnist1d-hf-tests-")
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"

import yaml

# Cards are parsed hundreds of times: by libyaml where it is there, before `datasets` derives a loader of its own.
if yaml.__with_libyaml__:
    yaml.SafeLoader = yaml.CSafeLoader

import datasets
import hypothesis
import numpy as np
import pytest

from .hub_server.fixtures import ada_hub, hub, hub_environment, published, release, waits  # noqa: F401

# No test measures time: machines are busy, and the first example may import a library.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent


def read_toml(path):
    return tomllib.loads(path.read_text(encoding="utf-8"))


@contextmanager
def interruptible():
    """Let processes that are started meanwhile take interrupts, even if this one ignores them as the background of a script."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


@pytest.fixture(autouse=True)
def datasets_cache(tmp_path, monkeypatch):
    """An empty cache for each test."""
    cache = tmp_path / "datasets-cache"
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", cache)
    return cache


@pytest.fixture
def empty_folder(tmp_path, monkeypatch):
    """An empty folder, as the current one."""
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def read_only_folder(empty_folder, monkeypatch):
    """The current folder, empty, in which no folder can be made; not even by root, whom permissions do not stop."""

    def mkdir(path, *arguments, mkdir=os.mkdir, **options):
        if Path(path).absolute().is_relative_to(empty_folder):
            raise OSError(errno.EROFS, "Read-only file system", os.fspath(path))
        mkdir(path, *arguments, **options)

    monkeypatch.setattr(os, "mkdir", mkdir)
    return empty_folder


@pytest.fixture
def in_this_process(monkeypatch):
    """Let what would start processes run in a thread, for tests of something else."""

    @contextmanager
    def one_thread(bars, jobs=None, **texts):
        with ThreadPoolExecutor(1) as pool:
            yield pool

    monkeypatch.setattr("mnist1d_hf.utils.processes.local_processes", one_thread)


@pytest.fixture(scope="session")
def jax():
    """JAX, whose threads do not go with forks: see `pytest_collection_modifyitems`."""
    import jax

    return jax


def pytest_collection_modifyitems(items):
    """Run what imports JAX and what forks in one process, JAX last; and in one process what shares a fixture of a module."""
    items.sort(key=lambda item: "jax" in getattr(item, "fixturenames", ()))
    traced = set()
    for item in items:
        # Tracing takes as long again as the test. The first case of a test is traced, and no test that repeats publishing
        # with something in its way.
        if (
            item.path.stem in ("test_publishing_faults", "test_verification", "test_pulling")
            or item.path.parent.name == "hub_server"
            or (item.path, getattr(item, "originalname", item.name)) in traced
        ):
            item.add_marker(pytest.mark.no_cover)
        traced.add((item.path, getattr(item, "originalname", item.name)))
        fixtures = getattr(item, "fixturenames", ())
        if "jax" in fixtures or item.get_closest_marker("forks"):
            item.add_marker(pytest.mark.xdist_group("forks"))
        elif "release" in fixtures:
            item.add_marker(pytest.mark.xdist_group("release"))
        elif any(found[-1].scope == "module" for found in item._fixtureinfo.name2fixturedefs.values()):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


_forks = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=lambda: _forks.append(os.environ.get("PYTEST_CURRENT_TEST", "")))


@pytest.fixture(autouse=True)
def forks_are_marked(request):
    """Fail a test that forks and does not say so, for it could meet JAX."""
    del _forks[:]
    yield
    assert not _forks or request.node.get_closest_marker("forks"), "mark this test with pytest.mark.forks: it forks"


@pytest.fixture(scope="session")
def original():
    """The original package, even where the tests run with the top folder and its mnist1d.py on the path."""
    path = sys.path[:]
    sys.path[:] = [entry for entry in path if Path(entry).resolve() != ROOT]
    try:
        return importlib.import_module("mnist1d.data")
    finally:
        sys.path[:] = path


@pytest.fixture(scope="session")
def original_dataset(original):
    """Makes a dataset with the original package, and puts numpy's global random state back."""

    def make(parameters):
        state = np.random.get_state()
        try:
            values = {**dataclasses.asdict(parameters), "padding": list(parameters.padding)}
            return original.make_dataset(original.ObjectView(values))
        finally:
            np.random.set_state(state)

    return make
