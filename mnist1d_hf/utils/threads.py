"""Works ahead in threads, for functions that let go of Python's lock, as numpy's do."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def map_ahead(function: Callable[[_Item], _Result], items: Iterable[_Item], threads: int) -> Iterator[_Result]:
    """Yield what a function makes of each item, in order, while threads work on the next two for each of them."""
    items = iter(items)
    pool = ThreadPoolExecutor(threads)
    try:
        ahead = deque(pool.submit(function, item) for item in islice(items, 2 * threads))
        while ahead:
            result = ahead.popleft().result()
            ahead.extend(pool.submit(function, item) for item in islice(items, 1))
            yield result
    finally:
        pool.shutdown(cancel_futures=True)
