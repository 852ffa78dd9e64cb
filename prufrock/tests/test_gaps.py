from __future__ import annotations

import numpy as np
import pytest

from prufrock import all_of, at_most, gap, holds_if, inconclusive, same


def test_nan_is_infinitely_far() -> None:
    assert gap(np.nan, 1.0, allow=1.0).broken
    assert at_most(np.nan, 1.0, allow=1.0).broken


def test_equal_infinities_agree_and_opposite_ones_do_not() -> None:
    assert not gap([np.inf, -np.inf], [np.inf, -np.inf], allow=0.0, effect=1.0).broken
    assert gap(np.inf, -np.inf, allow=1.0).broken


def test_the_entry_furthest_beyond_its_own_allowance_speaks() -> None:
    found = gap([1.0, 2.2, 30.0], [1.0, 2.0, 31.0], allow=[0.1, 0.1, 10.0], says="x")
    assert (found.got, found.want, found.says) == (2.2, 2.0, "x at [1]")
    assert found.broken


@pytest.mark.parametrize(("allow", "conclusive"), [(0.09, True), (0.11, False)])
def test_an_allowance_beyond_a_tenth_of_the_effect_proves_nothing(allow: float, conclusive: bool) -> None:
    assert gap(1.0, 1.0, allow=allow).conclusive is conclusive


def test_zero_wanted_without_an_effect_is_inconclusive() -> None:
    assert not gap(0.0, 0.0, allow=1e-9).conclusive
    assert gap(0.0, 0.0, allow=1e-9, effect=1.0).conclusive


def test_at_most_is_one_sided() -> None:
    assert not at_most(-5.0, 1.0, allow=0.0).broken
    assert at_most(1.5, 1.0, allow=0.1).broken


def test_same_sees_the_sign_of_zero_the_dtype_and_nan() -> None:
    assert same(np.array([0.0]), np.array([-0.0])).miss == 1
    assert same(np.zeros(2, np.float32), np.zeros(2)).broken
    assert not same(np.array([np.nan, 1.0]), np.array([np.nan, 1.0])).broken


def test_a_broken_gap_speaks_for_all_and_an_inconclusive_one_never_hides_a_conclusive_one() -> None:
    good, bad, mute = holds_if(True, ""), holds_if(False, "bad"), inconclusive("mute")
    assert all_of(good, mute, bad).says == "bad"
    assert all_of(mute, good).conclusive
    assert not all_of(mute, mute).conclusive


def test_margin_of_nothing_allowed() -> None:
    assert holds_if(True, "").margin == 0
    assert holds_if(False, "").margin == np.inf
