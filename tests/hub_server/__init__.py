"""A Hub on this machine, which the real clients talk to."""

from .server import Hub

__all__ = ["Hub"]
