"""Linear-Gaussian latent variables, whose evidence and posterior are known, with a mean-field normal beside them.

    log p(x, z) = c + bᵀz − ½ zᵀAz,    A ≻ 0:      p(z|x) = N(A⁻¹b, A⁻¹),    log p(x) = c + ½ bᵀA⁻¹b + ½ log det(2πA⁻¹)

A = LLᵀ of short binary fractions, so that the polynomial has the coefficients that the oracle has, in every dtype.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ._draws import Array, signed, some_bytes
from .integrands import Multivariate

LOG_2PI = float(np.log(2.0 * np.pi))


@dataclass(frozen=True)
class Latent:
    """A[d, d], b[d], c of the model; mu[d], log_sigma[d] of q; noise eps[S, d]."""

    A: Array
    b: Array
    c: float
    mu: Array
    log_sigma: Array
    eps: Array

    @property
    def log_joint(self) -> Multivariate:
        """c + bᵀz − ½ zᵀAz."""
        return quadratic(-self.A / 2.0, self.b, self.c)

    @property
    def log_evidence(self) -> float:
        """log p(x)."""
        _, log_det = np.linalg.slogdet(self.A)
        return float(self.c + self.b @ self.center / 2.0 + (len(self.b) * LOG_2PI - log_det) / 2.0)

    @property
    def center(self) -> Array:
        """A⁻¹b, the posterior mean."""
        return np.asarray(np.linalg.solve(self.A, self.b))

    @property
    def sigma(self) -> Array:
        return np.asarray(np.exp(self.log_sigma))

    @property
    def divergence(self) -> float:
        """KL(q ‖ p(z|x))."""
        off, variance = self.mu - self.center, self.sigma**2
        _, log_det = np.linalg.slogdet(self.A)
        spread = np.diag(self.A) @ variance + off @ self.A @ off
        return float((spread - len(off) - log_det) / 2.0 - self.log_sigma.sum())


@dataclass(frozen=True)
class Shifted(Latent):
    """The model, and t[d] to move the latent space by."""

    t: Array


def quadratic(Q: Array, b: Array, c: float) -> Multivariate:
    """c + bᵀz + zᵀQz for a symmetric Q."""
    d = len(b)
    coefficients, powers = [float(c)], [(0,) * d]
    for i in range(d):
        coefficients.append(float(b[i]))
        powers.append(tuple(int(k == i) for k in range(d)))
        for j in range(i + 1):
            coefficients.append(float(Q[i, j] * (1.0 if i == j else 2.0)))
            powers.append(tuple(int(k == i) + int(k == j) for k in range(d)))
    return Multivariate(tuple(coefficients), tuple(powers))


def _latent(draw: Any, diagonal: bool) -> Latent:
    d, S = draw(st.sampled_from((2, 1, 3))), draw(st.sampled_from((3, 4, 1, 2)))
    drawn, noise = some_bytes(draw), some_bytes(draw)
    L = np.diag(1.0 + (drawn[:d] % 4) / 2.0)
    if not diagonal:
        below = np.tril_indices(d, -1)
        L[below] = signed(drawn[3 : 3 + len(below[0])] % 9) / 2.0
    b, mu = signed(some_bytes(draw)[:d]) / 8.0, signed(some_bytes(draw)[:d]) / 16.0
    log_sigma = signed(drawn[6 : 6 + d] % 7 if d < 3 else noise[5:8] % 7) / 4.0
    eps = (signed(np.resize(noise, S * d) * (1 + np.arange(S * d))) % 64.0 - 24.0) / 16.0
    return Latent(L @ L.T, b, draw(st.integers(-8, 8)) / 4.0, mu, np.resize(log_sigma, d), eps.reshape(S, d))


@st.composite
def latents(draw: Any) -> Latent:
    """Any model; q is nobody's posterior."""
    return _latent(draw, diagonal=False)


@st.composite
def at_posterior(draw: Any) -> Latent:
    """A diagonal model, and q its posterior: A_jj = 4^k, so that log σ is the rounded −k log 2 and σ = 2^−k."""
    one = _latent(draw, diagonal=True)
    k = signed(some_bytes(draw)[: len(one.b)] % 5)
    A = np.diag(4.0**k)
    return Latent(A, one.b, one.c, one.b / np.diag(A), -k * np.log(2.0), one.eps)


@st.composite
def shifted(draw: Any) -> Shifted:
    one = _latent(draw, diagonal=False)
    t = signed(some_bytes(draw)[: len(one.b)]) / 16.0
    return Shifted(one.A, one.b, one.c, one.mu, one.log_sigma, one.eps, t)


@dataclass(frozen=True)
class Finite:
    """Log-probabilities log_joint[M] of an observation with each of M states, and log_q[M] of sum 1; −inf are zeros."""

    log_joint: Array
    log_q: Array


@dataclass(frozen=True)
class Weights:
    """Log-weights log_w[S, K]."""

    log_w: Array


@dataclass(frozen=True)
class Sampled(Finite):
    """The finite space without zeros, and how many weights K a bound has."""

    K: int


def _finite(draw: Any, zeros: bool) -> Finite:
    M = draw(st.sampled_from((2, 3, 4, 1, 5)))
    joint, q = signed(some_bytes(draw)[:M]) / 8.0 - 2.0, some_bytes(draw)[:M] % 12
    mass = np.maximum(q - 3.0, 0.0) if zeros else q + 1.0
    mass[-1] += not mass.any()
    if zeros:
        joint = np.where(some_bytes(draw)[:M] % 4 == 3, -np.inf, joint)
        joint = np.where((joint == -np.inf).all(), 0.0, joint)
    with np.errstate(divide="ignore"):
        return Finite(joint, np.log(mass / mass.sum()))


@st.composite
def finite(draw: Any) -> Finite:
    """Zeros of q and of p, in any combination."""
    return _finite(draw, zeros=True)


@st.composite
def sampled(draw: Any) -> Sampled:
    one = _finite(draw, zeros=False)
    return Sampled(one.log_joint, one.log_q, draw(st.sampled_from((2, 1, 3))))


@st.composite
def weights(draw: Any) -> Weights:
    S, K = draw(st.sampled_from((2, 1, 3))), draw(st.sampled_from((3, 2, 1, 5)))
    scale = draw(st.sampled_from((0.125, 8.0, 64.0, 0.5)))
    log_w = np.stack([signed(some_bytes(draw)[:K]) for _ in range(S)]) * scale
    return Weights(np.where(np.stack([some_bytes(draw)[:K] for _ in range(S)]) % 16 == 15, -np.inf, log_w))
