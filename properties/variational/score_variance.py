"""More of the score function estimator for normals: what its contributions vary by, waves, moving integrands, units.

Derivations of the variances stand in `score_function`. For a wave, E a cos(w·z + c) = a exp(−½ Σ w_j²σ_j²) cos(w·μ + c);
a rule of 25 nodes integrates it to rounding for w_jσ_j ≤ 1. If f depends on v too, ∇_v E_q f(z; v) = E_q [f ∇_v log q +
∂_v f]. With z in another unit, z = s·z', the density of z' has mean μ/s and deviation σ/s: ∂/∂μ' = s ∂/∂μ.

Symbols: as in `score_function`.
Source: derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prufrock import Gap, Judged, gap, law
from prufrock.tolerance import summation

from ..oracles import moments
from ._gaussian import Sum, chain, contributions_size, operations, over_noise, rounding, slope
from .score_function import score_normal

if TYPE_CHECKING:
    from ..cases.estimators import Moving, Normal, Two

Array = NDArray[np.float64]


@law(
    score_normal,
    says="the mean of the contributions is the gradient for a wave, too",
    source="derived",
    kind="oracle",
    rule="T1",
    code="SCO-01",
    cases="..cases.estimators:waves",
    kills=("wrong-sign", "clips-values", "forgets-centre"),
)
def waves(estimate: Judged, case: Normal) -> Gap:
    """Σ w G = ∇ a exp(−½ Σ w_j²σ_j²) cos(w·μ + c)."""
    over = over_noise(case, 24)
    got = over.w @ estimate(case.f, case.mu, case.sigma, over.z)
    allow = rounding(estimate, case.f, case, over)
    size = float((over.size @ contributions_size(estimate, case.f, case, over.z)).max())
    return gap(got[: len(allow)], slope(estimate, case.f, case), allow=allow, effect=size)


@law(
    score_normal,
    says="a linear integrand's contributions vary by its squared mean and by its slopes",
    source="derived",
    kind="oracle",
    rule="T1",
    code="SCO-04",
    cases="..cases.estimators:linear",
    kills=("log-q-for-its-gradient", "baseline-of-one", "centres-values", "mean-as-baseline"),
)
def variance_of_linear(estimate: Judged, case: Normal) -> Gap:
    """Var G_μi = (E f)²/σ_i² + 2b_i² + Σ_{j≠i} b_j²σ_j²/σ_i² for f = a + b·z."""
    d, sigma = len(case.mu), case.sigma
    b = moments.slope_mean(case.f, case.mu, sigma)
    level = moments.mean(case.f, case.mu, sigma) ** 2 + np.square(b * sigma).sum()
    want = level / sigma**2 + b**2
    got, allow, size = _variance(estimate, case, over_noise(case, 4), d)
    return gap(got, want, allow=allow, effect=size)


@law(
    score_normal,
    says="a quadratic's contributions vary by (A + 3C)² + 6C² + 2B²",
    source="derived",
    kind="oracle",
    rule="T1",
    code="SCO-04",
    cases="..cases.estimators:quadratics_of_one",
    kills=("baseline-of-one", "mean-as-baseline", "halves-large-values"),
)
def variance_of_quadratics(estimate: Judged, case: Normal) -> Gap:
    """σ² Var G_μ = (A + 3C)² + 6C² + 2B² for f(μ + σε) = A + Bε + Cε²."""
    (_, _, curve), sigma = case.f.coefficients, case.sigma[0]
    A, B, C = case.f(case.mu), case.f.partial(0)(case.mu) * sigma, curve * sigma**2
    want = ((A + 3.0 * C) ** 2 + 6.0 * C**2 + 2.0 * B**2) / sigma**2
    got, allow, size = _variance(estimate, case, over_noise(case, 6), 1)
    return gap(got[0], want, allow=allow, effect=size)


@law(
    score_normal,
    says="an integrand that moves with the parameters adds its own gradient",
    source="derived",
    kind="identity",
    rule="T1",
    level="convention",
    code="SCO-06",
    when={"moving_integrand": ("yes",)},
    cases="..cases.estimators:moving",
    kills=("forgets-moving-part", "moving-part-times-score", "moving-part-twice"),
)
def moving_integrand(estimate: Judged, case: Moving) -> Gap:
    """Σ w G = ∇_v E f(·; v) at fixed f, plus E ∂_v f; the fifth argument is z ↦ ∂_v f."""
    over = over_noise(case, case.f.degree + 2)
    factor = chain(estimate, case.sigma)
    partial = type(case.partial)(
        tuple(part.times(float(c)) for part, c in zip(case.partial.parts, _full(factor, case), strict=True))
    )
    got = over.w @ estimate(case.f, case.mu, case.sigma, over.z, partial)
    parts = np.array([moments.mean(part, case.mu, case.sigma) for part in partial.parts])
    own = over.size @ partial.magnitude(over.z)
    allow = rounding(estimate, case.f, case, over) + summation(8, own[: len(factor)], estimate.u)
    want = slope(estimate, case.f, case) + parts[: len(factor)]
    return gap(got[: len(factor)], want, allow=allow, effect=float(np.abs(parts[: len(factor)]).max()))


@law(
    score_normal,
    says="a smaller unit makes the gradient with respect to the means smaller as much",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="SCO-01",
    cases="..cases.estimators:two",
    kills=("deviation-for-variance", "half-precision", "log-q-for-its-gradient"),
)
def units(estimate: Judged, case: Two) -> Gap:
    """G_μ(f(·/s); sμ, sσ, sz) = G_μ(f; μ, σ, z)/s for s a power of two."""
    d, s = len(case.mu), 2.0 ** int(np.ceil(case.c))
    G = estimate(case.f, case.mu, case.sigma, case.z)[:, :d]
    moved = estimate(case.f.in_units_of(s), s * case.mu, s * case.sigma, s * case.z)[:, :d]
    scale = contributions_size(estimate, case.f, case, case.z)[:, :d]
    allow = 2.0 * summation(operations(case.f), scale, estimate.u)
    return gap(s * moved, G, allow=allow, effect=float(scale.max()))


def _variance(estimate: Judged, case: Normal, over: Sum, columns: int) -> tuple[Array, Array, float]:
    """Σ w G² − (Σ w G)² of the first columns, what rounding may add to it, and its size."""
    G = estimate(case.f, case.mu, case.sigma, over.z)[:, :columns]
    found = over.w @ G**2 - (over.w @ G) ** 2
    size = over.size @ contributions_size(estimate, case.f, case, over.z)[:, :columns] ** 2
    return found, summation(2 * operations(case.f), size, estimate.u), float(size.max())


def _full(factor: Array, case: Normal) -> Array:
    """One factor for each of the 2d columns, 1 where nothing was declared."""
    return np.concatenate([factor, np.ones(2 * len(case.mu) - len(factor))])


CONTRACTS = ()
LAWS = (waves, variance_of_linear, variance_of_quadratics, moving_integrand, units)
