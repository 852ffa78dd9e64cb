"""The c-transform: the best potential on the targets, given one on the sources.

    φᶜ_j = min_i C_ij − φ_i

It is the largest ψ with φ_i + ψ_j ≤ C_ij: feasible, and tight at some i for every j. These two facts determine it.
Going there and back cannot lose, φ^{c c̄} ≥ φ, and three times is once. A minimum of functions affine and decreasing in
φ: concave, decreasing, 1-Lipschitz in the maximum norm, and φ + t ↦ φᶜ − t. If C = D is a metric, max_j(−φᶜ_j − φ_j) =
max_ij(φ_i − φ_j − D_ij) is the excess of φ's slope over 1: so φᶜ = −φ exactly for 1-Lipschitz φ.

Symbols: φ[m] (phi), ψ[n] (psi), C[m, n]; c̄ the transform back, by Cᵀ.
Source: Santambrogio 2015, §1.2; Peyré and Cuturi 2019, §5.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, at_most, gap, law
from prufrock.tolerance import linear_program, summation

from ..hygiene import cross_cutting, refusals
from ..oracles.lp import transport

if TYPE_CHECKING:
    from ..cases.metric import Priced
    from ..cases.transport import Regauged, Transform, TwoPotentials

Array = NDArray[np.float64]

c_transform = Contract(
    id="transport.c-transform",
    says="the largest potential on the targets that a potential on the sources leaves room for",
    arguments={"phi": "m", "cost": "m n"},
    outputs={"psi": "n"},
    domain="m, n ≥ 1; any finite potential and cost; infinite ones where the subject says so",
    cases="..cases.transport:transforms",
    conventions={"infinite_phi": ("yes", "no"), "infinite_cost": ("yes", "no")},
    source="Santambrogio 2015, Def. 1.10",
    home=__package__,
)


def size(*arrays: Array) -> float:
    """The largest magnitude among the summands of C − φ."""
    return float(sum(np.abs(x[np.isfinite(x)]).max(initial=0.0) for x in arrays))


def rounding(case: Transform, u: float) -> float:
    """T1 for one subtraction."""
    return float(summation(1, size(case.phi, case.cost), u))


@law(
    c_transform,
    says="each target takes the source that leaves it least",
    source="Santambrogio 2015, Def. 1.10",
    kind="oracle",
    rule="T1",
    code="CTF-01",
    complete=True,
    kills=("max-for-min", "adds-potential", "transposed-if-square", "soft-minimum"),
)
def minimum(transform: Judged, case: Transform) -> Gap:
    """φᶜ_j = min_i C_ij − φ_i, one by one."""
    (m, n), C = case.cost.shape, case.cost
    want = [min(C[i, j] - case.phi[i] for i in range(m)) for j in range(n)]
    return gap(transform(case.phi, C), want, allow=rounding(case, transform.u), effect=size(case.phi, C))


@law(
    c_transform,
    says="a potential and its transform are feasible prices",
    source="Santambrogio 2015, §1.2",
    kind="inequality",
    rule="T1",
    code="CTF-02",
    complete=True,
    kills=("max-for-min", "adds-potential", "mean-for-min"),
)
def feasible(transform: Judged, case: Transform) -> Gap:
    """φ_i + φᶜ_j ≤ C_ij."""
    psi = transform(case.phi, case.cost)
    allow = 2.0 * rounding(case, transform.u)
    return at_most(case.phi[:, None] + psi, case.cost, allow=allow, effect=size(case.phi, case.cost))


@law(
    c_transform,
    says="no larger potential is feasible: every target has a source at which it is tight",
    source="Santambrogio 2015, §1.2",
    kind="identity",
    rule="T1",
    code="CTF-02",
    complete=True,
    kills=("soft-minimum", "starts-from-zero", "a-little-less"),
)
def tight(transform: Judged, case: Transform) -> Gap:
    """max_i φ_i + φᶜ_j − C_ij = 0 for every j."""
    psi = transform(case.phi, case.cost)
    over = (case.phi[:, None] + psi - case.cost).max(axis=0)
    return gap(over, 0.0, allow=2.0 * rounding(case, transform.u), effect=size(case.phi, case.cost))


@law(
    c_transform,
    says="there and back again, a potential has not fallen",
    source="Santambrogio 2015, Prop. 1.34",
    kind="inequality",
    rule="T1",
    code="CTF-02",
    kills=("max-for-min", "soft-minimum"),
)
def there_and_back(transform: Judged, case: Transform) -> Gap:
    """φ ≤ φ^{c c̄}."""
    back = transform(transform(case.phi, case.cost), _transposed(case.cost))
    allow = 4.0 * rounding(case, transform.u)
    return at_most(case.phi, back, allow=allow, effect=size(case.phi, case.cost))


@law(
    c_transform,
    says="three transforms are one",
    source="Santambrogio 2015, Prop. 1.34",
    kind="identity",
    rule="T1",
    code="CTF-03",
    kills=("soft-minimum", "adds-potential"),
)
def three_are_one(transform: Judged, case: Transform) -> Gap:
    """φ^{c c̄ c} = φᶜ, not bit for bit: φ^{c c̄} has been rounded."""
    once = transform(case.phi, case.cost)
    thrice = transform(transform(once, _transposed(case.cost)), case.cost)
    return gap(thrice, once, allow=6.0 * rounding(case, transform.u), effect=size(case.phi, case.cost))


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
    says="a potential raised everywhere lowers its transform by as much",
    source="derived",
    kind="metamorphic",
    rule="T1",
    code="CTF-04",
    cases="..cases.transport:two_potentials",
    kills=("starts-from-zero", "adds-potential", "centred"),
)
def shift(transform: Judged, case: TwoPotentials) -> Gap:
    """(φ + t)ᶜ = φᶜ − t."""
    t = float(case.other[0])
    want = transform(case.phi, case.cost) - t
    allow = summation(3, size(case.phi, case.cost) + abs(t), transform.u)
    return gap(transform(case.phi + t, case.cost), want, allow=allow, effect=size(case.phi, case.cost) + abs(t))


@law(
    c_transform,
    says="a larger potential has a smaller transform",
    source="derived",
    kind="inequality",
    rule="T1",
    code="CTF-04",
    cases="..cases.transport:two_potentials",
    kills=("adds-potential", "at-the-cheapest-source"),
)
def decreasing(transform: Judged, case: TwoPotentials) -> Gap:
    """φ ≤ φ'  ⇒  φ'ᶜ ≤ φᶜ."""
    high = np.maximum(case.phi, case.other)
    scale = size(case.phi, case.other, case.cost)
    low = transform(high, case.cost)
    return at_most(low, transform(case.phi, case.cost), allow=summation(2, scale, transform.u), effect=scale)


@law(
    c_transform,
    says="transforms of two potentials are no further apart than the potentials",
    source="derived",
    kind="inequality",
    rule="T1",
    code="CTF-04",
    cases="..cases.transport:two_potentials",
    kills=("twice-the-potential", "half-precision"),
)
def nonexpansive(transform: Judged, case: TwoPotentials) -> Gap:
    """max|φᶜ − φ'ᶜ| ≤ max|φ − φ'|."""
    moved = np.abs(transform(case.phi, case.cost) - transform(case.other, case.cost)).max()
    bound, scale = np.abs(case.phi - case.other).max(), size(case.phi, case.other, case.cost)
    return at_most(moved, bound, allow=summation(3, scale, transform.u), effect=scale)


@law(
    c_transform,
    says="the transform is concave in the potential",
    source="derived (a minimum of affine functions)",
    kind="inequality",
    rule="T1",
    code="CTF-04",
    cases="..cases.transport:two_potentials",
    kills=("max-for-min", "half-precision"),
)
def concave(transform: Judged, case: TwoPotentials) -> Gap:
    """½ φᶜ + ½ φ'ᶜ ≤ (½ φ + ½ φ')ᶜ."""
    mean = (transform(case.phi, case.cost) + transform(case.other, case.cost)) / 2.0
    middle = transform((case.phi + case.other) / 2.0, case.cost)
    scale = size(case.phi, case.other, case.cost)
    return at_most(mean, middle, allow=summation(3, scale, transform.u), effect=scale)


@law(
    c_transform,
    says="two groups of sources leave what the stricter one leaves",
    source="derived",
    kind="metamorphic",
    rule="T1",
    code="CTF-01",
    kills=("mean-for-min", "forgets-last-source", "soft-minimum"),
)
def groups_of_sources(transform: Judged, case: Transform) -> Gap:
    """(φ, φ')ᶜ = min(φᶜ, φ'ᶜ) for a potential cut in two."""
    cut = len(case.phi) // 2
    want = transform(case.phi[cut:], case.cost[cut:])
    if cut:
        want = np.minimum(want, transform(case.phi[:cut], case.cost[:cut]))
    allow = 2.0 * rounding(case, transform.u)
    return gap(transform(case.phi, case.cost), want, allow=allow, effect=size(case.phi, case.cost))


@law(
    c_transform,
    says="each target is on its own",
    source="derived",
    kind="metamorphic",
    rule="T1",
    code="CTF-01",
    kills=("sorted", "transposed-if-square", "least-of-all"),
)
def target_by_target(transform: Judged, case: Transform) -> Gap:
    """φᶜ_j is the transform by column j alone."""
    alone = [transform(case.phi, case.cost[:, j : j + 1].copy())[0] for j in range(case.cost.shape[1])]
    allow = 2.0 * rounding(case, transform.u)
    return gap(transform(case.phi, case.cost), alone, allow=allow, effect=size(case.phi, case.cost))


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


@law(
    c_transform,
    says="a source at −∞ is not there",
    source="derived",
    kind="limit",
    rule="T1",
    level="convention",
    code="CTF-06",
    when={"infinite_phi": ("yes",)},
    cases="..cases.transport:masked",
    kills=("nan-to-num", "finite-infinity"),
)
def masked_sources(transform: Judged, case: TwoPotentials) -> Gap:
    """φ_i = −∞ takes i out of the minimum; with no source left it is +∞."""
    kept = case.other == 0.0
    want = (case.cost[kept] - case.phi[kept, None]).min(axis=0, initial=np.inf)
    got = transform(case.phi + case.other, case.cost)
    return gap(got, want, allow=rounding(case, transform.u), effect=size(case.phi, case.cost))


@law(
    c_transform,
    says="a way of infinite cost is not there",
    source="derived",
    kind="limit",
    rule="T1",
    level="convention",
    code="CTF-06",
    when={"infinite_cost": ("yes",)},
    cases="..cases.transport:masked",
    kills=("nan-to-num", "finite-infinity"),
)
def forbidden_ways(transform: Judged, case: TwoPotentials) -> Gap:
    """C_ij = +∞ takes i out of the minimum for j; with no way left it is +∞."""
    m, n = case.cost.shape
    shut = (np.arange(m)[:, None] + np.arange(n)) % 2 == 0
    cost = np.where(shut & (case.other < 0.0)[:, None], np.inf, case.cost)
    want = (cost - case.phi[:, None]).min(axis=0)
    return gap(transform(case.phi, cost), want, allow=rounding(case, transform.u), effect=size(case.phi, case.cost))


def _transposed(cost: Array) -> Array:
    return np.ascontiguousarray(cost.T)


BAD = {
    "nan-potential": lambda case: (np.full(2, np.nan), np.resize(case.cost, (2, 3))),
    "nan-cost": lambda case: (np.zeros(2), np.full((2, 3), np.nan)),
    "lengths-that-disagree": lambda case: (np.zeros(3), np.resize(case.cost, (2, 4))),
}

CONTRACTS = (c_transform,)
LAWS = (
    minimum,
    feasible,
    tight,
    there_and_back,
    three_are_one,
    semi_dual,
    semi_dual_attained,
    shift,
    decreasing,
    nonexpansive,
    concave,
    groups_of_sources,
    target_by_target,
    excess_slope,
    lipschitz_is_its_own,
    masked_sources,
    forbidden_ways,
    *cross_cutting(c_transform, allow=rounding),
    *refusals(c_transform, BAD),
)
