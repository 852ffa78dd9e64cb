"""The E-step of a Gaussian mixture under change: moved, weighted, renamed, with twins and with idle components.

    N(Tx + t | Tμ + t, TΣTᵀ) = N(x | μ, Σ)/|det T|

Points do not see each other; weights count points and leave R alone. x ↦ T x + t, μ ↦ T μ + t, Σ ↦ T Σ Tᵀ leaves R as it was
and takes W log|det T| off L, W = Σ w. Two components with the same density share its mass as their π; one with π_k = 0 has
no share, log 0 = −∞.

Where data lie far from the origin, expanding the square (x−μ)ᵀΣ⁻¹(x−μ) cancels: it loses (‖x‖/σ)² u where the problem itself
loses ‖x‖/σ·u. All laws but one allow for it; `far from the origin` asks for what the problem allows.

Symbols: X [N, D] points, π [K], μ [K, D], Σ [K, D, D] in every form, w [N] ≥ 0; R [N, K]; T [D, D], t [D].
Source: Bishop 2006, §9.2; derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Gap, Judged, gap, law
from prufrock.gaps import all_of

from ._mixtures import far, linear, sum_off, truth, within
from .gmm_estep import gmm_estep

if TYPE_CHECKING:
    from ..cases.mixtures import Mixture, Moved


@law(
    gmm_estep,
    says="moved, stretched and sheared together, points and components belong together as before",
    source="derived: N(Tx + t | Tμ + t, TΣTᵀ) = N(x | μ, Σ)/|det T|",
    kind="metamorphic",
    rule="T9",
    code="GMM-10",
    needs=("log_likelihood",),
    cases="..cases.mixtures:moved",
    kills=("ridge", "no-logdet", "triangle-transposed"),
)
def affine_equivariance(step: Judged, case: Moved) -> Gap:
    """R(TX + t, π, Tμ + t, TΣTᵀ) = R and L' = L − W log|det T|, T diagonal or a number where Σ is."""
    x, T = within(step, case), linear(step, case.T)
    X, pi, mu, Sigma, w = x
    y = (X @ T.T + case.t, pi, mu @ T.T + case.t, T @ Sigma @ T.T, w)
    here, there, p, q = step.full(*x), step.full(*y), truth(step, x), truth(step, y)
    want = here.log_likelihood - w.sum() * np.log(abs(np.linalg.det(T)))
    allow = sum_off(p, w, step.u) + sum_off(q, w, step.u)
    shared = gap(there.R, here.R, allow=p.R_off + q.R_off, effect=1.0)
    return all_of(shared, gap(there.log_likelihood, want, allow=allow, effect=max(abs(want), float(w.sum()))))


@law(
    gmm_estep,
    says="far from the origin responsibilities keep the digits that the problem has",
    source="derived: only x − μ matters",
    kind="metamorphic",
    rule="T9",
    code="GMM-10",
    kills=("expanded-square", "single"),
)
def far_from_the_origin(step: Judged, case: Mixture) -> Gap:
    """R(X + t, μ + t) = R(X, μ), t = u^−½ deviations away, within what relative errors of X and μ may change."""
    X, pi, mu, Sigma, w = within(step, case)
    t = far(np.sqrt(Sigma[0, 0, 0]), step.u)
    y = (X + t, pi, mu + t, Sigma, w)
    p = truth(step, y, sharp=True)
    return gap(step(*y), p.R, allow=p.R_off, effect=1.0)


@law(
    gmm_estep,
    says="a weight counts a point as often",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="GMM-11",
    needs=("log_likelihood",),
    kills=("weights-ignored", "weights-squared", "last-point-missing"),
)
def weights_count(step: Judged, case: Mixture) -> Gap:
    """L(X, 4w) = L(X repeated 4w times, 1), 4w whole numbers."""
    X, pi, mu, Sigma, w = within(step, case)
    times = np.round(4.0 * w).astype(np.int64)
    many = np.repeat(X, times, axis=0)
    x, y = (X, pi, mu, Sigma, 4.0 * w), (many, pi, mu, Sigma, np.ones(len(many)))
    p, q = truth(step, x), truth(step, y)
    want = step.full(*y).log_likelihood
    allow = sum_off(p, x[4], step.u) + sum_off(q, y[4], step.u)
    return gap(step.full(*x).log_likelihood, want, allow=allow, effect=max(abs(want), float(len(many))))


@law(
    gmm_estep,
    says="weights do not change who is responsible",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="GMM-11",
    kills=("times-weights", "weights-on-components"),
)
def weights_leave_shares(step: Judged, case: Mixture) -> Gap:
    """R(w) = R(1)."""
    x = within(step, case)
    p = truth(step, x)
    return gap(step(*x), step(*x[:4], np.ones_like(x[4])), allow=2 * p.R_off, effect=1.0)


@law(
    gmm_estep,
    says="points do not see each other",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="X-07",
    kills=("axis-zero", "centres-on-the-sample"),
)
def point_alone(step: Judged, case: Mixture) -> Gap:
    """R of the first point alone = its row of R."""
    x = within(step, case)
    one = (x[0][:1], *x[1:4], np.ones(1))
    p = truth(step, one)
    return gap(step(*x)[:1], step(*one), allow=2 * p.R_off, effect=1.0)


@law(
    gmm_estep,
    says="the order of components and of points is a matter of naming",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="GMM-12",
    kills=("first-of-equals", "last-component-idle"),
)
def naming(step: Judged, case: Mixture) -> Gap:
    """Reversing components and points reverses R."""
    x = within(step, case)
    R_off = truth(step, x).R_off
    back = step(*(np.ascontiguousarray(a[::-1]) for a in x))
    return gap(back[::-1, ::-1], step(*x), allow=2 * R_off, effect=1.0)


@law(
    gmm_estep,
    says="twins share what one of them would have, as their coefficients",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="GMM-14",
    kills=("no-coefficients", "first-of-equals", "uniform-coefficients"),
)
def twins(step: Judged, case: Mixture) -> Gap:
    """The last component split into π/4 and 3π/4: R/4 and 3R/4, all else unchanged."""
    X, pi, mu, Sigma, w = within(step, case)
    parted = np.concatenate([pi[:-1], pi[-1:] / 4, 3 * pi[-1:] / 4])
    double = [np.concatenate([a, a[-1:]]) for a in (mu, Sigma)]
    R, p = step(X, pi, mu, Sigma, w), truth(step, (X, pi, mu, Sigma, w))
    want, off = (np.concatenate([a[:, :-1], a[:, -1:] / 4, 3 * a[:, -1:] / 4], axis=1) for a in (R, p.R_off))
    return gap(step(X, parted, *double, w), want, allow=3 * off + 16 * step.u * want, effect=1.0)


@law(
    gmm_estep,
    says="a component without coefficient has no share, and is in nobody's way",
    source="derived: log 0 = −∞",
    kind="limit",
    rule="T10",
    code="GMM-14",
    kills=("floored-coefficients", "floored", "no-coefficients"),
)
def idle_component(step: Judged, case: Mixture) -> Gap:
    """π_k = 0 ⇒ R_nk = 0 exactly, and the other columns are as without it."""
    X, pi, mu, Sigma, w = within(step, case)
    more = (X, np.append(pi, 0.0), np.concatenate([mu, X[:1]]), np.concatenate([Sigma, Sigma[:1]]), w)
    R, R_off = step(*more), truth(step, (X, pi, mu, Sigma, w)).R_off
    kept = gap(R[:, :-1], step(X, pi, mu, Sigma, w), allow=2 * R_off, effect=1.0)
    return all_of(kept, gap(R[:, -1], 0.0, allow=0.0, effect=1.0))


CONTRACTS = ()
LAWS = (
    affine_equivariance,
    far_from_the_origin,
    weights_count,
    weights_leave_shares,
    point_alone,
    naming,
    twins,
    idle_component,
)
