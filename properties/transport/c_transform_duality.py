"""What the c-transform is for: the semi-dual of transport, and slopes of potentials on a metric space.

    <φ, a> + <φᶜ, b> ≤ min <P, C>, with equality for a dual optimum φ
    C = D a metric:  max_j(−φᶜ_j − φ_j) = max_ij(φ_i − φ_j − D_ij)

(φ, φᶜ) are feasible prices, the best there are with this φ, so the dual is a maximum over φ alone. On a metric space
−φᶜ_j = max_i φ_i − D_ij ≥ φ_j, and what it exceeds φ by is the excess of φ's slope over 1: so φᶜ = −φ exactly for
1-Lipschitz φ, such as φ = min_j h_j + D_·j.

Symbols: φ[m], C[m, n]; a[m], b[n] masses; D[n, n] a metric; h[n] any function.
Source: Peyré and Cuturi 2019, §5.1; Santambrogio 2015, §1.2 and Prop. 3.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prufrock import Gap, Judged, at_most, gap, law
from prufrock.tolerance import linear_program, summation

from ..oracles.lp import transport
from .c_transform import c_transform, size

if TYPE_CHECKING:
    from ..cases.metric import Priced
    from ..cases.transport import Regauged


@law(
    c_transform,
    says="what a potential and its transform pay is no more than transport costs",
    source="Peyré and Cuturi 2019, §5.1 (the semi-dual)",
    kind="oracle",
    rule="T5",
    code="CTF-02",
    cases="..cases.transport:regauged",
    kills=("max-for-min", "mean-for-min"),
)
def semi_dual(transform: Judged, case: Regauged) -> Gap:
    """<φ, a> + <φᶜ, b> ≤ min <P, C>."""
    a, b, f, C = case.a, case.b, case.f, case.cost
    best, scale = transport(a, b, C), size(f, C)
    paid = float(f @ a + transform(f, C) @ b)
    allow = linear_program(len(a), len(b), scale, transform.u) + best.width
    return at_most(paid, best.value, allow=allow, effect=scale)


@law(
    c_transform,
    says="an optimal potential and its transform pay all that transport costs",
    source="Peyré and Cuturi 2019, §5.1 (the semi-dual)",
    kind="oracle",
    rule="T5",
    code="CTF-02",
    cases="..cases.transport:problems",
    kills=("soft-minimum", "a-little-less", "forgets-last-source"),
)
def semi_dual_attained(transform: Judged, case: Regauged) -> Gap:
    """<f, a> + <fᶜ, b> = min <P, C> for the dual optimum f of HiGHS."""
    best = transport(case.a, case.b, case.cost)
    scale = size(best.f, case.cost)
    paid = float(best.f @ case.a + transform(best.f, case.cost) @ case.b)
    allow = linear_program(len(case.a), len(case.b), scale, transform.u) + best.width
    return gap(paid, best.value, allow=allow, effect=scale)


@law(
    c_transform,
    says="for a metric, −φ − φᶜ measures by how much φ is too steep",
    source="derived; Santambrogio 2015, Prop. 3.1",
    kind="identity",
    rule="T1",
    code="CTF-05",
    cases="..cases.metric:priced",
    kills=("adds-potential", "max-for-min", "soft-minimum"),
)
def excess_slope(transform: Judged, case: Priced) -> Gap:
    """max_j(−φᶜ_j − φ_j) = max_ij(φ_i − φ_j − D_ij)."""
    phi, D = case.h, case.metric
    got = (-transform(phi, D) - phi).max()
    scale = size(phi, D)
    return gap(got, (phi[:, None] - phi - D).max(), allow=summation(3, scale, transform.u), effect=scale)


@law(
    c_transform,
    says="for a metric, the transform of a 1-Lipschitz function is its negative",
    source="Santambrogio 2015, Prop. 3.1",
    kind="identity",
    rule="T1",
    code="CTF-05",
    cases="..cases.metric:priced",
    kills=("adds-potential", "max-for-min", "starts-from-zero"),
)
def lipschitz_is_its_own(transform: Judged, case: Priced) -> Gap:
    """φ = min_j h_j + D_·j  ⇒  φᶜ = −φ."""
    phi = (case.h + case.metric).min(axis=1)
    scale = size(case.h, case.metric)
    return gap(transform(phi, case.metric), -phi, allow=summation(4, scale, transform.u), effect=scale)


CONTRACTS = ()
LAWS = (
    semi_dual,
    semi_dual_attained,
    excess_slope,
    lipschitz_is_its_own,
)
