"""Kantorovich-Rubinstein duality: for a metric cost one potential is enough, and its slope is at most 1.

    max {<f, μ − ν> : f_i − f_j ≤ D_ij}  =  min {<P, D> : P1 = μ, Pᵀ1 = ν, P ≥ 0}

If D is a metric (to rounding; points may coincide), the prices (f, g) of transport may be taken as (f, −f). The best f
has slope 1 wherever mass moves, P_ij > 0 ⇒ f_i − f_j = D_ij, and is its own McShane extension, f_i = min_j f_j + D_ij.
Turned over, −f is a potential for the way back. That the value is a distance is in `rubinstein_distance`; lines, trees
and what is no metric are in `rubinstein_spaces`.

Symbols: μ, ν[n] masses of total 1; D[n, n]; f[n].
Source: Villani 2009, Rmk 6.5; Santambrogio 2015, §3.1 and Prop. 3.1; McShane 1934.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, at_most, gap, law
from prufrock.tolerance import both, linear_program

from ..hygiene import cross_cutting, refusals
from ..oracles.lp import transport

if TYPE_CHECKING:
    from ..cases.metric import Pair, Priced

Array = NDArray[np.float64]

rubinstein = Contract(
    id="transport.rubinstein",
    says="the distance of two measures on one metric space, and a 1-Lipschitz function that tells them apart as well",
    arguments={"mu": "n", "nu": "n", "metric": "n n"},
    outputs={"value": "", "f": "n"},
    domain="masses ≥ 0 of total 1; a metric up to rounding, in which points may coincide",
    cases="..cases.metric:pairs",
    real="..cases.digits:measures",
    conventions={"not_a_metric": ("closure", "refused")},
    source="Villani 2009, (6.3)",
    home=__package__,
)


def rounding(pair: Pair, u: float) -> float:
    """T5 for the value."""
    return linear_program(len(pair.mu), len(pair.nu), pair.metric, u)


def slack(solve: Judged, pair: Pair, f: Array | None = None) -> float:
    """T5 for the value or, given f, for what f pays: potentials round as numbers of the size of a big M."""
    largest = float(pair.metric.max())
    size = largest if f is None else max(1.0 + largest, float(np.abs(f).max()))
    return linear_program(len(pair.mu), len(pair.nu), size, solve.u) + solve.accuracy * largest


def diameter(pair: Pair) -> float:
    return float(pair.metric.max())


@law(
    rubinstein,
    says="one 1-Lipschitz potential attains what transport costs",
    source="Villani 2009, (6.3)",
    kind="oracle",
    rule="T5",
    code="KRD-01",
    complete=True,
    kills=("half", "independent", "upper-triangle-only", "squared-metric"),
)
def duality(solve: Judged, pair: Pair) -> Gap:
    """max <f, μ − ν> = min <P, D>, from HiGHS."""
    best = transport(pair.mu, pair.nu, pair.metric)
    value = solve(pair.mu, pair.nu, pair.metric)
    return gap(value, best.value, allow=slack(solve, pair) + best.width, effect=diameter(pair))


@law(
    rubinstein,
    says="the potential is 1-Lipschitz on all pairs of points, empty ones too",
    source="Villani 2009, (6.3)",
    kind="inequality",
    rule="T5",
    code="KRD-02",
    needs=("f",),
    complete=True,
    kills=("twice-as-steep", "price-of-transport", "indicator"),
)
def slope_at_most_one(solve: Judged, pair: Pair) -> Gap:
    """f_i − f_j ≤ D_ij."""
    f = solve.full(pair.mu, pair.nu, pair.metric).f
    return at_most(f[:, None] - f, pair.metric, allow=slack(solve, pair, f), effect=diameter(pair))


@law(
    rubinstein,
    says="the potential pays the value",
    source="Villani 2009, (6.3)",
    kind="identity",
    rule="T5",
    code="KRD-02",
    needs=("f",),
    complete=True,
    kills=("negated", "half-as-steep"),
)
def potential_pays(solve: Judged, pair: Pair) -> Gap:
    """<f, μ − ν> = value."""
    out = solve.full(pair.mu, pair.nu, pair.metric)
    paid = float(out.f @ (pair.mu - pair.nu))
    return gap(paid, out.value, allow=slack(solve, pair, out.f), effect=diameter(pair))


@law(
    rubinstein,
    says="no 1-Lipschitz function tells the measures further apart",
    source="Villani 2009, (6.3)",
    kind="inequality",
    rule="T5",
    code="KRD-02",
    cases="..cases.metric:priced",
    kills=("half", "farthest-point-apart"),
)
def any_lipschitz_function(solve: Judged, pair: Priced) -> Gap:
    """|<g, μ − ν>| ≤ value for g_i = min_j h_j + D_ij and for g = D_k·."""
    given = np.vstack([(pair.h + pair.metric).min(axis=1), pair.metric])
    paid = np.abs(given @ (pair.mu - pair.nu)).max()
    value = solve(pair.mu, pair.nu, pair.metric)
    return at_most(paid, value, allow=slack(solve, pair, given), effect=diameter(pair))


@law(
    rubinstein,
    says="along the way of every shipment the potential falls with slope 1",
    source="Santambrogio 2015, §3.1 (transport rays)",
    kind="oracle",
    rule="T5",
    code="KRD-03",
    needs=("f",),
    kills=("half-as-steep", "negated", "indicator"),
)
def slope_one_on_ways(solve: Judged, pair: Pair) -> Gap:
    """P_ij (D_ij − f_i + f_j) = 0 for an optimal plan P of HiGHS."""
    f = solve.full(pair.mu, pair.nu, pair.metric).f
    best = transport(pair.mu, pair.nu, pair.metric)
    idle = best.plan * (pair.metric - f[:, None] + f)
    return gap(idle, 0.0, allow=slack(solve, pair, f) + best.width, effect=diameter(pair))


@law(
    rubinstein,
    says="turned over, the potential is one for the way back",
    source="derived (f ↦ −f swaps μ and ν)",
    kind="metamorphic",
    rule="T10",
    code="KRD-05",
    needs=("f",),
    kills=("half-as-steep", "indicator"),
)
def turned_over(solve: Judged, pair: Pair) -> Gap:
    """<−f(μ, ν), ν − μ> = V(ν, μ)."""
    f = solve.full(pair.mu, pair.nu, pair.metric).f
    back = solve(pair.nu, pair.mu, pair.metric)
    allow = both(slack(solve, pair, f), slack(solve, pair))
    return gap(float(-f @ (pair.nu - pair.mu)), back, allow=allow, effect=diameter(pair))


@law(
    rubinstein,
    says="the potential is its own McShane extension",
    source="McShane 1934",
    kind="identity",
    rule="T5",
    code="KRD-07",
    needs=("f",),
    kills=("twice-as-steep", "indicator"),
)
def mcshane(solve: Judged, pair: Pair) -> Gap:
    """min_j f_j + D_ij = f_i."""
    f = solve.full(pair.mu, pair.nu, pair.metric).f
    return gap((f + pair.metric).min(axis=1), f, allow=slack(solve, pair, f), effect=diameter(pair))


def _three(pair: Pair) -> tuple[Array, Array, Array]:
    return np.array([0.5, 0.5, 0.0]), np.array([0.25, 0.25, 0.5]), 1.0 - np.eye(3)


BAD = {
    "nan-metric": lambda pair: (*_three(pair)[:2], np.where(np.eye(3, k=1) > 0, np.nan, _three(pair)[2])),
    "negative-mass": lambda pair: (np.array([1.5, -0.5, 0.0]), *_three(pair)[1:]),
    "unequal-masses": lambda pair: (_three(pair)[0] * 2.0, *_three(pair)[1:]),
    "shapes-that-disagree": lambda pair: (*_three(pair)[:2], 1.0 - np.eye(4)),
}

CONTRACTS = (rubinstein,)
LAWS = (
    duality,
    slope_at_most_one,
    potential_pays,
    any_lipschitz_function,
    slope_one_on_ways,
    turned_over,
    mcshane,
    *cross_cutting(rubinstein, allow=rounding, layouts=("ignores-strides", "counts-calls")),
    *refusals(rubinstein, BAD),
)
