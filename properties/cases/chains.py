"""Hidden Markov chains: structural zeros, left-right and cyclic chains, uneven rows, a single state; K ≠ N mostly.

Rows are drawn as bytes, every draw of one length, so that a counterexample loses a state or a frame and keeps the rest.
Each state's row holds its share of π and its row of A as integer parts of their total; each frame's row a state of a
path that is kept open, so that log Z is finite, and the frame's scores on a dyadic grid. Nothing is filtered.

The plain cases are gentle: frames that speak within 8 nats, so that messages rescaled once a frame lose nothing. What
is peaked, and what falls far behind and wins after all, has strategies of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

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


@dataclass(frozen=True)
class Alphabet:
    """log π[K], log A[K, K], log E[K, M] and some observations x[N]."""

    log_pi: Array
    log_A: Array
    log_E: Array
    x: Ints


@st.composite
def chains(draw: Any, *, thin: bool = True, ways: bool = True, loud: float = 0.25) -> Chain:
    """Chains of 2 to 9 frames and at most 4096 paths, one of them possible; frames in steps of `loud`, 32 of them.

    thin  a single state may come
    ways  every state may be within reach of every other
    """
    K, N = draw(_SIZES if thin else _THICK)
    kind, closed, quiet = draw(_KINDS if ways else _CLOSED)
    return assemble(
        kind, closed, quiet, np.stack([row(draw) for _ in range(K)]), np.stack([row(draw) for _ in range(N)]), loud
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
    log_B = zigzag(frames[:, 1 : K + 1] % 33) * loud
    if quiet:
        silent = frames[:, 1 : K + 1] % 2 == 1
        silent[np.arange(len(path)), path] = False
        log_B = np.where(silent, -np.inf, log_B)
    return Chain(log_rows(np.where(open_pi, parts[:, 0], 0)), log_rows(A), log_B)


def peaked_chains() -> st.SearchStrategy[Chain]:
    """Frames that speak within 64 nats: what one frame forbids, the next may demand."""
    return st.one_of(chains(thin=False, ways=False, loud=2.0), chains(thin=False, loud=1.0))


@st.composite
def fallen_behind(draw: Any) -> Chain:
    """Scores of hundreds and thousands: states that are as good as dead, and turn out to be the only ones alive."""
    base, loud = draw(_WITHOUT_WAY_BACK), draw(st.sampled_from((64.0, 1024.0, 256.0)))
    return Chain(base.log_pi, base.log_A, base.log_B * loud)


@st.composite
def long_chains(draw: Any) -> Chain:
    """Dozens to hundreds of frames, a pattern of a few repeated, each frame as likely as a density may be."""
    K, period, N = draw(
        st.sampled_from([(K, p, n) for n in (30, 100, 300) for K, p in ((2, 3), (3, 5), (4, 3), (2, 7))])
    )
    kind, closed, quiet = draw(st.sampled_from([k for k in KINDS if k[0] not in ("left-right", "cyclic")]))
    states, frames = np.stack([row(draw) for _ in range(K)]), np.stack([row(draw) for _ in range(period)])
    c = assemble(kind, closed, quiet, states, np.resize(frames, (N, frames.shape[1])), 0.25)
    return Chain(c.log_pi, c.log_A, c.log_B + draw(st.sampled_from((-16.0, 0.0, 16.0))))


@st.composite
def three_frames_or_more(draw: Any) -> Chain:
    c = draw(_CHAINS)
    more = np.zeros((max(0, 3 - len(c.log_B)), len(c.log_pi)))
    return Chain(c.log_pi, c.log_A, np.vstack([c.log_B, more]))


@st.composite
def nudged(draw: Any, base: Any = None) -> Nudged:
    """Directions of up to 8 nats a score; those of forbidden scores are 0."""
    c = draw(_CHAINS if base is None else base)
    (N, K), step = c.log_B.shape, draw(st.sampled_from((0.25, 0.0625, 0.5)))
    states, frames = np.stack([row(draw) for _ in range(K)]), np.stack([row(draw) for _ in range(N)])
    d_pi, d_A, d_B = (zigzag(x % 33) * step for x in (states[:, 0], states[:, 1 : K + 1], frames[:, :K]))
    forbid = [np.where(np.isfinite(s), d, 0.0) for s, d in ((c.log_pi, d_pi), (c.log_A, d_A), (c.log_B, d_B))]
    return Nudged(c.log_pi, c.log_A, c.log_B, *forbid)


@st.composite
def lifted(draw: Any, base: Any = None, loud: float = 0.5) -> Lifted:
    """Each frame gains up to 64 nats in every state."""
    c = draw(_CHAINS if base is None else base)
    lift = np.stack([row(draw)[:1] for _ in c.log_B])[:, 0]
    return Lifted(c.log_pi, c.log_A, c.log_B, zigzag(lift) * loud)


def lifted_far() -> st.SearchStrategy[Lifted]:
    """Each frame gains thousands of nats, as densities in many dimensions do."""
    return lifted(loud=128.0)


@st.composite
def renamed(draw: Any, base: Any = None) -> Renamed:
    c = draw(_CHAINS if base is None else base)
    return Renamed(c.log_pi, c.log_A, c.log_B, np.argsort(np.resize(row(draw), len(c.log_pi)), kind="stable"))


@st.composite
def cloned(draw: Any, base: Any = None) -> Cloned:
    c = draw(_CHAINS if base is None else base)
    state = draw(st.integers(0, len(c.log_pi) - 1))
    return Cloned(c.log_pi, c.log_A, c.log_B, state, draw(st.sampled_from((0.5, 0.25, 0.125, 1.0))))


@st.composite
def independent(draw: Any) -> Chain:
    """Every row of A is π: the states of the frames are independent."""
    c = draw(_CHAINS)
    log_B = c.log_B.copy()
    log_B[:, np.isfinite(c.log_pi)] = np.maximum(log_B[:, np.isfinite(c.log_pi)], -8.0)
    return Chain(c.log_pi, np.tile(c.log_pi, (len(c.log_pi), 1)), log_B)


@st.composite
def stationary(draw: Any) -> Chain:
    """π > 0 is stationary under A: the flow from state to state is a sum of closed walks, not reversible mostly."""
    K, N = draw(_THICK)
    c = assemble(
        "dense", False, False, np.stack([row(draw) for _ in range(K)]), np.stack([row(draw) for _ in range(N)]), 0.25
    )
    flow = np.roll(np.eye(K), 1, axis=1) * draw(st.integers(1, 8)) + np.diag(1.0 + row(draw)[:K] % 4)
    for _ in range(draw(st.integers(0, 3))):
        walk = np.argsort(row(draw)[:K], kind="stable")[: draw(st.integers(2, K))]
        flow[walk, np.roll(walk, 1)] += draw(st.integers(1, 16))
    with np.errstate(divide="ignore"):
        return Chain(np.log(flow.sum(axis=1) / flow.sum()), np.log(flow / flow.sum(axis=1, keepdims=True)), c.log_B)


@st.composite
def clockwork(draw: Any) -> Chain:
    """A permutation for A, one state to start in: a single path, and frames that may find it unlikely."""
    c = draw(_CHAINS)
    K, first = len(c.log_pi), draw(st.integers(0, STATES - 1))
    order = np.argsort(np.resize(row(draw), K), kind="stable")
    with np.errstate(divide="ignore"):
        log_pi, log_A = np.log(np.eye(K)[first % K]), np.log(np.eye(K)[order])
    state, path = first % K, []
    for _ in c.log_B:
        path.append(state)
        state = int(order[state])
    log_B = c.log_B.copy()
    here = (np.arange(len(log_B)), np.array(path))
    log_B[here] = np.where(np.isfinite(log_B[here]), log_B[here], -3.0)
    return Chain(log_pi, log_A, log_B)


@st.composite
def alphabets(draw: Any) -> Alphabet:
    """At most 9 sequences of observations there are."""
    K, M, N = draw(st.sampled_from([(2, 2, 2), (3, 2, 2), (2, 2, 3), (3, 3, 2), (1, 2, 3), (4, 2, 3), (2, 3, 2)]))
    return _alphabet(draw, K, M, N)


@st.composite
def spoken(draw: Any) -> Alphabet:
    """Longer sequences, with a possible path."""
    K, N = draw(_THICK)
    return _alphabet(draw, K, draw(st.integers(2, 4)), N)


@st.composite
def hopeless(draw: Any) -> Chain:
    """No path is possible: a frame that no state can emit, or one that no reachable state can."""
    c = draw(_CHAINS)
    n, dead = draw(st.integers(0, len(c.log_B) - 1)), draw(st.booleans())
    log_A, log_B = c.log_A.copy(), c.log_B.copy()
    reach = np.isfinite(c.log_pi)
    for _ in range(n):
        reach = (reach[:, None] & np.isfinite(log_A)).any(axis=0)
    log_B[n, slice(None) if dead else reach] = -np.inf
    return Chain(c.log_pi, log_A, log_B)


def _alphabet(draw: Any, K: int, M: int, N: int) -> Alphabet:
    kind, closed, _ = draw(_KINDS)
    letters = np.stack([row(draw) for _ in range(K)])
    frames = np.stack([row(draw) for _ in range(N)])
    c = assemble(kind, closed, False, np.stack([row(draw) for _ in range(K)]), frames, 0.25)
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


def row(draw: Any) -> Ints:
    return np.frombuffer(draw(_EIGHT), np.uint8).astype(np.int64)


def zigzag(x: Ints) -> Array:
    """0, 1, 2, 3, 4, ... ↦ 0, 1, −1, 2, −2, ..."""
    return np.asarray(np.where(x % 2, x + 1, -x) / 2.0)


def log_rows(parts: Any) -> Array:
    """Logarithms of parts of their total, −∞ for none."""
    k = np.asarray(parts, np.float64)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(k / k.sum(axis=-1, keepdims=True)))


def _uneven(x: Ints) -> Ints:
    """1, 4, 16, ... 4⁷."""
    return 1 << (2 * (x % 8))


_EIGHT = st.binary(min_size=8, max_size=8)
_PAIRS = ((2, 2), (2, 3), (3, 2), (2, 4), (3, 4), (4, 3), (5, 2), (2, 6), (3, 5), (5, 4), (4, 5), (2, 9), (3, 7))
_THICK = st.sampled_from(_PAIRS)
_SIZES = st.sampled_from(((1, 2), (1, 3), *_PAIRS))
KINDS = tuple(
    (kind, closed, quiet)
    for quiet in (False, True)
    for closed in (False, True)
    for kind in ("dense", "left-right", "uneven", "sticky", "dense", "cyclic")
)
_KINDS = st.sampled_from(KINDS)
_CLOSED = st.sampled_from(
    [k for k in KINDS if k[0] in ("left-right", "sticky", "dense") and (k[1] or k[0] == "left-right")]
)
_CHAINS = chains()
_WITHOUT_WAY_BACK = chains(thin=False, ways=False)
