"""Gaussian mixtures in float64: densities by eigenvalues, moments about their own mean, and how far rounding carries them.

With λ the least eigenvalue of Σ_k, κ its condition, q the squared Mahalanobis distance, relative errors δ of X, μ and Σ
move log N(x | μ, Σ) by at most

    ½ κ δ (q + D) + √q e + e²,     e = δ (‖x‖ + ‖μ‖)/√λ                                       (sharp)

and a subject that expands the square, xᵀΣ⁻¹x − 2 xᵀΣ⁻¹μ + μᵀΣ⁻¹μ, loses δ (‖x‖ + ‖μ‖)²/λ by cancellation besides. δ stands for
what D² operations round: 8(D + 3)u.

Symbols: X [N, D]; pi [K]; mu [K, D]; Sigma [K, D, D]; R [N, K]; w [N]; u the unit roundoff.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FORMS = ("full", "tied", "diagonal", "spherical")


class Parts(NamedTuple):
    """log π_k + log N(x_n | μ_k, Σ_k) and q [N, K], eigenvalues [K, D]."""

    joint: Array
    q: Array
    values: Array


class Posterior(NamedTuple):
    """log p(x_n) [N], responsibilities [N, K], and the allowances of both."""

    log_density: Array
    R: Array
    log_density_off: Array
    R_off: Array


class Moments(NamedTuple):
    """N_k [K], Σ_n w R x [K, D], Σ_n w R x xᵀ [K, D, D]."""

    mass: Array
    first: Array
    second: Array


def parts(X: Array, pi: Array, mu: Array, Sigma: Array) -> Parts:
    values, Q = np.linalg.eigh(Sigma)
    z = np.einsum("nkd,kde->nke", X[:, None] - mu, Q)
    q = np.square(z / np.sqrt(values)).sum(-1)
    with np.errstate(divide="ignore"):
        joint = np.log(pi) - 0.5 * (q + np.log(2.0 * np.pi * values).sum(-1))
    return Parts(joint, q, values)


def log_likelihood(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> float:
    """Σ_n w_n log Σ_k π_k N(x_n | μ_k, Σ_k); π need not sum to 1."""
    return float(w @ _lse(parts(X, pi, mu, Sigma).joint))


def posterior(X: Array, pi: Array, mu: Array, Sigma: Array, u: float, sharp: bool = False) -> Posterior:
    """log p and R, with what relative errors of the inputs and rounding at u may change of them."""
    p = parts(X, pi, mu, Sigma)
    log_density = _lse(p.joint)
    R = np.exp(p.joint - log_density[:, None])
    R /= R.sum(1, keepdims=True)  # what one row holds too much, a bound would have times log p
    off = _joint_off(X, pi, mu, p, u, sharp)
    lse_off = (R * np.expm1(np.minimum(off, 50.0))).sum(1) + 2.0 * u * (np.abs(log_density) + 2.0 + np.log(len(pi)))
    # The subject may take exp(joint − log p), which rounds once more at the size of log p.
    share = R * np.expm1(np.minimum(off + lse_off[:, None], 50.0))
    return Posterior(log_density, R, lse_off, share + 8.0 * u * R + 1e-37)


def _joint_off(X: Array, pi: Array, mu: Array, p: Parts, u: float, sharp: bool) -> Array:
    D = X.shape[1]
    delta = 8.0 * (D + 3) * u
    least, kappa = p.values[:, 0], p.values[:, -1] / p.values[:, 0]
    far = np.linalg.norm(X, axis=1)[:, None] + np.linalg.norm(mu, axis=1)
    e = delta * far / np.sqrt(least)
    off = 0.5 * kappa * delta * (p.q + D) + np.sqrt(p.q) * e + e**2
    size = np.abs(np.log(p.values)).sum(-1) + D + 2.0 + np.where(pi > 0, np.abs(np.log(np.maximum(pi, 1e-300))), 0.0)
    return np.asarray(off + 2.0 * u * (p.q + size) + (0.0 if sharp else delta * far**2 / least))


def moments(X: Array, R: Array, w: Array) -> Moments:
    """Sums about the origin: what an M-step divides."""
    r = R * w[:, None]
    return Moments(r.sum(0), r.T @ X, np.einsum("nk,ni,nj->kij", r, X, X))


def mstep(X: Array, R: Array, w: Array, form: str = "full") -> tuple[Array, Array, Array]:
    """π, μ, Σ, each about its own mean; every N_k > 0."""
    r = R * w[:, None]
    mass = r.sum(0)
    centre = X.mean(0)
    mu = (r.T @ (X - centre)) / mass[:, None]
    y = (X - centre)[:, None] - mu
    Sigma = np.einsum("nk,nki,nkj->kij", r, y, y) / mass[:, None, None]
    return mass / mass.sum(), mu + centre, structured(Sigma, mass, form)


def structured(Sigma: Array, mass: Array, form: str) -> Array:
    """The likeliest covariances of a form, given the unrestricted ones and their masses."""
    eye = np.eye(Sigma.shape[-1])
    if form == "tied":
        return np.broadcast_to(np.einsum("k,kij->ij", mass / mass.sum(), Sigma), Sigma.shape).copy()
    if form == "diagonal":
        return np.asarray(Sigma * eye)
    if form == "spherical":
        return np.asarray(np.diagonal(Sigma, 0, 1, 2).mean(-1)[:, None, None] * eye)
    return Sigma


def restricted(Sigma: Array, form: str) -> Array:
    """Covariances of the same kind that have the form: entries kept, others dropped, exactly."""
    eye = np.eye(Sigma.shape[-1])
    if form == "tied":
        return np.broadcast_to(Sigma[:1], Sigma.shape).copy()
    if form == "diagonal":
        return np.asarray(Sigma * eye)
    if form == "spherical":
        return np.asarray(Sigma[:, :1, :1] * eye)
    return Sigma


def seen(S: Array, form: str) -> Array:
    """Of a [..., D, D] total, what a covariance of the form determines: all, the diagonal, the trace."""
    if form == "diagonal":
        return np.asarray(np.diagonal(S, 0, -2, -1))
    if form == "spherical":
        return np.asarray(np.diagonal(S, 0, -2, -1).sum(-1))
    return S


def coefficients(masses: Any) -> tuple[Array, float, bool]:
    """cvxpy: max Σ N_k log π_k on the simplex; (π, multiplier of Σπ = 1, whether the status is 'optimal')."""
    N = np.asarray(masses, np.float64)
    return _coefficients(N.tobytes())


def _lse(joint: Array) -> Array:
    top = joint.max(1)
    return np.asarray(np.log(np.exp(joint - top[:, None]).sum(1)) + top)


_SOLVED: dict[bytes, tuple[Array, float, bool]] = {}
_PROGRAMS: dict[int, Any] = {}


def _coefficients(raw: bytes) -> tuple[Array, float, bool]:
    if raw not in _SOLVED:
        N = np.frombuffer(raw)
        problem, pi, given, total = _program(len(N))
        given.value = N
        problem.solve(solver="CLARABEL")
        optimal = problem.status == "optimal"
        dual = float(total.dual_value) if optimal else float("nan")
        _SOLVED[raw] = (np.asarray(pi.value if optimal else N * np.nan), dual, optimal)
    return _SOLVED[raw]


def _program(K: int) -> Any:
    """One parametrised problem a size: compiled once."""
    if K not in _PROGRAMS:
        import cvxpy as cp

        pi, N = cp.Variable(K, nonneg=True), cp.Parameter(K, nonneg=True)
        total = cp.sum(pi) == 1
        _PROGRAMS[K] = (cp.Problem(cp.Maximize(N @ cp.log(pi)), [total]), pi, N, total)
    return _PROGRAMS[K]
