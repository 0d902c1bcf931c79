import numpy as np

from mnist1d_hf import get_templates


def test_templates_equal_the_original(original):
    ours, theirs = get_templates(), original.get_templates()
    for name in ("x", "t", "y"):
        np.testing.assert_array_equal(ours[name], theirs[name])
        assert ours[name].dtype == theirs[name].dtype


def test_templates_are_whitened_and_start_at_zero():
    x = get_templates()["x"] * 6
    np.testing.assert_array_equal(x[:, 0], 0)
    np.testing.assert_allclose(x.std(axis=1), 1)


def test_callers_get_their_own_templates():
    get_templates()["x"][:] = 0
    assert get_templates()["x"].any()
