"""Pairs of joint normals, and pairs of Dirichlet distributions, whose coordinates are all unlike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ._draws import Array, signed, some_bytes


@dataclass(frozen=True)
class Normals:
    """N(m1, S1) and N(m2, S2) in d dimensions; A[d, d] invertible and b[d], to move both by."""

    m1: Array
    S1: Array
    m2: Array
    S2: Array
    A: Array
    b: Array


@dataclass(frozen=True)
class Dirichlets:
    """alpha[K] and beta[K], positive."""

    alpha: Array
    beta: Array


def _triangle(draw: Any, d: int) -> Array:
    """A lower triangle of halves, with 1, 3/2, 2 or 5/2 on its diagonal."""
    drawn = some_bytes(draw)
    L = np.diag(1.0 + (drawn[:d] % 4) / 2.0)
    below = np.tril_indices(d, -1)
    L[below] = signed(drawn[4 : 4 + len(below[0])] % 5) / 2.0
    return L


@st.composite
def normals(draw: Any) -> Normals:
    d = draw(st.sampled_from((2, 1, 3)))
    L, M, A = (_triangle(draw, d) for _ in range(3))
    m1, m2, b = (signed(some_bytes(draw)[:d]) / 16.0 for _ in range(3))
    return Normals(m1, L @ L.T, m2, M @ M.T, A[::-1].copy(), b)


@st.composite
def dirichlets(draw: Any) -> Dirichlets:
    K = draw(st.sampled_from((2, 3, 4)))
    alpha, beta = (np.asarray((1.0 + some_bytes(draw)[:K] % 32) / 4.0, np.float64) for _ in range(2))
    return Dirichlets(alpha, beta)
