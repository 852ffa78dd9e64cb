"""Hidden Markov chains that say letters: probabilities of observations, zeros among them, and some that are possible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ._draws import some_bytes
from .chains import ANY_KIND, THICK, Chain, assemble, log_rows

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Alphabet:
    """log π[K], log A[K, K], log E[K, M] and some observations x[N]."""

    log_pi: Array
    log_A: Array
    log_E: Array
    x: Ints


@st.composite
def alphabets(draw: Any) -> Alphabet:
    """At most 9 sequences of observations there are."""
    K, M, N = draw(st.sampled_from([(2, 2, 2), (3, 2, 2), (2, 2, 3), (3, 3, 2), (1, 2, 3), (4, 2, 3), (2, 3, 2)]))
    return _alphabet(draw, K, M, N)


@st.composite
def spoken(draw: Any) -> Alphabet:
    """Longer sequences, with a possible path."""
    K, N = draw(THICK)
    return _alphabet(draw, K, draw(st.integers(2, 4)), N)


def _alphabet(draw: Any, K: int, M: int, N: int) -> Alphabet:
    kind, closed, _ = draw(ANY_KIND)
    letters = np.stack([some_bytes(draw) for _ in range(K)])
    frames = np.stack([some_bytes(draw) for _ in range(N)])
    c = assemble(kind, closed, False, np.stack([some_bytes(draw) for _ in range(K)]), frames, 0.25)
    parts = np.where(letters[:, :M] % 3 == 2, 0, 1 + letters[:, :M] % 7)
    parts[~parts.any(axis=1), 0] = 1
    x = frames[:, 1] % M
    # Where a frame's letter has no part in any state, the first state takes it up; the path stays as open as it was.
    path = _open_path(c, N)
    parts[path, x] = np.maximum(parts[path, x], 1)
    return Alphabet(c.log_pi, c.log_A, log_rows(parts), x.astype(np.int64))


def _open_path(c: Chain, N: int) -> Ints:
    """The first possible path in the order of states (the chain has one of every length it was made for)."""
    ways = [np.ones(len(c.log_pi), bool)]
    for _ in range(N - 1):
        ways.append(np.asarray((np.isfinite(c.log_A) & ways[-1]).any(axis=1)))
    path: list[int] = []
    for n in range(N):
        alive = np.isfinite(c.log_A[path[-1]] if path else c.log_pi) & ways[N - 1 - n]
        path.append(int(np.argmax(alive)))
    return np.array(path)
