"""The c-transform as a function of its potential: concave, decreasing, nonexpansive; and with −∞ or +∞ among its numbers.

    (φ + t)ᶜ = φᶜ − t,    φ ≤ φ' ⇒ φ'ᶜ ≤ φᶜ,    max|φᶜ − φ'ᶜ| ≤ max|φ − φ'|,    ½ φᶜ + ½ φ'ᶜ ≤ (½ φ + ½ φ')ᶜ

All of it because φᶜ_j = min_i C_ij − φ_i is a minimum of functions affine and decreasing in φ, each with slope −1 in one
φ_i. What is +∞ takes no part in a minimum: neither a source with φ_i = −∞ nor a way with C_ij = +∞; the minimum of
nothing is +∞.

Symbols: φ, φ'[m], C[m, n]; t a number.
Source: Santambrogio 2015, §1.2; derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Gap, Judged, at_most, gap, law
from prufrock.tolerance import summation

from .c_transform import c_transform, rounding, size

if TYPE_CHECKING:
    from ..cases.potentials import TwoPotentials


@law(
    c_transform,
    says="a potential raised everywhere lowers its transform by as much",
    source="derived",
    kind="metamorphic",
    rule="T1",
    code="CTF-04",
    cases="..cases.potentials:two_potentials",
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
    cases="..cases.potentials:two_potentials",
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
    cases="..cases.potentials:two_potentials",
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
    cases="..cases.potentials:two_potentials",
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
    says="a source at −∞ is not there",
    source="derived",
    kind="limit",
    rule="T1",
    level="convention",
    code="CTF-06",
    when={"infinite_phi": ("yes",)},
    cases="..cases.potentials:masked",
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
    cases="..cases.potentials:masked",
    kills=("nan-to-num", "finite-infinity"),
)
def forbidden_ways(transform: Judged, case: TwoPotentials) -> Gap:
    """C_ij = +∞ takes i out of the minimum for j; with no way left it is +∞."""
    m, n = case.cost.shape
    shut = (np.arange(m)[:, None] + np.arange(n)) % 2 == 0
    cost = np.where(shut & (case.other < 0.0)[:, None], np.inf, case.cost)
    want = (cost - case.phi[:, None]).min(axis=0)
    return gap(transform(case.phi, cost), want, allow=rounding(case, transform.u), effect=size(case.phi, case.cost))


CONTRACTS = ()
LAWS = (
    shift,
    decreasing,
    nonexpansive,
    concave,
    masked_sources,
    forbidden_ways,
)
