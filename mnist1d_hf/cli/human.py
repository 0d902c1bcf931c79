"""The command `mnist1d-hf experiment human`: a quiz in the terminal."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..dataset.templates import CLASS_NAMES
from ..experiments.human.questions import CONFIG, STUDY, new_quiz, study_rows
from ..utils.extras import check_extras
from ..utils.files import check_output_folder
from .options import quiet_option, results_option

if TYPE_CHECKING:
    from ..experiments.human.questions import Quiz


class _StoppedError(Exception):
    """The user wants to stop."""


@click.command("human")
@click.option("--rows", type=click.IntRange(1, 1000), default=100, help="Number of test rows to answer.")
@click.option(
    "--study",
    type=click.IntRange(min=0),
    help=f"Training examples of each digit to study first; if not given, {STUDY} for a new quiz and 0 for a resumed one.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Draws the rows and names the quiz.")
@click.option("--figure", is_flag=True, help="Also write each question as a PNG file, in OUTPUT/human.")
@results_option
@quiet_option
def human_command(rows: int, study: int | None, seed: int, figure: bool, output: Path) -> None:
    """Take the place of the paper's human: study training examples, then name the digits of test rows.

    Signals are drawn upright, with the position downwards, for a terminal of at least 24 rows and 80 columns. Answer with a
    digit. To stop, type q, Ctrl-C or Ctrl-D; rerun the command to resume with the next question.

    \b
    Examples:
      mnist1d-hf experiment human
      mnist1d-hf experiment human --rows 20 --study 9 --seed 1 --figure
    """
    check_extras("torch", *(["plot"] if figure else []), instead="experiments")
    from ..baselines.data import load_tensors
    from ..experiments.human import quiz as human
    from ..utils.files import write_json

    folder = output / "human"
    figures = folder / f"questions-seed{seed}"
    check_output_folder(folder)
    path = folder / f"answers-seed{seed}.json"
    x, y = load_tensors(CONFIG, "test")
    quiz = human.resume_quiz(new_quiz(seed, len(x)), path)
    try:
        _study(STUDY if study is None and not quiz.answers else study or 0, seed)
        while len(quiz.answers) < rows:
            signal = x[quiz.order[len(quiz.answers)]].numpy()
            quiz = _ask(quiz, rows, signal, figures if figure else None)
            human.save_quiz(quiz, path)
    except (_StoppedError, click.Abort, KeyboardInterrupt):
        _echo(f"\nStopped after {len(quiz.answers)} of {rows} questions; rerun the command to resume.")
    if not quiz.answers:
        return
    answered = list(quiz.answered_rows)
    labels = y[answered].tolist()
    answers = {"you": list(quiz.answers), **human.baseline_answers(x[answered])}
    scores = {name: human.score(labels, digits) for name, digits in answers.items()}
    _echo("\n" + human.format_scores(scores))
    summary = folder / f"scores-seed{seed}.json"
    write_json(summary, human.scores_as_json(scores))
    _echo(f"\nThe answers are in {path}, the scores in {summary}.")
    if figure:
        _echo(f"The figures are in {figures}.")


def _study(number: int, seed: int) -> None:
    """Show training examples, one digit after the other, as many at a time as fit."""
    if not number:
        return
    from ..baselines.data import load_tensors
    from ..experiments.human import quiz as human

    x, y = load_tensors(CONFIG, "train")
    for digit, rows in enumerate(study_rows(y.numpy(), number, seed)):
        for start in range(0, len(rows), human.DRAWINGS_PER_PAGE):
            shown = rows[start : start + human.DRAWINGS_PER_PAGE]
            _ask_until_known(
                f"Training examples of {CLASS_NAMES[digit]}: {start + 1} to {start + len(shown)} of {len(rows)}",
                human.draw_side_by_side([x[row].numpy() for row in shown]),
                f"{CLASS_NAMES[digit]}: Enter shows more, q stops",
                {"": "Enter"},
            )


def _ask(quiz: Quiz, rows: int, signal: Any, figures: Path | None) -> Quiz:
    """Ask one question and return the quiz with its answer."""
    from ..experiments.human import quiz as human

    number = len(quiz.answers) + 1
    note = ""
    if figures is not None:
        from ..utils.figures import save_figure

        figures.mkdir(parents=True, exist_ok=True)
        path = save_figure(human.draw_figure(signal, f"question {number}"), figures / f"{number:04}.png")
        note = f"This is {figures.name}/{path.name}."
    start = time.monotonic()
    answer = _ask_until_known(
        f"Question {number} of {rows}",
        human.draw_side_by_side([signal]),
        "Digit, or q to stop",
        {name: "0 to 9" for name in CLASS_NAMES},
        note,
    )
    return quiz.with_answer(int(answer), time.monotonic() - start)


def _ask_until_known(heading: str, drawing: str, prompt: str, known: dict[str, str], note: str = "") -> str:
    """Show a screen of 23 lines until one of the known answers is given, and return it; values say what they are."""
    while True:
        click.clear()
        _echo(f"{heading}\n{drawing}\n{note}")
        answer: str = click.prompt(prompt, default="", show_default=False, type=str).strip()
        if answer.lower() == "q":
            raise _StoppedError
        if answer in known:
            return answer
        note = f"{ascii(answer)[:20]} is not an answer here; give {next(iter(known.values()))}, or q to stop."


def _echo(text: str) -> None:
    """Print text, in ASCII where the terminal cannot show blocks."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = text.translate(dict.fromkeys(map(ord, "▀▄█"), "#")).replace("±", "+-")
    click.echo(text)
