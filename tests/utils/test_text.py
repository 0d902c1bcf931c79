"""What others wrote, made safe to print."""

import pytest
from hypothesis import given, strategies

from mnist1d_hf.utils.text import one_line, printable


@given(strategies.text(strategies.characters()))
def test_whatever_others_wrote_can_be_printed_on_one_line(text):
    for shown in (printable(text), one_line(ValueError(text))):
        assert shown.isprintable()
        shown.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a é 日 b", "a é 日 b"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\u202eab", "\\u202eab"),
        ("a\nb", "a\\nb"),
        ("\ud800", "\\ud800"),
        ("\x9b", "\\x9b"),
    ],
)
def test_only_what_commands_a_terminal_is_escaped(text, shown):
    assert printable(text) == shown


def test_an_error_takes_one_line():
    assert one_line(ValueError("a\n  b\tc\n")) == "a b c"
    assert one_line(ValueError()) == "ValueError"
