"""Control variates with a coefficient that is estimated: from the sample it is used on, or from the others.

    φ_s = W_s + a_s (U_s − EU),     a_s = −Ĉov/V̂ar over all samples ("same-sample") or over all but s ("leave-one-out")

The first is the residual of a regression: φ is uncorrelated with U in the sample. Its mean is off by E a(Ū − EU), which is
not zero, for a and Ū come from the same sample. The second has a_s independent of U_s, so E φ_s = E W exactly; laws go
through all samples of a finite space. Both explain W = α + βU away altogether, take units and origins of W and U as
they come, and have nothing to say (a = 0) where the control does not vary.

Rounding: with u the centred control, T = Σu² over all and V over those used, a variance carries n·u·(T + |U|√T) and a
covariance n·u·(√T + |U|)(√T_w + |W|), so a carries n·u·[(…)(…) + |a|(…)]/V.

Symbols: W[S], U[S], EU; φ[S] (phi).
Source: Robert and Casella 2004, §4.4.2; Ranganath, Gerrish and Blei 2014, §3.2; derived.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, gap, law
from prufrock.tolerance import summation

from ..hygiene import cross_cutting, refusals

if TYPE_CHECKING:
    from ..cases.controls import Sample, Space

Array = NDArray[np.float64]
SOURCE = "Robert and Casella 2004, §4.4.2"
ANY = ("same-sample", "leave-one-out")

control_estimated = Contract(
    id="variational.control-estimated",
    says="W + a (U − EU), the coefficient being estimated from the sample",
    arguments={"W": "S", "U": "S", "EU": ""},
    outputs={"phi": "S"},
    domain="S ≥ 2 finite values; EU the mean of U; a = 0 where the control does not vary",
    cases="..cases.controls:samples",
    conventions={"source": ANY},
    source=SOURCE,
    home=__package__,
)


def coefficients(W: Array, U: Array, source: str) -> tuple[Array, Array]:
    """a_s by plain regression, and the sum of squares V_s that it was divided by."""
    S = len(W)
    a, V = np.zeros(S), np.zeros(S)
    for s in range(S):
        kept = np.arange(S) != s if source == "leave-one-out" else np.ones(S, bool)
        w, u = W[kept] - W[kept].mean(), U[kept] - U[kept].mean()
        V[s] = u @ u
        a[s] = -(w @ u) / V[s] if np.ptp(U[kept]) > 0 else 0.0
    return a, V


def rounding(W: Array, U: Array, EU: float, source: str, u: float) -> tuple[Array, float]:
    """T1 for each φ_s, and the size of what is summed."""
    a, V = coefficients(W, U, source)
    far_u = np.sqrt(len(U) * U.var()) + np.abs(U).max()
    far_w = np.sqrt(len(W) * W.var()) + np.abs(W).max()
    off = far_u * (far_w + np.abs(a) * far_u) / np.where(V > 0, V, np.inf)
    reach = np.abs(U) + abs(EU)
    scale = np.abs(W) + (np.abs(a) + off) * reach
    return np.asarray(summation(2 * len(W) + 3, scale, u)), float((np.abs(W) + np.abs(a) * reach).max())


@law(
    control_estimated,
    says="the coefficient is that of the regression on the samples that the subject declares",
    source=SOURCE,
    kind="oracle",
    rule="T1",
    level="convention",
    code="CVA-02",
    when={"source": ANY},
    complete=True,
    kills=("minus-for-plus", "other-source", "divides-by-variance-of-values", "forgets-mean"),
)
def regression(control: Judged, case: Sample) -> Gap:
    """φ_s = W_s − (Ĉov/V̂ar)(U_s − EU)."""
    source = control.conventions["source"]
    a, _ = coefficients(case.W, case.U, source)
    allow, scale = rounding(case.W, case.U, case.EU, source, control.u)
    got = control(case.W, case.U, case.EU)
    return gap(got, case.W + a * (case.U - case.EU), allow=allow, effect=scale)


@law(
    control_estimated,
    says="what is left is uncorrelated with the control in the sample",
    source="derived (normal equations)",
    kind="identity",
    rule="T1",
    level="convention",
    code="CVA-03",
    when={"source": ("same-sample",)},
    kills=("half-the-coefficient", "uncentred"),
)
def uncorrelated(control: Judged, case: Sample) -> Gap:
    """Σ φ_s (U_s − Ū) = 0."""
    u = case.U - case.U.mean()
    allow, scale = rounding(case.W, case.U, case.EU, "same-sample", control.u)
    got = control(case.W, case.U, case.EU) @ u
    return gap(got, 0.0, allow=float(allow @ np.abs(u)), effect=scale * float(np.abs(u).sum()))


@law(
    control_estimated,
    says="coefficients from the others leave the mean as it is",
    source="derived (independence of U_s and of the others)",
    kind="identity",
    rule="T1",
    level="convention",
    code="CVA-03",
    when={"source": ("leave-one-out",)},
    cases="..cases.controls:spaces",
    kills=("other-source", "forgets-mean", "shares-first-coefficient"),
)
def unbiased(control: Judged, case: Space) -> Gap:
    """Σ over all samples of Π p · φ_s = E W, for each s."""
    S = case.size
    total, allow, scale = np.zeros(S), np.zeros(S), 0.0
    for atoms in product(range(len(case.p)), repeat=S):
        at = list(atoms)
        chance = float(case.p[at].prod())
        bound, size = rounding(case.W[at], case.U[at], case.EU, "leave-one-out", control.u)
        total += chance * control(case.W[at], case.U[at], case.EU)
        allow, scale = allow + chance * bound, scale + chance * size
    return gap(total, case.p @ case.W, allow=allow, effect=scale)


@law(
    control_estimated,
    says="a sample's own value does not enter its coefficient",
    source="derived",
    kind="metamorphic",
    rule="T10",
    level="convention",
    code="CVA-03",
    when={"source": ("leave-one-out",)},
    kills=("other-source", "shares-first-coefficient"),
)
def own_value(control: Judged, case: Sample) -> Gap:
    """W_s + c in the place of W_s: φ_s + c."""
    moved = case.W.copy()
    moved[case.s] += case.c
    left, right = control(moved, case.U, case.EU), control(case.W, case.U, case.EU)
    bounds = [rounding(W, case.U, case.EU, "leave-one-out", control.u) for W in (moved, case.W)]
    allow = float(bounds[0][0][case.s] + bounds[1][0][case.s])
    return gap(left[case.s] - right[case.s], case.c, allow=allow, effect=abs(case.c))


@law(
    control_estimated,
    says="a control that does not vary is left alone",
    source="derived",
    kind="limit",
    rule="T1",
    code="CVA-04",
    cases="..cases.controls:still",
    kills=("divides-by-nothing", "unit-when-still"),
)
def still_control(control: Judged, case: Sample) -> Gap:
    """U_s = U for all s  ⇒  φ = W, although U ≠ EU."""
    got = control(case.W, case.U, case.EU)
    scale = float(np.abs(case.W).max())
    return gap(got, case.W, allow=summation(2, scale, control.u), effect=scale)


@law(
    control_estimated,
    says="where the others' control does not vary, a sample is left alone",
    source="derived",
    kind="limit",
    rule="T1",
    level="convention",
    code="CVA-04",
    when={"source": ("leave-one-out",)},
    cases="..cases.controls:almost_still",
    kills=("divides-by-nothing", "other-source"),
)
def still_others(control: Judged, case: Sample) -> Gap:
    """U_r = U for all r ≠ s  ⇒  φ_s = W_s."""
    got = control(case.W, case.U, case.EU)[case.s]
    scale = float(np.abs(case.W).max())
    return gap(got, case.W[case.s], allow=summation(2, scale, control.u), effect=scale)


@law(
    control_estimated,
    says="a value that the control explains becomes its mean",
    source="derived",
    kind="identity",
    rule="T1",
    code="CVA-04",
    kills=("half-the-coefficient", "minus-for-plus", "ridge"),
)
def explained(control: Judged, case: Sample) -> Gap:
    """W = c + βU  ⇒  φ = c + β·EU, whichever samples a is taken from."""
    beta = 0.5 * case.c
    W = case.c + beta * case.U
    allow, scale = rounding(W, case.U, case.EU, "leave-one-out", control.u)
    return gap(control(W, case.U, case.EU), case.c + beta * case.EU, allow=allow, effect=scale)


@law(
    control_estimated,
    says="values and controls may be measured in any unit, from any origin",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="CVA-05",
    kills=("ridge", "uncentred", "divides-by-variance-of-values"),
)
def units(control: Judged, case: Sample) -> Gap:
    """φ(tW + c, sU + c, sEU + c) = tφ(W, U, EU) + c for powers of two s and t."""
    s, t, c = 2.0 ** np.ceil(case.c), 0.25, case.c
    source = control.conventions.get("source", "leave-one-out")
    moved = (t * case.W + c, s * case.U + c, s * case.EU + c)
    allow, _ = rounding(case.W, case.U, case.EU, source, control.u)
    more, scale = rounding(*moved, source, control.u)
    want = t * control(case.W, case.U, case.EU) + c
    return gap(control(*moved), want, allow=t * allow + more, effect=scale)


BAD = {
    "nan-value": lambda case: (np.full_like(case.W, np.nan), case.U, case.EU),
    "nan-control": lambda case: (case.W, np.full_like(case.U, np.nan), case.EU),
    "one-sample": lambda case: (case.W[:1], case.U[:1], case.EU),
    "lengths-that-disagree": lambda case: (case.W, np.resize(case.U, len(case.U) + 2), case.EU),
}


def _rounding(case: Sample, u: float) -> float:
    return float(rounding(case.W, case.U, case.EU, "leave-one-out", u)[0].max())


CONTRACTS = (control_estimated,)
LAWS = (
    regression,
    uncorrelated,
    unbiased,
    own_value,
    still_control,
    still_others,
    explained,
    units,
    *cross_cutting(control_estimated, allow=_rounding, layouts=("ignores-strides", "counts-calls")),
    *refusals(control_estimated, BAD),
)
