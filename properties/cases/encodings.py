"""What a variational autoencoder computes with: encodings (mean and log-variance) with noise, and data with their logits.

Means and log-variances are short binary fractions, away from each other and from zero; batches are rarely square.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ._draws import Array, signed, some_bytes


@dataclass(frozen=True)
class Encoding:
    """mu[B, d], logvar[B, d]."""

    mu: Array
    logvar: Array


@dataclass(frozen=True)
class Noisy(Encoding):
    """The encoding, and noise eps[B, d]."""

    eps: Array


@dataclass(frozen=True)
class Binary:
    """x[B, D] of zeros and ones (or shares of one), and logits[B, D]."""

    x: Array
    logits: Array


@dataclass(frozen=True)
class Real:
    """x[B, D], mean[B, D] and logvar[B, D]."""

    x: Array
    mean: Array
    logvar: Array


@dataclass(frozen=True)
class Linear:
    """A linear autoencoder and data x[B, D]: p(x|z) = N(Wz + offset, noise I), q(z|x) = N(Vx + shift, diag e^logvar)."""

    x: Array
    W: Array
    offset: Array
    noise: Array
    V: Array
    shift: Array
    logvar: Array
    eps: Array


@dataclass(frozen=True)
class Minibatch:
    """local[N] terms of N items, one shared term, and how many items n a batch has."""

    local: Array
    shared: Array
    n: int

    @property
    def N(self) -> int:
        return len(self.local)


def _shape(draw: Any) -> tuple[int, int]:
    shape: tuple[int, int] = draw(st.sampled_from(((2, 3), (1, 2), (3, 1), (2, 4), (4, 2), (1, 1))))
    return shape


def _numbers(draw: Any, shape: tuple[int, int], unit: float) -> Array:
    return np.stack([signed(some_bytes(draw)[: shape[1]]) for _ in range(shape[0])]) * unit


@st.composite
def encodings(draw: Any) -> Encoding:
    shape = _shape(draw)
    return Encoding(_numbers(draw, shape, 1 / 16), _numbers(draw, shape, 1 / 16))


@st.composite
def near_standard(draw: Any) -> Encoding:
    """Log-variances from ½ down to 2⁻⁴⁰, means as small."""
    shape = _shape(draw)
    small = 2.0 ** -draw(st.sampled_from((2, 8, 14, 22, 30, 40)))
    return Encoding(_numbers(draw, shape, small / 128), np.clip(_numbers(draw, shape, small / 64), -0.5, 0.5))


@st.composite
def extremes(draw: Any) -> Encoding:
    """Log-variances of 80 to 800 and of −64 to −700: beyond the largest and below the smallest float."""
    shape = _shape(draw)
    far = draw(st.sampled_from((88.0, 89.0, 709.0, 710.0, 800.0, -64.0, -104.0, -700.0, -746.0)))
    logvar = np.full(shape, 0.5)
    logvar[:, -1] = far
    return Encoding(_numbers(draw, shape, 1 / 16), logvar)


@st.composite
def noisy(draw: Any) -> Noisy:
    one = draw(_ENCODINGS)
    return Noisy(one.mu, one.logvar, _numbers(draw, (one.mu.shape[0], one.mu.shape[1]), 1 / 16))


@st.composite
def binary(draw: Any) -> Binary:
    shape, unit = _shape(draw), draw(st.sampled_from((0.125, 1.0, 8.0, 0.0)))
    x = np.stack([some_bytes(draw)[: shape[1]] % 2 for _ in range(shape[0])]).astype(np.float64)
    return Binary(x, _numbers(draw, shape, unit))


@st.composite
def shares(draw: Any) -> Binary:
    """x of quarters: 0, ¼, ½, ¾, 1."""
    one = draw(_BINARY)
    x = np.stack([some_bytes(draw)[: one.x.shape[1]] % 5 for _ in range(len(one.x))]) / 4.0
    return Binary(x, one.logits)


@st.composite
def far_logits(draw: Any) -> Binary:
    """Logits of size 30 to 10⁴, for and against."""
    one = draw(_BINARY)
    size = draw(st.sampled_from((30.0, 40.0, 90.0, 100.0, 750.0, 1e4)))
    return Binary(one.x, np.where(one.logits >= 0, size, -size))


@st.composite
def real(draw: Any) -> Real:
    shape = _shape(draw)
    return Real(*(_numbers(draw, shape, unit) for unit in (1 / 8, 1 / 16, 1 / 16)))


@st.composite
def linear(draw: Any) -> Linear:
    """D data and d latent dimensions, rarely equal; the noise is never 1."""
    B, D, d = draw(st.sampled_from(((2, 3, 2), (3, 2, 1), (2, 4, 3), (1, 1, 1), (4, 3, 1))))
    W, V = (_numbers(draw, (D, d), 1 / 32), _numbers(draw, (d, D), 1 / 64))
    x, eps = _numbers(draw, (B, D), 1 / 16), _numbers(draw, (B, d), 1 / 32)
    offset, shift, logvar = (_numbers(draw, (1, n), 1 / 32)[0] for n in (D, d, d))
    noise = np.asarray(draw(st.sampled_from((0.25, 2.0, 4.0, 0.5, 3.0))))
    return Linear(x, W, offset, noise, V, shift, logvar, eps)


@st.composite
def spanning(draw: Any) -> Linear:
    """Data whose covariance has full rank and no equal eigenvalues by chance, and latent dimensions fewer than its own."""
    D, d = draw(st.sampled_from(((3, 1), (3, 2), (2, 1), (4, 2))))
    axes = np.diag(2.0 + np.arange(D))
    x = np.concatenate([axes, -axes]) + _numbers(draw, (2 * D, D), 1 / 64)
    eps = _numbers(draw, (2 * D, d), 1 / 32)
    zero = np.zeros((d, D))
    return Linear(x, zero.T, np.zeros(D), np.asarray(1.0), zero, np.zeros(d), np.zeros(d), eps)


@st.composite
def minibatches(draw: Any) -> Minibatch:
    N = draw(st.sampled_from((4, 3, 5, 6, 2)))
    local = signed(some_bytes(draw)[:N]) / 8.0
    shared = np.asarray(float(draw(st.integers(-16, 16)) / 4.0))
    return Minibatch(local, shared, draw(st.integers(1, N)))


_ENCODINGS, _BINARY = encodings(), binary()
