"""Frames that nobody saw: the law of total probability on a hidden Markov chain, without an oracle.

    Σ_{x ∈ M^N} Z(x) = 1          log Z(log B_n = 0) = log Σ_m Z(x_n = m)          γ(A², B) = γ(A, B with gaps), at B's frames
    Z(π, A, B_1 ... B_N) = Σ_i π_i B_1i Z(A_i·, A, B_2 ... B_N)

A frame nobody saw, log B_n = 0, is a frame summed out, and the posterior without it is the mean of those with it. Two
steps with nothing seen between are one step of A² (Chapman and Kolmogorov). Rows of A have sum 1, so the future, unseen,
says nothing and costs nothing. And all sequences of observations together have probability 1.

Symbols: π[K], A[K, K], B[N, K] and γ as in `hmm`; E[K, M] the probabilities of M observations x_n.
Source: Bishop 2006, §13.2; derived.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prufrock import Gap, Judged, gap, law

from ..oracles.chains import log_likelihood, log_sum_exp
from .hmm import Scores, hmm, log_z, on_both, rounding, scores, unlike

if TYPE_CHECKING:
    from ..cases.alphabets import Alphabet
    from ..cases.chains import Chain

Array = NDArray[np.float64]


@on_both(
    says="all sequences of observations together have probability 1",
    source="derived (summation over the observations)",
    kind="identity",
    rule="T2",
    code="HMM-02",
    cases="..cases.alphabets:alphabets",
    kills=("transposes-A", "forgets-first-frame", "best-path-at-the-end"),
)
def total_probability(solve: Judged, chain: Alphabet) -> Gap:
    """Σ_{x ∈ M^N} Z(x) = 1, over the sequences that are possible."""
    sayings = (chain.log_E.T[list(x)] for x in product(range(chain.log_E.shape[1]), repeat=len(chain.x)))
    said = [(chain.log_pi, chain.log_A, log_B) for log_B in sayings]
    possible = [one for one in said if np.isfinite(log_likelihood(*one))]
    allow = max(rounding(solve, one) for one in possible)
    with np.errstate(over="ignore"):
        total = sum(np.exp(log_z(solve, *one)) for one in possible)
    return gap(total, 1.0, allow=allow, effect=1.0)


@on_both(
    says="a frame nobody saw is that frame summed out",
    source="derived (the law of total probability)",
    kind="metamorphic",
    rule="T10",
    code="HMM-10",
    cases="..cases.alphabets:spoken",
    kills=("best-path-at-the-end", "normalises-frames", "mean-over-frames"),
)
def unseen_frame(solve: Judged, chain: Alphabet) -> Gap:
    """log Z(log B_n = 0) = log Σ_m Z(x_n = m)."""
    unseen, seen = _one_unseen(chain)
    want = float(log_sum_exp(np.array([log_z(solve, *one) for one in seen])))
    allow = rounding(solve, unseen) + max(rounding(solve, one) for one in seen)
    return gap(log_z(solve, *unseen), want, allow=allow, effect=1.0)


@law(
    hmm,
    says="the posterior without a frame is the mean of those with it, over what it may have been",
    source="derived (the law of total probability)",
    kind="metamorphic",
    rule="T10",
    code="HMM-10",
    needs=("log_z",),
    cases="..cases.alphabets:spoken",
    kills=("filters-only", "hard-posterior"),
)
def posterior_without_a_frame(solve: Judged, chain: Alphabet) -> Gap:
    """γ(log B_n = 0) = Σ_m P(x_n = m | the other frames) γ(x_n = m)."""
    unseen, seen = _one_unseen(chain)
    outs = [solve.full(*one) for one in seen]
    weights = np.array([out.log_z for out in outs])
    with np.errstate(all="ignore"):
        weights = np.exp(weights - log_sum_exp(weights))
    want = sum(w * out.gamma for w, out in zip(weights, outs, strict=True))
    allow = rounding(solve, unseen) + 2.0 * max(rounding(solve, one) for one in seen)
    return gap(solve(*unseen), want, allow=allow, effect=1.0)


def _one_unseen(chain: Alphabet) -> tuple[Scores, list[Scores]]:
    """The chain with one frame unseen, and with each observation there that is possible."""
    n, log_E = int(chain.x.sum()) % len(chain.x), chain.log_E.T

    def with_frame(frame: Array) -> Scores:
        log_B = log_E[chain.x]
        log_B[n] = frame
        return chain.log_pi, chain.log_A, log_B

    seen = [with_frame(log_E[m]) for m in range(len(log_E))]
    return with_frame(np.zeros_like(chain.log_pi)), [one for one in seen if np.isfinite(log_likelihood(*one))]


@law(
    hmm,
    says="with nothing seen between, two steps of A are one step of A²",
    source="derived (Chapman and Kolmogorov)",
    kind="metamorphic",
    rule="T10",
    code="HMM-10",
    kills=("forgets-ninth-frame", "backward-one-late", "steps-before-first-frame"),
)
def unseen_between(solve: Judged, chain: Chain) -> Gap:
    """γ(A², B) = γ at every other frame of (A, B with an unseen frame between each two)."""
    two_steps = np.logaddexp.reduce(chain.log_A[:, :, None] + chain.log_A, axis=1)
    thin = (chain.log_pi, two_steps, chain.log_B)
    # A chain that could make a step need not be able to make two; to unseen frames there is a way.
    if not np.isfinite(log_likelihood(*thin)):
        thin = (chain.log_pi, thin[1], np.vstack([chain.log_B[:1], 0.0 * np.isfinite(chain.log_B[1:])]))
    log_B = np.zeros((2 * len(thin[2]) - 1, len(chain.log_pi)))
    log_B[::2] = thin[2]
    slow = (chain.log_pi, chain.log_A, log_B)
    return gap(solve(*slow)[::2], solve(*thin), allow=unlike(solve, thin, slow), effect=1.0)


@law(
    hmm,
    says="a future nobody saw says nothing about the past",
    source="derived (rows of A have sum 1)",
    kind="metamorphic",
    rule="T10",
    code="HMM-10",
    kills=("transposes-A", "backward-ends-in-last-state", "backward-one-late"),
)
def unseen_future(solve: Judged, chain: Chain) -> Gap:
    """γ of the frames = γ of the frames and two unseen ones after them, at the frames."""
    longer = (chain.log_pi, chain.log_A, np.vstack([chain.log_B, np.zeros((2, len(chain.log_pi)))]))
    got, want = solve(*longer)[:-2], solve(*scores(chain))
    return gap(got, want, allow=unlike(solve, scores(chain), longer), effect=1.0)


@on_both(
    says="a future nobody saw costs nothing",
    source="derived (rows of A have sum 1)",
    kind="metamorphic",
    rule="T10",
    code="HMM-10",
    kills=("transposes-A", "mean-over-frames", "drops-last-frame"),
)
def likelihood_of_unseen_future(solve: Judged, chain: Chain) -> Gap:
    """log Z of the frames = log Z of the frames and two unseen ones after them."""
    longer = (chain.log_pi, chain.log_A, np.vstack([chain.log_B, np.zeros((2, len(chain.log_pi)))]))
    plain, more = log_z(solve, *scores(chain)), log_z(solve, *longer)
    return gap(more, plain, allow=unlike(solve, scores(chain), longer), effect=1.0)


@on_both(
    says="the likelihood is the mean, over the first state, of the likelihood of the rest from there",
    source="derived (the Markov property)",
    kind="metamorphic",
    rule="T10",
    code="HMM-10",
    cases="..cases.special_chains:three_frames_or_more",
    kills=("forgets-pi", "steps-before-first-frame", "transposes-A"),
)
def first_step(solve: Judged, chain: Chain) -> Gap:
    """Z(π, A, B_1 ... B_N) = Σ_i π_i B_1i Z(A_i·, A, B_2 ... B_N)."""
    starts = chain.log_pi + chain.log_B[0]
    rest = [(row, chain.log_A, chain.log_B[1:]) for row in chain.log_A]
    possible = [i for i, one in enumerate(rest) if np.isfinite(starts[i]) and np.isfinite(log_likelihood(*one))]
    parts = [starts[i] + log_z(solve, *rest[i]) for i in possible]
    allow = rounding(solve, scores(chain)) + max(rounding(solve, rest[i]) for i in possible)
    return gap(log_z(solve, *scores(chain)), log_sum_exp(np.array(parts)), allow=allow, effect=1.0)


CONTRACTS = ()
LAWS = (
    *total_probability,
    *unseen_frame,
    posterior_without_a_frame,
    unseen_between,
    unseen_future,
    *likelihood_of_unseen_future,
    *first_step,
)
