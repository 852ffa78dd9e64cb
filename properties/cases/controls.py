"""Cases of control variates and baselines: paired values, and finite spaces on which a mean is a sum.

Probabilities are parts of a power of two, values multiples of 1/4, so that the known mean EU is exact in float32 too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ._draws import Array, signed


@dataclass(frozen=True)
class Finite:
    """Values W[n] and U[n] on n atoms of probability p[n], a coefficient a, and a number c that is not 0."""

    p: Array
    W: Array
    U: Array
    a: float
    c: float

    @property
    def EU(self) -> float:
        return float(self.p @ self.U)


@dataclass(frozen=True)
class Space(Finite):
    """The space, and a sample size such that all samples can be gone through."""

    size: int


@dataclass(frozen=True)
class Sample:
    """Values W[S] and U[S] with a mean EU that is not the sample's, a number c that is not 0, and an index s."""

    W: Array
    U: Array
    EU: float
    c: float
    s: int


@dataclass(frozen=True)
class Rewards:
    """Values W[S] with scores[S, P], a number c that is not 0, and an index s."""

    W: Array
    score: Array
    c: float
    s: int


@dataclass(frozen=True)
class Policy:
    """f[K] on K states of probability p[K], and their scores[K, K − 1] with mean 0: those of the logits of all but one."""

    p: Array
    f: Array
    size: int

    @property
    def scores(self) -> Array:
        return np.asarray((np.eye(len(self.p)) - self.p)[:, 1:])


@st.composite
def finite(draw: Any) -> Finite:
    """No value is the mean of all, neither W nor U is constant, and they are correlated."""
    n = draw(_ATOMS)
    W, U = (_spread(signed(_bytes(draw, n) % 24) / 4.0) for _ in range(2))
    case = Finite(_masses(draw, n), W, U, draw(_NUMBERS) / 4.0, draw(_NUMBERS))
    covariance = case.p @ (W * (U - case.EU))
    return case if covariance else replace(case, W=W + U)


@st.composite
def samples(draw: Any) -> Sample:
    """Of at least four, any three others having two values of U."""
    S = draw(_SAMPLES)
    W, U = (_spread(signed(_bytes(draw, S) % 24) / 4.0) for _ in range(2))
    return Sample(
        W, U, float(U.mean() // 0.25) / 4.0 + draw(_NUMBERS) / 4.0, draw(_NUMBERS), draw(st.integers(0, S - 1))
    )


@st.composite
def still(draw: Any) -> Sample:
    """U has one value, which no binary fraction equals; EU is another."""
    case: Sample = draw(samples())
    return replace(case, U=np.full_like(case.U, 0.1 * case.c), EU=case.c)


@st.composite
def almost_still(draw: Any) -> Sample:
    """U has one value but for one sample, so that the others of that one do not vary."""
    case: Sample = draw(samples())
    U = np.full_like(case.U, 0.1 * case.c)
    U[case.s] = 1.5 * case.c
    return replace(case, U=U, EU=case.c)


@st.composite
def rewards(draw: Any) -> Rewards:
    S, P = draw(_SAMPLES), draw(st.sampled_from((2, 1, 3)))
    W = _spread(signed(_bytes(draw, S) % 24) / 4.0)
    score = signed(1 + _bytes(draw, S * P).reshape(S, P) % 16) / 4.0
    return Rewards(W, score, draw(_NUMBERS), draw(st.integers(0, S - 1)))


@st.composite
def policies(draw: Any) -> Policy:
    K, size = draw(st.sampled_from(((2, 3), (2, 2), (3, 2), (3, 3))))
    return Policy(_masses(draw, K), _spread(signed(_bytes(draw, K) % 24) / 4.0), size)


@st.composite
def spaces(draw: Any) -> Space:
    """Two or three atoms."""
    n, size = draw(st.sampled_from(((3, 3), (2, 3), (3, 2), (2, 4))))
    W, U = (_spread(signed(_bytes(draw, n) % 24) / 4.0) for _ in range(2))
    return Space(_masses(draw, n), W, U, 0.0, draw(_NUMBERS), size)


def _spread(x: Array) -> Array:
    """Made to differ: the first two from each other and from the last two."""
    moved = x.copy()
    moved[0] += 1.25 + np.abs(x).max() - x[0]
    if len(x) > 3:
        moved[-1] -= 0.75 + np.abs(x).max() + x[-1]
    return moved


def _masses(draw: Any, n: int) -> Array:
    """Positive parts of 16."""
    cuts = 1 + _bytes(draw, n) % 4
    cuts[-1] += 16 - cuts.sum()
    return np.asarray(cuts / 16.0)


def _bytes(draw: Any, size: int) -> NDArray[np.int64]:
    return np.frombuffer(draw(st.binary(min_size=size, max_size=size)), np.uint8).astype(np.int64)


_ATOMS, _SAMPLES = st.sampled_from((3, 2, 4)), st.sampled_from((4, 5, 7))
_NUMBERS = st.integers(-8, 7).map(lambda k: k / 2.0 + (k >= 0) / 2.0)
