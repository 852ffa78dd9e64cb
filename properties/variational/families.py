"""Distributions on the line: what any library's log-density, quantiles and moments must be. One contract a family.

    log p(x) by the textbook;   ∫ p = 1;   F(x) = ∫_{y ≤ x} p;   F(F⁻¹(q)) = q;   E X, Var X, H = −E log p(X) by quadrature

Nothing here is taken from a library: densities are written out in `oracles.families`, and integrated by rules that are exact to
rounding. At ends of supports and of parameters the density is its limit; 0 log 0 = 0. Student's t tends to the normal: with z
= (x − μ)/σ, |log t_ν(x) − log N(x)| ≤ (z⁴ + 2z² + 1)/4ν to first order, and large ν is where log Γ((ν + 1)/2) − log Γ(ν/2) is
lost when the two are taken one by one.

Source: Johnson, Kotz & Balakrishnan 1994, 1995; Johnson, Kemp & Kotz 2005.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Gap, Judged, gap, law
from prufrock.tolerance import summation

from ..oracles.families import registry
from ..oracles.normal import log_density
from ._families import arguments, laws

if TYPE_CHECKING:
    from ..cases.densities import Density

CONTINUOUS = "Johnson, Kotz & Balakrishnan 1994, 1995"
COUNTS = "Johnson, Kemp & Kotz 2005"
OTHER = {
    "continuous-bernoulli": "Loaiza-Ganem & Cunningham 2019",
    "kumaraswamy": "Kumaraswamy 1980",
    "von-mises": "Mardia & Jupp 2000",
    "generalized-pareto": "Pickands 1975",
}

MADE = {
    name: laws(name, OTHER.get(name, COUNTS if family.kind == "counts" else CONTINUOUS))
    for name, family in registry().items()
}


@law(
    MADE["student-t"][0],
    says="with many degrees of freedom it is the normal distribution",
    source="Johnson, Kotz & Balakrishnan 1995, ch. 28",
    kind="limit",
    rule="T1",
    kills=("a-tenth-too-much", "log-gammas-one-by-one"),
)
def many_degrees_of_freedom(subject: Judged, case: Density) -> Gap:
    """|log t_ν(x) − log N(x; μ, σ²)| ≤ (z⁴ + 2z² + 1)/2ν + rounding, ν = 2⁵⁰."""
    df, (_, m, s) = 2.0**50, case.params
    far = type(case)(case.family, np.array([df, m, s]), case.x, case.q)
    z = (case.x - m) / s
    want = log_density(case.x, m, s * s)
    size = 1.0 + np.abs(want) + np.square((np.abs(case.x) + abs(m)) / s) + abs(np.log(s))
    allow = (z**4 + 2.0 * z**2 + 1.0) / (2.0 * df) + summation(16, size, subject.u)
    return gap(subject(*arguments(far)), want, allow=allow, effect=float(size.max()))


CONTRACTS = tuple(contract for contract, _ in MADE.values())
LAWS = (*(one for _, found in MADE.values() for one in found), many_degrees_of_freedom)
