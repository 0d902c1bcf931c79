"""Rows that must not be read, and a report that only keeps what it was given."""

import importlib
import sys
import types

import pytest


class KeptReport:
    """What `benchmark` hands to its report."""

    def __init__(self, name, measurements, source=None):
        self.name, self.measurements, self.source = name, measurements, source


@pytest.fixture
def kept_report(monkeypatch):
    """Let `benchmark` return what it hands to its report, without the tables of the baselines."""
    module = types.ModuleType("mnist1d_hf.benchmarking.report")
    module.Report = KeptReport
    monkeypatch.setitem(sys.modules, module.__name__, module)


@pytest.fixture
def no_test_rows(monkeypatch):
    """Let everything that reads test rows or makes fresh ones fail."""

    def refuse(*arguments, **options):
        raise AssertionError("test rows were read")

    jobs = importlib.import_module("mnist1d_hf.benchmarking.jobs")
    data = importlib.import_module("mnist1d_hf.baselines.data")
    for module, name in ((jobs, "load_test_tensors"), (jobs, "load_fresh_tensors"), (data, "generate_part")):
        monkeypatch.setattr(module, name, refuse)
    load = data.load

    def load_training_rows(config, *, split, **parameters):
        assert split.startswith("train"), "test rows were read"
        return load(config, split=split, **parameters)

    monkeypatch.setattr(data, "load", load_training_rows)
