"""What becomes of the posterior of a hidden Markov chain when the chain is changed: laws without an oracle, for any size.

    log Z(log B_n + c_n) = log Z + Σ_n c_n, γ as it was          log Z(log π + f, log A + 1 ⊗ f − f ⊗ 1, −f at the end) = log Z
    πA = π, A*_ij = π_j A_ji / π_i  ⇒  γ(π, A*, B reversed) = γ(π, A, B) reversed

A path's score is a sum, so what is added to every path is added to log Z: a lift of a frame, a gauge of the transitions.
Split a state in two that behave alike, rename the states, run time backwards (under a stationary π, with the reversed
kernel): the same sum in other words.

Symbols: π[K], A[K, K], B[N, K] and γ as in `hmm`; c[N], f[K] numbers.
Source: Rabiner 1989, §III; Norris 1997, Thm 1.9.1 (reversal); Kemeny and Snell 1960, Thm 6.3.2 (lumping); derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prufrock import Gap, Judged, gap, law

from .hmm import FREE, Scores, hmm, log_z, on_both, scores, unlike

if TYPE_CHECKING:
    from ..cases.chains import Chain, Cloned, Lifted, Nudged, Renamed

Array = NDArray[np.float64]


@law(
    hmm,
    says="run backwards, a stationary chain has the same posterior",
    source="derived (detailed balance of a chain and its reversal; Norris 1997, Thm 1.9.1)",
    kind="metamorphic",
    rule="T10",
    code="HMM-08",
    cases="..cases.special_chains:stationary",
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
    cases="..cases.special_chains:stationary",
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


CONTRACTS = ()
LAWS = (
    time_reversal,
    *likelihood_under_time_reversal,
    *lift_of_frames,
    *lift_of_frames_by_thousands,
    posterior_under_lift,
    posterior_under_lift_by_thousands,
    *gauge,
    *cloned_state,
    posterior_of_cloned_state,
    renamed_states,
)
