"""The right steps of a Gaussian mixture, from which the wrong ones are made.

The change of an M-step sees (π, μ, Σ) and what they were made of; every mutant is quiet about overflow and 0/0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Subject, subject

from ..latent.gmm_estep import gmm_estep

Array = NDArray[Any]
FULL = {"covariance": "full"}
TWO_PI = 2.0 * np.pi


def log_joint(X: Array, pi: Array, mu: Array, Sigma: Array) -> Array:
    L = np.linalg.cholesky(Sigma)
    z = np.linalg.solve(L[None], (X[:, None] - mu)[..., None])[..., 0]
    logdet = np.log(np.diagonal(L, 0, 1, 2)).sum(-1)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(pi) - 0.5 * np.square(z).sum(-1) - logdet - 0.5 * X.shape[1] * np.log(TWO_PI))


def shares_of(joint: Array, w: Array) -> tuple[Array, Any, Array]:
    """R, L and log p from the log joint."""
    top = joint.max(1, keepdims=True)
    e = np.exp(joint - top)
    log_density = np.log(e.sum(1)) + top[:, 0]
    return e / e.sum(1, keepdims=True), w @ log_density, log_density


def _checked(X: Array, pi: Array, mu: Array, Sigma: Array) -> None:
    if not all(np.isfinite(a).all() for a in (X, pi, mu, Sigma)) or abs(pi.sum() - 1.0) > 1e-6:
        raise ValueError("expected finite numbers, and pi on the simplex")


def estep(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> tuple[Array, Any, Array]:
    _checked(X, pi, mu, Sigma)
    return shares_of(log_joint(X, pi, mu, Sigma), w)


def mstep(X: Array, R: Array, w: Array) -> tuple[Array, Array, Array]:
    if not np.isfinite(X).all() or not np.isfinite(R).all() or (w < 0).any():
        raise ValueError("expected finite numbers, and weights that are not negative")
    r = R * w[:, None]
    mass = r.sum(0)
    if (mass == 0).any():
        raise ValueError("a component is empty")
    centre = X.mean(0)
    mu = r.T @ (X - centre) / mass[:, None]
    y = (X - centre)[:, None] - mu
    return mass / mass.sum(), mu + centre, np.einsum("nk,nki,nkj->kij", r, y, y) / mass[:, None, None]


E_OUT = ("R", "log_likelihood", "log_density")
M_OUT = ("pi", "mu", "Sigma")


def mutant(
    name: str, contract: Contract, run: Callable[..., Any], conventions: dict[str, str] | None = None
) -> Subject:
    def quiet(*arguments: Any) -> Any:
        with np.errstate(all="ignore"):
            return run(*arguments)

    outputs = E_OUT if contract is gmm_estep else M_OUT
    return subject(name, contract=contract, outputs=outputs, conventions=FULL if conventions is None else conventions)(
        quiet
    )


def hard(R: Array) -> Array:
    return np.asarray(0.999 * np.eye(R.shape[1])[R.argmax(1)] + 0.001 * R)
