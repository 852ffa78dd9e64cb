"""Wrong steps of EM: half of one, two at once, about the old means, with something kept or added."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..latent.gmm_em import gmm_em_step
from ._mixtures import FULL, estep, hard, mstep, mutant
from .careless import careless

Array = NDArray[Any]


def _em(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> tuple[Array, Array, Array]:
    return mstep(X, estep(X, pi, mu, Sigma, w)[0], w)


def _after(change: Callable[..., Any]) -> Callable[..., Any]:
    """A step whose result is changed; the change sees (new pi, mu, Sigma, then the start)."""
    return lambda X, pi, mu, Sigma, w: change(*_em(X, pi, mu, Sigma, w), X, pi, mu, Sigma, w)


def _old_means(p: Array, m: Array, S: Array, X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
    y = m - mu
    return p, m, S + y[:, :, None] * y[:, None, :]


def _responsible(change: Callable[[Array, Array], Array]) -> Callable[..., Any]:
    """A step with other responsibilities."""

    def run(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
        return mstep(X, change(estep(X, pi, mu, Sigma, w)[0], w), w)

    return run


def _two(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
    """Coefficients of the first round, means and covariances of the second."""
    once = _em(X, pi, mu, Sigma, w)
    return once[0], *_em(X, *once, w)[1:]


def _last_kept(p: Array, m: Array, S: Array, X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
    return (p, np.concatenate([m[:-1], mu[-1:]]), S) if len(p) > 1 else (p, m, S)


def _weighted_shares(R: Array, w: Array) -> Array:
    shared = R * (1.0 + 0.1 * w[:, None] * np.arange(R.shape[1]))
    return np.asarray(shared / shared.sum(1, keepdims=True))


EM_STEP: dict[str, Callable[..., Any]] = {
    "old-means": _after(_old_means),
    "bessel": _after(lambda p, m, S, X, pi, mu, Sg, w: (p, m, S * w.sum() / (w.sum() - 0.5))),
    "ridge": _after(lambda p, m, S, *_: (p, m, S + 1e-6 * np.eye(S.shape[-1]))),
    "coefficients-kept": _after(lambda p, m, S, X, pi, *_: (pi, m, S)),
    "means-kept": _after(lambda p, m, S, X, pi, mu, Sg, w: (p, mu, S)),
    "means-shrunk": _after(lambda p, m, S, *_: (p, m * (1.0 - 1e-5), S)),
    "means-exchanged": _after(lambda p, m, S, *_: (p, m[::-1], S)),
    "last-component-kept": _after(_last_kept),
    "half-a-step": _after(lambda p, m, S, X, pi, mu, Sg, w: ((p + pi) / 2, (m + mu) / 2, (S + Sg) / 2)),
    "pseudo-counts": _after(lambda p, m, S, *_: ((p + 0.01) / (p + 0.01).sum(), m, S)),
    "one-pseudo-point": _after(
        lambda p, m, S, X, pi, mu, Sg, w: ((w.sum() * p + 0.1) / (w.sum() + 0.1 * len(p)), m, S)
    ),
    "covariances-halved": _after(lambda p, m, S, *_: (p, m, S / 2)),
    "shuffles-coefficients": _after(lambda p, m, S, *_: (np.sort(p), m, S)),
    "hard": _responsible(lambda R, w: hard(R)),
    "weights-in-e-step": _responsible(_weighted_shares),
    "two-steps": _two,
    "uniform-start": lambda X, pi, mu, S, w: _em(X, np.full_like(pi, 1.0 / len(pi)), mu, S, w),
    "weights-ignored": lambda X, pi, mu, S, w: _em(X, pi, mu, S, np.ones_like(w)),
    "diagonal-only": _after(lambda p, m, S, *_: (p, m, S * np.eye(S.shape[-1]))),
}

MUTANTS = (
    *(mutant(name, gmm_em_step, run, {**FULL, "empty": "keep"}) for name, run in EM_STEP.items()),
    *careless(mutant("good", gmm_em_step, _em, {**FULL, "empty": "raises"})),
)
