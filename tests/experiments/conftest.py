"""Experiments run in this process here, so that errors and coverage are its own."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch


@pytest.fixture(autouse=True)
def one_core():
    """Use one core, as the processes of a real run do: more get in each other's way."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def executor():
    """One thread of this process."""
    with ThreadPoolExecutor(1) as pool:
        yield pool
