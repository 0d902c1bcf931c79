"""The kept results: parts are found again, and summaries and report follow from them."""

import dataclasses
import json
import re
import shutil
from pathlib import Path

import pytest

from mnist1d_hf.experiments import TITLES, find
from mnist1d_hf.experiments.report import write_report
from mnist1d_hf.version import DATA_VERSION

RESULTS = Path(__file__).parents[2] / "results"


@pytest.mark.parametrize("name", TITLES)
def test_claims_and_remarks_of_a_summary_follow_from_the_kept_parts(name, executor, monkeypatch):
    experiment = find(name).EXPERIMENT
    monkeypatch.setattr(type(experiment), "measure", lambda self, settings, part, progress: pytest.fail(part.name))
    summary = json.loads((RESULTS / name / "summary.json").read_text(encoding="utf-8"))
    results = experiment.run(RESULTS, seeds=summary["seeds"], executor=executor)
    assert summary["claims"] == [dataclasses.asdict(claim) for claim in experiment.claims(results)]
    assert summary["remarks"] == list(experiment.remarks)
    assert summary["settings"] == json.loads(json.dumps(dataclasses.asdict(results.settings)))


@pytest.mark.parametrize("name", TITLES)
def test_every_kept_part_was_measured_with_the_settings_of_the_code(name):
    experiment = find(name).EXPERIMENT
    defaults = type(experiment.settings)()
    assert experiment.settings == defaults
    settings = json.loads(json.dumps(dataclasses.asdict(defaults)))
    summary = json.loads((RESULTS / name / "summary.json").read_text(encoding="utf-8"))
    parts = {part.name: part for part in experiment.plan(defaults, summary["seeds"])}
    kept = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (RESULTS / name).glob("*.json")}
    assert set(kept) == {*parts, "summary"}
    for part, content in kept.items():
        assert content["settings"] == settings, part
        assert content["experiment"] == name
        assert content["data_version"] == DATA_VERSION
        assert set(content["versions"]) == {"python", "mnist1d-hf", "torch", "numpy", "datasets"}
        assert re.fullmatch(r"mnist1d-hf experiment [-a-z]+( --?[a-z]+ \S+)*", content["command"])
        if part != "summary":
            assert content["part"] == part
            values = json.loads(json.dumps(parts[part].values))
            assert {key: content[key] for key in values} == values
    assert summary["quick"] is False
    seconds = sum(content["seconds"] for part, content in kept.items() if part != "summary")
    assert summary["seconds"] == pytest.approx(seconds, abs=0.06)


def test_the_report_is_that_of_the_summaries(tmp_path):
    for name in TITLES:
        (tmp_path / name).mkdir()
        shutil.copy(RESULTS / name / "summary.json", tmp_path / name)
    assert write_report(tmp_path).read_bytes() == (RESULTS / "README.md").read_bytes()


def test_every_figure_of_the_report_is_there():
    assert all((RESULTS / name / "figure.png").stat().st_size > 5_000 for name in TITLES)
