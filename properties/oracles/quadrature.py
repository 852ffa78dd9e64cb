"""Expectations as finite sums: nodes and weights under which polynomials, waves and kinks are integrated to rounding.

A rule of n nodes may be exact for degree 2n − 1, but then its nodes are irrational and a subject in float32 never sees
them. Ours are Gauss-Hermite's nodes rounded to multiples of 2⁻¹⁰, with the weights that are exact for degree n − 1,

    w_i = E ℓ_i(ε),  ℓ_i(x) = Π_{j≠i} (x − x_j)/(x_i − x_j),  ε ~ N(0, 1)

(each integrated by the unrounded rule). So z = μ + σε is a number of every dtype when μ and σ are short binary
fractions, and an estimator is judged at the very points where the rule is exact.

Source: derived (interpolatory quadrature).
"""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

Array = NDArray[np.float64]
GRAIN = 2.0**10


@cache
def normal(n: int) -> tuple[Array, Array]:
    """n nodes and weights for ε ~ N(0, 1), exact for polynomials of degree n − 1; each node is a multiple of 2⁻¹⁰."""
    x, w = hermegauss(n)
    nodes = np.round(x * GRAIN) / GRAIN
    weights = np.array([_basis(nodes, i, x) @ w for i in range(n)]) / w.sum()
    return _frozen(nodes), _frozen(weights)


@cache
def normals(d: int, n: int) -> tuple[Array, Array]:
    """nodes[n^d, d] and weights[n^d] for d independent standard normals, exact for degree n − 1 in each."""
    nodes, weights = normal(n)
    grid = np.array(list(product(nodes, repeat=d)))
    return _frozen(grid), _frozen(np.array(list(product(weights, repeat=d))).prod(axis=1))


@cache
def normal_panels(cut: float, panels: int = 16, n: int = 16) -> tuple[Array, Array]:
    """Nodes and weights for ε ~ N(0, 1) on panels that end at `cut`: exact to rounding for f smooth on either side."""
    x, w = leggauss(n)
    ends = np.concatenate([np.linspace(-9.0, cut, panels + 1), np.linspace(cut, 9.0, panels + 1)[1:]])
    half = np.diff(ends)[:, None] / 2.0
    nodes = (ends[:-1, None] + half * (x + 1.0)).reshape(-1)
    weights = (half * w).reshape(-1) * np.exp(-(nodes**2) / 2.0) / np.sqrt(2.0 * np.pi)
    return _frozen(nodes), _frozen(weights)


@cache
def log_axis(left: float, right: float, step: float = 2.0**-4) -> tuple[Array, Array]:
    """z = e^t on a grid of t, with dz: the trapezoid rule, spectrally exact where z q(z) dies out at both ends."""
    z = np.exp(np.arange(left, right, step))
    return _frozen(z), _frozen(z * step)


@cache
def states(d: int, K: int) -> Array:
    """Every z in {0, …, K−1}^d, one a row."""
    return _frozen(np.array(list(product(range(K), repeat=d)), np.float64))


def _basis(nodes: Array, i: int, x: Array) -> Array:
    """ℓ_i(x)."""
    others = np.delete(nodes, i)
    return np.asarray(((x[:, None] - others) / (nodes[i] - others)).prod(axis=1))


def _frozen(x: Array) -> Array:
    x.setflags(write=False)
    return x
