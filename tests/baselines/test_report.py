"""The report of many results: tables, ranks, and what it says of them."""

import re

import pytest

from mnist1d_hf.baselines import report
from mnist1d_hf.baselines.metrics import Evaluation
from mnist1d_hf.baselines.protocol import Run, describe_runs
from mnist1d_hf.baselines.results import format_results, parse_results
from mnist1d_hf.baselines.runs import folder_name, read_metrics
from mnist1d_hf.utils.files import write_json

ACCURACIES = {
    # Percent on the fresh rows of each task; the test rows have 1 point more.
    ("cnn", "tuned"): {"default": 96, "shuffled": 61, "noisy": 70, "few": 60},
    ("mlp", "tuned"): {"default": 71, "shuffled": 70, "few": 60},
    ("trees", "reference"): {"default": 82, "shuffled": 81.5, "noisy": 71, "few": 50},
    ("mlp", "paper"): {"default": 61},
    ("mlp", "paper-4000"): {"default": 63.5},
    ("mlp", "paper-256"): {"default": 67},
}


def evaluation(percent, rows):
    correct = round(rows * percent / 100)
    return Evaluation(rows, correct, 0.5, ((correct, rows - correct), (0, 0)))


def describe(model, recipe, task, percent):
    """The metrics of two seeds, 1 point around a mean, or of one seed of a reference."""
    deviations = (0.0,) if recipe == "reference" else (-1.0, 1.0)
    runs = [
        Run(seed, evaluation(percent + 1 + deviation, 1000), evaluation(percent + deviation, 100_000), 2.0)
        for seed, deviation in enumerate(deviations)
    ]
    count = None if recipe == "reference" else 5210
    return describe_runs(model, task, recipe, {}, runs, parameters=count, macs=count)


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes the report of results that are given, and returns it."""
    monkeypatch.setattr(report, "render_model_card", lambda metrics: "")

    def write(accuracies):
        for (model, recipe), by_task in accuracies.items():
            name = model if recipe == "reference" else folder_name(model, recipe)
            for task, percent in by_task.items():
                (tmp_path / task / name).mkdir(parents=True)
                write_json(tmp_path / task / name / "metrics.json", describe(model, recipe, task, percent))
        report.write_report(tmp_path)
        return (tmp_path / "README.md").read_text(encoding="utf-8")

    return write


def table(text, heading):
    """The cells of the table below a heading, without its head."""
    section = re.split(rf"^#+ {re.escape(heading)}$", text, flags=re.MULTILINE)[1].partition("\n#")[0]
    (found,) = re.findall(r"(?:^\|.*\n)+", section, flags=re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found.splitlines()[2:]]


def test_models_are_ranked_by_fresh_rows(write):
    text = write(ACCURACIES)
    assert [line[:3] for line in table(text, "default")] == [
        ["1", "cnn", "tuned"], ["2", "trees", "reference"], ["3", "mlp", "tuned"],
    ]  # fmt: skip
    # Two seeds 1 point around the mean: Student's t of one degree of freedom is 12.7062.
    assert table(text, "default")[0] == [
        "1", "cnn", "tuned", "5,210", "5,210", "97.00 ± 12.71", "96.00 ± 12.71", "96.0", "94 ± 2", "2.0",
    ]  # fmt: skip
    assert table(text, "default")[1] == ["2", "trees", "reference", "", "", "83.00", "82.00", "", "", "2.0"]
    assert [line[:2] for line in table(text, "few")] == [["1", "mlp"], ["1", "cnn"], ["3", "trees"]]
    assert table(text, "Baselines") == [
        ["cnn", "96.0 (1)", "61.0 (3)", "70.0 (2)", "60.0 (1)"],
        ["trees", "82.0 (2)", "81.5 (1)", "71.0 (1)", "50.0 (3)"],
        ["mlp", "71.0 (3)", "70.0 (2)", "", "60.0 (1)"],
    ]


def test_it_says_which_models_use_the_order_and_which_do_well_without(write):
    text = write(ACCURACIES)
    assert table(text, "Which models use the order of the points") == [
        ["cnn", "96.00", "61.00", "35.00", "35.00"],
        ["mlp", "71.00", "70.00", "1.00", "1.00"],
        ["trees", "82.00", "81.50", "0.50", "0.50"],
    ]
    assert "- At least 5 points on the fresh rows are lost by cnn: they use the order.\n" in text
    assert "- Less is lost by mlp, trees: what they reach, they reach without it.\n" in text
    assert (
        "- The best of those without it: on `default` trees with 82.0 %, rank 2 of 3; on `shuffled` trees with 81.5 %, rank 1 "
        "of 3; on `noisy` trees with 71.0 %, rank 1 of 2; on `few` mlp with 60.0 %, rank 1 of 3.\n"
    ) in text


def test_the_papers_recipes_stand_apart(write):
    text = write(ACCURACIES)
    assert [(line[0], line[1], line[2], line[5], line[7]) for line in table(text, "The paper's recipe")] == [
        ("default", "mlp", "paper", "62.00 ± 12.71", "68 ± 2"),
        ("default", "mlp", "paper-4000", "64.50 ± 12.71", "68 ± 2"),
        ("default", "mlp", "paper-256", "68.00 ± 12.71", "68 ± 2"),
    ]
    assert "in points on the test rows of `default`: mlp 2.5.\n" in text


def test_what_was_not_measured_is_not_spoken_of(write):
    text = write({("cnn", "tuned"): {"large": 98}})
    assert "order of the points" not in text and "paper's recipe" not in text
    assert table(text, "large")[0][:3] == ["1", "cnn", "tuned"]
    assert "undefined" not in text.lower() and "None" not in text


@pytest.mark.parametrize("accuracies", [ACCURACIES, {("cnn", "tuned"): {"large": 98}}, {("mlp", "paper"): {"few": 40}}])
def test_markdown_is_whole(write, accuracies):
    text = write(accuracies)
    for found in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        assert len({line.count("|") for line in found.splitlines()}) == 1, found
    # A heading, a table and a list each stand after an empty line, and no two empty lines follow each other.
    assert not re.search(r"[^\n]\n#|\n\n\n|^[^|\n].*\n\|", text, flags=re.MULTILINE)
    assert re.search(r"[^\n]\n\Z", text)


def test_the_files_agree(write, tmp_path):
    write(ACCURACIES)
    measured = read_metrics(tmp_path)
    # By task, then the recipes in their order, the reference lines last.
    assert [(one["task"], one["model"], one["recipe"]) for one in measured[:6]] == [
        ("default", "mlp", "tuned"), ("default", "cnn", "tuned"), ("default", "mlp", "paper"),
        ("default", "mlp", "paper-4000"), ("default", "mlp", "paper-256"), ("default", "trees", "reference"),
    ]  # fmt: skip
    text = (tmp_path / "results.csv").read_text(encoding="utf-8")
    assert text == format_results(measured)
    assert len(parse_results(text)) == len(measured) == 14
    assert (tmp_path / "results.png").read_bytes().startswith(b"\x89PNG")
