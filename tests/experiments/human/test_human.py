"""The quiz in the terminal."""

import json
import math
import re
from itertools import pairwise

import click
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mnist1d_hf import cli, experiments
from mnist1d_hf.baselines.data import load_tensors
from mnist1d_hf.baselines.evaluation import evaluate
from mnist1d_hf.baselines.registry import load_model
from mnist1d_hf.experiments.human import quiz as human
from mnist1d_hf.experiments.human.questions import new_quiz, study_rows
from mnist1d_hf.utils.statistics import wilson_interval
from mnist1d_hf.utils.textplot import plot_upright


@pytest.fixture(scope="module")
def test_rows():
    """Signals and labels of the test rows."""
    x, y = load_tensors("default", "test")
    return x, y


@pytest.fixture
def ask(tmp_path):
    """Runs the command on lines that are typed, and returns its result."""

    def run(*lines, options=(), charset="utf-8"):
        typed = "".join(f"{line}\n" for line in lines)
        command = ["experiment", "human", "--output", str(tmp_path / "out"), *options]
        return CliRunner(charset=charset).invoke(cli.main, command, input=typed, catch_exceptions=False)

    return run


def labels_of(test_rows, count, seed=0):
    return test_rows[1][list(new_quiz(seed, 1000).order[:count])].tolist()


def test_a_perfect_answerer_is_told_so_and_compared_on_the_same_rows(ask, test_rows, tmp_path):
    result = ask(*labels_of(test_rows, 100), options=["--study", "0"])
    assert result.exit_code == 0
    low, _ = wilson_interval(100, 100)
    assert re.search(rf"you +100\.0 % +{100 * low:.1f} to 100\.0 %( +0){{10}}\n", result.output)
    rows = list(new_quiz(0, 1000).order[:100])
    cnn = evaluate(load_model("cnn"), (test_rows[0][rows], test_rows[1][rows]))
    scores = json.loads((tmp_path / "out/human/scores-seed0.json").read_text())
    assert scores["cnn"]["confusion"] == [list(counts) for counts in cnn.confusion]
    assert scores["you"]["correct"] == 100
    assert {"logistic", "mlp", "cnn", "gru"} < set(scores)
    assert "The paper's human reached 96 ± 1 %, which is outside your interval." in result.output
    assert "you on none." in result.output
    assert all(len(line) <= 80 for line in result.output.split("\n\nThe answers")[0].splitlines())


def test_a_wrong_answerer_is_told_so(ask, test_rows):
    labels = labels_of(test_rows, 100)
    result = ask(*((label + 1) % 10 for label in labels), options=["--study", "0"])
    wrong = "".join(f"{labels.count(digit):>4}" for digit in range(10))
    _, high = wilson_interval(0, 100)
    assert f"0.0 %  {f'0.0 to {100 * high:.1f} %':<16}{wrong}\n" in result.output
    assert "which is outside your interval" in result.output
    assert "No errors:    the paper's human on 3 and 6; you on none." in result.output


@pytest.mark.parametrize(("rows", "judged"), [(1, False), (99, False), (100, True)])
def test_few_answers_are_not_compared_with_the_papers_human(rows, judged):
    you = human.score([digit % 10 for digit in range(rows)], [digit % 10 for digit in range(rows)])
    text = human.format_scores({"you": you})
    assert ("The paper's human reached 96 ± 1 %; a comparison needs 100 answers." in text) is not judged
    assert ("interval." in text and "errors: " in text) is judged


@pytest.fixture
def screens(ask, monkeypatch):
    """Runs the command on typed lines, and returns what is on the terminal whenever it waits for one."""
    monkeypatch.setattr("click.clear", lambda: click.echo("\f", nl=False))

    def run(*lines, **options):
        result = ask(*lines, **options)
        assert result.exit_code == 0
        shown = [screen.split("\n") for screen in result.output.split("\f")[1:]]
        shown[-1] = shown[-1][:23]  # behind the last answer come the scores
        return shown

    return run


def test_every_screen_fits_24_rows_and_80_columns_with_what_it_is_about_on_top(screens):
    typed = [*[""] * 20, "x" * 30, "7", "5"]
    shown = screens(*typed, options=["--rows", "2", "--seed", "1", "--figure"])
    study, questions = shown[:20], shown[20:]
    assert [screen[0] for screen in study] == [
        f"Training examples of {digit}: {examples} of 6" for digit in range(10) for examples in ("1 to 3", "4 to 6")
    ]
    assert [screen[22].partition(":")[0] for screen in study] == [str(digit) for digit in range(10) for _ in range(2)]
    assert [screen[0] for screen in questions] == ["Question 1 of 2", "Question 1 of 2", "Question 2 of 2"]
    assert questions[0][21] == "This is questions-seed1/0001.png."
    assert questions[1][21] == f"'{'x' * 19} is not an answer here; give 0 to 9, or q to stop."
    for screen in shown:
        assert len(screen) <= 24
        assert all(len(line) <= 80 for line in screen[:22])
        assert all(set("▀▄█") & set(line) for line in screen[1:21])


@pytest.mark.parametrize("key", ["x", "5", "next", "\x1b[B"])
def test_while_studying_only_enter_goes_on(key, screens):
    first, again, second = screens(key, "", "q", options=["--study", "4"])
    assert first[0] == again[0] == "Training examples of 0: 1 to 3 of 4"
    assert first[1:21] == again[1:21]
    assert again[21] == f"{key!a} is not an answer here; give Enter, or q to stop."
    assert second[0] == "Training examples of 0: 4 to 4 of 4"


def test_a_quiz_goes_on_where_it_was_stopped(ask, test_rows, tmp_path):
    labels = labels_of(test_rows, 6)
    options = ["--rows", "6", "--study", "0"]
    stopped = ask(*labels[:2], "q", options=options)
    assert "Stopped after 2 of 6 questions" in stopped.output
    kept = json.loads((tmp_path / "out/human/answers-seed0.json").read_text())
    assert kept["answers"] == labels[:2]
    assert "labels" not in kept
    resumed = ask(*labels[2:], options=options)
    assert "Question 2 " not in resumed.output
    assert "Question 3 of 6" in resumed.output
    whole = json.loads((tmp_path / "out/human/answers-seed0.json").read_text())
    assert whole["answers"] == labels
    assert whole["rows"] == list(new_quiz(0, 1000).order[:6])
    assert len(whole["seconds"]) == 6
    assert "Question" not in ask(options=options).output


def test_bad_input_is_asked_again(ask, tmp_path):
    result = ask("x", "12", "-1", "", "²", " 7 ", options=["--rows", "1", "--study", "0"])
    assert result.exit_code == 0
    assert result.output.count("is not an answer here; give 0 to 9, or q to stop.") == 5
    assert json.loads((tmp_path / "out/human/answers-seed0.json").read_text())["answers"] == [7]


def test_the_end_of_the_input_ends_the_quiz_and_keeps_the_answers(ask, tmp_path):
    result = ask("4", options=["--rows", "3", "--study", "0"])
    assert result.exit_code == 0
    assert "Stopped after 1 of 3 questions; rerun the command to resume." in result.output
    assert "of 1 rows" in result.output
    assert json.loads((tmp_path / "out/human/answers-seed0.json").read_text())["answers"] == [4]


def test_an_interrupt_ends_the_quiz_and_keeps_the_answers(ask, tmp_path, monkeypatch):
    ask("4", options=["--rows", "1", "--study", "0"])
    monkeypatch.setattr("click.prompt", lambda *args, **options: (_ for _ in ()).throw(KeyboardInterrupt))
    result = ask(options=["--rows", "3", "--study", "0"])
    assert result.exit_code == 0
    assert "Stopped after 1 of 3" in result.output


@pytest.mark.parametrize("typed", [[], ["q"], ["", "Q"]])
def test_stopping_before_the_first_answer_leaves_nothing(ask, tmp_path, typed):
    result = ask(*typed, options=["--study", "1"])
    assert result.exit_code == 0
    assert "Stopped after 0 of 100" in result.output
    assert not (tmp_path / "out").exists()


def test_training_examples_of_each_digit_come_first_and_only_once(ask):
    result = ask(*[""] * 10, "5", "q", options=["--rows", "2", "--study", "2"])
    headings = re.findall(r"Training examples of \d|Question \d", result.output)
    assert headings == [*(f"Training examples of {digit}" for digit in range(10)), "Question 1", "Question 2"]
    assert "Training" not in ask("q", options=["--rows", "2"]).output
    assert "Training" in ask("q", options=["--rows", "2", "--study", "1"]).output


def test_nothing_tells_the_label_before_the_answer(ask, test_rows):
    result = ask(*labels_of(test_rows, 3), options=["--rows", "4", "--study", "0"])
    questions = re.split(r"Question \d of 4\n", result.output)[1:]
    for question, row in zip(questions, new_quiz(0, 1000).order, strict=False):
        before, _, _ = question.partition("Digit, or q to stop")
        assert before == human.draw_side_by_side([test_rows[0][row].numpy()]) + "\n\n"
        assert not set(before) - set(" ▀▄█\n")


def test_each_question_is_a_figure_too_if_asked_for(ask, tmp_path):
    result = ask("1", "2", options=["--rows", "2", "--study", "0", "--figure", "--seed", "3"])
    names = ["0001.png", "0002.png"]
    folder = tmp_path / "out/human/questions-seed3"
    assert sorted(path.name for path in folder.iterdir()) == names
    assert all((folder / name).stat().st_size > 2_000 for name in names)
    assert "This is questions-seed3/0002.png." in result.output
    assert f"The figures are in {folder}." in result.output
    (line,) = human.draw_figure(np.arange(40.0), "question 1").axes[0].lines
    assert line.get_xdata().tolist() == line.get_ydata().tolist() == list(range(40))


def test_a_terminal_without_blocks_gets_signs(ask):
    result = ask("1", options=["--rows", "1", "--study", "0"], charset="ascii")
    assert "##" in result.output
    assert "96 +- 1 %" in result.output


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"config": "default", "seed": 0, "data_version": "0", "rows": [], "answers": [], "seconds": []}'],
)
def test_a_file_that_holds_other_answers_is_one_line(ask, tmp_path, content):
    path = tmp_path / "out/human/answers-seed0.json"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    result = ask("1", options=["--study", "0"])
    assert result.exit_code == 1
    assert re.fullmatch(r"Error: .*answers-seed0.json .*; move it away to start anew\n", result.output)
    assert path.read_text() == content


@pytest.mark.parametrize(("field", "value"), [("answers", [11]), ("rows", [5]), ("seconds", []), ("seed", 1)])
def test_answers_that_were_changed_are_refused(tmp_path, field, value):
    path = tmp_path / "answers.json"
    quiz = new_quiz(0, 1000)
    human.save_quiz(quiz.with_answer(3, 1.23), path)
    assert human.resume_quiz(quiz, path) == quiz.with_answer(3, 1.2)
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    with pytest.raises(ValueError, match="does not hold answers to these questions"):
        human.resume_quiz(quiz, path)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=50))
@example([(digit, 9) for digit in range(9)])
@settings(deadline=None)
def test_scores_count_what_is_right_and_wrong(pairs):
    labels, answers = zip(*pairs, strict=True)
    one = human.score(labels, answers)
    assert one.rows == len(pairs)
    assert one.correct == sum(label == answer for label, answer in pairs)
    assert one.interval == wilson_interval(one.correct, one.rows)
    assert one.wrong == tuple(sum(label == digit != answer for label, answer in pairs) for digit in range(10))
    assert all(len(line) <= 80 for line in human.format_scores({"you": one, "cnn": one}).splitlines())


@given(st.integers(0, 99), st.integers(0, 20))
@settings(deadline=None)
def test_rows_to_study_are_of_their_digit(seed, number):
    y = np.random.default_rng(seed).integers(0, 10, 300)
    rows = study_rows(y, number, seed)
    assert rows == study_rows(y, number, seed)
    for digit, chosen in enumerate(rows):
        assert len(set(chosen)) == len(chosen) == min(number, (y == digit).sum())
        assert set(y[chosen]) <= {digit}


@given(arrays(np.float32, st.integers(1, 80), elements=st.floats(-1e6, 1e6, width=32)), st.integers(2, 30))
@settings(deadline=None)
def test_an_upright_drawing_is_one_line_from_the_first_point_to_the_last(x, width):
    lines = plot_upright(x, width)
    assert [len(line) for line in lines] == [width] * 20
    rows = [[char in pair for char in line] for line in lines for pair in ("▀█", "▄█")]
    for row, point in ((rows[0], x[0]), (rows[-1], x[-1])):
        place = float(point - x.min().astype(float)) / (float(np.ptp(x)) or 1) * (width - 1)
        assert any(row[max(0, math.floor(place - 0.01)) : math.ceil(place + 0.01) + 1])
    assert all(any(map(all, zip(above, below, strict=True))) for above, below in pairwise(rows))


def test_the_list_of_experiments_shows_the_quiz_which_all_does_not_run():
    result = CliRunner().invoke(cli.main, ["experiment", "list"])
    assert "human" in result.output.splitlines()[-1]
    assert "human" not in experiments.TITLES
    assert "human" in experiments.INTERACTIVE_TITLES
