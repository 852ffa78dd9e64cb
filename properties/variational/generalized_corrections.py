"""The generalized gradient's corrections of the score: they cancel in the mean, and a little is left to the score itself.

    g_rep + g_corr = f ∇_v log q  (line 1)  +  f' h  (line 2)  +  f (∂_z log q h + u)  (line 3)

Line 1 alone is unbiased, hence lines 2 and 3 must have mean zero together; that they do is the divergence theorem. By
Jacobi's formula u = ∇_z·h, with h read as a function of z (the chain ∂_ε ∂_v τ / ∂_ε τ), so

    E[f' h + f (∂_z log q h + ∂_z h)] = ∫ (f' q h + f q' h + f q h') dz = ∫ ∂_z (f q h) dz = 0

where f q h vanishes at both ends. Neither line is zero by itself: for a gamma of shape 2.5 and f = z² they are +11.6
and −11.6. And u has a plus: with −u the sum is not zero.

How much is left to the score, E g_corr: nothing for a rate, for the normal and the log-normal, whose q_ε is free of v.
For a gamma's shape more than the whole gradient at α = 0.3, a thousandth at α = 20; so a dropped correction shows at α ≤ 1.

Symbols: as in `generalized`.
Source: Ruiz, Titsias and Blei 2016, §3; the rest derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prufrock import Gap, Judged, all_of, at_most, gap, law
from prufrock.tolerance import summation

from ..oracles import standardised as oracle
from .generalized import BOTH, FULL, SOURCE, called, generalized_gradient, operations, over_noise, sizes

if TYPE_CHECKING:
    from ..cases.shapes_of_noise import Standardised

Array = NDArray[np.float64]


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


CONTRACTS = ()
LAWS = (
    corrections_cancel,
    corrections_do_not_vanish,
    rate_is_pathwise,
    normal_is_pathwise,
    share_of_the_score,
    correction_of_small_shapes,
)
