"""Frozen problems of transport: NumPy arrays from explicit seeds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Transport:
    """Masses a [m], b [n], cost [m, n] = ‖x - y‖² between the clouds X [m, d], Y [n, d]; eps where it is entropic."""

    a: Array
    b: Array
    cost: Array
    X: Array
    Y: Array
    eps: float = 0.0


def clouds(m: int, n: int, d: int = 2, uniform: bool = False, eps: float = 0.0, seed: int = 1) -> Transport:
    """A Gaussian cloud, and a shifted, stretched one; eps in units of the mean cost."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((m, d))
    Y = rng.standard_normal((n, d)) * np.linspace(0.5, 1.5, d) + 1.0
    a = np.ones(m) if uniform else rng.random(m) + 0.05
    b = np.ones(n) if uniform else rng.random(n) + 0.05
    cost = ((X[:, None] - Y) ** 2).sum(-1)
    return Transport(a / a.sum(), b / b.sum(), cost, X, Y, eps * float(cost.mean()))


@dataclass(frozen=True, eq=False)
class Priced:
    """A cost [m, n] and a potential phi [m]."""

    phi: Array
    cost: Array


def priced(m: int, n: int, seed: int = 2) -> Priced:
    """The squared distances of two clouds, and noise."""
    rng = np.random.default_rng(seed)
    return Priced(rng.standard_normal(m), clouds(m, n, seed=seed).cost)


@dataclass(frozen=True, eq=False)
class Line:
    """Weighted points of the line: a, x [m]; b, y [n]."""

    a: Array
    x: Array
    b: Array
    y: Array


def line(m: int, n: int, seed: int = 3) -> Line:
    """Neither sorted nor of equal weights."""
    rng = np.random.default_rng(seed)
    a, b = rng.random(m) + 0.05, rng.random(n) + 0.05
    return Line(a / a.sum(), rng.standard_normal(m), b / b.sum(), 1.0 + 1.5 * rng.standard_normal(n))


@dataclass(frozen=True, eq=False)
class Gaussians:
    """Means [d] and covariances [d, d] of two Gaussians."""

    m1: Array
    S1: Array
    m2: Array
    S2: Array


def gaussians(d: int, seed: int = 4) -> Gaussians:
    """Full covariances with condition numbers of about 100."""
    rng = np.random.default_rng(seed)

    def covariance() -> Array:
        Q, _ = np.linalg.qr(rng.standard_normal((d, d)))
        return np.asarray((Q * np.geomspace(0.1, 10.0, d)) @ Q.T)

    S1, S2 = covariance(), covariance()
    return Gaussians(rng.standard_normal(d), (S1 + S1.T) / 2, rng.standard_normal(d), (S2 + S2.T) / 2)


@dataclass(frozen=True, eq=False)
class Metric:
    """Two measures mu, nu [n] on one finite metric space D [n, n]."""

    mu: Array
    nu: Array
    D: Array


def metric(n: int, d: int = 3, seed: int = 5) -> Metric:
    """Euclidean distances of a cloud."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    mu, nu = rng.random(n) + 0.05, rng.random(n) * np.exp(X[:, 0])
    D = np.sqrt(((X[:, None] - X) ** 2).sum(-1))
    return Metric(mu / mu.sum(), nu / nu.sum(), (D + D.T) / 2)
