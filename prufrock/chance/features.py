"""Bounded features of draws whose means and covariances are known exactly, so that a whole distribution is one claim.

Continuous: u = F(x) is uniform where x ~ F. Its features are the orthonormal Legendre polynomials √(2k+1) P_k(2u − 1),
k = 1..6 (location, scale, shape), and standardised tail indicators 1[u < p], 1[u > 1 − p] at p = 10⁻³, 10⁻², which see
what no Kolmogorov-Smirnov statistic does. All have mean 0 and variance 1; E P_k 1[u < p] is a polynomial integral.

Discrete: the indicators of each value, and for pairs of successive draws those of each pair, with multinomial covariance.

Source: derived; the probability integral transform and multinomial moments are standard.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np

from prufrock.chance.bets import Array

DEGREE = 6
TAILS = (1e-3, 1e-2)


def pit(u: Array) -> Array:
    """Features (n, 10) of probabilities u (n,)."""
    t = 2.0 * u - 1.0
    one, p = np.ones_like(t), t
    columns = []
    for k in range(1, DEGREE + 1):
        columns.append(np.sqrt(2 * k + 1.0) * p)
        one, p = p, ((2 * k + 1) * t * p - k * one) / (k + 1)
    for q in TAILS:
        scale = np.sqrt(q * (1.0 - q))
        columns += [((u < q) - q) / scale, ((u > 1.0 - q) - q) / scale]
    return np.stack(columns, axis=1)


@cache
def pit_covariance() -> Array:
    """Cov of `pit(u)` for uniform u: Gauss-Legendre between the breaks of the indicators, where all is polynomial."""
    nodes, weights = np.polynomial.legendre.leggauss(2 * DEGREE)
    edges = [0.0, *TAILS, *(1.0 - q for q in reversed(TAILS)), 1.0]
    total = np.zeros((DEGREE + 2 * len(TAILS),) * 2)
    for lo, hi in pairwise(edges):
        f = pit(lo + (hi - lo) * (nodes + 1.0) / 2.0)
        total += (f * weights[:, None]).T @ f * (hi - lo) / 2.0
    return total


def pit_names() -> tuple[str, ...]:
    tails = [name for q in TAILS for name in (f"lower tail {q:g}", f"upper tail {q:g}")]
    return tuple([f"Legendre {k}" for k in range(1, DEGREE + 1)] + tails)


def pairs(p: Array) -> tuple[Array, Array]:
    """The table of indicators of a pair of draws, and the probability of each pair where they are independent.

    Row k·K + l stands for the pair (k, l): K indicators averaged over both places, and K² of the pair itself.
    """
    size = len(p)
    first, second = np.divmod(np.arange(size**2), size)
    single = (np.eye(size)[first] + np.eye(size)[second]) / 2.0
    return np.concatenate([single, np.eye(size**2)], axis=1), np.outer(p, p).reshape(-1)
