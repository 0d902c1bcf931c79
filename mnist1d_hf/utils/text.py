"""Values, and text of others such as that of the Hub, made short and safe to print."""

from __future__ import annotations

import re
import reprlib
import string

# Punctuation, but for a hyphen or underscore inside a word, and a point inside a number.
_MARKUP = rf"(?!(?<=[^\W_])[-_](?=[^\W_])|(?<=\d)\.(?=\d))[{re.escape(string.punctuation)}]"

_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = 200
_repr.maxlong = 40


def show(value: object) -> str:
    """Return a value as Python writes it, shortened where it is long, for a message."""
    try:
        return _repr.repr(value)
    except ValueError:  # Python writes no integers of thousands of digits
        return f"an integer of {int(value).bit_length()} bits" if isinstance(value, int) else type(value).__name__


def escape(text: object) -> str:
    """Return a text on one line, shortened where it is long and with control characters escaped, for a message."""
    return _repr.repr(str(text))[1:-1]


def printable(text: str) -> str:
    """Return a text with what could command a terminal or reverse its order as escapes, for example ``\\x1b``."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def shorten_name(name: str, length: int = 32) -> str:
    """Return a name, safe to print, of at most so many characters."""
    name = printable(name)
    return name if len(name) <= length else f"{name[: length - 1]}…"


def markdown(text: str) -> str:
    """Return a text on one line as Markdown that shows it as it is: nothing in it is a link, a cell's end or HTML."""
    return re.sub(_MARKUP, r"\\\g<0>", printable(text))


def one_line(error: BaseException) -> str:
    """Return the message of an error on one line, safe to print; its type if it has none."""
    return printable(" ".join(str(error).split())) or type(error).__name__
