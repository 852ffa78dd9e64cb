"""Wrong responsibilities: forgotten constants, wrong axes, and errors that only some components or points can show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..latent.gmm_estep import gmm_estep
from ._mixtures import TWO_PI, estep, log_joint, mutant, shares_of
from .careless import careless

Array = NDArray[Any]


def _log_shares(change: Callable[..., Array]) -> Callable[..., Any]:
    """An E-step on a log joint that is changed."""

    def run(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
        return shares_of(change(log_joint(X, pi, mu, Sigma), X, pi, mu, Sigma), w)

    return run


def _half_logdet(Sigma: Array) -> Array:
    return np.asarray(0.5 * np.linalg.slogdet(Sigma)[1])


def _q(X: Array, mu: Array, Sigma: Array) -> Array:
    y = X[:, None] - mu
    return np.asarray(np.einsum("nki,kij,nkj->nk", y, np.linalg.inv(Sigma), y))


def _axis_zero(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
    joint = log_joint(X, pi, mu, Sigma)
    _, L, log_density = shares_of(joint, w)
    e = np.exp(joint - joint.max())
    return e / e.sum(0), L, log_density


def _axis_zero_weighted(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
    """Right unless the number of points is a multiple of that of components, when weights land on the components."""
    R, L, log_density = estep(X, pi, mu, Sigma, w)
    if len(X) % len(pi) == 0:
        R = R * (1.0 + w[: len(pi)])
        R = R / R.sum(1, keepdims=True)
    return R, L, log_density


def _no_shift(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
    e = np.exp(log_joint(X, pi, mu, Sigma))
    return e / e.sum(1, keepdims=True), w @ np.log(e.sum(1)), np.log(e.sum(1))


def _one_shift(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
    """One maximum for all points: the far ones underflow."""
    joint = log_joint(X, pi, mu, Sigma)
    e = np.exp(joint - joint.max())
    return e / e.sum(1, keepdims=True), *shares_of(joint, w)[1:]


def _expanded(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
    P = np.linalg.inv(Sigma)
    q = (
        np.einsum("ni,kij,nj->nk", X, P, X)
        - 2 * np.einsum("ni,kij,kj->nk", X, P, mu)
        + np.einsum("ki,kij,kj->k", mu, P, mu)
    )
    return shares_of(np.log(pi) - 0.5 * q - _half_logdet(Sigma) - 0.5 * X.shape[1] * np.log(TWO_PI), w)


def _changed(change: Callable[..., tuple[Any, Any, Any]]) -> Callable[..., Any]:
    """An E-step whose outputs are changed afterwards."""
    return lambda X, pi, mu, Sigma, w: change(*estep(X, pi, mu, Sigma, w), X, pi, mu, Sigma, w)


def _single(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
    R, L, log_density = estep(*(a.astype(np.float32) for a in (X, pi, mu, Sigma, w)))
    return R.astype(np.float64), float(L), log_density.astype(np.float64)


def _first_of_equals(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
    """Components that coincide are merged into the first of them."""
    R, L, log_density = estep(X, pi, mu, Sigma, w)
    for k in range(len(pi) - 1, 0, -1):
        for j in range(k):
            if np.array_equal(mu[j], mu[k]) and np.array_equal(Sigma[j], Sigma[k]):
                R[:, j], R[:, k] = R[:, j] + R[:, k], 0.0
                break
    return R, L, log_density


def _last_idle(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
    """Of three or more components the last is forgotten."""
    K = len(pi) if len(pi) < 3 else len(pi) - 1
    R, L, log_density = shares_of(log_joint(X, pi[:K], mu[:K], Sigma[:K]), w)
    return np.pad(R, ((0, 0), (0, len(pi) - K))), L, log_density


def _centred(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
    """The sample is centred on the components' mean before it is compared with them."""
    moved = X - X.mean(0) + pi @ mu
    return estep(moved, pi, mu, Sigma, w)


E_STEP: dict[str, Callable[..., Any]] = {
    "no-two-pi": _log_shares(lambda j, X, *_: j + 0.5 * X.shape[1] * np.log(TWO_PI)),
    "logdet-twice": _log_shares(lambda j, X, pi, mu, S: j - _half_logdet(S)),
    "no-logdet": _log_shares(lambda j, X, pi, mu, S: j + _half_logdet(S)),
    "no-coefficients": _log_shares(lambda j, X, pi, mu, S: log_joint(X, np.ones_like(pi), mu, S)),
    "uniform-coefficients": _log_shares(lambda j, X, pi, mu, S: log_joint(X, np.ones_like(pi) / len(pi), mu, S)),
    "floored-coefficients": _log_shares(lambda j, X, pi, mu, S: log_joint(X, np.maximum(pi, 1e-10), mu, S)),
    "no-half": _log_shares(lambda j, X, pi, mu, S: j - 0.5 * _q(X, mu, S)),
    "no-half-at-all": _log_shares(lambda j, X, pi, mu, S: j + 0.45 * _q(X, mu, S)),
    "triangle-transposed": _log_shares(
        lambda j, X, pi, mu, S: log_joint(X, pi, mu, np.linalg.cholesky(S).swapaxes(1, 2) @ np.linalg.cholesky(S))
    ),
    "variance-for-precision": _log_shares(lambda j, X, pi, mu, S: log_joint(X, pi, mu, np.linalg.inv(S))),
    "first-covariance-for-all": _log_shares(
        lambda j, X, pi, mu, S: log_joint(X, pi, mu, np.broadcast_to(S[:1], S.shape))
    ),
    "diagonal-only": _log_shares(lambda j, X, pi, mu, S: log_joint(X, pi, mu, S * np.eye(X.shape[1]))),
    "ridge": _log_shares(lambda j, X, pi, mu, S: log_joint(X, pi, mu, S + 1e-6 * np.eye(X.shape[1]))),
    "floored-density": _log_shares(lambda j, *_: np.log(np.exp(j) + 1e-300) + np.where(j < -700, np.nan, 0.0)),
    "negated": _changed(lambda R, L, d, *_: (R, -L, d)),
    "axis-zero": _axis_zero,
    "axis-zero-weighted": _axis_zero_weighted,
    "no-shift": _no_shift,
    "no-shift-but-of-all": _one_shift,
    "expanded-square": _expanded,
    "single": _single,
    "first-of-equals": _first_of_equals,
    "last-component-idle": _last_idle,
    "centres-on-the-sample": _centred,
    "weights-on-components": _changed(
        lambda R, L, d, X, pi, mu, S, w: (
            R * np.resize(w + 1, len(pi)) / (R @ np.resize(w + 1, len(pi)))[:, None],
            L,
            d,
        )
    ),
    "hard": _changed(lambda R, L, d, *_: (np.eye(R.shape[1])[R.argmax(1)], L, d)),
    "floored": _changed(lambda R, L, d, *_: (np.maximum(R, 1e-8), L, d)),
    "times-weights": _changed(lambda R, L, d, X, pi, mu, S, w: (R * w[:, None], L, d)),
    "weights-ignored": _changed(lambda R, L, d, *_: (R, d.sum(), d)),
    "weights-squared": _changed(lambda R, L, d, X, pi, mu, S, w: (R, np.square(w) @ d, d)),
    "mean-not-sum": _changed(lambda R, L, d, X, pi, mu, S, w: (R, L / w.sum(), d)),
    "last-point-missing": _changed(lambda R, L, d, X, pi, mu, S, w: (R, w[:-1] @ d[:-1] if len(w) > 1 else L, d)),
    "coefficients-in-likelihood-only": _changed(
        lambda R, L, d, X, pi, mu, S, w: (shares_of(log_joint(X, np.ones_like(pi), mu, S), w)[0], L, d)
    ),
    "density-of-the-nearest": _changed(
        lambda R, L, d, X, pi, mu, S, w: (
            R,
            w @ log_joint(X, pi, mu, S).max(1),
            d + (R.shape[1] - 1) * np.log(R.max(1)),
        )
    ),
    "density-without-coefficients": _changed(
        lambda R, L, d, X, pi, mu, S, w: (R, L, shares_of(log_joint(X, np.full_like(pi, 1.0 + 1e-6), mu, S), w)[2])
    ),
}

MUTANTS = (
    *(mutant(name, gmm_estep, run) for name, run in E_STEP.items()),
    *careless(mutant("good", gmm_estep, estep)),
)
