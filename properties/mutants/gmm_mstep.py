"""Wrong parameters from right responsibilities: weights forgotten, wrong divisors, moments about the wrong point."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..latent.gmm_mstep import gmm_mstep
from ._mixtures import FULL, hard, mstep, mutant
from .careless import careless

Array = NDArray[Any]


def _moments(change: Callable[..., Any]) -> Callable[..., Any]:
    """An M-step whose result is changed; the change sees (pi, mu, Sigma, mass, X, r, R, w)."""

    def run(X: Array, R: Array, w: Array) -> Any:
        r = R * w[:, None]
        return change(*mstep(X, R, w), r.sum(0), X, r, R, w)

    return run


def _with(R_of: Callable[[Array], Array], w_of: Callable[[Array], Array]) -> Callable[..., Any]:
    """An M-step of other responsibilities and weights."""
    return lambda X, R, w: mstep(X, R_of(R), w_of(w))


def _about(r: Array, X: Array, centre: Array, mass: Array) -> Array:
    y = X[:, None] - centre
    return np.asarray(np.einsum("nk,nki,nkj->kij", r, y, y) / mass[:, None, None])


def _unweighted_means(pi: Array, mu: Array, S: Array, mass: Array, X: Array, r: Array, R: Array, w: Array) -> Any:
    means = R.T @ X / np.maximum(R.sum(0), 1e-300)[:, None]
    return pi, means, _about(r, X, means, mass)


def _one_pass(pi: Array, mu: Array, S: Array, mass: Array, X: Array, r: Array, R: Array, w: Array) -> Any:
    second = np.einsum("nk,ni,nj->kij", r, X, X) / mass[:, None, None]
    return pi, mu, second - mu[:, :, None] * mu[:, None, :]


def _last_point(pi: Array, mu: Array, S: Array, mass: Array, X: Array, r: Array, R: Array, w: Array) -> Any:
    """The last point counts for the means but not for the covariances."""
    few = r.copy()
    few[-1] *= 0.5
    return pi, mu, _about(few, X, mu, mass)


def _lopsided(S: Array) -> Array:
    """Right below the diagonal, zero above it."""
    return np.asarray(np.tril(S))


def _scaled_last(S: Array) -> Array:
    out = S.copy()
    out[-1] *= 1.0 + 1e-4
    return out


def _revives(X: Array, R: Array, w: Array) -> Any:
    return mstep(X, R + 1e-12, w)


def _spoils(X: Array, R: Array, w: Array) -> Any:
    mass = w @ R
    if (mass > 0).all():
        return mstep(X, R, w)
    K, D = R.shape[1], X.shape[1]
    return np.full(K, 1.0 / K), np.zeros((K, D)), np.ones((K, D, D))


M_STEP: dict[str, Callable[..., Any]] = {
    "uniform-coefficients": _moments(lambda p, m, S, *_: (np.full_like(p, 1.0 / len(p)), m, S)),
    "coefficients-by-count": _moments(lambda p, m, S, mass, X, *_: (mass / len(X), m, S)),
    "coefficients-squared": _moments(lambda p, m, S, *_: (p**2 / (p**2).sum(), m, S)),
    "pseudo-counts": _moments(lambda p, m, S, mass, *_: ((mass + 0.01) / (mass + 0.01).sum(), m, S)),
    "hard-coefficients": _moments(lambda p, m, S, mass, X, r, R, w: (w @ hard(R) / w.sum(), m, S)),
    "means-unweighted": _moments(_unweighted_means),
    "means-of-all": _moments(lambda p, m, S, *_: (p, np.broadcast_to(p @ m, m.shape), S)),
    "means-shrunk": _moments(lambda p, m, S, *_: (p, m * (1.0 - 1e-6) + 1e-6 * (p @ m) + 1e-7, S)),
    "hard-means": lambda X, R, w: (mstep(X, R, w)[0], mstep(X, hard(R), w)[1], mstep(X, R, w)[2]),
    "bessel": _moments(lambda p, m, S, mass, *_: (p, m, S * (mass / np.maximum(mass - 1, 0.5))[:, None, None])),
    "second-moment": _moments(lambda p, m, S, mass, X, r, *_: (p, m, _about(r, X, 0 * m, mass))),
    "about-the-sample-mean": _moments(
        lambda p, m, S, mass, X, r, R, w: (p, m, _about(r, X, np.broadcast_to(p @ m, m.shape), mass))
    ),
    "diagonal-only": _moments(lambda p, m, S, *_: (p, m, S * np.eye(S.shape[-1]))),
    "ridge": _moments(lambda p, m, S, *_: (p, m, S + 1e-6 * np.eye(S.shape[-1]))),
    "one-pass-moments": _moments(_one_pass),
    "single": lambda X, R, w: tuple(a.astype(np.float64) for a in mstep(*(a.astype(np.float32) for a in (X, R, w)))),
    "deviations": _moments(
        lambda p, m, S, *_: (p, m, S / np.sqrt(np.maximum(np.abs(S).max((1, 2), keepdims=True), 1e-300)))
    ),
    "negated": _moments(lambda p, m, S, *_: (p, m, -S)),
    "lopsided": _moments(lambda p, m, S, *_: (p, m, _lopsided(S))),
    "last-point": _moments(_last_point),
    "last-component-loose": _moments(lambda p, m, S, *_: (p, m, _scaled_last(S))),
    "weights-of-the-first": _with(lambda R: R, lambda w: np.where(np.arange(len(w)) > 0, w, 1.0)),
    "weights-ignored": _with(lambda R: R, np.ones_like),
    "weights-squared": _with(lambda R: R, np.square),
    "revives-the-empty": _revives,
    "spoils-all-where-empty": _spoils,
}

M_STEP_OF: dict[str, tuple[str, Callable[..., Any]]] = {
    "tied-plainly": ("tied", _moments(lambda p, m, S, *_: (p, m, np.broadcast_to(S.mean(0), S.shape)))),
    "form-not-kept": ("diagonal", mstep),
    "trace-not-mean": (
        "spherical",
        _moments(lambda p, m, S, *_: (p, m, np.trace(S, axis1=1, axis2=2)[:, None, None] * np.eye(S.shape[-1]))),
    ),
}

RAISES = {**FULL, "empty": "raises"}

MUTANTS = (
    *(mutant(name, gmm_mstep, run, RAISES) for name, run in M_STEP.items()),
    *(mutant(name, gmm_mstep, run, {"covariance": form}) for name, (form, run) in M_STEP_OF.items()),
    *careless(mutant("good", gmm_mstep, mstep, RAISES)),
)
