"""Signals as text."""

from itertools import pairwise

import numpy as np
import pytest

from mnist1d_hf.utils.textplot import plot_signal, plot_upright


def test_a_signal_fills_its_height_and_is_joined():
    assert plot_signal(np.array([0.0, 1.0, 3.0, 3.0, 0.0]), 4).split("\n") == [
        "  **|",
        "  | |",
        " *| |",
        "*|  *",
    ]


def test_seven_lines_are_the_default():
    lines = plot_signal(np.arange(7.0)).split("\n")
    assert [line.index("*") for line in lines] == [6, 5, 4, 3, 2, 1, 0]


def test_a_flat_signal_is_one_line():
    assert plot_signal(np.full(3, 2.0), 3).split("\n") == ["***", "   ", "   "]


def test_upright_positions_run_downwards():
    lines = plot_upright(np.linspace(0, 1, 9), width=4, height=2)
    filled = [[(" ▀▄█".index(cell) >> half) & 1 for cell in line] for line in lines for half in (0, 1)]
    centres = [np.mean(np.nonzero(row)[0]) for row in filled]
    assert centres == sorted(centres)
    assert filled[0][0] == filled[-1][-1] == 1
    assert all(np.any(np.logical_and(a, b)) for a, b in pairwise(filled))


@pytest.mark.parametrize(("width", "height"), [(24, 20), (5, 3)])
def test_upright_has_the_size_that_is_asked_for(width, height):
    lines = plot_upright(np.sin(np.arange(40.0)), width, height)
    assert [len(line) for line in lines] == [width] * height
    assert any(line[0] != " " for line in lines) and any(line[-1] != " " for line in lines)
    assert len(plot_upright(np.arange(40.0))) == 20
    assert len(plot_upright(np.arange(40.0))[0]) == 24


def test_a_flat_signal_stays_at_the_left():
    assert plot_upright(np.full(5, 3.0), width=3, height=2) == ["█  ", "█  "]
