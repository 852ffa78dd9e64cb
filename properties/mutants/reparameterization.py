"""Wrong pathwise estimators: slopes or noise taken in the wrong place, other parameters, other triangles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject, subject

from ..variational.pathwise_cholesky import pathwise_cholesky
from ..variational.reparameterization import pathwise_normal
from .careless import careless

Array = NDArray[Any]


def _ordinary(**arrays: Array) -> None:
    """All finite, and as long as the noise is wide."""
    for name, x in arrays.items():
        if not np.isfinite(x).all() or x.shape[-1:] != arrays["eps"].shape[-1:]:
            raise ValueError(f"{name}: not finite, or of shape {x.shape}")


def _checked(mu: Array, sigma: Array, eps: Array) -> None:
    _ordinary(mu=mu, sigma=sigma, eps=eps)
    if (sigma <= 0).any():
        raise ValueError("sigma is not positive")


def _right(df: Any, mu: Array, sigma: Array, eps: Array) -> tuple[Array, Array]:
    _checked(mu, sigma, eps)
    return _contributions(df, mu + sigma * eps, eps)


def _contributions(df: Any, z: Array, eps: Array) -> tuple[Array, Array]:
    slope = df(z)
    return np.concatenate([slope, slope * eps], axis=1), z


def _changed(change: Callable[..., Array]) -> Callable[..., tuple[Array, Array]]:
    """∇f changed on the way: change(∇f(z), ε)."""

    def run(df: Any, mu: Array, sigma: Array, eps: Array) -> tuple[Array, Array]:
        return _right(lambda z: change(df(z), eps), mu, sigma, eps)

    return run


def _after(change: Callable[..., Array]) -> Callable[..., tuple[Array, Array]]:
    """G changed at the end: change(G_μ, G_σ, μ, σ, ε, z) is the new G_σ."""

    def run(df: Any, mu: Array, sigma: Array, eps: Array) -> tuple[Array, Array]:
        G, z = _right(df, mu, sigma, eps)
        d = len(mu)
        return np.concatenate([G[:, :d], change(G[:, :d], G[:, d:], mu, sigma, eps, z)], axis=1), z

    return run


def _slope_at_the_mean(df: Any, mu: Array, sigma: Array, eps: Array) -> tuple[Array, Array]:
    """The first order of a Taylor series."""
    _, z = _right(df, mu, sigma, eps)
    slope = df(mu + 0 * eps)
    return np.concatenate([slope, slope * eps], axis=1), z


def _variance_for_deviation(df: Any, mu: Array, sigma: Array, eps: Array) -> tuple[Array, Array]:
    return _right(df, mu, np.sqrt(sigma) if (sigma > 0).all() else sigma, eps)


def _noise_changed(change: Callable[[Array], Array]) -> Callable[..., tuple[Array, Array]]:
    def run(df: Any, mu: Array, sigma: Array, eps: Array) -> tuple[Array, Array]:
        return _right(df, mu, sigma, change(eps))

    return run


def _first_sigma_for_all(df: Any, mu: Array, sigma: Array, eps: Array) -> tuple[Array, Array]:
    return _right(df, mu, 0 * sigma + sigma[:1], eps)


def _returns_noise_for_sample(df: Any, mu: Array, sigma: Array, eps: Array) -> tuple[Array, Array]:
    return _right(df, mu, sigma, eps)[0], eps


def _differences_of_slopes(df: Any, mu: Array, sigma: Array, eps: Array) -> tuple[Array, Array]:
    """∇f by a wide central difference, which kinks show."""
    return _right(lambda z: (df(z + 1 / 4) + df(z - 1 / 4)) / 2, mu, sigma, eps)


NORMAL: dict[str, Callable[..., tuple[Array, Array]]] = {
    "slope-at-the-mean": _slope_at_the_mean,
    "variance-for-deviation": _variance_for_deviation,
    "first-sigma-for-all": _first_sigma_for_all,
    "returns-noise-for-sample": _returns_noise_for_sample,
    "differences-of-slopes": _differences_of_slopes,
    "wrong-sign": _changed(lambda g, eps: -g),
    "clips-slopes": _changed(lambda g, eps: np.clip(g, -1, 1)),
    "absolute-slopes": _changed(lambda g, eps: np.abs(g)),
    "stretches-slopes": _changed(lambda g, eps: g * (1 + np.abs(eps)) / 2),
    "shifts-slopes-by-noise": _changed(lambda g, eps: g + eps),
    "score-of-slope": _changed(lambda g, eps: g * eps**2),
    "half-precision": _changed(lambda g, eps: g.astype(np.float16).astype(g.dtype)),
    "shifts-samples": _changed(lambda g, eps: np.roll(g, 1, axis=0)),
    "divides-by-samples": _changed(lambda g, eps: g / len(g)),
    "log-sigma-for-sigma": _after(lambda g, h, mu, sigma, eps, z: h * sigma),
    "sample-for-noise": _after(lambda g, h, mu, sigma, eps, z: g * z),
    "unsigned-noise": _after(lambda g, h, mu, sigma, eps, z: g * np.abs(eps)),
    "first-noise-for-all": _after(lambda g, h, mu, sigma, eps, z: g * eps[:, :1]),
    "mirrors-noise": _noise_changed(lambda eps: -eps),
    "centres-noise": _noise_changed(lambda eps: eps - eps.mean(axis=0)),
}


def _factored(df: Any, mu: Array, L: Array, eps: Array) -> tuple[Array, Array, Array]:
    _ordinary(mu=mu, L=L, eps=eps)
    if (np.diag(L) <= 0).any() or np.triu(L, 1).any():
        raise ValueError("L is no Cholesky factor")
    z = mu + eps @ L.T
    slope = df(z)
    return np.tril(slope[:, :, None] * eps[:, None, :]), slope, z


Factored = Callable[..., tuple[Array, Array, Array]]


def _in_factor(
    slope: Callable[[Array, Array], Array] = lambda g, eps: g,
    noise: Callable[[Array], Array] = lambda eps: eps,
    G: Callable[[Array, Array, Array], Array] = lambda g, eps, L: np.tril(g[:, :, None] * eps[:, None, :]),
    means: Callable[[Array, Array, Array], Array] = lambda g, eps, L: g,
    z: Callable[[Array, Array, Array], Array] = lambda mu, L, eps: mu + eps @ L.T,
    shown: Callable[[Array, Array], Array] = lambda z, eps: z,
) -> Factored:
    """The estimator in its parts, any of them replaced."""

    def run(df: Any, mu: Array, L: Array, eps: Array) -> tuple[Array, Array, Array]:
        _factored(df, mu, L, eps)
        eps = noise(eps)
        at = z(mu, L, eps)
        g = slope(df(at), eps)
        return G(g, eps, L), means(g, eps, L), shown(at, eps)

    return run


def _factor_slope_at_the_mean(df: Any, mu: Array, L: Array, eps: Array) -> tuple[Array, Array, Array]:
    _, _, z = _factored(df, mu, L, eps)
    return (*_factored(lambda x: df(mu + 0 * x), mu, L, eps)[:2], z)


CHOLESKY: dict[str, Factored] = {
    "slope-at-the-mean": _factor_slope_at_the_mean,
    "transposed": _in_factor(G=lambda g, eps, L: np.triu(eps[:, :, None] * g[:, None, :])),
    "full-matrix": _in_factor(G=lambda g, eps, L: g[:, :, None] * eps[:, None, :]),
    "diagonal-only": _in_factor(G=lambda g, eps, L: (g * eps)[:, :, None] * np.eye(len(L))),
    "noise-through-factor": _in_factor(G=lambda g, eps, L: np.tril(g[:, :, None] * (eps @ L.T)[:, None, :])),
    "transposed-factor": _in_factor(z=lambda mu, L, eps: mu + eps @ L),
    "covariance-for-factor": _in_factor(z=lambda mu, L, eps: mu + eps @ L @ L.T),
    "mirrors-noise": _in_factor(noise=lambda eps: -eps),
    "unsigned-noise": _in_factor(noise=np.abs),
    "sorts-noise": _in_factor(noise=lambda eps: np.sort(eps, axis=1)),
    "clips-noise": _in_factor(noise=lambda eps: np.clip(eps, -2, 2)),
    "half-precision": _in_factor(slope=lambda g, eps: g.astype(np.float16).astype(g.dtype)),
    "divides-by-samples": _in_factor(slope=lambda g, eps: g / len(g)),
    "shifts-samples": _in_factor(slope=lambda g, eps: np.roll(g, 1, axis=0)),
    "means-through-factor": _in_factor(means=lambda g, eps, L: g @ L),
    "means-by-noise": _in_factor(means=lambda g, eps, L: g * eps),
    "returns-noise-for-sample": _in_factor(shown=lambda z, eps: eps),
}

PATH = {"scale": "sigma", "path": "mu + sigma eps"}
LOWER = {"triangle": "lower", "path": "mu + L eps"}
PARTS = ("G", "G_mu", "z")

good = subject("good", contract=pathwise_normal, outputs=("G", "z"), conventions=PATH)(_right)
good_factor = subject("good", contract=pathwise_cholesky, outputs=PARTS, conventions=LOWER)(_factored)


def _mutant(name: str, run: Callable[..., tuple[Array, Array]]) -> Subject:
    return subject(name, contract=pathwise_normal, outputs=("G", "z"), conventions=PATH)(run)


def _mutant_factor(name: str, run: Factored) -> Subject:
    return subject(name, contract=pathwise_cholesky, outputs=PARTS, conventions=LOWER)(run)


MUTANTS = (
    *(_mutant(name, run) for name, run in NORMAL.items()),
    *careless(good),
    *(_mutant_factor(name, run) for name, run in CHOLESKY.items()),
    *careless(good_factor),
)
