"""Brenier's linear map between centred Gaussians: the symmetric positive semidefinite A with A Σ_1 A = Σ_2.

    A = Σ_1^-½ (Σ_1^½ Σ_2 Σ_1^½)^½ Σ_1^-½ = Aᵀ ⪰ 0,   A Σ_1 A = Σ_2,   B²(Σ_1, Σ_2) = tr (A − I) Σ_1 (A − I)

For definite Σ_1 the two properties A = Aᵀ ⪰ 0 and A Σ_1 A = Σ_2 determine A: (Σ_1^½ A Σ_1^½)² = Σ_1^½ Σ_2 Σ_1^½, and a
positive semidefinite root is unique. So A Σ A for Σ_2 gives back A, whatever A ⪰ 0, and Σ_2 = Σ_1 gives the identity.

Symbols: S1, S2 [d, d] covariances Σ; A, B [d, d] maps, and B² the squared Bures distance.
Source: Knott & Smith 1984; Brenier 1991; Peyré & Cuturi 2019, Rmk 2.31.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Contract, Gap, Judged, at_most, gap, law

from ..hygiene import cross_cutting, refusals
from ..oracles.gaussian import brenier, bures_squared, rounding
from .gaussian import with_nan

if TYPE_CHECKING:
    from ..cases.gaussians import Covariances

brenier_gaussian = Contract(
    id="transport.brenier-gaussian",
    says="the linear map that carries one centred Gaussian to another by the shortest way",
    arguments={"S1": "d d", "S2": "d d"},
    outputs={"A": "d d"},
    domain="S1 symmetric positive definite, S2 symmetric positive semidefinite, d ≥ 1",
    cases="..cases.gaussians:covariances",
    source="Knott & Smith 1984; Peyré & Cuturi 2019, Rmk 2.31",
    home=__package__,
)


def conditioning(S1: Any, S2: Any, u: float) -> float:
    """Rounding of A: the inner root at the accuracy of `rounding`, taken through Σ_1^-½ on both sides."""
    low = float(np.linalg.eigvalsh(S1)[0])
    high = float(np.linalg.norm(S1, 2))
    reach = float(np.sqrt(np.linalg.norm(S2, 2) / low))
    return rounding(S1, S2, u) / low + 64.0 * len(S1) * u * (high / low) * reach


@law(
    brenier_gaussian,
    says="the map is symmetric",
    source="Brenier 1991; Peyré & Cuturi 2019, Rmk 2.31",
    kind="identity",
    rule="T9",
    code="WSP-06",
    complete=True,
    kills=("cholesky-map", "one-sided-roots"),
)
def symmetric_map(solve: Judged, c: Covariances) -> Gap:
    """A = Aᵀ."""
    A = solve(c.S1, c.S2)
    return gap(A, A.T, allow=conditioning(c.S1, c.S2, solve.u))


@law(
    brenier_gaussian,
    says="the map is the gradient of a convex function",
    source="Brenier 1991; Peyré & Cuturi 2019, Rmk 2.31",
    kind="inequality",
    rule="T9",
    code="WSP-06",
    complete=True,
    kills=("negated", "one-eigenvalue-negated"),
)
def monotone_map(solve: Judged, c: Covariances) -> Gap:
    """A ⪰ 0."""
    A = solve(c.S1, c.S2)
    least = float(np.linalg.eigvalsh((A + A.T) / 2)[0]) if np.isfinite(A).all() else float("nan")
    return at_most(-least, 0.0, allow=conditioning(c.S1, c.S2, solve.u), effect=float(np.abs(A).max()))


@law(
    brenier_gaussian,
    says="the map carries the first covariance to the second",
    source="Knott & Smith 1984",
    kind="identity",
    rule="T9",
    code="WSP-06",
    complete=True,
    kills=("inverse-map", "squared-map", "one-sided-roots"),
)
def pushes_forward(solve: Judged, c: Covariances) -> Gap:
    """A Σ_1 Aᵀ = Σ_2."""
    A, error = solve(c.S1, c.S2), conditioning(c.S1, c.S2, solve.u)
    top = np.linalg.norm(c.S1, 2)
    grown = 2 * error * top * np.linalg.norm(brenier(c.S1, c.S2), 2) + error**2 * top
    return gap(A @ c.S1 @ A.T, c.S2, allow=2 * len(A) * grown, effect=float(np.abs(c.S2).max()))


@law(
    brenier_gaussian,
    says="a positive semidefinite map is recovered from what it makes of a covariance",
    source="derived: a positive semidefinite square root is unique",
    kind="oracle",
    rule="T9",
    code="WSP-06",
    kills=("cholesky-map", "inverse-map", "squared-map"),
)
def recovers_the_map(solve: Judged, c: Covariances) -> Gap:
    """A(Σ, BΣB) = B for B = Bᵀ ⪰ 0."""
    S2 = c.B @ c.S1 @ c.B
    S2 = (S2 + S2.T) / 2
    return gap(solve(c.S1, S2), c.B, allow=4 * conditioning(c.S1, S2, solve.u))


@law(
    brenier_gaussian,
    says="between equal covariances nothing moves",
    source="derived",
    kind="limit",
    rule="T9",
    code="WSP-06",
    kills=("squared-map", "negated"),
)
def stays_at_home(solve: Judged, c: Covariances) -> Gap:
    """A(Σ, Σ) = I."""
    return gap(solve(c.S1, c.S1), np.eye(len(c.S1)), allow=4 * conditioning(c.S1, c.S1, solve.u))


@law(
    brenier_gaussian,
    says="the map's own cost is the Bures distance",
    source="Peyré & Cuturi 2019, Rmk 2.31",
    kind="identity",
    rule="T9",
    code="WSP-06",
    kills=("cholesky-map", "inverse-map"),
)
def costs_the_distance(solve: Judged, c: Covariances) -> Gap:
    """tr (A − I) Σ_1 (A − I)ᵀ = B²(Σ_1, Σ_2)."""
    moved = solve(c.S1, c.S2) - np.eye(len(c.S1))
    error, top = conditioning(c.S1, c.S2, solve.u), np.linalg.norm(c.S1, 2)
    reach = 1 + np.linalg.norm(brenier(c.S1, c.S2), 2)
    allow = len(c.S1) * top * (2 * error * reach + error**2) + rounding(c.S1, c.S2, 2.0**-53)
    return gap(np.trace(moved @ c.S1 @ moved.T), bures_squared(c.S1, c.S2), allow=allow, effect=float(top * reach))


BAD_MAP = {
    "nan-covariance": lambda c: (with_nan(c.S1), c.S2),
    "negative-covariance": lambda c: (c.S1, -c.S2 - np.eye(len(c.S2))),
}

CONTRACTS = (brenier_gaussian,)
LAWS = (
    symmetric_map,
    monotone_map,
    pushes_forward,
    recovers_the_map,
    stays_at_home,
    costs_the_distance,
    *cross_cutting(
        brenier_gaussian,
        allow=lambda c, u: 2 * conditioning(c.S1, c.S2, u),
        layouts=("ignores-strides", "forgets-second-call"),
    ),
    *refusals(brenier_gaussian, BAD_MAP),
)
