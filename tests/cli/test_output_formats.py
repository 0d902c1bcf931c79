"""What commands print, to the character: no lines too many, nothing escaped, and nothing but data where it is asked for."""

import json

import pytest
import torch
from click.testing import CliRunner

from mnist1d_hf import cli
from mnist1d_hf.baselines import create_model, load_model, load_tensors
from mnist1d_hf.baselines.evaluation import evaluate
from mnist1d_hf.experiments import INTERACTIVE_TITLES, TITLES


def call(*arguments):
    result = CliRunner().invoke(cli.main, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture
def models(empty_folder):
    """Two untrained models, one with a name that is not ASCII."""
    for seed, name in enumerate(("a", "größe")):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = create_model("logistic")
        model.save_pretrained(empty_folder / name)
    return ["a", "größe"]


@pytest.fixture
def points(models):
    """The evaluations of a sweep, by model and value."""
    return {
        (name, value): evaluate(
            load_model(name), load_tensors("default", "test", corr_noise_scale=value, num_samples=100, seed=7)
        )
        for name in models
        for value in (0.0, 0.5)
    }


SWEEP = ("--sweep", "corr_noise_scale=0:0.5:0.5", "--set", "num_samples=100", "--set", "seed=7")


def percent(evaluation):
    low, high = evaluation.interval
    return f"{100 * evaluation.accuracy:.1f}", f"{100 * low:.1f} - {100 * high:.1f}"


def test_a_sweep_is_a_table(models, points):
    rows = [(name, f"{value:g}", *percent(one)) for (name, value), one in points.items()]
    table = [("model", "corr_noise_scale", "accuracy %", "95 % interval"), *rows]
    widths = [max(len(row[place]) for row in table) for place in range(4)]
    lines = call("evaluate", *models, *SWEEP).stdout.split("\n")
    assert lines[:2] == ["on the split test of default, num_samples=100, seed=7", ""]
    assert lines[-1] == ""
    assert [line.split(maxsplit=1)[0] for line in lines[2:-1]] == [row[0] for row in table]
    assert [line.split() for line in lines[2:-1]] == [" ".join(row).split() for row in table]
    assert {len(line.rstrip()) <= sum(widths) + 6 for line in lines[2:-1]} == {True}


def test_a_sweep_is_json_with_the_model_of_each_point(models, points):
    result = call("evaluate", *models, *SWEEP, "--json")
    data = {"config": "default", "split": "test", "set": {"num_samples": 100, "seed": 7}}
    records = [
        {"model": name, **data, "corr_noise_scale": value, **one.to_dict()} for (name, value), one in points.items()
    ]
    assert result.stdout == json.dumps(records, indent=2, ensure_ascii=False) + "\n"
    assert result.stderr == ""


def test_a_sweep_is_csv_with_the_model_of_each_point(models, points):
    result = call("evaluate", *models, *SWEEP, "--csv")
    head, *lines, last = result.stdout.split("\n")
    assert head == "model,config,split,corr_noise_scale,rows,correct,accuracy,loss,low,high,num_samples,seed"
    assert lines == [
        f"{name},default,test,{value},{one.rows},{one.correct},{one.accuracy},{one.loss},{one.interval[0]},{one.interval[1]},100,7"
        for (name, value), one in points.items()
    ]
    assert last == ""
    assert result.stderr == ""


def test_a_build_is_json(empty_folder):
    printed = call("build", "out", "--config", "default", "--json").stdout
    found = json.loads(printed)
    assert printed == json.dumps(found, indent=2) + "\n"
    assert set(found) == {"folder", "rows", "files"}
    assert found["folder"] == str((empty_folder / "out").resolve())
    assert found["rows"] == {"default": {"train": 4000, "test": 1000}}
    assert found["files"] == {name: (empty_folder / "out" / name).stat().st_size for name in found["files"]}


def test_a_build_is_a_line_a_file_and_their_sum(empty_folder):
    *files, total, how, last = call("build", "out", "--config", "default").stdout.split("\n")
    listed = [line.split("  ")[-1] for line in files]
    sizes = [(empty_folder / "out" / name).stat().st_size for name in listed]
    assert files == [f"{size / 1e6:9.2f} MB  {name}" for name, size in zip(listed, sizes, strict=True)]
    assert total == f"{sum(sizes) / 1e6:9.2f} MB  in {(empty_folder / 'out').resolve()}"
    assert how == 'Load it with load_dataset("out", "default").'
    assert last == ""


def test_prepared_folders_are_json(datasets_cache):
    printed = call("prepare", "default", "shuffled", "--json").stdout
    found = json.loads(printed)
    assert printed == json.dumps(found, indent=2) + "\n"
    assert list(found) == ["default", "shuffled"]
    assert all(folder.startswith(str(datasets_cache)) for folder in found.values())


def test_experiments_are_listed_with_their_titles():
    titles = TITLES | INTERACTIVE_TITLES
    width = max(map(len, titles))
    expected = "".join(f"{name:<{width}}  {title}\n" for name, title in titles.items())
    assert call("experiment", "list").stdout == expected
