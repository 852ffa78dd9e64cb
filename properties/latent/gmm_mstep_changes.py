"""The M-step of a Gaussian mixture under change: moved, weighted and renamed, with one component and with an empty one.

    Σ(TX + t) = T Σ(X) Tᵀ          Σ(X, R, w) = Σ(X and R repeated w times, 1)          K = 1: μ the mean, Σ with divisor W

Only ratios of weights matter, and neither the order of the points nor that of the components. A component without mass
is 0/0: a subject declares an error or NaN, and the others are as without it.

Where data lie far from the origin, E[xxᵀ] − E[x] E[x]ᵀ cancels: it loses (‖x‖/σ)² u where the problem itself loses ‖x‖/σ·u. All
laws but one allow for it; `far from the origin` asks for what the problem allows.

Symbols: X [N, D], R [N, K] with rows of sum 1, w [N] ≥ 0; π [K], μ [K, D], Σ [K, D, D] in every form; T [D, D], t [D].
Source: Bishop 2006, (2.121), (2.122) and §9.2.2; derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Gap, Judged, gap, holds_if, inconclusive, law
from prufrock.call import SubjectRaised
from prufrock.gaps import all_of

from ..oracles.mixtures import mstep, seen, structured
from ._mixtures import COVARIANCE, far, form, linear, moments_off
from .gmm_mstep import given, given_off, gmm_mstep, largest, widest

if TYPE_CHECKING:
    from ..cases.mixtures import Assigned, MovedAssigned


@law(
    gmm_mstep,
    says="a weight counts a point as often, and only ratios of weights matter",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="GMM-11",
    kills=("bessel", "weights-ignored", "weights-squared"),
)
def weights_count(step: Judged, case: Assigned) -> Gap:
    """Σ(X, R, w) = Σ(X and R repeated 4w times, 1)."""
    X, R, w = given(case)
    times = np.round(4.0 * w).astype(np.int64)
    many = (np.repeat(X, times, 0), np.repeat(R, times, 0), np.ones(times.sum()))
    off = 4 * given_off(step, case).second + moments_off(*many, np.zeros_like(many[1]), step.u).second
    allow = widest(off, w @ R, X, step.u)
    return gap(step(X, R, w), step(*many), allow=allow, effect=largest(mstep(X, R, w)[2]))


@law(
    gmm_mstep,
    says="the order of components and of points is a matter of naming",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="GMM-12",
    kills=("last-point", "last-component-loose", "weights-of-the-first"),
)
def naming(step: Judged, case: Assigned) -> Gap:
    """Reversing components and points reverses Σ."""
    X, R, w = given(case)
    back = step(*(np.ascontiguousarray(a) for a in (X[::-1], R[::-1, ::-1], w[::-1])))
    allow = widest(8 * given_off(step, case).second, w @ R, X, step.u)
    return gap(back[::-1], step(X, R, w), allow=allow, effect=largest(mstep(X, R, w)[2]))


@law(
    gmm_mstep,
    says="a single component is the sample: its mean and its biased covariance",
    source="Bishop 2006, (2.121), (2.122)",
    kind="limit",
    rule="T1",
    level="convention",
    when=COVARIANCE,
    code="GMM-13",
    needs=("mu",),
    cases="..cases.mixtures:single_assigned",
    kills=("bessel", "weights-ignored", "second-moment"),
)
def one_component(step: Judged, case: Assigned) -> Gap:
    """K = 1: μ the mean, Σ the covariance with divisor W."""
    X, R, w = given(case)
    out, kind, total = step.full(X, R, w), form(step), w.sum()
    _, mu, Sigma = mstep(X, R, w, kind)
    off = given_off(step, case)
    means = gap(out.mu, mu, allow=off.first / total + 8 * step.u * np.abs(X).max(), effect=max(largest(X), 1e-30))
    allow = 4 * off.second / total + 16 * step.u * np.square(X).max()
    return all_of(means, gap(seen(out.Sigma, kind), seen(Sigma, kind), allow=seen(allow, kind), effect=largest(Sigma)))


@law(
    gmm_mstep,
    says="moved, stretched and sheared points move, stretch and shear the components",
    source="derived",
    kind="metamorphic",
    rule="T10",
    level="convention",
    when=COVARIANCE,
    code="GMM-10",
    cases="..cases.mixtures:moved_assigned",
    kills=("ridge", "second-moment", "deviations"),
)
def affine_equivariance(step: Judged, case: MovedAssigned) -> Gap:
    """Σ(TX + t) = T Σ(X) Tᵀ, T diagonal or a number where Σ is."""
    X, R, w = given(case)
    T = linear(step, case.T)
    Y = X @ T.T + case.t
    mass = (w @ R)[:, None, None]
    off = given_off(step, case).second
    here = 4 * np.abs(T) @ (off / mass + 4 * step.u * np.square(X).max()) @ np.abs(T.T)
    there = 4 * moments_off(Y, R, w, np.zeros_like(R), step.u).second / mass + 16 * step.u * np.square(Y).max()
    allow = float((here + there).max())
    want = T @ step(X, R, w) @ T.T
    return gap(step(Y, R, w), want, allow=allow, effect=largest(mstep(Y, R, w)[2]))


@law(
    gmm_mstep,
    says="far from the origin covariances keep the digits that the problem has",
    source="derived: only differences of points matter",
    kind="metamorphic",
    rule="T9",
    code="GMM-10",
    level="convention",
    when=COVARIANCE,
    kills=("one-pass-moments", "single"),
)
def far_from_the_origin(step: Judged, case: Assigned) -> Gap:
    """Σ(X + t) = Σ(X), t = u^−½ widths of X away, within what relative errors 16u of X + t may change."""
    X, R, w = given(case)
    width = float(np.ptp(X, axis=0).max(initial=0.0))
    if width == 0.0:
        return inconclusive("all points coincide")
    t, kind = far(width, step.u), form(step)
    want = structured(mstep(X, R, w)[2], w @ R, kind)
    # A mean that is off by δ adds δδᵀ.
    mean_off = 8.0 * len(X) * step.u * (t + float(np.abs(X).max()))
    allow = 32.0 * step.u * width * t + mean_off**2 + 8.0 * (len(X) + 2) * step.u * width**2
    got = step(X + t, R, w)
    return gap(
        seen(got, kind),
        seen(want, kind),
        allow=allow * (X.shape[1] if kind == "spherical" else 1),
        effect=largest(want),
    )


@law(
    gmm_mstep,
    says="a component without mass is what the subject says it is",
    source="derived: 0/0",
    kind="limit",
    rule="T1",
    level="convention",
    when={"empty": ("raises", "nan")},
    code="GMM-08",
    cases="..cases.mixtures:emptied",
    kills=("revives-the-empty", "spoils-all-where-empty"),
)
def empty_component(step: Judged, case: Assigned) -> Gap:
    """N_K = 0: an error; or Σ_K NaN, π_K = 0, and the others as without it."""
    X, R, w = given(case)
    if step.conventions["empty"] == "raises":
        try:
            step.quietly(lambda: step.raw(*(a.astype(step.dtype) for a in (X, R, w))))
        except SubjectRaised:
            return holds_if(True, "raises")
        return holds_if(False, "an error was declared, none was raised")
    got, want = step(X, R, w), step(X, np.ascontiguousarray(R[:, :-1]), w)
    allow = widest(8 * given_off(step, case).second[:-1], (w @ R)[:-1], X, step.u)
    others = gap(got[:-1], want, allow=allow, effect=largest(want))
    return all_of(others, holds_if(bool(np.isnan(got[-1]).any()), "an empty component is not NaN", got=got[-1]))


CONTRACTS = ()
LAWS = (
    weights_count,
    naming,
    one_component,
    affine_equivariance,
    far_from_the_origin,
    empty_component,
)
