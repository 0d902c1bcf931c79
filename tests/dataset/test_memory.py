"""Parameters that would take too much memory are refused before it is taken; all others are not."""

import tracemalloc
from contextlib import contextmanager

import datasets
import pytest
from click.testing import CliRunner
from datasets import load_dataset, load_dataset_builder
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist1d_hf import GenerationParameters, cli, construction_steps, generate_shard, make_dataset
from mnist1d_hf.dataset.memory import MAX_BYTES, check_memory, estimated_bytes
from mnist1d_hf.dataset.mnist1d import Mnist1D
from mnist1d_hf.dataset.presets import CONFIGS
from mnist1d_hf.dataset.rows import Rows

TOO_LARGE = [
    {"padding": (0, 10**7)},
    {"padding": (36, 2**62)},
    {"final_seq_length": 10**6},
    {"template_len": 10**6},
    {"final_seq_length": 2**63 - 1},
]


@contextmanager
def little_memory():
    """Fail if more than 20 MB are taken meanwhile."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()


def refusal(name):
    return pytest.raises(
        ValueError,
        match=rf"^the '{name}' parameter must be smaller, got .*: generating would take about \S+ GiB of memory, and at most 8",
    )


@pytest.mark.parametrize("changes", TOO_LARGE, ids=str)
@pytest.mark.parametrize("config", ["default", "large"])
@pytest.mark.parametrize("streaming", [False, True])
def test_what_takes_too_much_memory_is_refused_at_once(config, changes, streaming, datasets_cache):
    with little_memory(), refusal(*changes):
        load_dataset("mnist1d", config, streaming=streaming, **changes)
    assert not list(datasets_cache.glob("mnist1d/*"))


@pytest.mark.parametrize("changes", [*TOO_LARGE, {"num_samples": 10**12}], ids=str)
def test_make_dataset_refuses_it_too(changes):
    with little_memory(), refusal(*changes):
        make_dataset(GenerationParameters(**changes))


@pytest.mark.parametrize("changes", TOO_LARGE, ids=str)
def test_generate_shard_refuses_it_too(changes):
    with little_memory(), refusal(*changes):
        generate_shard(GenerationParameters(**changes), split="train", index=0, rows=10)


@pytest.mark.parametrize("changes", [{"padding": (0, 2**62)}, {"template_len": 10**10}], ids=str)
def test_a_single_example_is_refused_too(changes):
    with little_memory(), refusal(*changes):
        construction_steps(3, GenerationParameters(**changes), seed=0)


def test_a_shard_of_too_many_rows_is_refused():
    with (
        little_memory(),
        pytest.raises(ValueError, match=r"'rows' parameter must be smaller, .*; make more shards of fewer"),
    ):
        generate_shard(GenerationParameters(), split="train", index=0, rows=10**12)


@pytest.mark.parametrize("config", ["default", "shuffled", "custom-noise"])
def test_too_many_rows_of_a_config_that_is_generated_whole_name_the_one_in_shards(config):
    with (
        little_memory(),
        pytest.raises(ValueError, match=r"'num_samples' parameter must be smaller, .* the config 'large' is"),
    ):
        load_dataset("mnist1d", config, num_samples=10**12, streaming=True)


@pytest.mark.parametrize("num_samples", [2**53 + 1, 2**63 - 1])
def test_large_says_how_many_rows_it_may_have(num_samples):
    with pytest.raises(
        ValueError, match=r"'num_samples' parameter must be at most 9007199254740992 for a config in shards, got"
    ):
        load_dataset_builder("mnist1d", "large", num_samples=num_samples)


def test_what_is_reasonable_is_not_refused():
    for parameters in CONFIGS.values():
        check_memory(parameters)
    for changes in (
        {"num_samples": 10**7},
        {"final_seq_length": 10_000},
        {"template_len": 10_000},
        {"padding": (0, 10_000)},
        {"padding": (50_000, 50_000), "num_samples": 1000},
        {"max_translation": 2**62},
    ):
        check_memory(GenerationParameters(**changes))
    assert Mnist1D(config_name="large", num_samples=10**12).config.split_rows["train"] == 909_090_909_090


@pytest.mark.parametrize(
    "changes",
    [
        {"num_samples": 50_000},
        {"num_samples": 10, "template_len": 20_000},
        {"num_samples": 1000, "padding": (0, 1000)},
        {"num_samples": 2000, "final_seq_length": 1000, "shuffle_seq": True},
        {"num_samples": 100, "padding": (5000, 5000), "final_seq_length": 20},
    ],
    ids=str,
)
def test_the_estimate_is_about_what_generating_takes(changes):
    parameters = GenerationParameters(**changes)
    make_dataset(GenerationParameters(num_samples=10))
    tracemalloc.start()
    make_dataset(parameters)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 0.7 * peak < estimated_bytes(parameters, parameters.num_samples) < 3 * peak


SIZES = st.integers(2, 2**63 - 1) | st.integers(2, 10**9)


@settings(deadline=None)
@given(num_samples=SIZES.filter(lambda rows: rows >= 10), template_len=SIZES, final_seq_length=SIZES, padding=SIZES)
def test_the_parameter_that_is_named_is_the_one_to_change(num_samples, template_len, final_seq_length, padding):
    changes = {
        "num_samples": num_samples,
        "template_len": template_len,
        "final_seq_length": final_seq_length,
        "padding": (0, padding),
    }
    parameters = GenerationParameters(**changes)
    too_much = estimated_bytes(parameters, num_samples) > MAX_BYTES
    for _ in changes:
        try:
            check_memory(parameters)
            break
        except ValueError as error:
            name = str(error).split("'")[1]
            assert changes[name] == getattr(parameters, name)
            parameters = parameters.replace(**{name: getattr(GenerationParameters(), name)})
    check_memory(parameters)
    assert too_much == (parameters != GenerationParameters(**changes))


@pytest.mark.parametrize("failing", [MemoryError(), MemoryError("Unable to allocate 3 TiB")])
def test_running_out_of_memory_is_one_line_on_the_command_line(failing, monkeypatch, datasets_cache):
    def too_much(self, split, start, stop):
        raise failing

    monkeypatch.setattr(Rows, "columns", too_much)
    result = CliRunner().invoke(cli.main, ["prepare", "default"])
    assert result.exit_code == 1
    assert result.stderr == f"Error: there is not enough memory ({str(failing) or 'MemoryError'})\n"
    assert not list(datasets_cache.rglob("*.arrow"))


@pytest.mark.parametrize(
    "setting",
    ["padding=0,10000000", "num_samples=1000000000000", f"max_translation={2**70}", f"shear_scale=1{'0' * 400}"],
)
def test_too_much_is_one_line_on_the_command_line(setting):
    result = CliRunner().invoke(cli.main, ["prepare", "default", "--set", setting])
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: the '{setting.partition('=')[0]}' parameter must be ")
    assert result.stderr.count("\n") == 1
    assert not list(datasets.config.HF_DATASETS_CACHE.glob("mnist1d/*"))
