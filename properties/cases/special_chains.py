"""Hidden Markov chains of special kinds: peaked, fallen behind, long, independent, stationary, of one path, of none.

What one frame forbids the next may demand, and states that are as good as dead turn out to be the only ones alive. Each
is made from a plain chain, or as one is (see `chains`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from ._draws import some_bytes
from .chains import CHAINS, KINDS, STATES, THICK, Chain, assemble, chains


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
    states, frames = np.stack([some_bytes(draw) for _ in range(K)]), np.stack([some_bytes(draw) for _ in range(period)])
    c = assemble(kind, closed, quiet, states, np.resize(frames, (N, frames.shape[1])), 0.25)
    return Chain(c.log_pi, c.log_A, c.log_B + draw(st.sampled_from((-16.0, 0.0, 16.0))))


@st.composite
def three_frames_or_more(draw: Any) -> Chain:
    c = draw(CHAINS)
    more = np.zeros((max(0, 3 - len(c.log_B)), len(c.log_pi)))
    return Chain(c.log_pi, c.log_A, np.vstack([c.log_B, more]))


@st.composite
def independent(draw: Any) -> Chain:
    """Every row of A is π: the states of the frames are independent."""
    c = draw(CHAINS)
    log_B = c.log_B.copy()
    log_B[:, np.isfinite(c.log_pi)] = np.maximum(log_B[:, np.isfinite(c.log_pi)], -8.0)
    return Chain(c.log_pi, np.tile(c.log_pi, (len(c.log_pi), 1)), log_B)


@st.composite
def stationary(draw: Any) -> Chain:
    """π > 0 is stationary under A: the flow from state to state is a sum of closed walks, not reversible mostly."""
    K, N = draw(THICK)
    c = assemble(
        "dense",
        False,
        False,
        np.stack([some_bytes(draw) for _ in range(K)]),
        np.stack([some_bytes(draw) for _ in range(N)]),
        0.25,
    )
    flow = np.roll(np.eye(K), 1, axis=1) * draw(st.integers(1, 8)) + np.diag(1.0 + some_bytes(draw)[:K] % 4)
    for _ in range(draw(st.integers(0, 3))):
        walk = np.argsort(some_bytes(draw)[:K], kind="stable")[: draw(st.integers(2, K))]
        flow[walk, np.roll(walk, 1)] += draw(st.integers(1, 16))
    with np.errstate(divide="ignore"):
        return Chain(np.log(flow.sum(axis=1) / flow.sum()), np.log(flow / flow.sum(axis=1, keepdims=True)), c.log_B)


@st.composite
def clockwork(draw: Any) -> Chain:
    """A permutation for A, one state to start in: a single path, and frames that may find it unlikely."""
    c = draw(CHAINS)
    K, first = len(c.log_pi), draw(st.integers(0, STATES - 1))
    order = np.argsort(np.resize(some_bytes(draw), K), kind="stable")
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
def hopeless(draw: Any) -> Chain:
    """No path is possible: a frame that no state can emit, or one that no reachable state can."""
    c = draw(CHAINS)
    n, dead = draw(st.integers(0, len(c.log_B) - 1)), draw(st.booleans())
    log_A, log_B = c.log_A.copy(), c.log_B.copy()
    reach = np.isfinite(c.log_pi)
    for _ in range(n):
        reach = (reach[:, None] & np.isfinite(log_A)).any(axis=0)
    log_B[n, slice(None) if dead else reach] = -np.inf
    return Chain(c.log_pi, log_A, log_B)


_WITHOUT_WAY_BACK = chains(thin=False, ways=False)
