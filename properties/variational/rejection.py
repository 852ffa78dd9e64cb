"""Reparameterization through the gamma rejection sampler: nearly a path, and exactly a path with its correction.

The sampler of Marsaglia and Tsang proposes ε ~ s = N(0, 1), keeps it with probability a(ε) ≤ 1 and returns

    h(ε; α) = d (1 + c ε)³,   d = α − ⅓,  c = 1/√(9d),   z ~ Gamma(α)

The noise that it kept has the density π(ε; α) = q(h; α) ∂h/∂ε = s(ε) a(ε)/(rate), so that

    ∂_α E f = ∫ π f'(h) ∂_αh dε + ∫ π f(h) ∂_α log π dε          (g_rep and g_corr)

and as s does not depend on α the second score is that of q(h; α)/r(h), r the density that h has when all is kept.
Shapes below 1 are reached with B ≥ 1 uniforms, z = h(ε; α+B) Π_{i=1}^B u_i^{1/(α+i−1)} (see `rejection_sampler`): the
powers move with α too, and the correction is that of the shape α + B.

The correction's share of the gradient is 2.8 % at α = 1, 0.35 % at 3 and 0.035 % at 10 (f = z²): a mean over samples
that is asked to be within 5 % never misses it, the integral over ε misses it by 10⁹ roundings.

Means over ε are sums by the trapezoid rule in log h, over u by Gauss-Legendre in u^{1/6}: exact to rounding.

Symbols: f a polynomial, df its derivative; alpha a number; eps[S]; u[S, B]; all outputs [S].
Source: Naesseth, Ruiz, Linderman and Blei 2017, §3-5; Marsaglia and Tsang 2000.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, all_of, at_most, gap, law
from prufrock.tolerance import summation

from ..cases.integrands import Polynomial
from ..hygiene import cross_cutting, refusals
from ..oracles import rejection as oracle
from ..oracles import standardised
from ..oracles.differences import central

if TYPE_CHECKING:
    from ..cases.shapes_of_noise import Kept

Array = NDArray[np.float64]
SOURCE = "Naesseth, Ruiz, Linderman and Blei 2017, §3"

rsvi_gamma = Contract(
    id="variational.rsvi-gamma",
    says="pathwise and correcting contributions to ∂E f/∂α through the noise that a gamma rejection sampler kept",
    arguments={"f": "", "df": "", "alpha": "", "eps": "S", "u": "S B"},
    outputs={"g_rep": "S", "g_corr": "S", "z": "S", "log_pi": "S", "log_accept": "S"},
    domain="α > 0, α + B ≥ 1; ε > −√(9(α+B) − 3); 0 < u ≤ 1",
    cases="..cases.shapes_of_noise:kept",
    source=SOURCE,
    home=__package__,
)


class Bound(NamedTuple):
    """Magnitudes of the summands of g_rep and g_corr, [S], and their operations."""

    path: Array
    score: Array
    n: int


def bound(case: Kept, eps: Array, u: Array) -> Bound:
    """z carries a rounding of 3/v (a cube of v = 1 + cε) and of log u/α; both come back with every power of z."""
    a = case.alpha + u.shape[1]
    z, speed = oracle.sample(case.alpha, eps, u), oracle.speed_size(case.alpha, eps, u)
    far = 1.0 + 3.0 * (1.0 + np.abs(eps)) / oracle.root(a, eps) + np.abs(oracle.log_shrink(case.alpha, u))
    path = far * case.df.magnitude(z) * z * speed
    score = far * case.f.magnitude(z) * oracle.score_size(a, eps)
    return Bound(path, score, 32 + 4 * case.f.degree)


def called(estimate: Judged, case: Kept, eps: Array, u: Array) -> Any:
    return estimate.full(case.f, case.df, case.alpha, eps, u)


def truth(f: Polynomial, alpha: float) -> float:
    return float(standardised.slope(f, standardised.GAMMA, np.array([alpha, 1.0]))[0])


@law(
    rsvi_gamma,
    says="the mean of both parts over the kept noise is the gradient, however far the shape is augmented",
    source=SOURCE,
    kind="identity",
    rule="T1",
    code="RSV-02",
    needs=("g_corr",),
    complete=True,
    effort=0.5,
    kills=("correction-dropped", "proposal-forgotten", "augmentation-not-moved", "value-for-slope", "minus-correction"),
)
def gradient(estimate: Judged, case: Kept) -> Gap:
    """∫∫ π(ε; α+B) (g_rep + g_corr) dε du = ∂E f/∂α."""
    eps, u, w = oracle.over_noise(case.alpha, case.u.shape[1], case.f.degree, estimate.u)
    out, size = called(estimate, case, eps, u), bound(case, eps, u)
    scale = float(w @ (size.path + size.score))
    got = w @ (out.g_rep + out.g_corr)
    return gap(got, truth(case.f, case.alpha), allow=summation(size.n, scale, estimate.u), effect=scale)


@law(
    rsvi_gamma,
    says="the pathwise part is the slope at the sample times the sample's velocity",
    source=SOURCE,
    kind="gradient",
    rule="T4",
    code="RSV-02",
    complete=True,
    kills=("augmentation-not-moved", "value-for-slope", "third-forgotten"),
)
def pathwise_part(estimate: Judged, case: Kept) -> Gap:
    """g_rep = f'(z) ∂_αz at fixed ε and u, by differences."""
    want, slack = _by_differences(case, lambda alpha: oracle.sample(alpha, case.eps, case.u))
    slope, size = case.df(oracle.sample(case.alpha, case.eps, case.u)), bound(case, case.eps, case.u)
    allow = summation(size.n, size.path, estimate.u) + np.abs(slope) * slack
    got = estimate(case.f, case.df, case.alpha, case.eps, case.u)
    return gap(got, slope * want, allow=allow, effect=float(size.path.max()))


@law(
    rsvi_gamma,
    says="the correcting part is the value at the sample times the score of the kept noise",
    source=SOURCE,
    kind="gradient",
    rule="T4",
    code="RSV-02",
    needs=("g_corr",),
    complete=True,
    kills=("correction-dropped", "proposal-forgotten", "minus-correction", "correction-at-alpha"),
)
def correcting_part(estimate: Judged, case: Kept) -> Gap:
    """g_corr = f(z) ∂_α log π(ε; α+B), by differences."""
    B = case.u.shape[1]
    want, slack = _by_differences(case, lambda alpha: oracle.log_kept(alpha + B, case.eps))
    value, size = case.f(oracle.sample(case.alpha, case.eps, case.u)), bound(case, case.eps, case.u)
    allow = summation(size.n, size.score, estimate.u) + np.abs(value) * slack
    got = called(estimate, case, case.eps, case.u).g_corr
    return gap(got, value * want, allow=allow, effect=float(size.score.max()))


def _by_differences(case: Kept, function: Any) -> tuple[Array, Array]:
    """∂_α of a function of α, [S], and how far off it may be (T4)."""
    h = 2.0**-12 * case.alpha
    slope, apart = central(function, case.alpha, h)
    largest = np.abs(function(case.alpha)) + 1.0
    return slope, 10.0 * apart + 64.0 * 2.0**-53 * largest / h


@law(
    rsvi_gamma,
    says="the larger the shape, by itself or by augmentation, the smaller the share of the correction",
    source="Naesseth, Ruiz, Linderman and Blei 2017, §5",
    kind="limit",
    rule="T1",
    code="RSV-03",
    cases="..cases.shapes_of_noise:plain",
    needs=("g_corr",),
    kills=("correction-at-alpha", "proposal-forgotten", "minus-correction"),
)
def share_of_the_correction(estimate: Judged, case: Kept) -> Gap:
    """E g_corr/∂E f at 2α is at most half, with B = 1 at most 0.9 of what it is at α with B = 0; f = z², α ≤ 20."""
    f, shares, slacks = Polynomial((0.0, 0.0, 1.0)), [], []
    for factor, B in ((1.0, 0), (2.0, 0), (1.0, 1)):
        alpha = factor * case.alpha
        at = type(case)(f, alpha, case.eps, case.u)
        eps, u, w = oracle.over_noise(alpha, B, 2, estimate.u)
        size = bound(at, eps, u)
        shares.append(float(w @ called(estimate, at, eps, u).g_corr) / truth(f, alpha))
        slacks.append(float(summation(size.n, w @ size.score / truth(f, alpha), estimate.u)))
    return all_of(
        *(
            at_most(share, most * shares[0], allow=slack + most * slacks[0], effect=abs(shares[0]), says=says)
            for share, slack, most, says in zip(shares, slacks, (0.5, 0.5, 0.9), ("", "at 2α", "at B = 1"), strict=True)
            if says
        ),
        at_most(0.0, shares[0], allow=slacks[0], effect=abs(shares[0]), says="positive"),
    )


@law(
    rsvi_gamma,
    says="each sample contributes by itself",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="X-07",
    complete=True,
    needs=("g_corr",),
    kills=("mean-as-value", "averages-slopes"),
)
def sample_by_sample(estimate: Judged, case: Kept) -> Gap:
    """g(ε_1, …, ε_S)_s = g(ε_s)."""
    every, size = called(estimate, case, case.eps, case.u), bound(case, case.eps, case.u)
    alone = [called(estimate, case, case.eps[i : i + 1], case.u[i : i + 1]) for i in range(len(case.eps))]
    gaps = []
    for name, scale in (("g_rep", size.path), ("g_corr", size.score)):
        got, want = getattr(every, name), np.concatenate([getattr(one, name) for one in alone])
        allow = 2.0 * summation(size.n, scale, estimate.u)
        gaps.append(gap(got, want, allow=allow, effect=float(scale.max()), says=name))
    return all_of(*gaps)


def _rounding(case: Kept, u: float) -> float:
    size = bound(case, case.eps, case.u)
    return float(summation(size.n, size.path.max(), u))


BAD: dict[str, Any] = {
    "nan-noise": lambda case: (case.f, case.df, case.alpha, np.full_like(case.eps, np.nan), case.u),
    "negative-shape": lambda case: (case.f, case.df, -case.alpha, case.eps, case.u),
    "shape-below-one": lambda case: (case.f, case.df, 0.25, case.eps, case.u[:, :0]),
    "noise-that-is-never-kept": lambda case: (case.f, case.df, case.alpha, case.eps - 100.0, case.u),
    "uniforms-beyond-one": lambda case: (case.f, case.df, case.alpha, case.eps, np.full((len(case.eps), 2), 1.5)),
}

CONTRACTS = (rsvi_gamma,)
LAWS = (
    gradient,
    pathwise_part,
    correcting_part,
    sample_by_sample,
    share_of_the_correction,
    *cross_cutting(rsvi_gamma, allow=_rounding, layouts=("ignores-strides", "counts-calls")),
    *refusals(rsvi_gamma, BAD),
)
