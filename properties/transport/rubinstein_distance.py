"""The Kantorovich-Rubinstein value is a distance, and sees nothing but the difference of two measures.

    V(μ, ν) = max {<f, μ − ν> : f_i − f_j ≤ D_ij}

f ↦ −f gives symmetry; a maximum of a sum is at most the sum of the maxima, so the triangle inequality; μ = ν gives 0; f
of slope 4 gives V(4D) = 4V(D). Only μ − ν appears: mass that both share stays where it is, and V(½μ + ½λ, ½ν + ½λ) =
½V(μ, ν). A point without mass changes nothing, because a 1-Lipschitz f extends to it.

Symbols: μ, ν, λ[n] masses of total 1; D[n, n] a metric; f[n].
Source: Villani 2009, Def. 6.1 and Rmk 6.5; McShane 1934 for the extension.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Gap, Judged, at_most, gap, law
from prufrock.tolerance import both, linear_program

from .rubinstein import diameter, rubinstein, slack

if TYPE_CHECKING:
    from ..cases.metric import Pair, Triple, Wider


@law(
    rubinstein,
    says="the distance is the same in both directions",
    source="Villani 2009, Def. 6.1",
    kind="metamorphic",
    rule="T10",
    code="KRD-05",
    kills=("upper-triangle-only", "gives-up-now-and-then"),
)
def symmetry(solve: Judged, pair: Pair) -> Gap:
    """V(ν, μ) = V(μ, ν)."""
    there, back = solve(pair.mu, pair.nu, pair.metric), solve(pair.nu, pair.mu, pair.metric)
    return gap(back, there, allow=both(slack(solve, pair), slack(solve, pair)), effect=diameter(pair))


@law(
    rubinstein,
    says="mass that both measures gain changes nothing but the share of the rest",
    source="derived (the left side sees μ − ν alone)",
    kind="metamorphic",
    rule="T10",
    code="KRD-05",
    cases="..cases.metric:triples",
    kills=("independent", "squared-value"),
)
def common_mass(solve: Judged, pair: Triple) -> Gap:
    """V(½μ + ½λ, ½ν + ½λ) = ½ V(μ, ν)."""
    apart = solve(pair.mu, pair.nu, pair.metric)
    mixed = solve((pair.mu + pair.third) / 2.0, (pair.nu + pair.third) / 2.0, pair.metric)
    return gap(mixed, apart / 2.0, allow=both(slack(solve, pair), slack(solve, pair)), effect=diameter(pair))


@law(
    rubinstein,
    says="one more point without mass changes nothing",
    source="McShane 1934 (the potential extends to it)",
    kind="metamorphic",
    rule="T10",
    code="KRD-07",
    cases="..cases.metric:wider",
    kills=("uniform-masses", "mean-distance"),
)
def one_more_point(solve: Judged, pair: Wider) -> Gap:
    """V on n points = V on n + 1 points, the last of them empty."""
    n, largest = len(pair.mu), float(max(pair.metric.max(), pair.beyond.max()))
    metric = np.block([[pair.metric, pair.beyond[:, None]], [pair.beyond, np.zeros(1)]])
    wide = solve(np.r_[pair.mu, 0.0], np.r_[pair.nu, 0.0], metric)
    allow = both(slack(solve, pair), linear_program(n + 1, n + 1, largest, solve.u) + solve.accuracy * largest)
    return gap(wide, solve(pair.mu, pair.nu, pair.metric), allow=allow, effect=largest)


@law(
    rubinstein,
    says="going by way of a third measure is no shorter",
    source="Villani 2009, Def. 6.1",
    kind="inequality",
    rule="T10",
    code="KRD-01",
    cases="..cases.metric:triples",
    kills=("squared-metric", "squared-value"),
)
def triangle_inequality(solve: Judged, pair: Triple) -> Gap:
    """V(μ, ν) ≤ V(μ, λ) + V(λ, ν)."""
    mu, nu, by, D = pair.mu, pair.nu, pair.third, pair.metric
    allow = 3.0 * slack(solve, pair)
    return at_most(solve(mu, nu, D), solve(mu, by, D) + solve(by, nu, D), allow=allow, effect=diameter(pair))


@law(
    rubinstein,
    says="a measure is at distance 0 from itself",
    source="Villani 2009, Def. 6.1",
    kind="limit",
    rule="T5",
    code="KRD-01",
    kills=("independent", "mean-distance"),
)
def identity(solve: Judged, pair: Pair) -> Gap:
    """V(μ, μ) = 0."""
    return gap(solve(pair.mu, pair.mu, pair.metric), 0.0, allow=slack(solve, pair), effect=diameter(pair))


@law(
    rubinstein,
    says="in another unit of length the distance is another number of the same length",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="KRD-01",
    kills=("squared-metric", "squared-value"),
)
def homogeneous(solve: Judged, pair: Pair) -> Gap:
    """V(μ, ν, 4D) = 4 V(μ, ν, D)."""
    want = 4.0 * solve(pair.mu, pair.nu, pair.metric)
    allow = 8.0 * slack(solve, pair)
    return gap(solve(pair.mu, pair.nu, 4.0 * pair.metric), want, allow=allow, effect=4.0 * diameter(pair))


CONTRACTS = ()
LAWS = (
    symmetry,
    common_mass,
    one_more_point,
    triangle_inequality,
    identity,
    homogeneous,
)
