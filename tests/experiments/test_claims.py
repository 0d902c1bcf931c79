"""Claims: the verdict on made-up numbers, and what the correction for their number makes of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t, ttest_1samp

from mnist1d_hf.experiments.claims import (
    FAILS,
    HOLDS,
    UNTOLD,
    Claim,
    as_control,
    changed_by_correction,
    corrected,
    judged,
    paired_claim,
)
from mnist1d_hf.experiments.claims import tested_claim as above_zero

CLEAR, OPPOSITE, UNCLEAR = [3.0, 3.2, 2.9, 3.1], [-3.0, -3.2, -2.9, -3.1], [3.0, -3.2, 2.9, -1.1]


@pytest.mark.parametrize(("differences", "verdict"), [(CLEAR, HOLDS), (OPPOSITE, FAILS), (UNCLEAR, UNTOLD)])
def test_a_test_has_three_outcomes(differences, verdict):
    claim = above_zero("s", "p", "m", [differences])
    assert claim.verdict == verdict
    assert claim.holds is (verdict == HOLDS)
    assert claim.p == pytest.approx(ttest_1samp(differences, 0, alternative="greater").pvalue)
    assert claim.p_opposite == pytest.approx(ttest_1samp(differences, 0, alternative="less").pvalue)


def test_the_effect_is_the_mean_difference_with_its_interval():
    effect = above_zero("s", "p", "m", [CLEAR], digits=4).effect
    half = t.ppf(0.975, 3) * np.std(CLEAR, ddof=1) / 2
    assert (effect.mean, effect.low, effect.high) == pytest.approx((3.05, 3.05 - half, 3.05 + half), abs=1e-4)


def test_several_differences_all_have_to_be_above_zero():
    assert above_zero("s", "p", "m", [CLEAR, CLEAR]).verdict == HOLDS
    assert above_zero("s", "p", "m", [CLEAR, UNCLEAR]).verdict == UNTOLD
    assert above_zero("s", "p", "m", [CLEAR, OPPOSITE]).verdict == FAILS


def test_one_seed_tells_nothing():
    claim = paired_claim("s", "p", [2.0], [1.0])
    assert (claim.verdict, claim.p, claim.effect) == (UNTOLD, None, None)
    assert claim.measured == "2.0 against 1.0"


def test_below_is_above_the_other_way_round():
    above, below = (
        paired_claim("s", "p", [2, 3, 4], [1, 1, 1.5]),
        paired_claim("s", "p", [1, 1, 1.5], [2, 3, 4], above=False),
    )
    assert (above.p, above.effect, above.verdict) == (below.p, below.effect, below.verdict)


@pytest.mark.parametrize(
    ("seeds", "verdict"), [([True, True], HOLDS), ([True, False], UNTOLD), ([False, False], FAILS)]
)
def test_a_condition_for_each_seed_has_three_outcomes(seeds, verdict):
    assert judged(seeds) == verdict


def test_the_papers_claims_are_corrected_together_and_controls_are_not():
    barely = [1.0, 0.2, 0.9, 1.9]
    rule = Claim("r", "p", "m", "t", HOLDS)
    claims = [above_zero(name, "p", "m", [barely]) for name in "ab"]
    first, second, control, same = corrected([*claims, as_control(claims[0]), rule])
    assert claims[0].verdict == HOLDS and first.verdict == second.verdict == UNTOLD
    assert first.corrected_p == second.corrected_p == pytest.approx(2 * claims[0].p, rel=0.01)
    assert (control.verdict, control.corrected_p) == (HOLDS, None)
    assert same == rule
    assert changed_by_correction([first, second, control, same]) == [first, second]


@given(st.lists(st.lists(st.integers(-9, 9), min_size=3, max_size=3), min_size=1, max_size=6))
def test_the_correction_never_makes_a_verdict_bolder(differences):
    claims = [above_zero("s", "p", "m", [values]) for values in differences]
    for before, after in zip(claims, corrected(claims), strict=True):
        assert after.verdict in (before.verdict, UNTOLD)
