"""Statistics over seeds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import ttest_rel

from mnist1d_hf.utils.statistics import describe, holm, p_greater

values = arrays(float, st.shared(st.integers(2, 8), key="seeds"), elements=st.floats(-100, 100, width=16))


@given(values, values)
def test_the_p_value_is_that_of_scipy(a, b):
    if np.std(a - b) > 1e-6:
        assert p_greater(a, b) == pytest.approx(ttest_rel(a, b, alternative="greater").pvalue, abs=1e-9)


def test_equal_differences_need_no_test():
    assert p_greater([2, 3], [1, 2]) == 0
    assert p_greater([1, 2], [2, 3]) == 1
    assert p_greater([1, 2], [1, 2]) == 0.5
    with pytest.raises(ValueError, match="at least two"):
        p_greater([1], [0])


def test_p_values_are_corrected_step_by_step():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1, 1]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_holms_correction_refuses_what_its_procedure_refuses(p_values):
    corrected = holm(p_values)
    assert [corrected[place] for place in np.argsort(p_values, kind="stable")] == sorted(corrected)
    assert all(p <= adjusted <= 1 for p, adjusted in zip(p_values, corrected, strict=True))
    # As it is defined: from the smallest on, as long as each is below the level divided by how many are left.
    rejected = 0
    for place, p in enumerate(sorted(p_values)):
        if p * (len(p_values) - place) >= 0.05:
            break
        rejected += 1
    assert sum(p < 0.05 for p in corrected) == rejected


def test_values_are_described():
    assert describe([94.06, 94.24]) == "94.2 ± 0.1"
    assert describe([0.625], digits=2) == "0.62"
