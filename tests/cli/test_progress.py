"""Progress on a terminal of 80 columns, in a log, and not at all."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import datasets
import pytest
from click.testing import CliRunner

from mnist1d_hf import cli

from ..conftest import ROOT

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.endswith("DISABLE_PROGRESS_BARS")}
ENVIRONMENT["PYTHONPATH"] = str(ROOT)

SLOW = """
import mnist1d_hf.utils.progress as progress
progress._SILENCE = 0
from mnist1d_hf.cli import main
main({arguments})
"""


def in_a_terminal(code):
    """Run a program whose errors go to a terminal of 24 rows and 80 columns; return what it shows, line by line."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=theirs, env=ENVIRONMENT, cwd=ROOT
    )
    os.close(theirs)
    shown = b""
    try:
        while more := os.read(ours, 1000):
            shown += more
    except OSError:  # Linux's way of saying that nobody writes any more
        pass
    os.close(ours)
    assert process.wait() == 0, shown.decode()
    return [line for line in re.split(r"[\r\n]+", shown.decode()) if line.strip()]


def leaves(group, prefix=()):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from leaves(command, (*prefix, name))
        else:
            yield (*prefix, name), command


def test_every_command_that_shows_progress_can_be_quiet():
    loud = {
        " ".join(path)
        for path, command in leaves(cli.main)
        if "--quiet" not in [name for option in command.params for name in option.opts]
    }
    assert loud == {
        *("demo", "experiment list", "export", "register"),
        *("plot templates", "plot samples", "plot construction", "plot stats"),
    }


def test_quiet_lasts_as_long_as_the_command(monkeypatch, empty_folder):
    calls = []
    monkeypatch.setattr(datasets, "are_progress_bars_disabled", lambda: False)
    monkeypatch.setattr(datasets, "disable_progress_bars", lambda: calls.append("off"))
    monkeypatch.setattr(datasets, "enable_progress_bars", lambda: calls.append("on"))
    assert CliRunner().invoke(cli.main, ["prepare", "default"]).exit_code == 0
    assert calls == []
    assert CliRunner().invoke(cli.main, ["prepare", "default", "--quiet"]).exit_code == 0
    assert calls == ["off", "on"]


@pytest.mark.long
@pytest.mark.parametrize("quiet", [False, True])
def test_a_log_has_a_line_per_finished_part(quiet, tmp_path):
    arguments = "experiment metalearn-learning-rate --quick --seeds 2 --jobs 1 -o".split()
    command = [sys.executable, "-m", "mnist1d_hf", *arguments, str(tmp_path), *(["--quiet"] if quiet else [])]
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT)
    lines = [line for line in result.stderr.splitlines() if "Generating" not in line]
    assert "holds" in result.stdout.lower() or "measured" in result.stdout
    if quiet:
        assert result.stderr == ""
    else:
        assert [line.partition(" learning rates ")[0] for line in lines] == ["1/3 seed0", "2/3 seed1", "3/3 authors"]


@pytest.mark.long
@pytest.mark.parametrize("quiet", [False, True])
def test_an_evaluation_that_takes_a_while_shows_how_far_it_is(quiet):
    arguments = ["evaluate", "logistic", "--set", "num_samples=60000", "--config", "custom-noise"]
    lines = in_a_terminal(SLOW.format(arguments=[*arguments, *(["--quiet"] if quiet else [])]))
    if quiet:
        assert lines == []
        return
    bars = [line for line in lines if line.startswith("12,000 rows")]
    assert bars
    assert all(re.match(r"12,000 rows +\d+% \|.{18}\| [\d:?]+ left", line) for line in bars)
    assert max(map(len, bars)) <= 80
