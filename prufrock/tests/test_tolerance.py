from __future__ import annotations

import numpy as np
import pytest

from prufrock import tolerance as t


def test_every_rule_scales_with_the_roundoff_of_the_subject() -> None:
    wide, narrow = t.roundoff("float32"), t.roundoff("float64")
    for rule in (
        lambda u: t.summation(5, 3.0, u),
        lambda u: t.log_domain(10.0, u),
        lambda u: t.log_sum_exp(2.0, 4, u),
        lambda u: t.linear_program(3, 4, np.ones((3, 4)), u),
        lambda u: t.gibbs_entry(3, np.ones((3, 4)), 0.1, u),
    ):
        assert rule(wide) / rule(narrow) == pytest.approx(wide / narrow)


def test_summation_bound_covers_naive_summation() -> None:
    rng = np.random.default_rng(1)
    for n in (1, 10, 1000):
        x = rng.uniform(-1, 1, n).astype(np.float32)
        naive = np.float32(0)
        for entry in x:
            naive += entry
        exact = float(np.sum(x.astype(np.float64)))
        assert abs(float(naive) - exact) <= t.summation(n, np.abs(x).max(), t.roundoff("float32"))


def test_conditioning_sees_what_the_oracle_amplifies() -> None:
    u = t.roundoff("float64")
    tame = t.conditioned(lambda x: float(x[0]), np.array([1.0]), u)
    wild = t.conditioned(lambda x: float((x[0] - 0.999999) ** -1), np.array([1.0]), u)
    assert wild > 1e6 * tame > 0


def test_dkw_radius_is_that_of_massart() -> None:
    assert 2 * np.exp(-2 * 1000 * t.dkw_radius(1000, 1e-9) ** 2) == pytest.approx(1e-9)


def test_unknown_dtypes_are_named() -> None:
    with pytest.raises(ValueError, match="float8"):
        t.roundoff("float8")
