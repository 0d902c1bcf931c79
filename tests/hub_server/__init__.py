"""A Hub on this machine, which the real clients talk to."""

from .hub import Hub

__all__ = ["Hub"]
