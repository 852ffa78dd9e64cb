"""The two parts of the generalized gradient, sample by sample: what each of them is, and what it is made of.

    g_rep = f'(z) h,      g_corr = f(z) ∇_v log q_ε(ε; v),      z = τ(ε; v),  h = ∂_v τ,  u = ∂_v log |∂τ/∂ε|
    ∇_v log q_ε(ε; v) = ∇_v log q(z; v) + ∂_z log q(z; v) h + u,    as q_ε(ε; v) = q(τ(ε; v); v) |∂τ/∂ε|

So the estimator is the score's, f ∇_v log q (line 1), plus f' h (line 2) plus f (∂_z log q h + u) (line 3). Nothing here
is a mean: each holds at every ε, and one sample does not know of another.

Symbols: as in `generalized`.
Source: Ruiz, Titsias and Blei 2016, §3; the rest derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Gap, Judged, all_of, gap, law
from prufrock.tolerance import summation

from ..oracles import standardised as oracle
from ..oracles.differences import each
from .generalized import BOTH, FULL, SOURCE, called, generalized_gradient, operations, sizes

if TYPE_CHECKING:
    from ..cases.shapes_of_noise import Standardised

Array = NDArray[np.float64]


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
    slopes, apart, h = each(function, case.params, 2.0**-12)
    largest = np.abs(function(case.params)) + 1.0
    return slopes, 10.0 * apart + 64.0 * 2.0**-53 * largest[:, None] / h


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


CONTRACTS = ()
LAWS = (pathwise_part, correcting_part, three_lines, sample_by_sample)
