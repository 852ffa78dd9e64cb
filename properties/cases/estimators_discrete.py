"""Cases of score function estimators for discrete variables: logits, an integrand on the states, and samples.

States are whole numbers held in floats. Logits are multiples of 1/4 within ±3, or ±40 where they are saturated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ._draws import Array, signed
from .integrands import Multivariate


@dataclass(frozen=True)
class Bits:
    """f and another g on {0, 1}^d, logits[d] of the ones, samples z[S, d], and a number c."""

    f: Multivariate
    logits: Array
    z: Array
    g: Multivariate
    c: float

    @property
    def rows(self) -> Array:
        """log-weights of all states, [d, 2]."""
        return np.stack([np.zeros_like(self.logits), self.logits], axis=1)


@dataclass(frozen=True)
class Choices:
    """The same on {0, …, K−1}^d with logits[d, K], and a shift[d] of each row of them."""

    f: Multivariate
    logits: Array
    z: Array
    g: Multivariate
    c: float
    shift: Array

    @property
    def rows(self) -> Array:
        return self.logits


@st.composite
def bits(draw: Any) -> Bits:
    d = draw(_DIMENSIONS)
    z = (_bytes(draw, draw(_SAMPLES) * d).reshape(-1, d) % 2).astype(np.float64)
    return Bits(_polynomial(draw, d, 1), _logits(draw, d), z, _polynomial(draw, d, 1), draw(_NUMBERS))


def saturated_bits() -> st.SearchStrategy[Bits]:
    """Logits of 40 and more."""

    def saturate(case: Bits) -> Bits:
        return replace(case, logits=np.where(case.logits > 0, 40.0, -40.0) + case.logits)

    return bits().map(saturate)


@st.composite
def choices(draw: Any) -> Choices:
    d, K = draw(_SIZES)
    z = (_bytes(draw, draw(_SAMPLES) * d).reshape(-1, d) % K).astype(np.float64)
    f, g = (_polynomial(draw, d, K - 1) for _ in range(2))
    shift = 64.0 * signed(1 + _bytes(draw, d) % 4)
    return Choices(f, _logits(draw, d * K).reshape(d, K), z, g, draw(_NUMBERS), shift)


def _polynomial(draw: Any, d: int, degree: int) -> Multivariate:
    """A constant and two terms or three; each variable occurs."""
    drawn = _bytes(draw, 3 * d + 4).astype(int)
    powers = drawn[4:].reshape(3, d) % (degree + 1)
    powers[0, powers.sum(axis=0) == 0] = 1
    terms = 2 + drawn[0] // 8 % 2
    coefficients = signed(1 + drawn[: terms + 1] % 8) / 2.0
    return Multivariate(tuple(map(float, coefficients)), ((0,) * d, *(tuple(map(int, p)) for p in powers[:terms])))


def _logits(draw: Any, size: int) -> Array:
    return signed(1 + _bytes(draw, size) % 24) / 4.0


def _bytes(draw: Any, size: int) -> NDArray[np.int64]:
    return np.frombuffer(draw(st.binary(min_size=size, max_size=size)), np.uint8).astype(np.int64)


_DIMENSIONS, _SAMPLES = st.sampled_from((2, 1, 3)), st.sampled_from((3, 1, 4, 5))
_SIZES = st.sampled_from(((2, 3), (1, 3), (1, 2), (1, 4), (2, 2), (3, 2), (2, 4)))
_NUMBERS = st.integers(-8, 7).map(lambda k: k / 2.0 + (k >= 0) / 2.0)
