"""A gamma draw's velocity where it is known otherwise: from one shape to the next, at shape 1, and towards zero.

With v(α, z) = dz/dα at a fixed quantile,

    v(α, z) = (z/α)(v(α+1, z) + ψ(α+1) − log z)        from P(α, z) = P(α+1, z) + z^α e^{−z}/Γ(α+1)

all terms are positive where z < e^{ψ(α+1)}. At α = 1 it is log z + γ + e^z E₁(z). For z → 0 only z^α/Γ(α+1) is left of
P, and v → (z/α)(ψ(α+1) − log z), with a relative error below z.

Symbols: as in `implicit_gamma`; P the distribution function, γ Euler's constant, E₁ the exponential integral.
Source: DLMF 8.8.5; the rest derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Gap, Judged, gap, law

from .._scipy import special
from ..oracles import gamma as oracle
from .implicit_gamma import allowance, implicit_gamma, least

if TYPE_CHECKING:
    from ..cases.shapes_of_draws import GammaDraws


@law(
    implicit_gamma,
    says="one shape less moves a draw by what one shape more does, and the step between them",
    source="DLMF 8.8.5; derived",
    kind="metamorphic",
    rule="T10",
    code="IMP-01",
    complete=True,
    kills=("other-sign", "standardised-log", "rejection-path", "four-digits", "digamma-of-alpha-plus-one"),
)
def one_shape_more(move: Judged, case: GammaDraws) -> Gap:
    """v(α, z) = (z/α) (v(α+1, z) + ψ(α+1) − log z)."""
    z, alpha = case.z, case.alpha
    more = move(z, alpha + 1.0)
    step = special.digamma(alpha + 1.0) - np.log(z)
    size = z / alpha * (np.abs(more) + np.abs(special.digamma(alpha + 1.0)) + np.abs(np.log(z)))
    less = move(z, alpha)
    allow = allowance(move, z, alpha, np.abs(less) + size)
    return gap(less, z / alpha * (more + step), allow=allow, effect=least(np.abs(less)))


@law(
    implicit_gamma,
    says="an exponential draw moves by log z + γ + e^z E₁(z)",
    source="derived",
    kind="oracle",
    rule="T1",
    code="IMP-02",
    cases="..cases.shapes_of_draws:exponentials",
    kills=("other-sign", "standardised-log", "nothing-far-left", "ten-terms"),
)
def exponential(move: Judged, case: GammaDraws) -> Gap:
    """v(1, z) = ∫_z^∞ (log t + γ) e^{z−t} dt, from 2⁻⁶⁰ to 30."""
    want = oracle.exponential(case.z)
    relative = allowance(move, case.z, case.alpha, np.ones_like(want))
    return gap(move(case.z, case.alpha) / want, 1.0, allow=relative)


@law(
    implicit_gamma,
    says="towards zero a draw moves by its own size times the logarithm of its distance",
    source="derived: P → z^α/Γ(α+1)",
    kind="limit",
    rule="T1",
    code="IMP-06",
    cases="..cases.shapes_of_draws:far_gammas",
    kills=("nothing-far-left", "nan-far-left", "standardised-log"),
)
def towards_zero(move: Judged, case: GammaDraws) -> Gap:
    """|v/((z/α)(ψ(α+1) − log z)) − 1| ≤ 2z/(α+1), from z = 2⁻¹⁰ to the smallest z that u allows for."""
    deepest = 900.0 if move.u < 1e-10 else 100.0
    depth = 10.0 + (deepest - 10.0) * np.arange(len(case.z)) / max(len(case.z) - 1, 1)
    z, alpha = 2.0 ** -np.floor(depth), np.minimum(case.alpha, 23.0)
    # Divided first: z/α itself may be too small to be multiplied.
    got = move(z, alpha) / z * alpha / (special.digamma(alpha + 1.0) - np.log(z))
    allow = 2.0 * z / (alpha + 1.0) + allowance(move, z, alpha, np.ones_like(z))
    return gap(got, 1.0, allow=allow)


CONTRACTS = ()
LAWS = (one_shape_more, exponential, towards_zero)
