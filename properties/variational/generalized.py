"""The generalized reparameterization gradient: an exact account of what follows the sample and what is left to a score.

z = τ(ε; v) with T(z) = m(v) + s(v) ε, ε of mean 0 and variance 1 under q_ε(ε; v), whatever v:

    ∇_v E f = E f'(z) h + E f(z) ∇_v log q_ε(ε; v),      h = ∂_v τ,  u = ∂_v log |∂τ/∂ε|
    ∇_v log q_ε(ε; v) = ∇_v log q(z; v) + ∂_z log q(z; v) h + u,    as q_ε(ε; v) = q(τ(ε; v); v) |∂τ/∂ε|

So the estimator is the score's, f ∇_v log q (line 1), plus f' h (line 2) plus f (∂_z log q h + u) (line 3). Line 1 alone
is unbiased, hence lines 2 and 3 must have mean zero together; that they do is the divergence theorem. By Jacobi's
formula u = ∇_z·h, with h read as a function of z (the chain ∂_ε ∂_v τ / ∂_ε τ), so

    E[f' h + f (∂_z log q h + ∂_z h)] = ∫ (f' q h + f q' h + f q h') dz = ∫ ∂_z (f q h) dz = 0

where f q h vanishes at both ends. Neither line is zero by itself: for a gamma of shape 2.5 and f = z² they are +11.6
and −11.6. And u has a plus: with −u the sum is not zero.

How much is left to the score: nothing for a rate, for the normal and the log-normal, whose q_ε is free of v. For a
gamma's shape more than the whole gradient at α = 0.3, a thousandth at α = 20; so a dropped correction shows at α ≤ 1.

Means over ε are sums by the trapezoid rule, exact to rounding (see the oracle). Rounding: z carries a relative error
of u·|T|, f(z) one of n·u·A(z) with n counting its powers, and the score one relative to its summands.

Symbols: f a polynomial, df its derivative; params v[2]; eps ε[S]; g_rep, g_corr, h, u [S, 2]; z, logq_eps [S].
Source: Ruiz, Titsias and Blei 2016, §3; the rest derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, all_of, at_most, gap, law
from prufrock.tolerance import summation

from ..hygiene import cross_cutting, refusals
from ..oracles import standardised as oracle
from ..oracles.differences import central
from ..oracles.standardised import Grid

if TYPE_CHECKING:
    from ..cases.shapes_of_noise import Standardised

Array = NDArray[np.float64]
SOURCE = "Ruiz, Titsias and Blei 2016, §3"

generalized_gradient = Contract(
    id="variational.generalized-gradient",
    says="pathwise and correcting contributions to ∇E f through a variable with mean and deviation taken out",
    arguments={"f": "", "df": "", "dist": "", "params": "P", "eps": "S"},
    outputs={"g_rep": "S P", "g_corr": "S P", "z": "S", "logq_eps": "S", "h": "S P", "u": "S P"},
    domain="gamma(shape, rate), beta(shape, shape), normal and lognormal(mean, deviation); finite noise",
    cases="..cases.shapes_of_noise:standardised",
    conventions={"standardisation": ("full", "partial")},
    source=SOURCE,
    home=__package__,
)

FULL: dict[str, Any] = {"level": "convention", "when": {"standardisation": ("full",)}}
BOTH = ("g_corr",)


def operations(case: Standardised) -> int:
    return 24 + 4 * case.f.degree


def sizes(case: Standardised, eps: Array) -> tuple[Array, Array]:
    """Magnitudes of the summands of g_rep and g_corr, [S, 2], times 1 + |T| (and z/(1−z)) for the rounding of z."""
    m, s = oracle.standard(case.dist, case.params)
    T, z = m + s * eps, np.abs(oracle.sample(case.dist, case.params, eps))
    far = 1.0 + abs(m) + np.abs(s * eps) + (np.exp(np.maximum(T, 0.0)) if case.dist == oracle.BETA else 0.0)
    h = np.exp(oracle.log_width(case.dist, T))[:, None] * oracle.speed_size(case.dist, case.params, eps)
    g_rep = case.df.magnitude(z)[:, None] * h
    g_corr = case.f.magnitude(z)[:, None] * oracle.score_size(case.dist, case.params, eps)
    return far[:, None] * g_rep, far[:, None] * g_corr


def over_noise(case: Standardised, u: float) -> Grid:
    return oracle.grid(case.dist, case.params, case.f.degree, u)


def called(estimate: Judged, case: Standardised, eps: Array) -> Any:
    return estimate.full(case.f, case.df, case.dist, case.params, eps)


@law(
    generalized_gradient,
    says="the mean of both parts over the noise is the gradient",
    source=SOURCE,
    kind="identity",
    rule="T1",
    code="GRG-01",
    needs=BOTH,
    complete=True,
    kills=("correction-dropped", "minus-u", "without-u", "value-for-slope", "parameters-exchanged"),
    **FULL,
)
def gradient(estimate: Judged, case: Standardised) -> Gap:
    """Σ w (g_rep + g_corr) = ∇_v E f."""
    eps, _, w = over_noise(case, estimate.u)
    out = called(estimate, case, eps)
    size = w @ sum(sizes(case, eps))
    want = oracle.slope(case.f, case.dist, case.params)
    allow = summation(operations(case), size, estimate.u)
    return gap(w @ (out.g_rep + out.g_corr), want, allow=allow, effect=float(size.max()))


@law(
    generalized_gradient,
    says="a sample is its noise, scaled and shifted to the mean and deviation of T",
    source=SOURCE,
    kind="oracle",
    rule="T1",
    code="GRG-02",
    needs=("z",),
    complete=True,
    kills=("log-for-digamma", "variance-for-deviation", "scale-for-rate", "forgets-mean"),
    **FULL,
)
def sample(estimate: Judged, case: Standardised) -> Gap:
    """T(z) = m + s ε."""
    m, s = oracle.standard(case.dist, case.params)
    T = m + s * case.eps
    want = oracle.back(case.dist, T)
    far = (1.0 + abs(m) + s * np.abs(case.eps)) * (1.0 if case.dist == oracle.NORMAL else np.abs(want))
    return gap(called(estimate, case, case.eps).z, want, allow=summation(4, far, estimate.u), effect=_least(far))


def _least(size: Array) -> float:
    """Entries of one answer differ by orders of magnitude: the smallest decides whether it could tell."""
    return float(size.min())


@law(
    generalized_gradient,
    says="the pathwise part is the slope at the sample times the sample's velocity",
    source=SOURCE,
    kind="gradient",
    rule="T4",
    code="GRG-07",
    needs=("z",),
    complete=True,
    kills=("score-alone", "parameters-exchanged", "value-for-slope", "scale-for-rate", "averages-slopes"),
    **FULL,
)
def pathwise_part(estimate: Judged, case: Standardised) -> Gap:
    """g_rep = f'(τ(ε; v)) ∂_v τ(ε; v), the derivative by differences."""
    want, slack = _by_differences(case, lambda v: oracle.sample(case.dist, v, case.eps))
    slope = case.df(oracle.sample(case.dist, case.params, case.eps))[:, None]
    size, _ = sizes(case, case.eps)
    allow = summation(operations(case), size, estimate.u) + np.abs(slope) * slack
    got = called(estimate, case, case.eps).g_rep
    return gap(got, slope * want, allow=allow, effect=float(size.max()))


@law(
    generalized_gradient,
    says="the correcting part is the value at the sample times the score of the noise",
    source=SOURCE,
    kind="gradient",
    rule="T4",
    code="GRG-07",
    needs=BOTH,
    complete=True,
    kills=("correction-dropped", "minus-u", "without-u", "score-alone", "mean-as-value"),
    **FULL,
)
def correcting_part(estimate: Judged, case: Standardised) -> Gap:
    """g_corr = f(z) ∂_v log q_ε(ε; v), the derivative by differences."""
    want, slack = _by_differences(case, lambda v: oracle.log_density(case.dist, v, case.eps))
    value = case.f(oracle.sample(case.dist, case.params, case.eps))[:, None]
    _, size = sizes(case, case.eps)
    allow = summation(operations(case), size, estimate.u) + np.abs(value) * slack
    got = called(estimate, case, case.eps).g_corr
    return gap(got, value * want, allow=allow, effect=float(size.max()))


def _by_differences(case: Standardised, function: Any) -> tuple[Array, Array]:
    """∂_v of a function of v, [S, 2], and how far off it may be (T4)."""
    slopes, slacks = [], []
    for unit in np.eye(2):
        h = 2.0**-12 * float(np.abs(case.params @ unit))

        def at(t: float, unit: Array = unit) -> Array:
            return np.asarray(function(case.params + t * unit))

        slope, apart = central(at, 0.0, h)
        slopes.append(slope)
        largest = np.abs(function(case.params)) + 1.0
        slacks.append(10.0 * apart + 64.0 * 2.0**-53 * largest / h)
    return np.stack(slopes, axis=1), np.stack(slacks, axis=1)


@law(
    generalized_gradient,
    says="the noise has mass one, mean 0 and variance 1, and a skewness that the parameters do move",
    source="derived: cumulants of log z are polygammas",
    kind="identity",
    rule="T1",
    code="GRG-02",
    needs=("logq_eps",),
    kills=("density-of-z", "log-for-digamma", "variance-for-deviation", "forgets-mean"),
    **FULL,
)
def moments_of_the_noise(estimate: Judged, case: Standardised) -> Gap:
    """∫ q_ε (1, ε, ε², ε³) dε = (1, 0, 1, κ₃/s³), with κ₃ = ψ₂(α) for a gamma."""
    eps, _, w = over_noise(case, estimate.u)
    step = float(eps[1] - eps[0])
    q = np.exp(called(estimate, case, eps).logq_eps) * step
    powers = eps ** np.arange(4)[:, None]
    want = [1.0, 0.0, 1.0, oracle.skewness(case.dist, case.params)]
    size = np.abs(powers) @ (w * oracle.log_density_size(case.dist, case.params, eps))
    allow = summation(8, size, estimate.u)
    return gap(powers @ q, want, allow=allow, effect=float(size.min()))


@law(
    generalized_gradient,
    says="the correcting part is the score, and what the sample's own motion takes from it",
    source=SOURCE,
    kind="identity",
    rule="T1",
    code="GRG-05",
    needs=("g_corr", "z", "h", "u"),
    kills=("correction-dropped", "forgets-score", "value-for-slope", "mean-as-value"),
)
def three_lines(estimate: Judged, case: Standardised) -> Gap:
    """g_rep = f' h and g_corr = f (∇_v log q + ∂_z log q h + u), at the subject's own z, h and u."""
    out = called(estimate, case, case.eps)
    slope = oracle.slope_log_q(case.dist, case.params, out.z)[:, None]
    bracket = oracle.score_log_q(case.dist, case.params, out.z) + slope * out.h + out.u
    f, df = case.f(out.z)[:, None], case.df(out.z)[:, None]
    path, score = sizes(case, case.eps)
    n = operations(case)
    return all_of(
        gap(out.g_rep, df * out.h, allow=summation(n, path, estimate.u), effect=float(path.max()), says="g_rep"),
        gap(out.g_corr, f * bracket, allow=summation(n, score, estimate.u), effect=float(score.max()), says="g_corr"),
    )


@law(
    generalized_gradient,
    says="what is added to the score estimator has mean zero: the divergence of f q h",
    source="derived (divergence theorem); the terms are those of Ruiz, Titsias and Blei 2016, §3",
    kind="identity",
    rule="T1",
    code="GRG-05",
    needs=("z", "h", "u"),
    kills=("minus-u", "without-u", "twice-the-velocity-in-u"),
    **FULL,
)
def corrections_cancel(estimate: Judged, case: Standardised) -> Gap:
    """E[f' h + f (∂_z log q h + u)] = ∫ ∂_z (f q h) dz = 0."""
    eps, z, w = over_noise(case, estimate.u)
    out = called(estimate, case, eps)
    slope = _slope_times_h(case, eps, out.h)
    got = w @ (case.df(z)[:, None] * out.h + case.f(z)[:, None] * (slope + out.u))
    size = w @ sum(sizes(case, eps))
    return gap(got, 0.0, allow=summation(operations(case), size, estimate.u), effect=float(size.max()))


def _slope_times_h(case: Standardised, eps: Array, h: Array) -> Array:
    """∂_z log q h = (∂_T log q_T − d log(dz/dT)/dT) ∂_vT with ∂_vT = h dT/dz, which no tail can overflow."""
    m, s = oracle.standard(case.dist, case.params)
    T = m + s * eps
    slope = oracle.slope_log_q_T(case.dist, case.params, eps) - oracle.bend(case.dist, T)
    return np.asarray((slope * np.exp(-oracle.log_width(case.dist, T)))[:, None] * h)


@law(
    generalized_gradient,
    says="neither of the two corrections has mean zero by itself",
    source="derived",
    kind="inequality",
    rule="T1",
    code="GRG-05",
    cases="..cases.shapes_of_noise:powers",
    needs=("h",),
    kills=("score-alone", "parameters-exchanged"),
    **FULL,
)
def corrections_do_not_vanish(estimate: Judged, case: Standardised) -> Gap:
    """E f' h_β = −k E z^k/β for f = z^k of a gamma with rate β, so that line 3 has the mean +k E z^k/β."""
    eps, z, w = over_noise(case, estimate.u)
    out = called(estimate, case, eps)
    k = case.f.degree
    want = k * oracle.mean(case.f, case.dist, case.params) / case.params[1]
    size = float((w @ sizes(case, eps)[0])[1])
    return at_most(want, abs(w @ (case.df(z) * out.h[:, 1])), allow=summation(operations(case), size, estimate.u))


@law(
    generalized_gradient,
    says="a rate needs no correction: the noise does not know it",
    source=SOURCE,
    kind="identity",
    rule="T1",
    code="GRG-03",
    cases="..cases.shapes_of_noise:gammas",
    needs=BOTH,
    kills=("scale-for-rate", "score-alone", "parameters-exchanged"),
    **FULL,
)
def rate_is_pathwise(estimate: Judged, case: Standardised) -> Gap:
    """E g_corr,β = 0 and E g_rep,β = ∂E f/∂β."""
    eps, _, w = over_noise(case, estimate.u)
    out = called(estimate, case, eps)
    path, score = (float(w @ x[:, 1]) for x in sizes(case, eps))
    n, want = operations(case), oracle.slope(case.f, case.dist, case.params)[1]
    return all_of(
        gap(w @ out.g_rep[:, 1], want, allow=summation(n, path, estimate.u), effect=path, says="g_rep"),
        gap(w @ out.g_corr[:, 1], 0.0, allow=summation(n, score, estimate.u), effect=score, says="g_corr"),
    )


@law(
    generalized_gradient,
    says="a fully standardised normal or log-normal needs no correction at all",
    source=SOURCE,
    kind="identity",
    rule="T1",
    code="GRG-04",
    cases="..cases.shapes_of_noise:normals",
    needs=BOTH,
    kills=("centred-only", "minus-u", "without-u", "score-alone"),
    **FULL,
)
def normal_is_pathwise(estimate: Judged, case: Standardised) -> Gap:
    """g_corr = 0, sample by sample."""
    _, size = sizes(case, case.eps)
    got = called(estimate, case, case.eps).g_corr
    return gap(got, 0.0, allow=summation(operations(case), size, estimate.u), effect=float(size.max()))


@law(
    generalized_gradient,
    says="the larger a gamma's shape, the smaller the share that is left to the score",
    source="derived",
    kind="limit",
    rule="T1",
    code="GRG-06",
    cases="..cases.shapes_of_noise:powers",
    needs=BOTH,
    kills=("score-alone", "minus-u", "without-u"),
    **FULL,
)
def share_of_the_score(estimate: Judged, case: Standardised) -> Gap:
    """E g_corr,α / ∂_αE f at 2α is between 0 and half of what it is at α, for f = z, z²."""
    shares, slack = [], 0.0
    for factor in (1.0, 2.0):
        v = case.params * np.array([factor, 1.0])
        at = type(case)(case.f, case.dist, v, case.eps)
        eps, _, w = over_noise(at, estimate.u)
        truth = oracle.slope(at.f, at.dist, v)[0]
        shares.append(float(w @ called(estimate, at, eps).g_corr[:, 0]) / truth)
        slack += summation(operations(at), float((w @ sizes(at, eps)[1])[0]) / truth, estimate.u)
    return all_of(
        at_most(shares[1], 0.5 * shares[0], allow=slack, effect=abs(shares[0])),
        at_most(0.0, shares[1], allow=slack, effect=abs(shares[1])),
    )


@law(
    generalized_gradient,
    says="where shapes are small, the correction is no detail",
    source="derived",
    kind="inequality",
    rule="T1",
    code="GRG-06",
    cases="..cases.shapes_of_noise:powers",
    needs=BOTH,
    kills=("correction-dropped", "minus-u"),
    **FULL,
)
def correction_of_small_shapes(estimate: Judged, case: Standardised) -> Gap:
    """E g_corr,α ≥ ∂_αE f / 12 for α ≤ 1 and f = z, z²."""
    v = np.minimum(case.params, [1.0, np.inf])
    at = type(case)(case.f, case.dist, v, case.eps)
    eps, _, w = over_noise(at, estimate.u)
    truth = oracle.slope(at.f, at.dist, v)[0]
    allow = summation(operations(at), float((w @ sizes(at, eps)[1])[0]), estimate.u)
    return at_most(truth / 12.0, w @ called(estimate, at, eps).g_corr[:, 0], allow=allow)


@law(
    generalized_gradient,
    says="each sample contributes by itself",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="X-07",
    complete=True,
    needs=BOTH,
    kills=("mean-as-value", "averages-slopes"),
)
def sample_by_sample(estimate: Judged, case: Standardised) -> Gap:
    """g(ε_1, …, ε_S)_s = g(ε_s)."""
    every = called(estimate, case, case.eps)
    alone = [called(estimate, case, case.eps[i : i + 1]) for i in range(len(case.eps))]
    bounds = zip(("g_rep", "g_corr"), sizes(case, case.eps), strict=True)
    return all_of(
        *(
            gap(
                getattr(every, name),
                np.concatenate([getattr(one, name) for one in alone]),
                allow=2.0 * summation(operations(case), size, estimate.u),
                effect=float(size.max()),
                says=name,
            )
            for name, size in bounds
        )
    )


def _rounding(case: Standardised, u: float) -> float:
    return float(summation(operations(case), sizes(case, case.eps)[0].max(), u))


def _but(**changes: Any) -> Any:
    """The case's arguments with some of them replaced."""
    return lambda case: tuple(
        changes[name](case) if name in changes else getattr(case, name) for name in generalized_gradient.arguments
    )


BAD: dict[str, Any] = {
    "nan-noise": _but(eps=lambda case: np.full_like(case.eps, np.nan)),
    "nan-parameter": _but(params=lambda case: np.full(2, np.nan)),
    "negative-scale": _but(params=lambda case: np.array([2.5, -1.5])),
    "shape-zero": _but(dist=lambda case: "gamma", params=lambda case: np.array([0.0, 1.5])),
    "unknown-distribution": _but(dist=lambda case: "uniform"),
}

CONTRACTS = (generalized_gradient,)
LAWS = (
    gradient,
    sample,
    pathwise_part,
    correcting_part,
    sample_by_sample,
    moments_of_the_noise,
    three_lines,
    corrections_cancel,
    corrections_do_not_vanish,
    rate_is_pathwise,
    normal_is_pathwise,
    share_of_the_score,
    correction_of_small_shapes,
    *cross_cutting(generalized_gradient, allow=_rounding, layouts=("ignores-strides", "counts-calls")),
    *refusals(generalized_gradient, BAD),
)
