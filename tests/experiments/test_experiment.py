"""What all experiments share: parts are kept, found again and measured once; bad input is named."""

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from dataclasses import replace

import pytest
from click.testing import CliRunner

from mnist1d_hf import cli
from mnist1d_hf.cli import experiment as cli_experiment
from mnist1d_hf.experiments import TITLES, classwise_errors, find, spatial_priors
from mnist1d_hf.experiments import metalearn_learning_rate as experiment
from mnist1d_hf.experiments.experiment import StepCounter
from mnist1d_hf.experiments.report import format_claims, is_quick, write_report, write_summary
from mnist1d_hf.experiments.results import Part, Results

from ..conftest import interruptible

SMALL = experiment.Settings(outer_steps=2, inner_steps=3, batch_size=4, hidden_size=5)


def test_parts_are_kept_and_not_measured_again(tmp_path, executor, monkeypatch):
    first = experiment.run(tmp_path, seeds=2, settings=SMALL, executor=executor)
    kept = {path.name: path.read_bytes() for path in (tmp_path / experiment.EXPERIMENT.name).iterdir()}
    assert set(kept) == {"seed0.json", "seed1.json", "authors.json"}
    content = json.loads(kept["seed1.json"])
    assert content["seed"] == 1
    assert content["settings"]["outer_steps"] == 2
    assert {"versions", "data_version", "command", "seconds", "measured"} <= set(content)
    measured = []
    original = experiment.MetalearnLearningRate.measure
    monkeypatch.setattr(
        experiment.MetalearnLearningRate,
        "measure",
        lambda self, settings, part, progress: measured.append(part.name) or original(self, settings, part, progress),
    )
    again = experiment.run(tmp_path, seeds=3, settings=SMALL, executor=executor)
    assert measured == ["seed2"]
    assert {name: again.measured[name] for name in first.measured} == first.measured
    assert all((tmp_path / experiment.EXPERIMENT.name / name).read_bytes() == kept[name] for name in kept)


def test_what_an_interruption_left_is_measured_anew_with_the_same_numbers(tmp_path, executor):
    whole = experiment.run(tmp_path / "whole", seeds=2, settings=SMALL, executor=executor)
    folder = tmp_path / "cut" / experiment.EXPERIMENT.name
    experiment.run(tmp_path / "cut", seeds=2, settings=SMALL, executor=executor)
    (folder / "seed1.json").rename(folder / ".seed1.json.123-0123abcd.incomplete")
    resumed = experiment.run(tmp_path / "cut", seeds=2, settings=SMALL, executor=executor)
    assert resumed.measured == whole.measured
    assert not list(folder.glob(".*"))


def test_parts_of_other_settings_are_refused(tmp_path, executor):
    experiment.run(tmp_path, seeds=1, settings=SMALL, executor=executor)
    with pytest.raises(
        FileExistsError, match=r"seed0.json was measured with outer_steps 2, not 1; batch_size 4, not 50;"
    ):
        experiment.run(tmp_path, seeds=1, settings=experiment.Settings(outer_steps=1, inner_steps=3), executor=executor)


def test_settings_that_only_choose_parts_leave_the_others_as_they_are(tmp_path, executor):
    few = spatial_priors.Settings(models=("logistic",), steps=2)
    first = spatial_priors.run(tmp_path, seeds=1, settings=few, executor=executor)
    kept = {path: path.read_bytes() for path in (tmp_path / "spatial-priors").iterdir()}
    more = replace(few, models=("logistic", "mlp"))
    second = spatial_priors.run(tmp_path, seeds=1, settings=more, executor=executor)
    added = {f"mlp-{config}-{recipe}" for config in ("default", "shuffled") for recipe in ("paper-4000", "tuned")}
    assert set(second.measured) - set(first.measured) == added
    assert all(path.read_bytes() == content for path, content in kept.items())
    with pytest.raises(
        FileExistsError,
        match=r"default-paper-4000.json was measured with steps 2, not 3; name another folder",
    ):
        spatial_priors.run(tmp_path, seeds=1, settings=replace(more, steps=3), executor=executor)


def results_of(*values):
    """Results whose measurements are the places of their parts, under names that say nothing."""
    parts = [Part(f"part{place}", 1, one) for place, one in enumerate(values)]
    return Results("sorting", None, 2, parts, {part.name: place for place, part in enumerate(parts)}, 0.0)


RESULTS = results_of({"kind": "b", "seed": 0}, {"kind": "b", "seed": 1}, {"kind": "a", "seed": 0, "rows": [5, 6]})


def test_results_are_found_by_values_in_the_order_of_the_plan():
    assert RESULTS.where(kind="b") == [0, 1]
    assert RESULTS.where(seed=0) == [0, 2]
    assert RESULTS.where() == [0, 1, 2]
    assert RESULTS.one(seed=1) == 1
    assert RESULTS.one(kind="a", rows=[5, 6]) == 2


@pytest.mark.parametrize("values", [{"kind": "c"}, {"kind": "a", "seed": 1}, {"size": 0}, {"rows": None}])
def test_values_that_no_part_has_are_named(values):
    named = ", ".join(f"{name}={value!r}" for name, value in values.items())
    with pytest.raises(LookupError, match=f"no part of sorting has {named}; its parts are part0, part1, part2"):
        RESULTS.where(**values)
    with pytest.raises(LookupError, match="no part of sorting has"):
        RESULTS.one(**values)


def test_one_result_is_not_chosen_among_several():
    with pytest.raises(LookupError, match="2 parts of sorting have kind='b', not one"):
        RESULTS.one(kind="b")


def test_results_of_kept_parts_are_found_by_values(tmp_path, executor):
    experiment.run(tmp_path, seeds=2, settings=SMALL, executor=executor)
    again = experiment.run(tmp_path, seeds=2, settings=SMALL, executor=executor)
    assert again.one(seed=1) == again.measured["seed1"]


def test_results_have_a_short_repr_and_a_table_for_notebooks(tmp_path, executor):
    results = experiment.run(seeds=2, settings=SMALL, executor=executor)
    assert re.fullmatch(r"<Results of metalearn-learning-rate: 3 parts, seeds 2, \d+ s>", repr(results))
    html = results._repr_html_()
    head, *lines = re.findall(r"<tr>(.*?)</tr>", html)
    assert re.findall(r"<th>(.*?)</th>", head) == ["part", *vars(results.measured["seed0"])]
    assert [re.findall(r"<th>(.*?)</th>", line) for line in lines] == [["seed0"], ["seed1"], ["authors"]]
    rates = results.measured["seed1"].learning_rates[0]
    assert f"<td>[[{', '.join(f'{rate:.4g}' for rate in rates[:3])}" in lines[1]


def test_steps_of_pieces_are_added_up():
    reported = []
    count = StepCounter(lambda done, what: reported.append((done, what)))
    count(3, "first")
    count(2, "second")
    assert reported == [(3, "first"), (5, "second")]


@pytest.mark.parametrize("content", ["{", "{}", "[1]", "\xff"])
def test_a_part_that_cannot_be_read_is_named(content, tmp_path, executor):
    experiment.run(tmp_path, seeds=1, settings=SMALL, executor=executor)
    path = tmp_path / experiment.EXPERIMENT.name / "seed0.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(FileExistsError, match=r"seed0.json holds no results; remove it"):
        experiment.run(tmp_path, seeds=1, settings=SMALL, executor=executor)


def test_a_folder_that_cannot_be_written_is_known_before_anything_is_measured(tmp_path, executor, monkeypatch):
    (tmp_path / experiment.EXPERIMENT.name).write_text("in the way")
    monkeypatch.setattr(experiment.MetalearnLearningRate, "measure", lambda *arguments: pytest.fail("it was measured"))
    with pytest.raises(FileExistsError):
        experiment.run(tmp_path, seeds=1, settings=SMALL, executor=executor)


@pytest.mark.parametrize(
    ("numbers", "message"), [({"seeds": 0}, "seeds must be at least 1, got 0"), ({"jobs": -1}, "jobs")]
)
def test_numbers_out_of_range_are_refused(numbers, message):
    with pytest.raises(ValueError, match=message):
        experiment.run(**numbers)


def test_summary_and_report_have_figure_and_claims(tmp_path, executor):
    results = experiment.run(tmp_path, seeds=2, settings=SMALL, executor=executor)
    figure = write_summary(experiment.EXPERIMENT, results, tmp_path)
    assert figure.stat().st_size > 5_000
    summary = json.loads((figure.parent / "summary.json").read_text())
    assert {"settings", "seeds", "versions", "data_version", "command", "seconds", "machine"} <= set(summary)
    report = write_report(tmp_path).read_text()
    for claim in experiment.claims(results):
        assert f"| {claim.statement} | {claim.published} | {claim.measured} |" in report


def test_quick_settings_show_numbers_and_judge_nothing(tmp_path, executor, monkeypatch):
    monkeypatch.setattr(experiment.EXPERIMENT, "quick", SMALL)
    results = experiment.run(tmp_path, seeds=2, quick=True, executor=executor)
    write_summary(experiment.EXPERIMENT, results, tmp_path)
    summary = json.loads((tmp_path / experiment.EXPERIMENT.name / "summary.json").read_text())
    claims = experiment.claims(results)
    assert summary["quick"]
    assert [claim["verdict"] for claim in summary["claims"]] == [None] * len(claims)
    report, text = write_report(tmp_path).read_text(), format_claims(claims, judged=False)
    assert "| not judged | | | 2 |" in report
    assert "only a full run, without `--quick`, judges the paper's claims" in report
    for claim in claims:
        assert f"| {claim.statement} | {claim.published} | {claim.measured} | not judged |" in report
        assert f"{claim.statement}\n    published {claim.published}, measured {claim.measured}\n" in text + "\n"
    assert "| holds |" not in report
    assert "**does not hold**" not in report
    assert "hold" not in text.lower()


def test_chosen_parts_of_quick_settings_are_quick_too():
    quick = classwise_errors.EXPERIMENT.quick
    for settings, expected in (
        (quick, True),
        (replace(quick, train_rows=(7,)), True),
        (replace(quick, steps=7), False),
    ):
        assert is_quick(classwise_errors.EXPERIMENT, Results("", settings, 1, [], {}, 0.0)) is expected


def test_every_experiment_has_what_the_command_needs():
    for name in TITLES:
        module = find(name)
        assert module.EXPERIMENT.name == name
        assert module.run == module.EXPERIMENT.run
        assert module.__doc__.splitlines()[0].endswith(TITLES[name].partition(" (")[2].join(["(", "."]))


@pytest.mark.long
def test_the_command_runs_in_processes_of_its_own_and_keeps_what_is_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        result = CliRunner().invoke(
            cli.main, ["experiment", "metalearn-learning-rate", "--quick", "--seeds", "2", "--jobs", "2"]
        )
        assert result.exit_code == 0, result.output
        assert "published 0.62, measured" in result.output
        assert "hold" not in result.output.lower()
        assert "only a full run, without --quick, judges the paper's claims" in result.output
    assert (tmp_path / "results/quick/metalearn-learning-rate/figure.png").is_file()
    monkeypatch.setattr(cli_experiment, "TITLES", {"metalearn-learning-rate": "Metalearning"})
    result = CliRunner().invoke(cli.main, ["experiment", "all", "--quick", "--seeds", "2"])
    assert result.exit_code == 0, result.output
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["quick"]
    report = (tmp_path / "results/quick/README.md").read_text()
    assert "`mnist1d-hf experiment metalearn-learning-rate --seeds 2 --quick`" in report


@pytest.fixture
def terminal():
    """A terminal of 24 rows and 80 columns: the end to read from, and the end to write to."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    yield ours, theirs
    os.close(ours)


@pytest.mark.long
def test_an_interrupt_ends_the_processes_and_says_what_is_kept(tmp_path, terminal):
    arguments = ["experiment", "metalearn-learning-rate", "--seeds", "2", "-o", str(tmp_path)]
    command = [sys.executable, "-m", "mnist1d_hf", *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.endswith("DISABLE_PROGRESS_BARS")}
    ours, theirs = terminal
    with interruptible():
        process = subprocess.Popen(command, stderr=theirs, stdout=subprocess.DEVNULL, env=environment)
    os.close(theirs)
    printed = read_until(ours, "learning rates")
    process.send_signal(signal.SIGINT)
    # The terminal is open as long as one of the processes has it.
    rest = read_until(ours, None)
    assert process.wait() == 1
    assert rest.splitlines()[-2:] == [
        "0 of 3 parts are finished; finished parts are kept: rerun to measure the others.",
        "Aborted!",
    ]
    assert "summary.json" not in {path.name for path in tmp_path.rglob("*")}
    shown = [line for line in re.split(r"[\r\n]+", printed) if "learning rates" in line]
    assert all(
        re.match(r"0/3 +\d+% \|.{18}\| [\d:?]+ left, (seed\d|authors) learning rates \d", line) for line in shown
    )
    assert max(map(len, shown)) <= 80


def read_until(terminal, text):
    """Read until a text comes, or to the end if it is None."""
    printed = b""
    while text is None or text.encode() not in printed:
        try:
            more = os.read(terminal, 1000)
        except OSError:  # Linux's way of saying that nobody writes any more
            more = b""
        if not more:
            assert text is None, printed.decode()
            break
        printed += more
    return printed.decode()


def test_unknown_experiments_are_one_line():
    result = CliRunner().invoke(cli.main, ["experiment", "alchemy"])
    assert result.exit_code == 2
    assert "No such command 'alchemy'" in result.output
    with pytest.raises(ValueError, match="unknown experiment 'alchemy'; the experiments are"):
        find("alchemy")
