import itertools
import threading

import pytest

from mnist1d_hf.utils.threads import map_ahead


def test_results_come_in_order_whichever_is_made_first():
    second = threading.Event()

    def make(item):
        if item == 0:
            assert second.wait(10)
        if item == 1:
            second.set()
        return -item

    assert list(map_ahead(make, range(100), 2)) == [-item for item in range(100)]


def test_only_a_few_items_are_taken_ahead():
    taken = itertools.count()
    results = map_ahead(str, (next(taken) for _ in itertools.count()), 2)
    assert [next(results) for _ in range(3)] == ["0", "1", "2"]
    results.close()
    assert next(taken) == 7


def test_an_error_is_raised_in_its_place_and_leaves_no_thread():
    before = threading.active_count()
    results = map_ahead(lambda item: 1 // (2 - item), range(10**6), 2)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert threading.active_count() == before
