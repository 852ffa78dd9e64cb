"""Optimal transport between Gaussians: the distance of their means, and the Bures distance of their covariances.

    W_2²(N(m_1, Σ_1), N(m_2, Σ_2)) = ‖m_1 − m_2‖² + B²(Σ_1, Σ_2),   B² = tr Σ_1 + tr Σ_2 − 2 tr (Σ_1^½ Σ_2 Σ_1^½)^½

W_2 is a metric, turning space changes nothing and scaling it by λ multiplies W² by λ². Means and covariances part, so
B² is what is left when both means are 0. Covariances that commute have B² = ‖Σ_1^½ − Σ_2^½‖_F². A root of a singular
matrix keeps half the digits (see oracles.gaussian.rounding). The map between the two is in `gaussian_map`.

Symbols: m1, m2 [d] means; S1, S2 [d, d] covariances Σ; Q [d, d] orthogonal up to a factor.
Source: Gelbrich 1990; Peyré & Cuturi 2019, Rmk 2.19 and 2.31; Takatsu 2011 (metric).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Contract, Gap, Judged, at_most, gap, law
from prufrock.tolerance import summation

from ..hygiene import cross_cutting, refusals
from ..oracles.gaussian import bures_squared, rounding

if TYPE_CHECKING:
    from ..cases.gaussians import Gaussians, ThreeGaussians

bures = Contract(
    id="transport.bures",
    says="the 2-Wasserstein distance between two Gaussians, or its square",
    arguments={"m1": "d", "S1": "d d", "m2": "d", "S2": "d d"},
    outputs={"value": ""},
    domain="finite means, symmetric positive semidefinite covariances, singular or zero ones allowed, d ≥ 1",
    cases="..cases.gaussians:gaussians",
    real="..cases.digits:gaussians",
    conventions={"root": ("yes", "no")},
    source="Gelbrich 1990",
    home=__package__,
)

ROOT = {"root": ("yes", "no")}


def squared(solve: Judged, m1: Any, S1: Any, m2: Any, S2: Any) -> float:
    value = solve(m1, S1, m2, S2)
    return float(value * abs(value) if solve.conventions["root"] == "yes" else value)


def size(m1: Any, S1: Any, m2: Any, S2: Any) -> float:
    """tr Σ_1 + tr Σ_2 + (‖m_1‖ + ‖m_2‖)²: W_2² is no larger."""
    return float(np.trace(S1) + np.trace(S2) + (np.linalg.norm(m1) + np.linalg.norm(m2)) ** 2)


def slack(solve: Judged, m1: Any, S1: Any, m2: Any, S2: Any) -> float:
    """T1 for traces and means, and what the roots of small eigenvalues amplify."""
    return rounding(S1, S2, solve.u) + float(summation(len(m1) + 2, size(m1, S1, m2, S2), solve.u))


@law(
    bures,
    says="the squared distance is that of the means plus that of Bures",
    source="Gelbrich 1990; Peyré & Cuturi 2019, Rmk 2.31",
    kind="oracle",
    rule="T9",
    level="convention",
    when=ROOT,
    code="WSP-06",
    complete=True,
    kills=("root-forgotten", "means-forgotten", "frobenius-of-roots", "trace-of-product", "one-trace-too-many"),
)
def gelbrich_formula(solve: Judged, g: Gaussians) -> Gap:
    """W_2² = ‖m_1 − m_2‖² + tr Σ_1 + tr Σ_2 − 2 Σ σ(Σ_1^½ Σ_2^½)."""
    case = (g.m1, g.S1, g.m2, g.S2)
    want = float(np.square(g.m1 - g.m2).sum()) + bures_squared(g.S1, g.S2)
    return gap(squared(solve, *case), want, allow=slack(solve, *case), effect=size(*case))


@law(
    bures,
    says="covariances that commute are as far apart as their roots",
    source="Peyré & Cuturi 2019, Rmk 2.31",
    kind="identity",
    rule="T9",
    level="convention",
    when=ROOT,
    code="WSP-06",
    kills=("root-forgotten", "one-trace-too-many"),
)
def commuting_covariances(solve: Judged, g: Gaussians) -> Gap:
    """B²(D_1, D_2) = Σ (√d_1 − √d_2)² for diagonal D_1, D_2."""
    case = (g.m1, np.diag(np.diag(g.S1)), g.m2, np.diag(np.diag(g.S2)))
    want = np.square(g.m1 - g.m2).sum() + np.square(np.sqrt(np.diag(g.S1)) - np.sqrt(np.diag(g.S2))).sum()
    return gap(squared(solve, *case), want, allow=slack(solve, *case), effect=size(*case))


@law(
    bures,
    says="the way back is as long",
    source="Villani 2009 §6",
    kind="metamorphic",
    rule="T10",
    level="convention",
    when=ROOT,
    code="WSP-06",
    kills=("one-trace-too-many", "triangular-root"),
)
def symmetry(solve: Judged, g: Gaussians) -> Gap:
    """W(μ, ν) = W(ν, μ)."""
    case, back = (g.m1, g.S1, g.m2, g.S2), (g.m2, g.S2, g.m1, g.S1)
    return gap(squared(solve, *case), squared(solve, *back), allow=2 * slack(solve, *case), effect=size(*case))


@law(
    bures,
    says="a Gaussian is at distance 0 from itself",
    source="Villani 2009 §6",
    kind="limit",
    rule="T9",
    level="convention",
    when=ROOT,
    code="WSP-08",
    kills=("one-trace-too-many", "trace-of-product"),
)
def zero_from_itself(solve: Judged, g: Gaussians) -> Gap:
    """W(μ, μ) = 0, compared as W²."""
    case = (g.m1, g.S1, g.m1, g.S1)
    return gap(squared(solve, *case), 0.0, allow=slack(solve, *case), effect=size(*case))


@law(
    bures,
    says="no detour over a third Gaussian is shorter",
    source="Takatsu 2011; Villani 2009 §6",
    kind="inequality",
    rule="T10",
    level="convention",
    when=ROOT,
    code="WSP-01",
    cases="..cases.gaussians:three_gaussians",
    kills=("root-forgotten", "only-bures-rooted"),
)
def triangle(solve: Judged, g: ThreeGaussians) -> Gap:
    """W(μ, ν) ≤ W(μ, λ) + W(λ, ν)."""
    ends = ((g.m1, g.S1), (g.m3, g.S3), (g.m2, g.S2))
    W = [max(squared(solve, *ends[i], *ends[j]), 0.0) ** 0.5 for i, j in ((0, 2), (0, 1), (1, 2))]
    allow = sum(slack(solve, *ends[i], *ends[j]) ** 0.5 for i, j in ((0, 2), (0, 1), (1, 2)))
    return at_most(W[0], W[1] + W[2], allow=allow)


@law(
    bures,
    says="turning space changes nothing",
    source="derived",
    kind="metamorphic",
    rule="T10",
    level="convention",
    when=ROOT,
    code="WSP-03",
    kills=("diagonal-only", "triangular-root"),
)
def rotation(solve: Judged, g: Gaussians) -> Gap:
    """W(Q m_1, QΣ_1Qᵀ; Q m_2, QΣ_2Qᵀ) = W with 5·Q made of the exact turn (3, −4; 4, 3) in the first two axes."""
    d = len(g.m1)
    Q = 5.0 * np.eye(d)
    Q[: min(d, 2), : min(d, 2)] = np.array([[3.0, -4.0], [4.0, 3.0]]) if d > 1 else -5.0
    still, moved = (g.m1, g.S1, g.m2, g.S2), (Q @ g.m1, Q @ g.S1 @ Q.T, Q @ g.m2, Q @ g.S2 @ Q.T)
    allow = 25 * slack(solve, *still) + slack(solve, *moved)
    return gap(squared(solve, *moved), 25 * squared(solve, *still), allow=allow, effect=size(*moved))


@law(
    bures,
    says="the distance scales with space",
    source="derived",
    kind="metamorphic",
    rule="T10",
    level="convention",
    when=ROOT,
    code="WSP-03",
    kills=("root-forgotten", "ridge"),
)
def scaling(solve: Judged, g: Gaussians) -> Gap:
    """W²(λm, λ²Σ) = λ² W²(m, Σ), λ = 2⁻¹⁰."""
    s, case = 2.0**-10, (g.m1, g.S1, g.m2, g.S2)
    small = (s * g.m1, s * s * g.S1, s * g.m2, s * s * g.S2)
    allow = slack(solve, *small) + s * s * slack(solve, *case)
    return gap(squared(solve, *small), s * s * squared(solve, *case), allow=allow, effect=size(*small))


@law(
    bures,
    says="moving the means apart adds the square of the way",
    source="Peyré & Cuturi 2019, Rmk 2.19",
    kind="metamorphic",
    rule="T10",
    level="convention",
    when=ROOT,
    code="WSP-03",
    kills=("means-forgotten", "means-not-squared"),
)
def means_and_covariances_part(solve: Judged, g: Gaussians) -> Gap:
    """W²(m_1, Σ_1; m_2, Σ_2) = ‖m_1 − m_2‖² + W²(0, Σ_1; 0, Σ_2)."""
    case, o = (g.m1, g.S1, g.m2, g.S2), np.zeros_like(g.m1)
    want = np.square(g.m1 - g.m2).sum() + squared(solve, o, g.S1, o, g.S2)
    return gap(squared(solve, *case), want, allow=2 * slack(solve, *case), effect=size(*case))


def with_nan(S: Any) -> Any:
    out = S.copy()
    out[0, 0] = np.nan
    return out


def _layout(g: Gaussians, u: float) -> float:
    """Of W or of W², whichever moves more."""
    S = size(g.m1, g.S1, g.m2, g.S2)
    return float(16 * max(np.sqrt(rounding(g.S1, g.S2, u) + u * S), rounding(g.S1, g.S2, u) + u * S))


BAD = {
    "nan-covariance": lambda g: (g.m1, with_nan(g.S1), g.m2, g.S2),
    "negative-covariance": lambda g: (g.m1, -g.S1 - np.eye(len(g.S1)), g.m2, g.S2),
}

CONTRACTS = (bures,)
LAWS = (
    gelbrich_formula,
    commuting_covariances,
    symmetry,
    zero_from_itself,
    triangle,
    rotation,
    scaling,
    means_and_covariances_part,
    *cross_cutting(bures, allow=_layout, layouts=("ignores-strides", "forgets-second-call")),
    *refusals(bures, BAD),
)
