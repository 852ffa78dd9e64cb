"""Samplers that own their random numbers: n draws of a named distribution from a seed.

That draws follow their distribution is no identity but a claim about chance, put to `prufrock.chance`: F(x) must be
uniform, by ten bounded features whose covariance is known exactly (Legendre polynomials for location, scale and shape,
indicators of both tails at 10⁻³ and 10⁻²). Means and variances are asked for with their exact covariance

    Cov(x, (x − μ)²) = μ₃,      Var (x − μ)² = μ₄ − σ⁴.

These are finite-sample statements: nothing is estimated. The rest is exact: draws lie in the support, no draws are an
empty array, and bad parameters are refused. That draws are independent is the matter of `sampler_independence`.

Symbols: x [n] draws; F distribution function; u = F(x); μ, σ², μ₃, μ₄ mean and central moments; p [K] probabilities.
Source: derived; the probability integral transform and moments of sums are standard.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, at_most, holds_if, law

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
    in_the_support,
    none_and_one,
    *cross_cutting(sampler, allow=lambda c, u: 0.0, layouts=("ignores-strides", "counts-calls")),
    *refusals(sampler, BAD),
)
