"""The command `mnist1d-hf experiment human`: a quiz in the terminal."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..dataset.templates import CLASS_NAMES
from ..utils.extras import check_extras
from ..utils.outputs import check_output_folder
from .options import quiet_option, results_option

if TYPE_CHECKING:
    from ..experiments.human.quiz import Quiz

STUDY = 6
"""Examples of each digit that are shown before a new quiz."""


class _StoppedError(Exception):
    """The user wants to stop."""


@click.command("human")
@click.option(
    "--rows", type=click.IntRange(1, 1000), default=100, show_default=True, help="Number of test rows to answer."
)
@click.option(
    "--study",
    type=click.IntRange(min=0),
    help=f"Training examples of each digit to study first; if not given, {STUDY} for a new quiz and 0 for a resumed one.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Draws the rows and names the quiz."
)
@click.option("--figure", is_flag=True, help="Also write each question as a PNG file.")
@results_option
@quiet_option
def human_command(rows: int, study: int | None, seed: int, figure: bool, output: Path) -> None:
    """Take the place of the paper's human: study training examples, then name the digits of test rows.

    Signals are drawn upright, with the position downwards. Answer with a digit. To stop, type q, Ctrl-C or Ctrl-D; rerun the
    command to resume with the next question.

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
    check_output_folder(folder)
    path = folder / f"answers-seed{seed}.json"
    x, y = load_tensors(human.CONFIG, "test")
    quiz = human.resume_quiz(human.new_quiz(seed, len(x)), path)
    try:
        _study(STUDY if study is None and not quiz.answers else study or 0, seed)
        while len(quiz.answers) < rows:
            signal = x[quiz.order[len(quiz.answers)]].numpy()
            quiz = _ask(quiz, rows, signal, folder / f"questions-seed{seed}" if figure else None)
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


def _study(number: int, seed: int) -> None:
    """Show training examples, one digit after the other."""
    if not number:
        return
    from ..baselines.data import load_tensors
    from ..experiments.human import quiz as human

    x, y = load_tensors(human.CONFIG, "train")
    for digit, rows in enumerate(human.study_rows(y.numpy(), number, seed)):
        click.clear()
        _echo(f"Training examples of {CLASS_NAMES[digit]}\n")
        _echo(human.draw_side_by_side([x[row].numpy() for row in rows]))
        _prompt("Enter shows the next digit, q stops", default="")


def _ask(quiz: Quiz, rows: int, signal: Any, figures: Path | None) -> Quiz:
    """Ask one question and return the quiz with its answer."""
    from ..experiments.human import quiz as human

    number = len(quiz.answers) + 1
    click.clear()
    _echo(f"Question {number} of {rows}\n")
    _echo(human.draw_side_by_side([signal]))
    if figures is not None:
        from ..utils.figures import save_figure

        figures.mkdir(parents=True, exist_ok=True)
        _echo(f"{save_figure(human.draw_figure(signal, f'question {number}'), figures / f'{number:04}.png')}\n")
    start = time.monotonic()
    while (answer := _prompt("Digit, or q to stop")) not in CLASS_NAMES:
        _echo(f"{answer!r} is not a digit; answer with 0 to 9, or q to stop.")
    return quiz.with_answer(int(answer), time.monotonic() - start)


def _prompt(text: str, default: str | None = None) -> str:
    answer: str = click.prompt(text, default=default, show_default=False, type=str).strip()
    if answer.lower() == "q":
        raise _StoppedError
    return answer


def _echo(text: str) -> None:
    """Print text, in ASCII where the terminal cannot show blocks."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = text.translate(dict.fromkeys(map(ord, "▀▄█"), "#")).replace("±", "+-")
    click.echo(text)
