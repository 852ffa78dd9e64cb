"""Hidden Markov chains: structural zeros, left-right and cyclic chains, uneven rows, a single state; K ≠ N mostly.

Rows are drawn as bytes, every draw of one length, so that a counterexample loses a state or a frame and keeps the rest.
Each state's row holds its share of π and its row of A as integer parts of their total; each frame's row a state of a
path that is kept open, so that log Z is finite, and the frame's scores on a dyadic grid. Nothing is filtered.

The plain cases are gentle: frames that speak within 8 nats, so that messages rescaled once a frame lose nothing. What
is peaked, and what falls far behind and wins after all, is in `special_chains`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ._draws import signed, some_bytes

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

STATES = 5


@dataclass(frozen=True)
class Chain:
    """log π[K], log A[K, K] from row to column, and the score log B[N, K] of each frame in each state."""

    log_pi: Array
    log_A: Array
    log_B: Array


@dataclass(frozen=True)
class Nudged(Chain):
    """The chain, and a direction for each of its scores."""

    d_pi: Array
    d_A: Array
    d_B: Array


@dataclass(frozen=True)
class Lifted(Chain):
    """The chain, and what every state gains at each frame."""

    lift: Array


@dataclass(frozen=True)
class Renamed(Chain):
    """The chain, and a new order of its states."""

    order: Ints


@dataclass(frozen=True)
class Cloned(Chain):
    """The chain, a state to be split in two, and the share of what enters it that the first half takes."""

    state: int
    share: float


@st.composite
def chains(draw: Any, *, thin: bool = True, ways: bool = True, loud: float = 0.25) -> Chain:
    """Chains of 2 to 9 frames and at most 4096 paths, one of them possible; frames in steps of `loud`, 32 of them.

    thin  a single state may come
    ways  every state may be within reach of every other
    """
    K, N = draw(_SIZES if thin else THICK)
    kind, closed, quiet = draw(ANY_KIND if ways else _CLOSED)
    return assemble(
        kind,
        closed,
        quiet,
        np.stack([some_bytes(draw) for _ in range(K)]),
        np.stack([some_bytes(draw) for _ in range(N)]),
        loud,
    )


def assemble(kind: str, closed: bool, quiet: bool, states: Ints, frames: Ints, loud: float) -> Chain:
    """A chain from the bytes of its states and of its frames."""
    K = len(states)
    path = frames[:, 0] % K
    path = np.maximum.accumulate(path) if kind == "left-right" else path
    parts = _uneven(states) if kind == "uneven" else 1 + states % 9
    open_A = np.triu(np.ones((K, K), bool)) if kind == "left-right" else np.ones((K, K), bool)
    open_pi = np.ones(K, bool)
    if closed:
        open_pi, open_A = states[:, 0] % 2 == 0, open_A & (states[:, 1 : K + 1] % 2 == 0)
    if kind == "cyclic":
        open_A = np.roll(np.eye(K, dtype=bool), 1, axis=1)
        path = (path[0] + np.arange(len(path))) % K
    open_pi[path[0]] = True
    open_A[path[:-1], path[1:]] = True
    open_A[~open_A.any(axis=1), -1] = True
    A = np.where(open_A, parts[:, 1 : K + 1] + np.where(np.eye(K) > 0, 20 * (kind == "sticky"), 0), 0)
    log_B = signed(frames[:, 1 : K + 1] % 33) * loud
    if quiet:
        silent = frames[:, 1 : K + 1] % 2 == 1
        silent[np.arange(len(path)), path] = False
        log_B = np.where(silent, -np.inf, log_B)
    return Chain(log_rows(np.where(open_pi, parts[:, 0], 0)), log_rows(A), log_B)


@st.composite
def nudged(draw: Any, base: Any = None) -> Nudged:
    """Directions of up to 8 nats a score; those of forbidden scores are 0."""
    c = draw(CHAINS if base is None else base)
    (N, K), step = c.log_B.shape, draw(st.sampled_from((0.25, 0.0625, 0.5)))
    states, frames = np.stack([some_bytes(draw) for _ in range(K)]), np.stack([some_bytes(draw) for _ in range(N)])
    d_pi, d_A, d_B = (signed(x % 33) * step for x in (states[:, 0], states[:, 1 : K + 1], frames[:, :K]))
    forbid = [np.where(np.isfinite(s), d, 0.0) for s, d in ((c.log_pi, d_pi), (c.log_A, d_A), (c.log_B, d_B))]
    return Nudged(c.log_pi, c.log_A, c.log_B, *forbid)


@st.composite
def lifted(draw: Any, base: Any = None, loud: float = 0.5) -> Lifted:
    """Each frame gains up to 64 nats in every state."""
    c = draw(CHAINS if base is None else base)
    lift = np.stack([some_bytes(draw)[:1] for _ in c.log_B])[:, 0]
    return Lifted(c.log_pi, c.log_A, c.log_B, signed(lift) * loud)


def lifted_far() -> st.SearchStrategy[Lifted]:
    """Each frame gains thousands of nats, as densities in many dimensions do."""
    return lifted(loud=128.0)


@st.composite
def renamed(draw: Any, base: Any = None) -> Renamed:
    c = draw(CHAINS if base is None else base)
    return Renamed(c.log_pi, c.log_A, c.log_B, np.argsort(np.resize(some_bytes(draw), len(c.log_pi)), kind="stable"))


@st.composite
def cloned(draw: Any, base: Any = None) -> Cloned:
    c = draw(CHAINS if base is None else base)
    state = draw(st.integers(0, len(c.log_pi) - 1))
    return Cloned(c.log_pi, c.log_A, c.log_B, state, draw(st.sampled_from((0.5, 0.25, 0.125, 1.0))))


def log_rows(parts: Any) -> Array:
    """Logarithms of parts of their total, −∞ for none."""
    k = np.asarray(parts, np.float64)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(k / k.sum(axis=-1, keepdims=True)))


def _uneven(x: Ints) -> Ints:
    """1, 4, 16, ... 4⁷."""
    return 1 << (2 * (x % 8))


_PAIRS = ((2, 2), (2, 3), (3, 2), (2, 4), (3, 4), (4, 3), (5, 2), (2, 6), (3, 5), (5, 4), (4, 5), (2, 9), (3, 7))
THICK = st.sampled_from(_PAIRS)
_SIZES = st.sampled_from(((1, 2), (1, 3), *_PAIRS))
KINDS = tuple(
    (kind, closed, quiet)
    for quiet in (False, True)
    for closed in (False, True)
    for kind in ("dense", "left-right", "uneven", "sticky", "dense", "cyclic")
)
ANY_KIND = st.sampled_from(KINDS)
_CLOSED = st.sampled_from(
    [k for k in KINDS if k[0] in ("left-right", "sticky", "dense") and (k[1] or k[0] == "left-right")]
)
CHAINS = chains()
