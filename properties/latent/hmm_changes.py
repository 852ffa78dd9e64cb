"""What becomes of the posterior of a hidden Markov chain when the chain is changed: laws without an oracle, for any size.

A path's score is a sum, so what is added to every path is added to log Z: a lift of a frame, a gauge of the transitions.
A frame nobody saw is a frame summed out; two steps with nothing seen between are one step of A²; the future, unseen, says
nothing. Split a state in two that behave alike, rename the states, run time backwards (under a stationary π, with the
reversed kernel): the same sum in other words. With rows of A all equal to π the frames are independent, with a
permutation for A there is one path. And all sequences of observations together have probability 1.

Symbols: π[K], A[K, K], B[N, K] as in `hmm`; E[K, M] the probabilities of M observations.
Source: Bishop 2006, §13.2; Rabiner 1989, §III; derived.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prufrock import Gap, Judged, gap, law
from prufrock.tolerance import both

from ..oracles.chains import log_likelihood, log_sum_exp, posterior
from .hmm import FREE, hmm, log_z, on_both, rounding, scores

if TYPE_CHECKING:
    from ..cases.chains import Alphabet, Chain, Cloned, Lifted, Nudged, Renamed

Array = NDArray[np.float64]
Scores = tuple[Array, Array, Array]


def unlike(solve: Judged, left: Scores, right: Scores) -> float:
    """T10: both sides come from the subject."""
    return float(both(rounding(solve, left), rounding(solve, right)))


@on_both(
    says="with rows of A all equal to π the frames are a sample of a mixture",
    source="Bishop 2006, (9.14)",
    kind="limit",
    rule="T2",
    code="HMM-07",
    cases="..cases.chains:independent",
    kills=("forgets-pi", "forgets-first-frame", "best-path-at-the-end"),
)
def likelihood_of_independent_frames(solve: Judged, chain: Chain) -> Gap:
    """A_ij = π_j  ⇒  log Z = Σ_n log Σ_i π_i B_ni."""
    want = float(log_sum_exp(chain.log_pi + chain.log_B).sum())
    return gap(log_z(solve, *scores(chain)), want, allow=rounding(solve, scores(chain)), effect=1.0)


@law(
    hmm,
    says="with rows of A all equal to π the posterior of a state is its responsibility in a mixture",
    source="Bishop 2006, (9.13)",
    kind="limit",
    rule="T2",
    code="HMM-07",
    cases="..cases.chains:independent",
    kills=("forgets-pi", "normalises-over-time"),
)
def responsibilities_of_independent_frames(solve: Judged, chain: Chain) -> Gap:
    """A_ij = π_j  ⇒  γ_n(i) = π_i B_ni / Σ_k π_k B_nk."""
    joint = chain.log_pi + chain.log_B
    want = np.exp(joint - log_sum_exp(joint)[:, None])
    return gap(solve(*scores(chain)), want, allow=rounding(solve, scores(chain)), effect=1.0)


@law(
    hmm,
    says="of one frame alone the posterior is Bayes' rule",
    source="Bishop 2006, (1.82)",
    kind="limit",
    rule="T2",
    code="HMM-07",
    kills=("forgets-pi", "forgets-first-frame", "steps-before-first-frame"),
)
def one_frame(solve: Judged, chain: Chain) -> Gap:
    """N = 1  ⇒  γ_1(i) = π_i B_1i / Σ_k π_k B_1k."""
    one = (chain.log_pi, chain.log_A, chain.log_B[:1])
    joint = chain.log_pi + chain.log_B[0]
    want = np.exp(joint - log_sum_exp(joint))[None]
    return gap(solve(*one), want, allow=rounding(solve, one), effect=1.0)


@on_both(
    says="of one frame alone the likelihood is its mean over the first state",
    source="Bishop 2006, (1.83)",
    kind="limit",
    rule="T2",
    code="HMM-07",
    kills=("forgets-pi", "forgets-first-frame", "steps-before-first-frame"),
)
def likelihood_of_one_frame(solve: Judged, chain: Chain) -> Gap:
    """N = 1  ⇒  Z = Σ_i π_i B_1i."""
    one = (chain.log_pi, chain.log_A, chain.log_B[:1])
    want = float(log_sum_exp(chain.log_pi + chain.log_B[0]))
    return gap(log_z(solve, *one), want, allow=rounding(solve, one), effect=1.0)


@law(
    hmm,
    says="run backwards, a stationary chain has the same posterior",
    source="derived (detailed balance of a chain and its reversal; Norris 1997, Thm 1.9.1)",
    kind="metamorphic",
    rule="T10",
    code="HMM-08",
    cases="..cases.chains:stationary",
    kills=("transposes-A", "forgets-pi", "filters-only", "backward-one-late"),
)
def time_reversal(solve: Judged, chain: Chain) -> Gap:
    """πA = π, A*_ij = π_j A_ji / π_i  ⇒  γ(π, A*, B reversed) = γ(π, A, B) reversed."""
    there = backwards(chain)
    forth, back = solve(*scores(chain)), solve(*there)
    return gap(back[::-1], forth, allow=unlike(solve, scores(chain), there), effect=1.0)


@on_both(
    says="run backwards, a stationary chain has the same likelihood",
    source="derived (detailed balance of a chain and its reversal; Norris 1997, Thm 1.9.1)",
    kind="metamorphic",
    rule="T10",
    code="HMM-08",
    cases="..cases.chains:stationary",
    kills=("transposes-A", "forgets-pi", "forgets-first-frame"),
)
def likelihood_under_time_reversal(solve: Judged, chain: Chain) -> Gap:
    """πA = π, A*_ij = π_j A_ji / π_i  ⇒  log Z(π, A*, B reversed) = log Z(π, A, B)."""
    there = backwards(chain)
    forth, back = log_z(solve, *scores(chain)), log_z(solve, *there)
    return gap(back, forth, allow=unlike(solve, scores(chain), there), effect=1.0)


def backwards(chain: Chain) -> Scores:
    reversed_A = chain.log_pi + chain.log_A.T - chain.log_pi[:, None]
    return chain.log_pi, reversed_A, chain.log_B[::-1].copy()


@on_both(
    says="what every state gains at a frame, the likelihood gains",
    source="derived (it is added to every path)",
    kind="metamorphic",
    rule="T10",
    code="HMM-09",
    cases="..cases.chains:lifted",
    kills=("forgets-first-frame", "mean-over-frames", "normalises-frames"),
)
def lift_of_frames(solve: Judged, chain: Lifted) -> Gap:
    """log Z(log B_n + c_n) = log Z(log B_n) + Σ_n c_n."""
    there = _lifted(chain)
    low, high = log_z(solve, *scores(chain)), log_z(solve, *there)
    return gap(high, low + chain.lift.sum(), allow=unlike(solve, scores(chain), there), effect=1.0)


@on_both(
    says="what every state gains at a frame, the likelihood gains, be it thousands of nats",
    source="derived (it is added to every path)",
    kind="metamorphic",
    rule="T10",
    code="HMM-09",
    cases="..cases.chains:lifted_far",
    kills=("no-rescaling", "mean-over-frames", "normalises-frames"),
)
def lift_of_frames_by_thousands(solve: Judged, chain: Lifted) -> Gap:
    """log Z(log B_n + c_n) = log Z(log B_n) + Σ_n c_n, |c_n| up to 2¹⁴."""
    there = _lifted(chain)
    low, high = log_z(solve, *scores(chain)), log_z(solve, *there)
    return gap(high, low + chain.lift.sum(), allow=unlike(solve, scores(chain), there), effect=1.0)


@law(
    hmm,
    says="what every state gains at a frame changes no posterior",
    source="derived (it is added to every path)",
    kind="metamorphic",
    rule="T10",
    code="HMM-09",
    cases="..cases.chains:lifted",
    kills=("frame-scaled-posterior", "joint-for-posterior"),
)
def posterior_under_lift(solve: Judged, chain: Lifted) -> Gap:
    """γ(log B_n + c_n) = γ(log B_n)."""
    there = _lifted(chain)
    allow = unlike(solve, scores(chain), there)
    return gap(solve(*there), solve(*scores(chain)), allow=allow, effect=1.0)


@law(
    hmm,
    says="what every state gains at a frame changes no posterior, be it thousands of nats",
    source="derived (it is added to every path)",
    kind="metamorphic",
    rule="T10",
    code="HMM-09",
    cases="..cases.chains:lifted_far",
    kills=("no-rescaling", "joint-for-posterior"),
)
def posterior_under_lift_by_thousands(solve: Judged, chain: Lifted) -> Gap:
    """γ(log B_n + c_n) = γ(log B_n), |c_n| up to 2¹⁴."""
    there = _lifted(chain)
    allow = unlike(solve, scores(chain), there)
    return gap(solve(*there), solve(*scores(chain)), allow=allow, effect=1.0)


def _lifted(chain: Lifted) -> Scores:
    return chain.log_pi, chain.log_A, chain.log_B + chain.lift[:, None]


@on_both(
    says="a price paid on entering a state and paid back on leaving it changes nothing",
    source="derived (the prices telescope along every path)",
    kind="metamorphic",
    rule="T10",
    level="convention",
    code="HMM-09",
    when=FREE,
    cases="..cases.chains:nudged",
    kills=("normalises-scores", "transposes-A"),
)
def gauge(solve: Judged, chain: Nudged) -> Gap:
    """log Z(log π + f, log A + 1 ⊗ f − f ⊗ 1, log B with − f at the end) = log Z."""
    f, log_B = chain.d_pi, chain.log_B.copy()
    log_B[-1] -= f
    there = (chain.log_pi + f, chain.log_A + f - f[:, None], log_B)
    plain, gauged = log_z(solve, *scores(chain)), log_z(solve, *there)
    return gap(gauged, plain, allow=unlike(solve, scores(chain), there), effect=1.0)


@on_both(
    says="all sequences of observations together have probability 1",
    source="derived (summation over the observations)",
    kind="identity",
    rule="T2",
    code="HMM-02",
    cases="..cases.chains:alphabets",
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
    cases="..cases.chains:spoken",
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
    cases="..cases.chains:spoken",
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
    with np.errstate(divide="ignore"):
        thin = (chain.log_pi, np.log(np.exp(chain.log_A) @ np.exp(chain.log_A)), chain.log_B)
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
    cases="..cases.chains:three_frames_or_more",
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


@on_both(
    says="a state split in two that behave alike leaves the likelihood as it was",
    source="derived (lumpability: Kemeny and Snell 1960, Thm 6.3.2)",
    kind="metamorphic",
    rule="T10",
    code="HMM-11",
    cases="..cases.chains:cloned",
    kills=("best-path-at-the-end", "forgets-pi", "transposes-A"),
)
def cloned_state(solve: Judged, chain: Cloned) -> Gap:
    """Two halves of a state take θ and 1 − θ of what enters it, and do as it did: log Z is the same."""
    there = _clones(chain)
    plain, split = log_z(solve, *scores(chain)), log_z(solve, *there)
    return gap(split, plain, allow=unlike(solve, scores(chain), there), effect=1.0)


@law(
    hmm,
    says="two halves of a state share its posterior",
    source="derived (lumpability: Kemeny and Snell 1960, Thm 6.3.2)",
    kind="metamorphic",
    rule="T10",
    code="HMM-11",
    cases="..cases.chains:cloned",
    kills=("hard-posterior", "transposes-A", "forgets-pi"),
)
def posterior_of_cloned_state(solve: Judged, chain: Cloned) -> Gap:
    """γ of the halves = θ and 1 − θ of γ of the state, γ of the others is the same."""
    there, k, share = _clones(chain), chain.state, chain.share
    plain, split = solve(*scores(chain)), solve(*there)
    want = np.concatenate([plain, (1.0 - share) * plain[:, k : k + 1]], axis=1)
    want[:, k] *= share
    return gap(split, want, allow=unlike(solve, scores(chain), there), effect=1.0)


def _clones(chain: Cloned) -> Scores:
    """The state keeps its place, its second half comes last."""
    k = chain.state
    with np.errstate(divide="ignore"):
        first, second = np.log(chain.share), np.log(1.0 - chain.share)

    def split(x: Array) -> Array:
        out = np.concatenate([x, x[..., k : k + 1] + second], axis=-1)
        out[..., k] += first
        return out

    log_A = np.vstack([chain.log_A, chain.log_A[k : k + 1]])
    return split(chain.log_pi), split(log_A), np.concatenate([chain.log_B, chain.log_B[:, k : k + 1]], axis=1)


@law(
    hmm,
    says="the names of the states do not matter",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="HMM-12",
    cases="..cases.chains:renamed",
    kills=("first-state-is-special", "only-neighbours"),
)
def renamed_states(solve: Judged, chain: Renamed) -> Gap:
    """γ(π_σ, A_σσ, B_·σ) = γ(π, A, B)_·σ."""
    s = chain.order
    there = (chain.log_pi[s], chain.log_A[np.ix_(s, s)], chain.log_B[:, s])
    want = solve(*scores(chain))[:, s]
    return gap(solve(*there), want, allow=unlike(solve, scores(chain), there), effect=1.0)


@on_both(
    says="a chain that can go but one way scores that way's frames",
    source="derived",
    kind="limit",
    rule="T2",
    code="HMM-13",
    cases="..cases.chains:clockwork",
    kills=("floors-zeros", "forgets-first-frame"),
)
def likelihood_of_clockwork(solve: Judged, chain: Chain) -> Gap:
    """A a permutation, π one state  ⇒  log Z = Σ_n log B_{n z_n} along the only path."""
    want = float(chain.log_B[np.arange(len(chain.log_B)), _only_path(chain)].sum())
    return gap(log_z(solve, *scores(chain)), want, allow=rounding(solve, scores(chain)), effect=1.0)


@law(
    hmm,
    says="a chain that can go but one way is on it for certain",
    source="derived",
    kind="limit",
    rule="T2",
    code="HMM-13",
    cases="..cases.chains:clockwork",
    kills=("floors-zeros", "smears-posterior"),
)
def posterior_of_clockwork(solve: Judged, chain: Chain) -> Gap:
    """A a permutation, π one state  ⇒  γ_n is one at z_n, 0 elsewhere."""
    want = np.eye(len(chain.log_pi))[_only_path(chain)]
    return gap(solve(*scores(chain)), want, allow=rounding(solve, scores(chain)), effect=1.0)


def _only_path(chain: Chain) -> NDArray[np.int64]:
    path = [int(np.argmax(chain.log_pi))]
    for _ in chain.log_B[1:]:
        path.append(int(np.argmax(chain.log_A[path[-1]])))
    return np.array(path)


@law(
    hmm,
    says="over hundreds of frames the posterior is what messages in the log domain say",
    source="Bishop 2006, (13.34) to (13.38)",
    kind="oracle",
    rule="T2",
    code="HMM-20",
    cases="..cases.chains:long_chains",
    kills=("no-rescaling", "filters-only", "backward-without-emission"),
)
def posterior_of_long_chains(solve: Judged, chain: Chain) -> Gap:
    """γ_n(i) = α_n(i) β_n(i) / Z for N up to 300."""
    want = posterior(*scores(chain)).gamma
    return gap(solve(*scores(chain)), want, allow=rounding(solve, scores(chain)), effect=1.0)


@on_both(
    says="over hundreds of frames the likelihood is what messages in the log domain say",
    source="Bishop 2006, (13.42)",
    kind="oracle",
    rule="T2",
    code="HMM-20",
    cases="..cases.chains:long_chains",
    kills=("no-rescaling", "transposes-A", "best-path-at-the-end"),
)
def likelihood_of_long_chains(solve: Judged, chain: Chain) -> Gap:
    """log Z = log Σ_i α_N(i) for N up to 300."""
    want = log_likelihood(*scores(chain))
    return gap(log_z(solve, *scores(chain)), want, allow=rounding(solve, scores(chain)), effect=1.0)


CONTRACTS = ()
LAWS = (
    *likelihood_of_independent_frames,
    responsibilities_of_independent_frames,
    one_frame,
    *likelihood_of_one_frame,
    time_reversal,
    *likelihood_under_time_reversal,
    *lift_of_frames,
    *lift_of_frames_by_thousands,
    posterior_under_lift,
    posterior_under_lift_by_thousands,
    *gauge,
    *total_probability,
    *unseen_frame,
    posterior_without_a_frame,
    unseen_between,
    unseen_future,
    *likelihood_of_unseen_future,
    *first_step,
    *cloned_state,
    posterior_of_cloned_state,
    renamed_states,
    *likelihood_of_clockwork,
    posterior_of_clockwork,
    posterior_of_long_chains,
    *likelihood_of_long_chains,
)
