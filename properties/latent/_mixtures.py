"""What the laws of all three steps of a mixture share: the subject's form of covariance, and allowances."""

from __future__ import annotations

from typing import Any

import numpy as np

from prufrock import Judged
from prufrock.tolerance import summation

from ..oracles.mixtures import Moments, Posterior, moments, posterior, restricted

FORMS = ("full", "tied", "diagonal", "spherical")
COVARIANCE = {"covariance": FORMS}


def form(step: Judged) -> str:
    """The form of covariance that the subject knows; full where it declares none."""
    return step.conventions.get("covariance", "full")


def within(step: Judged, case: Any) -> tuple[Any, ...]:
    """X, π, μ, Σ, weights with Σ of the subject's form."""
    return case.X, case.pi, case.mu, restricted(case.Sigma, form(step)), case.weights


def linear(step: Judged, T: Any) -> Any:
    """Of a map T, what keeps covariances of the subject's form in that form."""
    return restricted(T[None], {"tied": "full"}.get(form(step), form(step)))[0]


def far(width: float, u: float) -> float:
    """A power of two, u^−½ widths: where a square rounds by as much as the width squared, and a difference keeps half its digits."""
    return float(2.0 ** (np.round(-np.log2(u) / 2.0) + np.ceil(np.log2(width))))


def truth(step: Judged, x: tuple[Any, ...], sharp: bool = False) -> Posterior:
    X, pi, mu, Sigma = x[:4]
    return posterior(X, pi, mu, Sigma, step.u, sharp)


def sum_off(p: Posterior, w: Any, u: float) -> float:
    """How far rounding may carry Σ_n w_n log p(x_n)."""
    size = float(np.abs(w * p.log_density).max(initial=0.0))
    return float(w @ p.log_density_off) + float(summation(len(w), size, u))


def moments_off(X: Any, R: Any, w: Any, R_off: Any, u: float) -> Moments:
    """How far rounding, and errors of R, may carry the moments about the origin: T1 with summands ≤ w_n |x_n|ᵖ."""
    N, D = X.shape
    size = np.abs(X)
    r = w[:, None] * R_off
    of_rounding = float(summation(N + D + 2, w.max(initial=0.0), u))
    top = size.max(0, initial=0.0)
    first = r.T @ size + of_rounding * top
    second = np.einsum("nk,ni,nj->kij", r, size, size) + of_rounding * np.outer(top, top)
    return Moments(r.sum(0) + of_rounding, first, second)


def with_first(x: Any, value: float) -> Any:
    """x with another first entry."""
    out = x.copy()
    out[(0,) * x.ndim] = value
    return out


def moments_of(pi: Any, mu: Any, Sigma: Any, total: float) -> Moments:
    """N_k, N_k μ_k, N_k (Σ_k + μ_k μ_kᵀ): the moments that parameters claim."""
    mass = total * pi
    return Moments(mass, mass[:, None] * mu, mass[:, None, None] * (Sigma + mu[:, :, None] * mu[:, None, :]))


__all__ = [
    "COVARIANCE",
    "FORMS",
    "Moments",
    "far",
    "form",
    "linear",
    "moments",
    "moments_of",
    "moments_off",
    "sum_off",
    "truth",
    "with_first",
    "within",
]
