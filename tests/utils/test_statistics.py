"""Statistics over seeds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import ttest_rel

from mnist1d_hf.utils.statistics import describe, is_greater, p_greater

values = arrays(float, st.shared(st.integers(2, 8), key="seeds"), elements=st.floats(-100, 100, width=16))


@given(values, values)
def test_the_p_value_is_that_of_scipy(a, b):
    if np.std(a - b) > 1e-6:
        assert p_greater(a, b) == pytest.approx(ttest_rel(a, b, alternative="greater").pvalue, abs=1e-9)
        assert is_greater(a, b) == (p_greater(a, b) < 0.05)


def test_equal_differences_need_no_test():
    assert p_greater([2, 3], [1, 2]) == 0
    assert p_greater([1, 2], [2, 3]) == 1
    assert p_greater([1, 2], [1, 2]) == 0.5
    assert is_greater([1.0], [0.5])
    with pytest.raises(ValueError, match="at least two"):
        p_greater([1], [0])


def test_values_are_described():
    assert describe([94.06, 94.24]) == "94.2 ± 0.1"
    assert describe([0.625], digits=2) == "0.62"
