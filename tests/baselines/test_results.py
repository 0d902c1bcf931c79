"""The table of all runs: what is written is read again."""

import subprocess
import sys
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist1d_hf.baselines import list_models, results
from mnist1d_hf.baselines.references import REFERENCES
from mnist1d_hf.baselines.results import Result, format_results, parse_results, read_results
from mnist1d_hf.baselines.tasks import BENCHMARK_TASKS

names = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "Zs")), min_size=1)
counts = st.none() | st.integers(0, 10**12)
runs = st.builds(
    lambda seed, test, fresh, hundredths: {
        "seed": seed,
        "test": {"accuracy": test / 1000},
        "fresh": {"accuracy": fresh / 100_000},
        "seconds": hundredths / 100,
    },
    st.integers(0, 2**63),
    st.integers(0, 1000),
    st.integers(0, 100_000),
    st.integers(0, 10**7),
)
metrics = st.fixed_dictionaries(
    {
        "task": names,
        "model": names,
        "recipe": st.sampled_from(["tuned", "paper", "reference"]),
        "parameters": counts,
        "macs": counts,
        "runs": st.lists(runs, min_size=1, max_size=5),
    }
)


@given(st.lists(metrics, unique_by=lambda one: (one["task"], one["model"], one["recipe"])))
def test_what_is_written_is_read(measured):
    text = format_results(measured)
    assert len(text.encode()) == len(text)  # one byte a character, the same on every system
    assert parse_results(text) == [
        Result(
            task=one["task"],
            model=one["model"],
            recipe=one["recipe"],
            kind="reference" if one["recipe"] == "reference" else "network",
            parameters=one["parameters"],
            macs=one["macs"],
            seeds=tuple(run["seed"] for run in one["runs"]),
            test=tuple(run["test"]["accuracy"] for run in one["runs"]),
            fresh=tuple(run["fresh"]["accuracy"] for run in one["runs"]),
            seconds=pytest.approx(fmean(run["seconds"] for run in one["runs"])),
        )
        for one in measured
    ]


def test_a_line_is_a_run():
    run = {"test": {"accuracy": 0.961}, "fresh": {"accuracy": 0.95843}}
    model = {"task": "few", "recipe": "tuned", "parameters": 5210, "macs": 31750, "model": "cnn"}
    svm = {"task": "few", "recipe": "reference", "parameters": None, "macs": None, "model": "svm"}
    text = format_results(
        [
            {**model, "runs": [{**run, "seed": 0, "seconds": 2.5}, {**run, "seed": 1, "seconds": 3.0}]},
            {**svm, "runs": [{**run, "seed": 0, "seconds": 1.25}]},
        ]
    )
    assert text.split("\n") == [
        "task,model,recipe,kind,parameters,macs,seed,test_accuracy,fresh_accuracy,seconds",
        "few,cnn,tuned,network,5210,31750,0,0.96100,0.95843,2.5",
        "few,cnn,tuned,network,5210,31750,1,0.96100,0.95843,3.0",
        "few,svm,reference,reference,,,0,0.96100,0.95843,1.25",
        "",
    ]


def test_every_network_of_the_package_was_measured_on_every_task():
    measured = {(one.task, one.model): one for one in read_results() if one.recipe == "tuned"}
    for task in BENCHMARK_TASKS:
        for model in list_models():
            one = measured[task, model]
            assert one.seeds == (0, 1, 2, 3, 4)
            assert one.kind == "network" and one.parameters and one.macs
            assert len(one.test) == len(one.fresh) == 5


def test_every_reference_classifier_was_measured_on_every_task():
    measured = {(one.task, one.model) for one in read_results() if one.kind == "reference"}
    assert measured == {(task, name) for task in BENCHMARK_TASKS for name in REFERENCES}


def test_reading_needs_no_torch():
    code = f"import sys, {results.__name__}; print([name for name in ('torch', 'scipy') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
