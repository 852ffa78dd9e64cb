"""The mathematics behind the bets, and the stages' false alarms on six laws, wild ones among them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from prufrock.chance import features
from prufrock.chance.bets import bounded, catoni, phi
from prufrock.chance.check import SCREEN, rounds
from prufrock.chance.power import LAWS, Known
from prufrock.chance.rates import rates, spreads
from prufrock.chance.stages import looks

RUNS = 1000
MOST = int(stats.binom.ppf(1.0 - 1e-6, RUNS, SCREEN))  # more than this many alarms at the level: once in a million


@settings(deadline=None)
@given(st.floats(-1e100, 1e100))
def test_the_inequality_that_everything_rests_on(y: float) -> None:
    """e^φ(y) ≤ 1 + y + y²/2."""
    right = 1.0 + y + 0.5 * y * y
    assert np.exp(phi(y)) <= right * (1.0 + 1e-12) or phi(y) > 700.0


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(-50, 50), st.integers(1, 1000)), min_size=2, max_size=6),
    st.floats(0.001, 20.0),
    st.floats(1.0, 3.0),
)
def test_no_bet_makes_money_on_a_law_with_finitely_many_values(
    atoms: list[tuple[int, int]], bet: float, slack: float
) -> None:
    """E of each factor is at most 1, exactly summed; where φ is used, for any bound on the variance."""
    values, masses = (np.array(column, np.float64) for column in zip(*atoms, strict=True))
    p = masses / masses.sum()
    z = values - p @ values
    v = np.array([slack * (p @ z**2) + 1e-9])
    bets = np.array([[bet]])
    for sign in (0, 1):
        factor = [np.exp(catoni(np.array([[one]]), bets, v, None)[sign, 0, 0]) for one in z]
        assert p @ np.array(factor) <= 1.0 + 1e-9
        ends = np.array([z.min() - 0.5]), np.array([z.max() + 0.5])
        fair = [np.exp(bounded(np.array([[one]]), bets, *ends, None)[sign, 0, 0]) for one in z]
        assert p @ np.array(fair) == pytest.approx(1.0, rel=1e-9)


def test_weights_count_rows() -> None:
    z, bets, v = np.array([[0.3], [-1.2]]), np.array([[0.5], [2.0]]), np.ones(1)
    many = np.repeat(z, [3, 2], axis=0)
    np.testing.assert_allclose(catoni(z, bets, v, np.array([3.0, 2.0])), catoni(many, bets, v, None), rtol=1e-12)
    lo, hi = np.array([-2.0]), np.array([2.0])
    got = bounded(z, bets, lo, hi, np.array([3.0, 2.0]))
    np.testing.assert_allclose(got, bounded(many, bets, lo, hi, None), rtol=1e-12)


def test_levels_of_the_stages_multiply_to_the_alarm() -> None:
    for alpha in (1e-3, 1e-4, 1.7e-8, 1e-12):
        k, level = rounds(alpha)
        assert 1e-2 * level**k / (1.0 - 1e-2) == pytest.approx(alpha)
        assert level >= 1e-2 * (1.0 - 1e-9)


def test_looks_add_up() -> None:
    assert looks(10_000)[:3] == [64, 64, 20]
    assert sum(looks(10_000)) == 10_000


CELLS = [(law, name) for law in LAWS for name in spreads(law)]


@pytest.mark.parametrize(("law", "spread"), CELLS, ids=[f"{law.name}-{name}" for law, name in CELLS])
def test_no_stage_alarms_more_often_than_its_level(law: Known, spread: str) -> None:
    found = rates(law, spread, RUNS, 17)
    assert max(found.screen, found.up, found.down) <= MOST, found


def test_features_of_a_uniform_have_the_covariance_they_are_given() -> None:
    cov = features.pit_covariance()
    np.testing.assert_allclose(cov[:6, :6], np.eye(6), atol=1e-12)
    np.testing.assert_allclose(np.diag(cov), 1.0, rtol=1e-12)
    for i, j in ((1, 6), (2, 9), (5, 8), (6, 8), (7, 9), (8, 9)):
        breaks = [0.0, 0.001, 0.01, 0.99, 0.999, 1.0]
        pieces = [
            integrate.quad(lambda u, i=i, j=j: np.prod(features.pit(np.array([u]))[0, [i, j]]), a, b)[0]
            for a, b in pairwise(breaks)
        ]
        assert cov[i, j] == pytest.approx(sum(pieces), abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 20), min_size=2, max_size=4))
def test_pairs_of_independent_draws(masses: list[int]) -> None:
    p = np.array(masses) / sum(masses)
    table, chances = features.pairs(p)
    assert chances.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(chances @ table, np.concatenate([p, np.outer(p, p).reshape(-1)]))
