"""What importing costs, in fresh interpreters."""

import functools
import importlib
import subprocess
import sys

import pytest

import mnist1d_hf

HEAVY = (
    "datasets", "pandas", "pyarrow", "huggingface_hub", "fsspec", "jinja2", "yaml", "httpx", "torch", "jax", "matplotlib",
    "sklearn", "scipy", "dask", "distributed", "multiprocessing", "gradio", "polars", "duckdb",
)  # fmt: skip

ALL_HELP = """
from click.testing import CliRunner
from mnist1d_hf import cli

def show(command, path=()):
    for option in ("--help", "--version") if not path else ("--help",):
        result = CliRunner().invoke(cli.main, [*path, option])
        assert result.exit_code == 0 and len(result.output) > 20, (path, result.output)
    for name, inner in getattr(command, "commands", {}).items():
        show(inner, (*path, name))

show(cli.main)
"""


@functools.cache
def modules_after(code):
    program = f"{code}\nimport sys; print(' '.join(sys.modules))"
    command = [sys.executable, "-c", program]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def heavy(code):
    return {name for name in modules_after(code) if name.partition(".")[0].startswith(HEAVY)}


@pytest.mark.parametrize(
    "code",
    [
        "import mnist1d_hf; assert 'Mnist1D' in dir(mnist1d_hf)",
        "import mnist1d_hf; assert mnist1d_hf.make_dataset()['x'].shape == (4000, 40)",
        "from mnist1d_hf import CONFIGS, generate_shard; generate_shard(CONFIGS['large'], split='test', index=0, rows=1)",
        ALL_HELP,
    ],
    ids=["import", "make_dataset", "generate_shard", "help of every command"],
)
def test_nothing_heavy_is_imported_before_it_is_needed(code):
    assert not heavy(code)


def test_importing_the_package_does_not_even_import_numpy():
    own = modules_after("import mnist1d_hf") - modules_after("pass")
    assert {name for name in own if not name.startswith("mnist1d_hf")} <= {"__future__"}


def test_the_check_for_heavy_modules_would_see_one():
    assert "matplotlib" in heavy("import mnist1d_hf, matplotlib")
    assert "datasets" in heavy("import mnist1d_hf; mnist1d_hf.Mnist1D")


def test_the_public_names_are_these():
    assert mnist1d_hf.__all__ == [
        "CONFIGS", "DATA_VERSION", "GenerationParameters", "Mnist1D", "Mnist1DConfig", "__version__",
        "batches", "benchmark", "construction_steps", "create_model", "evaluate", "generate_shard", "get_templates",
        "list_models", "load_arrays", "load_dataset", "load_model", "make_dataset",
    ]  # fmt: skip
    for name in mnist1d_hf.__all__:
        assert getattr(mnist1d_hf, name) is not None
    assert set(mnist1d_hf.__all__) <= set(dir(mnist1d_hf))
    with pytest.raises(AttributeError, match="module 'mnist1d_hf' has no attribute 'make_datasets'"):
        mnist1d_hf.make_datasets  # noqa: B018


def test_the_version_is_the_installed_one():
    assert importlib.metadata.version("mnist1d-hf") == mnist1d_hf.__version__
