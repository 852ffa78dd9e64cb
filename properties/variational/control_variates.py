"""Control variates with a given coefficient: the same mean, and a variance that is a parabola in it.

    φ = W + a (U − EU),      E φ = E W,      Var φ = Var W + 2a Cov(W, U) + a² Var U

is least at a* = −Cov/Var U, where it is (1 − ρ²) Var W. At a = t·a*, Var φ = Var W (1 − ρ²(2t − t²)): below Var W iff 0 < t < 2.
Means are sums over finite spaces. The definition determines φ; the rest is what it is for.

Symbols: W[S], U[S], EU, a; on a space of n atoms p[n] the mean of g is p @ g.
Source: Robert and Casella 2004, §4.4.2; Casella and Berger 2002, ch. 7 (as the post has it); derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, gap, law
from prufrock.tolerance import summation

from ..hygiene import cross_cutting, refusals

if TYPE_CHECKING:
    from ..cases.controls import Finite

Array = NDArray[np.float64]
SOURCE = "Robert and Casella 2004, §4.4.2"

control_variate = Contract(
    id="variational.control-variate",
    says="W + a (U − EU): the values of W, controlled by U whose mean is known",
    arguments={"W": "S", "U": "S", "EU": "", "a": ""},
    outputs={"phi": "S"},
    domain="any finite values; EU the mean of U; a any number",
    cases="..cases.controls:finite",
    source=SOURCE,
    home=__package__,
)


def size(case: Finite, a: float) -> Array:
    """The magnitude of the summands of φ."""
    return np.asarray(np.abs(case.W) + abs(a) * (np.abs(case.U) + abs(case.EU)))


def _moments(case: Finite) -> tuple[float, float, float]:
    """Var W, Cov(W, U), Var U."""
    w, u = case.W - case.p @ case.W, case.U - case.EU
    return float(case.p @ w**2), float(case.p @ (w * u)), float(case.p @ u**2)


def _variance(control: Judged, case: Finite, a: float) -> tuple[float, float, float]:
    """Var φ at a, what rounding may add to it, and its size."""
    phi = control(case.W, case.U, case.EU, a)
    scale = float(case.p @ size(case, a) ** 2)
    return float(case.p @ phi**2 - (case.p @ phi) ** 2), float(summation(12, scale, control.u)), scale


@law(
    control_variate,
    says="a controlled value is the value plus a times what the control is off its mean",
    source=SOURCE,
    kind="identity",
    rule="T1",
    code="CVA-01",
    complete=True,
    kills=("minus-for-plus", "forgets-mean", "control-squared", "half-precision"),
)
def definition(control: Judged, case: Finite) -> Gap:
    """φ = W + a (U − EU)."""
    want = case.W + case.a * (case.U - case.EU)
    scale = size(case, case.a)
    got = control(case.W, case.U, case.EU, case.a)
    return gap(got, want, allow=summation(3, scale, control.u), effect=float(scale.max()))


@law(
    control_variate,
    says="the mean is what it was, whatever the coefficient",
    source=SOURCE,
    kind="identity",
    rule="T1",
    code="CVA-01",
    kills=("forgets-mean", "mean-of-the-sample", "control-squared", "absolute-control"),
)
def same_mean(control: Judged, case: Finite) -> Gap:
    """Σ p φ = Σ p W."""
    got = case.p @ control(case.W, case.U, case.EU, case.a)
    scale = float(case.p @ size(case, case.a))
    return gap(got, case.p @ case.W, allow=summation(6, scale, control.u), effect=scale)


@law(
    control_variate,
    says="the variance is a parabola in the coefficient",
    source="Casella and Berger 2002, ch. 7; derived",
    kind="identity",
    rule="T1",
    code="CVA-02",
    kills=("minus-for-plus", "control-squared", "clips-coefficient"),
)
def parabola(control: Judged, case: Finite) -> Gap:
    """Var φ = Var W + 2a Cov(W, U) + a² Var U."""
    var_w, cov, var_u = _moments(case)
    got, allow, scale = _variance(control, case, case.a)
    return gap(got, var_w + 2.0 * case.a * cov + case.a**2 * var_u, allow=allow, effect=scale)


@law(
    control_variate,
    says="at the best coefficient what is left of the variance is the part that the control cannot explain",
    source=SOURCE,
    kind="identity",
    rule="T1",
    code="CVA-02",
    kills=("minus-for-plus", "coefficient-twice", "clips-coefficient"),
)
def least_variance(control: Judged, case: Finite) -> Gap:
    """a = −Cov(W, U)/Var U  ⇒  Var φ = (1 − ρ²) Var W."""
    var_w, cov, var_u = _moments(case)
    got, allow, _ = _variance(control, case, -cov / var_u)
    return gap(got, var_w - cov**2 / var_u, allow=allow, effect=cov**2 / var_u)


@law(
    control_variate,
    says="the variance falls if and only if the coefficient lies between 0 and twice the best",
    source="derived",
    kind="inequality",
    rule="T1",
    code="CVA-02",
    kills=("minus-for-plus", "coefficient-twice"),
)
def between_zero_and_twice(control: Judged, case: Finite) -> Gap:
    """Var φ = Var W (1 − ρ²(2t − t²)) at a = t·a*: falls by ¾ρ² at t = ½ and 3/2, rises by 5/4 ρ² at −½ and 5/2."""
    var_w, cov, var_u = _moments(case)
    t = (0.5, 1.5, -0.5, 2.5)[len(case.W) + round(8.0 * case.a) & 3]
    got, allow, _ = _variance(control, case, -t * cov / var_u)
    fall = cov**2 / var_u
    return gap(got - var_w, -fall * (2.0 * t - t**2), allow=allow, effect=fall)


@law(
    control_variate,
    says="a coefficient of zero leaves the values alone",
    source="derived",
    kind="limit",
    rule="T0",
    code="CVA-04",
    kills=("adds-control", "half-precision", "centres-values"),
)
def zero_coefficient(control: Judged, case: Finite) -> Gap:
    """a = 0  ⇒  φ = W, exactly."""
    return gap(control(case.W, case.U, case.EU, 0.0), case.W, allow=0.0, effect=1.0)


@law(
    control_variate,
    says="a control in another unit, from another origin, is the same control",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="CVA-05",
    kills=("forgets-mean", "control-squared", "clips-coefficient"),
)
def units(control: Judged, case: Finite) -> Gap:
    """φ(W, sU + c, sEU + c, a/s) = φ(W, U, EU, a) for s a power of two."""
    s, c = 2.0 ** np.ceil(case.c), case.c
    phi = control(case.W, case.U, case.EU, case.a)
    moved = control(case.W, s * case.U + c, s * case.EU + c, case.a / s)
    scale = size(case, case.a) + 2.0 * abs(case.a * c / s)
    return gap(moved, phi, allow=2.0 * summation(3, scale, control.u), effect=float(scale.max()))


BAD = {
    "nan-value": lambda case: (np.full_like(case.W, np.nan), case.U, case.EU, case.a),
    "nan-control": lambda case: (case.W, np.full_like(case.U, np.nan), case.EU, case.a),
    "nan-mean": lambda case: (case.W, case.U, float("nan"), 0.5 + abs(case.a)),
    "lengths-that-disagree": lambda case: (case.W, np.resize(case.U, len(case.U) + 2), case.EU, case.a),
}


def _rounding(case: Finite, u: float) -> float:
    return float(summation(3, size(case, case.a).max(), u))


CONTRACTS = (control_variate,)
LAWS = (
    definition,
    same_mean,
    parabola,
    least_variance,
    between_zero_and_twice,
    zero_coefficient,
    units,
    *cross_cutting(control_variate, allow=_rounding, layouts=("ignores-strides", "counts-calls")),
    *refusals(control_variate, BAD),
)
