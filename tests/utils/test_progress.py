"""Progress of parallel work: one bar that weighs the pieces, or one line per finished piece."""

import importlib
import io
import re
from types import SimpleNamespace

import datasets
import pytest

from mnist1d_hf.utils import progress
from mnist1d_hf.utils.progress import Bar, Progress

# The first place, also where another test has left a bar of its own.
TERMINAL = {"mininterval": 0, "dynamic_ncols": False, "ncols": 80, "position": 0}
BARS = {"long": Bar("gru", 10, cost=9), "short": Bar("mlp", 100, cost=1)}


tqdm = importlib.import_module("tqdm.std").tqdm  # it ships no types


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    shown = Terminal()
    # pytest puts its own in the place of sys.stderr before each test.
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=shown))
    monkeypatch.setattr(
        progress,
        "tqdm",
        lambda **options: tqdm(**{**options, **TERMINAL, "file": shown}),
    )
    return shown


def test_a_bar_weighs_the_pieces_by_their_cost_and_ends_at_its_end(terminal):
    shown = Progress(BARS)
    shown.move("long", 5, "accuracy 50.0 %")
    shown.move("short", 100, "accuracy 60.0 %")
    shown.finish("long", "accuracy 70.0 %")
    shown.finish("short", "accuracy 60.0 %")
    shown.close()
    lines = [line.strip() for line in re.split(r"[\r\n]+", terminal.getvalue()) if line.strip()]
    found = [re.match(r"(\d/2) +(\d+)% \|.{18}\| [\d:?]+ left(.*)$", line).groups() for line in lines]
    assert found[0] == ("0/2", "0", "")
    assert list(dict.fromkeys(found[1:])) == [
        ("0/2", "45", ", gru accuracy 50.0 %"),
        ("0/2", "55", ", mlp accuracy 60.0 %"),
        ("1/2", "100", ", gru accuracy 70.0 %"),
        ("2/2", "100", ", mlp accuracy 60.0 %"),
    ]


def test_a_text_that_is_too_long_leaves_the_bar(terminal):
    shown = Progress({"one": Bar("one", 2)})
    shown.move("one", 1, "x" * 200)
    shown.close()
    line = re.split(r"[\r\n]+", terminal.getvalue())[-2]
    assert len(line) <= 80
    assert re.match(r"0/1 +50% \|.{18}\| [\d:?]+ left, one x+", line)


@pytest.mark.parametrize("switched_off", [False, True])
def test_a_log_has_a_line_per_finished_piece(switched_off, capsys, monkeypatch):
    monkeypatch.setattr(datasets, "are_progress_bars_disabled", lambda: switched_off)
    shown = Progress(BARS)
    shown.move("long", 5, "accuracy 50.0 %")
    shown.finish("short", "accuracy 60.0 %")
    shown.finish("long", "")
    shown.close()
    assert capsys.readouterr().err == ("" if switched_off else "1/2 mlp accuracy 60.0 %\n2/2 gru\n")
