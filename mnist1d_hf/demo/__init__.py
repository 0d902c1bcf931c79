"""A page to play with MNIST-1D, without a server: shape a digit, watch the networks, beat them."""

from __future__ import annotations

from .build import build_page as build_page

__all__ = ["build_page"]
