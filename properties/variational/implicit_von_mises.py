"""Implicit reparameterization of a von Mises angle: how it moves with its concentration, its quantile held.

    dz/dκ = −(∂F/∂κ)/q        odd in z, and towards 0

About 0, cut at ±π, where nothing moves. At κ = 0 the law is uniform and dz/dκ = −sin z. With A = I₁/I₀ and
E cos z = A(κ), E (−sin z dz/dκ) = A'(κ) = 1 − A² − A/κ. As κ → ∞ z is normal with variance 1/κ: κ dz/dκ → −z/2.

Symbols: z[S] draws, kappa[S]; dz[S].
Source: Figurnov, Mohamed and Mnih 2018, §3-4; the limits derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Gap, Judged, gap, law

from .._scipy import special
from ..oracles import symmetric as oracle
from .implicit_symmetric import SOURCE, angle_allowance, implicit_von_mises

if TYPE_CHECKING:
    from ..cases.shapes_of_draws import Angles


@law(
    implicit_von_mises,
    says="an angle moves so that its quantile stays",
    source=SOURCE,
    kind="oracle",
    rule="T1",
    code="IMP-01",
    complete=True,
    kills=("other-sign", "density-forgotten", "normal-limit", "mean-of-cosine-forgotten"),
)
def angle_velocity(move: Judged, case: Angles) -> Gap:
    """dz/dκ = −(∂F/∂κ)/q, relative to its size."""
    want = oracle.von_mises(case.z, case.kappa)
    return gap(move(case.z, case.kappa) / want, 1.0, allow=angle_allowance(move, case.z, case.kappa))


@law(
    implicit_von_mises,
    says="an angle on the far side moves so that its quantile stays",
    source=SOURCE,
    kind="oracle",
    rule="T1",
    code="IMP-01",
    cases="..cases.shapes_of_draws:far_angles",
    complete=True,
    kills=("other-sign", "density-forgotten", "normal-limit", "nothing-behind"),
)
def angle_velocity_far(move: Judged, case: Angles) -> Gap:
    """dz/dκ = −(∂F/∂κ)/q up to |z| = 25/8, where q is as small as e^{−2κ}."""
    want = oracle.von_mises(case.z, case.kappa)
    return gap(move(case.z, case.kappa) / want, 1.0, allow=angle_allowance(move, case.z, case.kappa))


@law(
    implicit_von_mises,
    says="a uniform angle begins to move by minus its sine",
    source="derived: q = (1 + κ cos t)/2π to first order",
    kind="limit",
    rule="T1",
    code="IMP-02",
    kills=("other-sign", "normal-limit", "density-forgotten", "nan-at-zero"),
)
def angle_from_uniform(move: Judged, case: Angles) -> Gap:
    """dz/dκ = −sin z at κ = 0."""
    want = -np.sin(case.z)
    allow = angle_allowance(move, case.z, np.zeros_like(case.z)) * np.abs(want)
    return gap(move(case.z, np.zeros_like(case.z)), want, allow=allow, effect=float(np.abs(want).max()))


@law(
    implicit_von_mises,
    says="a concentrated angle moves as a normal variable",
    source="derived",
    kind="limit",
    rule="T1",
    code="IMP-06",
    kills=("other-sign", "nan-for-many", "mean-of-cosine-forgotten", "density-forgotten"),
)
def angle_towards_normal(move: Judged, case: Angles) -> Gap:
    """|κ dz/dκ + z/2| ≤ |z| (1 + κz²)/κ at κ = 2¹⁰, for z = x/√κ."""
    kappa = np.full_like(case.z, 2.0**10)
    z = case.z / 32.0
    want = -z / 2.0
    allow = np.abs(z) * ((1.0 + kappa * z**2) / kappa + angle_allowance(move, z, kappa))
    return gap(kappa * move(z, kappa) / want, 1.0, allow=allow / np.abs(want))


@law(
    implicit_von_mises,
    says="velocities give the gradient of the mean cosine",
    source=SOURCE,
    kind="identity",
    rule="T1",
    code="IMP-03",
    effort=0.5,
    kills=("other-sign", "normal-limit", "density-forgotten", "mean-of-cosine-forgotten"),
)
def angle_gradient(move: Judged, case: Angles) -> Gap:
    """2 Σ w (−sin z) dz/dκ over z > 0 = A'(κ) = 1 − A² − A/κ, by the trapezoid rule round the circle."""
    kappa = float(np.clip(case.kappa[0], 0.25, 100.0))
    z = np.arange(1.0, 64.0) / 64.0 * np.pi
    w = np.exp(kappa * (np.cos(z) - 1.0)) / special.i0e(kappa) / 64.0
    z, w = z[w > move.u * 2.0**-10], w[w > move.u * 2.0**-10]
    many = np.full_like(z, kappa)
    mean = special.i1e(kappa) / special.i0e(kappa)
    size = np.abs(np.sin(z) * oracle.von_mises(z, many))
    # π − |z| carries the rounding of z, where the velocity is small.
    allow = w @ (size * angle_allowance(move, z, many)) + 16.0 * move.u
    want = 1.0 - mean**2 - mean / kappa
    return gap(w @ (-np.sin(z) * move(z, many)), want, allow=allow)


CONTRACTS = ()
LAWS = (angle_velocity, angle_velocity_far, angle_from_uniform, angle_towards_normal, angle_gradient)
