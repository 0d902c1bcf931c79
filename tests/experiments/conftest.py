"""Experiments run in this process here, so that errors and coverage are its own."""

from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.fixture
def executor():
    """One thread of this process."""
    with ThreadPoolExecutor(1) as pool:
        yield pool
