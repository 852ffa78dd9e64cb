"""The c-transform: the best potential on the targets, given one on the sources.

    φᶜ_j = min_i C_ij − φ_i

It is the largest ψ with φ_i + ψ_j ≤ C_ij: feasible, and tight at some i for every j. These two facts determine it.
Going there and back cannot lose, φ^{c c̄} ≥ φ, and three times is once. A minimum over two groups of sources is the
smaller of two minima, and each target has its own. What becomes of it when the potential changes is in
`c_transform_changes`, what it has to do with transport and with slopes in `c_transform_duality`.

Symbols: φ[m] (phi), ψ[n] (psi), C[m, n]; c̄ the transform back, by Cᵀ.
Source: Santambrogio 2015, §1.2; Peyré and Cuturi 2019, §5.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, at_most, gap, law
from prufrock.tolerance import summation

from ..hygiene import batch_independence, cross_cutting, refusals

if TYPE_CHECKING:
    from ..cases.potentials import Transform

Array = NDArray[np.float64]

c_transform = Contract(
    id="transport.c-transform",
    says="the largest potential on the targets that a potential on the sources leaves room for",
    arguments={"phi": "m", "cost": "m n"},
    outputs={"psi": "n"},
    domain="m, n ≥ 1; any finite potential and cost; infinite ones where the subject says so",
    cases="..cases.potentials:transforms",
    conventions={"infinite_phi": ("yes", "no"), "infinite_cost": ("yes", "no"), "batch": ("leading",)},
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
    groups_of_sources,
    target_by_target,
    *cross_cutting(c_transform, allow=rounding),
    *batch_independence(c_transform, reading=lambda case, psi: psi, allow=rounding),
    *refusals(c_transform, BAD),
)
