"""What others wrote, made safe to print."""

import pytest
from hypothesis import given, strategies

from mnist1d_hf.utils.text import markdown, one_line, printable, shorten_name


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


@pytest.mark.parametrize(
    ("name", "shown"),
    [("cnn", "cnn"), ("x" * 32, "x" * 32), ("x" * 33, "x" * 31 + "…"), ("\n" * 33, "\\n" * 15 + "\\…")],
)
def test_a_name_is_shortened_where_it_is_long(name, shown):
    assert shorten_name(name) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("My_Net-2 scores 0.5", "My_Net-2 scores 0.5"),  # nothing here is markup
        ("_x_", "\\_x\\_"),
        ("- a", "\\- a"),
        ("a|b", "a\\|b"),
        ("<b>", "\\<b\\>"),
        ("[a](b)", "\\[a\\]\\(b\\)"),
        ("www.example.com", "www\\.example\\.com"),
        ("`\\`", "\\`\\\\\\`"),
        ("a\nb", "a\\\\nb"),
    ],
)
def test_markdown_shows_a_text_as_it_is(text, shown):
    assert markdown(text) == shown


def test_an_error_takes_one_line():
    assert one_line(ValueError("a\n  b\tc\n")) == "a b c"
    assert one_line(ValueError()) == "ValueError"
