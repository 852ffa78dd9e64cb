"""Samplers that own their random numbers: n draws of a named distribution from a seed.

That draws follow their distribution is no identity but a claim about chance, put to `prufrock.chance`: F(x) must be
uniform, by ten bounded features whose covariance is known exactly (Legendre polynomials for location, scale and shape,
indicators of both tails at 10⁻³ and 10⁻²); successive draws, the two halves of a call, and calls with neighbouring seeds
must be independent, by products P_j(F(x)) P_k(F(y)), j, k = 1, 2, of orthonormal Legendre polynomials, which have mean 0
and covariance I under independence. Means and variances are asked for with their exact covariance

    Cov(x, (x − μ)²) = μ₃,      Var (x − μ)² = μ₄ − σ⁴.

All of these are finite-sample statements: nothing is estimated. The rest is exact: draws lie in the support, another
seed gives other draws, no draws are an empty array, and bad parameters are refused.

Symbols: x [n] draws; F distribution function; u = F(x); μ, σ², μ₃, μ₄ mean and central moments; p [K] probabilities.
Source: derived; the probability integral transform and moments of sums are standard.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, at_most, holds_if, inconclusive, law, same

from ..hygiene import cross_cutting, refusals
from ..oracles import samplers as truth

if TYPE_CHECKING:
    from ..cases.samplers import Sampled

Array = NDArray[np.float64]

sampler = Contract(
    id="variational.sampler",
    says="n independent draws of a distribution, from a seed",
    arguments={"dist": "", "params": "k", "n": "", "seed": ""},
    outputs={"x": "n"},
    domain=(
        "normal, laplace, gumbel (of maxima), logistic, cauchy (location, scale); exponential (rate); gamma (shape, rate); "
        "beta (a, b); uniform (lo, hi); lognormal (μ, σ of the logarithm); weibull (scale, shape); student (df, location, "
        "scale); bernoulli (p); binomial (count, p); poisson (rate); geometric (p; failures before the first success); "
        "categorical (p_1, ..., p_K), drawn as 0, ..., K − 1; n >= 0; 0 <= seed < 2³¹"
    ),
    cases="..cases.samplers:anything",
    conventions={"prefix": ("yes", "no")},
    source="Devroye 1986",
    home=__package__,
)

SIZE = 0.1  # what is found, in standard deviations of a feature


def drawing(draw: Judged, c: Sampled) -> Callable[[int, int], Array]:
    """The subject as a sampler of this case's distribution."""
    return lambda seed, n: draw(c.dist, c.params, n, seed)


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
    says="draws follow their distribution",
    source="derived: F(x) is uniform",
    kind="statistical",
    rule="T8",
    detects="a feature of F(x) off by a tenth of its standard deviation (a scale off by a tenth, 1 % in a tail of 0.1 %)",
    complete=True,
    cases="..cases.samplers:continuous",
    kills=("scale-for-rate", "shifted", "scale-for-variance", "t-for-normal", "moves-tail", "coarse", "minimum-gumbel"),
)
def distribution(draw: Judged, c: Sampled) -> Gap:
    """P(x ≤ t) = F(t)."""
    return draw.chance.distribution(drawing(draw, c), truth.frozen(c.dist, c.params).cdf, detect=SIZE)


@law(
    sampler,
    says="values come as often as their probabilities say, and pairs of them as often as if independent",
    source="derived: indicators of cells have a multinomial covariance",
    kind="statistical",
    rule="T8",
    detects="a probability off by a tenth of the standard deviation of its indicator",
    complete=True,
    cases="..cases.samplers:discrete",
    kills=(
        "counts-trials",
        "other-probability",
        "uniform-categories",
        "counts-from-one",
        "repeats",
        "normal-for-counts",
    ),
)
def probabilities(draw: Judged, c: Sampled) -> Gap:
    """P(x_i = k, x_{i+1} = l) = p_k p_l."""
    edges, p = truth.cells(c.dist, c.params)
    return draw.chance.pmf(lambda seed, n: np.searchsorted(edges, draw(c.dist, c.params, n, seed)), p, detect=SIZE)


@law(
    sampler,
    says="draws have the mean and the variance of their distribution",
    source="derived: Var (x − μ)² = μ₄ − σ⁴",
    kind="statistical",
    rule="T8",
    detects="a mean or a variance off by a tenth of the standard deviation of x or (x − μ)²",
    cases="..cases.samplers:with_moments",
    kills=("scale-for-rate", "shifted", "scale-for-variance", "counts-trials"),
)
def moments(draw: Judged, c: Sampled) -> Gap:
    """E x = μ, E (x − μ)² = σ²."""
    mu, var, third, fourth = truth.moments(c.dist, c.params)
    cov = np.array([[var, third], [third, fourth - var**2]])

    def both(seed: int, n: int) -> Array:
        x = draw(c.dist, c.params, n, seed)
        return np.stack([x, (x - mu) ** 2], axis=1)

    return draw.chance.mean(both, [mu, var], sd=SIZE, cov=cov, names=("mean", "variance"))


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
    says="draws are numbers of the support",
    source="derived",
    kind="inequality",
    rule="T1",
    kills=("below-zero", "normal-for-counts", "counts-from-one"),
)
def in_the_support(draw: Judged, c: Sampled) -> Gap:
    """x_i ∈ supp F; a whole number where F is discrete."""
    x = np.asarray(draw(c.dist, c.params, c.n + 200, c.seed), np.float64)
    if c.dist == "categorical" or c.dist in DISCRETE:
        p = truth.frozen(c.dist, c.params).pmf(x)
        return holds_if(
            bool((p > 0).all()), "a value that has no probability", got=_odd(x, p > 0), want="a value with one"
        )
    lo, hi = truth.support(c.dist, c.params)
    reach = max((abs(end) for end in (lo, hi) if np.isfinite(end)), default=0.0)
    outside = np.maximum(np.maximum(lo - x, x - hi), 0.0)
    worst = np.where(np.isfinite(x), outside, np.inf).max(initial=0.0)
    return at_most(worst, 0.0, allow=8 * draw.u * reach, effect=max(1.0, reach), says="distance from the support")


DISCRETE = ("bernoulli", "binomial", "poisson", "geometric")


def _odd(x: Array, fine: Any) -> Any:
    return x[~fine][0] if (~fine).any() else x[0]


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
    says="no draws are an empty array, one draw is an array of one",
    source="derived",
    kind="limit",
    rule="T0",
    kills=("at-least-one", "scalar-for-one"),
)
def none_and_one(draw: Judged, c: Sampled) -> Gap:
    """x ∈ R⁰ for n = 0, x ∈ R¹ for n = 1."""
    shapes = [np.shape(draw(c.dist, c.params, n, c.seed)) for n in (0, 1)]
    return holds_if(shapes == [(0,), (1,)], "shapes of no draws and of one", got=str(shapes), want="[(0,), (1,)]")


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


BAD_PARAMETERS = {
    "normal": (0.5, -2.0),
    "exponential": (-2.0,),
    "gamma": (-2.0, 2.0),
    "uniform": (2.0, -1.0),
    "beta": (-2.0, 0.75),
    "laplace": (0.5, -2.0),
    "gumbel": (0.5, -2.0),
    "logistic": (0.5, -2.0),
    "lognormal": (0.5, -0.5),
    "weibull": (-2.0, 2.0),
    "student": (-9.0, 0.5, 2.0),
    "cauchy": (0.5, -2.0),
    "bernoulli": (-0.25,),
    "binomial": (-3.0, 0.25),
    "poisson": (-2.5,),
    "geometric": (-0.25,),
    "categorical": (-0.5, 1.0, 0.5),
}


def _bad(c: Sampled) -> tuple[Any, ...]:
    return c.dist, np.array(BAD_PARAMETERS[c.dist]), c.n + 1, c.seed


def _nan(c: Sampled) -> tuple[Any, ...]:
    return c.dist, np.full(len(c.params), np.nan), c.n + 1, c.seed


BAD = {
    "parameters-out-of-range": _bad,
    "nan": _nan,
    "negative-count": lambda c: (c.dist, c.params, -1 - c.n, c.seed),
    "unknown-distribution": lambda c: ("no-such-distribution", c.params, c.n + 1, c.seed),
}

CONTRACTS = (sampler,)
LAWS = (
    distribution,
    probabilities,
    moments,
    neighbours,
    halves,
    neighbouring_seeds,
    one_at_a_time,
    in_the_support,
    another_seed,
    no_repeats,
    none_and_one,
    prefix,
    *cross_cutting(sampler, allow=lambda c, u: 0.0, layouts=("ignores-strides", "counts-calls")),
    *refusals(sampler, BAD),
)
