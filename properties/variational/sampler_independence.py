"""Draws of a sampler are independent: of their neighbours, of the other half of the call, of other seeds.

For independent uniform u = F(x) and v = F(y) the products P_j(u) P_k(v), j, k = 1, 2, of orthonormal Legendre polynomials
P_1(u) = √3 t, P_2(u) = √5 (3t² − 1)/2, t = 2u − 1, have mean 0 and covariance I. Their means are put to
`prufrock.chance`, for pairs that are independent of each other: successive draws two by two, draws i and n + i of 2n, and
the i-th draws from the seeds 2s and 2s + 1. What a seed does is also seen without chance: continuous draws from another
seed are others, and those of one call are no copies of each other.

Symbols: x, y [n] draws; u, v [n] their probabilities; s a seed.
Source: derived; Legendre polynomials are orthonormal on (0, 1) with the weights above.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prufrock import Gap, Judged, at_most, holds_if, inconclusive, law, same

from ..oracles import samplers as truth
from .sampler import SIZE, sampler

if TYPE_CHECKING:
    from ..cases.samplers import Sampled

Array = NDArray[np.float64]


def uniform(c: Sampled, x: Array) -> Array:
    """u = F(x)."""
    return np.asarray(truth.frozen(c.dist, c.params).cdf(x), np.float64)


def products(u: Array, v: Array) -> Array:
    """P_j(u) P_k(v) for j, k = 1, 2: (n, 4), of mean 0 and covariance I where u and v are independent and uniform."""
    first, second = (
        np.stack([np.sqrt(3.0) * t, np.sqrt(5.0) * (1.5 * t**2 - 0.5)], 1) for t in (2.0 * u - 1.0, 2.0 * v - 1.0)
    )
    return np.asarray((first[:, :, None] * second[:, None, :]).reshape(len(u), 4))


PRODUCTS = ("slope by slope", "slope by spread", "spread by slope", "spread by spread")


def independent(draw: Judged, pair: Callable[[int, int], Array]) -> Gap:
    return draw.chance.mean(pair, np.zeros(4), sd=SIZE, cov=np.eye(4), names=PRODUCTS)


@law(
    sampler,
    says="successive draws are independent",
    source="derived: products of Legendre polynomials of independent uniform numbers",
    kind="statistical",
    rule="T8",
    detects="a correlation of 0.1 between polynomials of neighbours",
    complete=True,
    cases="..cases.samplers:continuous",
    kills=("repeats", "sorted", "alternates"),
)
def neighbours(draw: Judged, c: Sampled) -> Gap:
    """E P_j(u_i) P_k(u_{i+1}) = 0."""

    def pair(seed: int, n: int) -> Array:
        u = uniform(c, draw(c.dist, c.params, 2 * n, seed))
        return products(u[::2], u[1::2])

    return independent(draw, pair)


@law(
    sampler,
    says="the halves of one call are independent",
    source="derived: products of Legendre polynomials of independent uniform numbers",
    kind="statistical",
    rule="T8",
    detects="a correlation of 0.1 between polynomials of x_i and x_{n+i}",
    cases="..cases.samplers:continuous",
    kills=("antithetic", "sorted", "repeats-first-half"),
)
def halves(draw: Judged, c: Sampled) -> Gap:
    """E P_j(u_i) P_k(u_{n+i}) = 0 for 2n draws."""

    def pair(seed: int, n: int) -> Array:
        u = uniform(c, draw(c.dist, c.params, 2 * n, seed))
        return products(u[:n], u[n:])

    return independent(draw, pair)


@law(
    sampler,
    says="draws from neighbouring seeds are independent",
    source="derived: products of Legendre polynomials of independent uniform numbers",
    kind="statistical",
    rule="T8",
    detects="a correlation of 0.1 between polynomials of the draws of two seeds",
    complete=True,
    cases="..cases.samplers:continuous",
    kills=("ignores-seed", "repeats-seed-bits"),
)
def neighbouring_seeds(draw: Judged, c: Sampled) -> Gap:
    """E P_j(u_i) P_k(v_i) = 0 for seeds 2s and 2s + 1."""

    def pair(seed: int, n: int) -> Array:
        even = seed & ~1
        u, v = (uniform(c, draw(c.dist, c.params, n, s)) for s in (even, even + 1))
        return products(u, v)

    return independent(draw, pair)


@law(
    sampler,
    says="one draw a seed follows the distribution too",
    source="derived: F(x) is uniform",
    kind="statistical",
    rule="T8",
    detects="a feature of F(x) off by 0.3 of its standard deviation",
    effort=0.05,
    cases="..cases.samplers:continuous",
    kills=("first-is-median", "scale-for-rate", "scale-for-variance"),
)
def one_at_a_time(draw: Judged, c: Sampled) -> Gap:
    """P(x_1 ≤ t) = F(t) over seeds."""

    def singly(seed: int, n: int) -> Array:
        seeds = np.random.SeedSequence(seed).generate_state(n) >> 1
        return np.concatenate([np.asarray(draw(c.dist, c.params, 1, int(s))) for s in seeds])

    return draw.chance.distribution(singly, truth.frozen(c.dist, c.params).cdf, detect=0.3)


@law(
    sampler,
    says="another seed gives other draws",
    source="derived: continuous draws coincide with probability 0",
    kind="metamorphic",
    rule="T0",
    cases="..cases.samplers:several",
    kills=("ignores-seed", "repeats-seed-bits"),
)
def another_seed(draw: Judged, c: Sampled) -> Gap:
    """x(s) ≠ x(s + 1) for even s."""
    x, y = (draw(c.dist, c.params, c.n, (c.seed & ~1) + more) for more in (0, 1))
    return holds_if(bool((x != y).any()), "the draws of two seeds", got=y, want="other draws")


@law(
    sampler,
    says="no two draws of a call are equal",
    source="derived: continuous draws coincide with probability 0 (2⁻²³ a pair in single precision)",
    kind="metamorphic",
    rule="T0",
    cases="..cases.samplers:several",
    kills=("repeats", "coarse", "repeats-first-half"),
)
def no_repeats(draw: Judged, c: Sampled) -> Gap:
    """x_i ≠ x_j for i ≠ j, all but a few: at most one in eight."""
    x = np.asarray(draw(c.dist, c.params, 200, c.seed))
    return at_most(len(x) - len(np.unique(x)), 25, allow=0.0, says="draws that were drawn before")


@law(
    sampler,
    says="fewer draws are the first of more",
    source="derived",
    kind="bitwise",
    rule="T0",
    level="convention",
    when={"prefix": ("yes",)},
    kills=("backwards", "size-in-seed"),
)
def prefix(draw: Judged, c: Sampled) -> Gap:
    """x(n)_{1..m} = x(m) from the same seed, bit for bit."""
    m = c.n // 2
    if m == 0:
        return inconclusive("no draws to compare")
    more, fewer = draw(c.dist, c.params, c.n, c.seed), draw(c.dist, c.params, m, c.seed)
    return same(np.asarray(more)[:m], np.asarray(fewer), says="the first of more draws")


CONTRACTS = ()
LAWS = (
    neighbours,
    halves,
    neighbouring_seeds,
    one_at_a_time,
    another_seed,
    no_repeats,
    prefix,
)
