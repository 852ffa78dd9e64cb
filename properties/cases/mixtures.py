"""Mixtures of Gaussians with points, points with responsibilities, and what a law moves, doubles or compares them with.

Everything lies on dyadic grids, so that shifts, small integer maps and replications are exact in float32 too. Covariances
are L Lᵀ of small integer triangles: full, diagonal, spherical, or one for all components. Sizes are unequal, weights and
masses uneven, half of the cases have weights all 1. Components may be empty (π_k = 0), coincide, or lie far from all points.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ._draws import Array, Bytes, masses, signed

FORMS = ("full", "full", "tied", "full", "diagonal", "spherical")
SCALES = (1.0, 1.0, 1.0, 0.25, 2.0**-10, 2.0**10)


@dataclass(frozen=True)
class Mixture:
    """X[N, D], π[K], μ[K, D], Σ[K, D, D], weights[N]."""

    X: Array
    pi: Array
    mu: Array
    Sigma: Array
    weights: Array


@dataclass(frozen=True)
class Rivalled(Mixture):
    """The mixture, and other responsibilities for its points, [N, K]."""

    rival: Array


@dataclass(frozen=True)
class Moved(Mixture):
    """The mixture, and the map x ↦ T x + t, T[D, D] of small integers."""

    T: Array
    t: Array


@dataclass(frozen=True)
class Directed(Mixture):
    """The mixture, and a direction for each mean, [K, D]."""

    direction: Array


@dataclass(frozen=True)
class Assigned:
    """X[N, D], responsibilities R[N, K] with rows of sum 1, weights[N]."""

    X: Array
    R: Array
    weights: Array


@dataclass(frozen=True)
class MovedAssigned(Assigned):
    """The points with responsibilities, and the map x ↦ T x + t."""

    T: Array
    t: Array


@st.composite
def mixtures(draw: Any, D: int = 0, K: int = 0) -> Mixture:
    """Any mixture; D and K may be given."""
    D, K, N = D or draw(_DIMENSIONS), K or draw(_COMPONENTS), draw(_POINTS)
    scale = draw(_SCALES)
    middle = 4.0 * signed(_bytes(draw, D) % 9)
    X = signed(_bytes(draw, N * D).reshape(N, D) % 33) / 4.0 + middle
    mu = signed(_bytes(draw, K * D).reshape(K, D) % 17) / 2.0 + middle
    if draw(_FEW):
        mu[:] = mu[0]
    Sigma = covariances(draw, K, D, draw(_FORMS)) * (scale / draw(_WIDTHS)) ** 2
    return Mixture(scale * X, masses(draw, K, False), scale * mu, Sigma, weights(draw, N))


@st.composite
def overlapping(draw: Any, K: int = 0) -> Mixture:
    """All π_k > 0, all components reach all points, and the points span the space: one step of EM stays definite."""
    D, K = draw(_DIMENSIONS), K or draw(_COMPONENTS)
    N, scale = draw(st.integers(D + 2, D + 5)), draw(_SCALES)
    middle = 2.0 * signed(_bytes(draw, D) % 5)
    X = signed(_bytes(draw, N * D).reshape(N, D) % 17) / 4.0
    X[: D + 1] = np.concatenate([np.zeros((1, D)), 3.0 * np.eye(D)]) + X[: D + 1] / 4.0
    mu = signed(_bytes(draw, K * D).reshape(K, D) % 17) / 4.0
    Sigma = (covariances(draw, K, D, draw(_FORMS)) + 4.0 * np.eye(D)) * scale**2
    pi = masses(draw, K, True)
    w = np.maximum(weights(draw, N), 0.25)
    return Mixture(scale * (X + middle), pi, scale * (mu + middle), Sigma, w)


@st.composite
def assigned(draw: Any, K: int = 0) -> Assigned:
    """Responsibilities of any kind, every component with some mass."""
    D, K, N = draw(_DIMENSIONS), K or draw(_COMPONENTS), draw(_POINTS)
    X = signed(_bytes(draw, N * D).reshape(N, D) % 33) / 4.0 + 4.0 * signed(_bytes(draw, D) % 9)
    w = weights(draw, N)
    w[0] = max(w[0], 1.0)
    return Assigned(draw(_SCALES) * X, responsibilities(draw, N, K), w)


def emptied() -> st.SearchStrategy[Assigned]:
    """The last of several components has no mass at all."""

    def empty(case: Assigned) -> Assigned:
        R = case.R.copy()
        R[:, 0] += R[:, -1]
        R[:, -1] = 0.0
        return replace(case, R=R)

    return st.integers(2, 3).flatmap(lambda K: assigned(K=K)).map(empty)


def with_idle_component() -> st.SearchStrategy[Mixture]:
    """The last of several components has π_k = 0."""

    def idle(case: Mixture) -> Mixture:
        pi = case.pi.copy()
        pi[0] += pi[-1]
        pi[-1] = 0.0
        return replace(case, pi=pi)

    return st.integers(2, 3).flatmap(lambda K: overlapping(K=K)).map(idle)


@st.composite
def rivalled(draw: Any, base: Any = None) -> Rivalled:
    one = draw(mixtures() if base is None else base)
    rival = responsibilities(draw, min(len(one.X), 8), len(one.pi))
    return Rivalled(**_fields(one), rival=np.resize(rival, (len(one.X), len(one.pi))))


@st.composite
def moved(draw: Any, base: Any = None) -> Moved:
    one = draw(mixtures() if base is None else base)
    return Moved(**_fields(one), **affine(draw, one.X))


@st.composite
def moved_overlapping(draw: Any, base: Any = None) -> Moved:
    one = draw(overlapping() if base is None else base)
    return Moved(**_fields(one), **affine(draw, one.X))


@st.composite
def moved_assigned(draw: Any, base: Any = None) -> MovedAssigned:
    one = draw(assigned() if base is None else base)
    return MovedAssigned(**_fields(one), **affine(draw, one.X))


@st.composite
def directed(draw: Any, base: Any = None) -> Directed:
    one = draw(overlapping() if base is None else base)
    step = signed(_bytes(draw, one.mu.size).reshape(one.mu.shape) % 5)
    step[0, 0] += not step.any()
    return Directed(**_fields(one), direction=step)


def on_a_line() -> st.SearchStrategy[Mixture]:
    return mixtures(D=1)


def in_the_plane() -> st.SearchStrategy[Mixture]:
    return mixtures(D=2)


def single_component() -> st.SearchStrategy[Mixture]:
    return mixtures(K=1)


def single_overlapping() -> st.SearchStrategy[Mixture]:
    return overlapping(K=1)


def single_assigned() -> st.SearchStrategy[Assigned]:
    return assigned(K=1)


def covariances(draw: Any, K: int, D: int, form: str) -> Array:
    """L Lᵀ, L lower triangular with 1 to 4 on the diagonal and −2 to 2 below it."""
    drawn = _bytes(draw, K * D * D).reshape(K, D, D)
    L = np.tril(signed(drawn % 5), -1) + (1.0 + drawn % 4) * np.eye(D)
    if form in ("diagonal", "spherical"):
        L = L * np.eye(D)
    if form == "spherical":
        L = L[:, :1, :1] * np.eye(D)
    if form == "tied":
        L = np.broadcast_to(L[:1], L.shape)
    return np.asarray(L @ L.swapaxes(1, 2))


def responsibilities(draw: Any, N: int, K: int) -> Array:
    """Rows that sum to 1 exactly: parts of powers of two; the first row leaves nobody out."""
    drawn = _bytes(draw, N * K).reshape(N, K)
    parts = np.maximum(drawn % 8 - 3, 0)
    if draw(_FEW):
        parts = (np.arange(K) == drawn[:, :1] % K).astype(np.int64)
    parts[0] += 1
    parts[:, -1] += parts.sum(1) == 0
    whole = 1 << np.ceil(np.log2(parts.sum(1))).astype(np.int64)
    parts[:, 0] += whole - parts.sum(1)
    return np.asarray(parts / whole[:, None])


def weights(draw: Any, N: int) -> Array:
    """All 1, or multiples of 1/4, some of them 0, never all."""
    if draw(_EVEN):
        return np.ones(N)
    w = (_bytes(draw, N) % 13) / 4.0
    w[-1] += not w.any()
    return np.asarray(w)


def affine(draw: Any, X: Array) -> dict[str, Array]:
    """T triangular of small integers, its diagonal not 0; t as large as the points."""
    D = X.shape[1]
    drawn = _bytes(draw, D * D).reshape(D, D)
    T = np.triu(signed(drawn % 3), 1) + np.diag(np.array([1.0, 2.0, -1.0])[np.diag(drawn) % 3])
    unit = 2.0 ** np.floor(np.log2(max(float(np.abs(X).max(initial=0.0)), 2.0**-12)))
    return {"T": T.T.copy() if draw(_FEW) else T, "t": unit * signed(_bytes(draw, D) % 5)}


def _bytes(draw: Any, size: int) -> Bytes:
    return np.frombuffer(draw(st.binary(min_size=size, max_size=size)), np.uint8).astype(np.int64)


def _fields(case: Any) -> dict[str, Any]:
    return {f.name: getattr(case, f.name) for f in fields(case)}


_DIMENSIONS, _COMPONENTS = st.sampled_from((2, 1, 3)), st.sampled_from((2, 3, 1))
_POINTS, _FORMS, _SCALES = st.integers(1, 7), st.sampled_from(FORMS), st.sampled_from(SCALES)
# Half as wide as the grid of points, or narrow: then densities underflow.
_WIDTHS = st.sampled_from((2.0, 2.0, 2.0, 16.0))
_FEW, _EVEN = st.sampled_from((False, False, False, True)), st.booleans()


__all__ = ["Assigned", "Directed", "Mixture", "Moved", "MovedAssigned", "NDArray", "Rivalled"]
