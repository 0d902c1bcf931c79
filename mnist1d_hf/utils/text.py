"""Text of others, such as that of the Hub, made safe to print."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return a text with what could command a terminal or reverse its order as escapes, for example ``\\x1b``."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def one_line(error: BaseException) -> str:
    """Return the message of an error on one line, safe to print; its type if it has none."""
    return printable(" ".join(str(error).split())) or type(error).__name__
