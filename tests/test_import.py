"""What importing costs, in fresh interpreters."""

import functools
import importlib
import subprocess
import sys

import pytest

import mnist1d_hf

HEAVY = ("torch", "jax", "matplotlib", "sklearn", "scipy", "dask", "gradio", "polars", "duckdb", "pandas.plotting")


@functools.cache
def modules_after(code):
    program = f"{code}; import sys; print(' '.join(sys.modules))"
    command = [sys.executable, "-c", program]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize("module", ["mnist1d_hf", "mnist1d_hf.cli"])
def test_importing_loads_nothing_heavy(module):
    # pandas.plotting comes with pandas, which `datasets` imports itself.
    own = modules_after(f"import {module}") - modules_after("import datasets")
    assert not [name for name in own if name.startswith(HEAVY)]


def test_the_check_for_heavy_modules_would_see_one():
    own = modules_after("import mnist1d_hf, matplotlib") - modules_after("import datasets")
    assert any(name.startswith(HEAVY) for name in own)


def test_the_public_names_are_these():
    assert mnist1d_hf.__all__ == [
        "CONFIGS", "DATA_VERSION", "GenerationParameters", "Mnist1D", "Mnist1DConfig", "__version__",
        "batches", "construction_steps", "create_model", "evaluate", "generate_shard", "get_templates", "list_models",
        "load_dataset", "load_model", "make_dataset",
    ]  # fmt: skip
    for name in mnist1d_hf.__all__:
        assert getattr(mnist1d_hf, name) is not None


def test_the_version_is_the_installed_one():
    assert importlib.metadata.version("mnist1d-hf") == mnist1d_hf.__version__
