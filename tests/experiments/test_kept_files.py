"""The files of an experiment: every key of parts and summaries, and what is printed of claims."""

import dataclasses
import json
import os
import platform
import sys
from types import SimpleNamespace

import pytest

from mnist1d_hf.experiments import TITLES
from mnist1d_hf.experiments import experiment as shared
from mnist1d_hf.experiments import metalearn_learning_rate as experiment
from mnist1d_hf.experiments.claims import FAILS, HOLDS, UNTOLD, Claim, Effect, corrected, paired_claim
from mnist1d_hf.experiments.report import format_claims, write_report, write_summary
from mnist1d_hf.utils.files import versions
from mnist1d_hf.version import DATA_VERSION

SMALL = experiment.Settings(outer_steps=1, inner_steps=2, batch_size=4, hidden_size=5)


@pytest.fixture
def clock(monkeypatch):
    """A clock on which a part takes 1.254 s, then 2.504 s, then 1.254 s again."""
    readings = iter([10.0, 11.254, 20.0, 22.504, 30.0, 31.254])
    monkeypatch.setattr(shared, "time", SimpleNamespace(perf_counter=lambda: next(readings)))


@pytest.fixture
def command(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/bin/mnist1d-hf", "experiment", "metalearn-learning-rate"])
    return "mnist1d-hf experiment metalearn-learning-rate"


def test_a_part_and_a_summary_have_these_keys(tmp_path, executor, clock, command):
    results = experiment.run(tmp_path, seeds=2, settings=SMALL, executor=executor)
    folder = tmp_path / "metalearn-learning-rate"
    text = (folder / "seed1.json").read_text(encoding="utf-8")
    settings = json.loads(json.dumps(dataclasses.asdict(SMALL)))
    assert json.loads(text) == {
        "experiment": "metalearn-learning-rate",
        "part": "seed1",
        "weights": "seeded",
        "seed": 1,
        "settings": settings,
        "data_version": DATA_VERSION,
        "versions": versions(),
        "command": command,
        "seconds": 2.5,
        "measured": dataclasses.asdict(results.measured["seed1"]),
    }
    assert text.count("\n") == 1 and text.endswith("}\n")
    assert results.seconds == 5.0
    write_summary(experiment.EXPERIMENT, results, tmp_path)
    text = (folder / "summary.json").read_text(encoding="utf-8")
    summary = json.loads(text)
    assert summary == {
        "experiment": "metalearn-learning-rate",
        "settings": settings,
        "seeds": 2,
        "quick": False,
        "seconds": 5.0,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "data_version": DATA_VERSION,
        "versions": versions(),
        "command": command,
        "claims": [dataclasses.asdict(claim) for claim in experiment.claims(results)],
        "remarks": list(experiment.EXPERIMENT.remarks),
    }
    assert text == json.dumps(summary, indent=1) + "\n"
    assert sorted(path.name for path in folder.iterdir()) == [
        "authors.json", "figure.png", "seed0.json", "seed1.json", "summary.json",
    ]  # fmt: skip


def test_seconds_are_those_of_all_parts_even_of_kept_ones(tmp_path, executor, clock):
    experiment.run(tmp_path, seeds=1, settings=SMALL, executor=executor)
    assert experiment.run(tmp_path, seeds=2, settings=SMALL, executor=executor).seconds == 5.0
    assert experiment.run(tmp_path, seeds=2, settings=SMALL, executor=executor).seconds == 5.0


def test_parts_of_other_data_are_refused(tmp_path, executor):
    experiment.run(tmp_path, seeds=1, settings=SMALL, executor=executor)
    path = tmp_path / "metalearn-learning-rate" / "seed0.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "data_version": "0.9"}))
    with pytest.raises(FileExistsError, match=f"seed0.json was measured with data_version 0.9, not {DATA_VERSION};"):
        experiment.run(tmp_path, seeds=1, settings=SMALL, executor=executor)


def test_nothing_is_kept_without_an_output(empty_folder, executor):
    results = experiment.run(seeds=1, settings=SMALL, executor=executor)
    assert list(empty_folder.iterdir()) == []
    assert (results.seeds, results.settings, results.experiment) == (1, SMALL, "metalearn-learning-rate")


def test_five_seeds_and_the_papers_settings_are_the_default(executor, monkeypatch):
    def measure(self, settings, part, progress):
        return experiment.Measured([[float(settings.outer_steps)]], [[0.0]], [[0.0]])

    monkeypatch.setattr(experiment.MetalearnLearningRate, "measure", measure)
    results = experiment.run(executor=executor)
    names = [*(f"seed{seed}" for seed in range(5)), "authors"]
    assert (results.seeds, list(results.measured)) == (5, names)
    assert results.settings == experiment.Settings()
    assert experiment.run(quick=True, executor=executor).settings == experiment.EXPERIMENT.quick


def test_a_quick_summary_says_so(tmp_path, executor, monkeypatch):
    monkeypatch.setattr(experiment.MetalearnLearningRate, "quick", SMALL)
    results = experiment.run(tmp_path, seeds=1, quick=True, executor=executor)
    write_summary(experiment.EXPERIMENT, results, tmp_path)
    assert json.loads((tmp_path / "metalearn-learning-rate" / "summary.json").read_text())["quick"] is True


def test_claims_are_printed_in_two_lines():
    claims = [
        Claim("a is above b", "2 against 1", "3 against 1", "by a test", HOLDS, p=0.01, corrected_p=0.02),
        Claim("c", "d", "e", "f", FAILS),
        Claim("g", "h", "i", "j", UNTOLD, is_control=True, p=0.125),
    ]
    assert format_claims(claims) == (
        "holds          a is above b\n"
        "               published 2 against 1, measured 3 against 1 (by a test; p 0.01, corrected 0.02)\n"
        "DOES NOT HOLD  c\n"
        "               published d, measured e (f)\n"
        "cannot be told control: g\n"
        "               published h, measured i (j; p 0.12)"
    )


def test_what_the_correction_changes_is_counted():
    claims = corrected([paired_claim(name, "", [1.0, 1.1, 1.3], [0.5, 0.4, 0.2]) for name in "abc"])
    assert format_claims(claims).splitlines()[-1] == "Holm's correction changes 3 of these verdicts."
    assert "Holm" not in format_claims(claims[:1] and corrected([claims[0]]))


def test_the_report_has_the_experiments_in_their_order_and_no_others(tmp_path):
    assert write_report(tmp_path) == tmp_path / "README.md"
    assert not any(title in (tmp_path / "README.md").read_text(encoding="utf-8") for title in TITLES.values())
    claim = Claim("s", "p", "m", "t", HOLDS, effect=Effect(1.5, 0.5, 2.5), p=0.01, corrected_p=0.03)
    summary = {
        "experiment": "", "settings": {"a": 1}, "seeds": 2, "quick": False, "seconds": 3.8, "machine": "2 cores, x86_64",
        "data_version": "1.0.0", "versions": versions(), "command": "mnist1d-hf experiment", "remarks": ["So."],
        "claims": [dataclasses.asdict(claim)],
    }  # fmt: skip
    for name in [*reversed(TITLES), "alchemy"]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "summary.json").write_text(json.dumps({**summary, "experiment": name}))
    report = write_report(tmp_path).read_text(encoding="utf-8")
    places = [report.index(f"## {title}") for title in TITLES.values()]
    assert places == sorted(places)
    assert report.count("| s | p | m | holds | t | 1.5 (0.5 to 2.5) | 0.01, 0.03 |") == len(TITLES)
    assert report.endswith("\n") and not report.endswith("\n\n")
