"""Factor graphs as data: factors that each mention a few variables, under independent states or independent normals.

Most pairs of variables share no factor, so that there is something to leave out; factors are polynomials with a constant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ._draws import Array, signed
from .factors import Factor
from .integrands import Multivariate


@dataclass(frozen=True)
class States:
    """factors over z_i ∈ {0, …, K−1} with logits[d, K], samples z[S, d], and one variable i."""

    factors: tuple[Factor, ...]
    logits: Array
    z: Array
    i: int


@dataclass(frozen=True)
class Normals:
    """factors over independent z_i ~ N(mu_i, sigma_i²), noise eps[S, d], and one variable i."""

    factors: tuple[Factor, ...]
    mu: Array
    sigma: Array
    eps: Array
    i: int

    @property
    def z(self) -> Array:
        return self.mu + self.sigma * self.eps


@st.composite
def states(draw: Any) -> States:
    d, K = draw(_SIZES)
    z = (_bytes(draw, draw(_SAMPLES) * d).reshape(-1, d) % K).astype(np.float64)
    logits = signed(1 + _bytes(draw, d * K).reshape(d, K) % 24) / 4.0
    return States(_factors(draw, d, K - 1), logits, z, draw(st.integers(0, d - 1)))


@st.composite
def normals(draw: Any) -> Normals:
    d = draw(st.sampled_from((3, 2)))
    mu = signed(1 + _bytes(draw, d) % 16) / 4.0
    sigma = np.array([0.5, 2.0, 0.75, 1.5, 0.25, 1.25])[_bytes(draw, d) % 6]
    eps = signed(1 + _bytes(draw, draw(_SAMPLES) * d).reshape(-1, d) % 24) / 4.0
    return Normals(_factors(draw, d, 2), mu, sigma, eps, draw(st.integers(0, d - 1)))


def _factors(draw: Any, d: int, degree: int) -> tuple[Factor, ...]:
    """Two to four, each of one variable or two, in either order; the first has a constant far from 0."""
    return tuple(_factor(draw, d, degree, 8.0 if c == 0 else 0.0) for c in range(draw(st.integers(2, 4))))


def _factor(draw: Any, d: int, degree: int, constant: float) -> Factor:
    drawn = _bytes(draw, 8)
    i = int(drawn[0] % d)
    j = (i + 1 + int(drawn[1] % max(d - 1, 1))) % d
    scope = (i, j) if drawn[2] % 3 else (i,)
    n = len(scope)
    powers = (tuple(int(1 + x % degree) for x in drawn[3 : 3 + n]), (1,) + (0,) * (n - 1), (0,) * n)
    coefficients = signed(1 + drawn[5:8] % 8) / 2.0 + [0.0, 0.0, constant]
    return Factor(scope, Multivariate(tuple(map(float, coefficients)), powers))


def _bytes(draw: Any, size: int) -> NDArray[np.int64]:
    return np.frombuffer(draw(st.binary(min_size=size, max_size=size)), np.uint8).astype(np.int64)


_SIZES, _SAMPLES = st.sampled_from(((3, 2), (2, 3), (4, 2), (3, 3))), st.sampled_from((3, 1, 4, 5))
