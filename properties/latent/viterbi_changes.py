"""The best path of a hidden Markov chain when the chain is changed, and where only one can be the best.

    s(z) + Σ_n c_n for log B_n + c_n,     s(z) for a gauge log π + f, log A + 1 ⊗ f − f ⊗ 1, − f at the end,     s(z)/8 for scores/8

Each of these is added to every path, or multiplies every path, so the best paths stay the best. Renamed states rename
the path; run backwards, a stationary chain has a best path of the same score. With rows of A all equal to π every frame
has its own best state; with a permutation for A there is one path.

Symbols: π[K], A[K, K], B[N, K] as in `hmm`; z[N] the path; c[N], f[K] numbers.
Source: Norris 1997, Thm 1.9.1 (reversal); derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Gap, Judged, gap, holds_if, law
from prufrock.tolerance import both

from ..oracles.chains import best_score, path_score
from .hmm import FREE, rounding, scores
from .hmm_changes import backwards
from .viterbi import attained, viterbi

if TYPE_CHECKING:
    from ..cases.chains import Chain, Lifted, Nudged, Renamed


@law(
    viterbi,
    says="run backwards, a stationary chain has a best path of the same score",
    source="derived (detailed balance of a chain and its reversal; Norris 1997, Thm 1.9.1)",
    kind="metamorphic",
    rule="T10",
    code="HMM-08",
    cases="..cases.special_chains:stationary",
    kills=("greedy", "forgets-last-frame"),
)
def time_reversal(solve: Judged, chain: Chain) -> Gap:
    """πA = π, A*_ij = π_j A_ji / π_i  ⇒  s*(path of B reversed) = s(path of B)."""
    there = backwards(chain)
    forth, back = attained(solve, scores(chain)), attained(solve, there)
    allow = float(both(rounding(solve, scores(chain)), rounding(solve, there)))
    return gap(back, forth, allow=allow, effect=1.0)


@law(
    viterbi,
    says="what every state gains at a frame leaves the path the best",
    source="derived (it is added to every path)",
    kind="metamorphic",
    rule="T10",
    code="HMM-09",
    cases="..cases.chains:lifted_far",
    kills=("multiplies-probabilities", "floors-zeros"),
)
def path_under_lift(solve: Judged, chain: Lifted) -> Gap:
    """s(path of log B_n + c_n) = s(path of log B_n), |c_n| up to 2¹⁴."""
    there = (chain.log_pi, chain.log_A, chain.log_B + chain.lift[:, None])
    plain, lifted = attained(solve, scores(chain)), path_score(*scores(chain), solve(*there))
    allow = float(both(rounding(solve, scores(chain)), rounding(solve, there)))
    return gap(lifted, plain, allow=allow, effect=1.0)


@law(
    viterbi,
    says="what every state gains at a frame, the score gains",
    source="derived (it is added to every path)",
    kind="metamorphic",
    rule="T10",
    code="HMM-09",
    needs=("score",),
    cases="..cases.chains:lifted",
    kills=("mean-score", "forgets-last-frame"),
)
def score_under_lift(solve: Judged, chain: Lifted) -> Gap:
    """score(log B_n + c_n) = score(log B_n) + Σ_n c_n."""
    there = (chain.log_pi, chain.log_A, chain.log_B + chain.lift[:, None])
    plain, lifted = (float(solve.full(*one).score) for one in (scores(chain), there))
    allow = float(both(rounding(solve, scores(chain)), rounding(solve, there)))
    return gap(lifted, plain + chain.lift.sum(), allow=allow, effect=1.0)


@law(
    viterbi,
    says="a price paid on entering a state and paid back on leaving it leaves the path the best",
    source="derived (the prices telescope along every path)",
    kind="metamorphic",
    rule="T10",
    level="convention",
    code="HMM-09",
    when=FREE,
    cases="..cases.chains:nudged",
    kills=("greedy", "normalises-scores"),
)
def path_under_gauge(solve: Judged, chain: Nudged) -> Gap:
    """s(path of (log π + f, log A + 1 ⊗ f − f ⊗ 1, log B with − f at the end)) = max s."""
    f, log_B = chain.d_pi, chain.log_B.copy()
    log_B[-1] -= f
    there = (chain.log_pi + f, chain.log_A + f - f[:, None], log_B)
    allow = float(both(rounding(solve, scores(chain)), rounding(solve, there)))
    got = path_score(*scores(chain), solve(*there))
    return gap(got, attained(solve, scores(chain)), allow=allow, effect=1.0)


@law(
    viterbi,
    says="an eighth of the scores have the same best paths",
    source="derived (max is homogeneous)",
    kind="metamorphic",
    rule="T10",
    level="convention",
    code="HMM-15",
    when=FREE,
    kills=("most-probable-states", "greedy"),
)
def path_at_another_temperature(solve: Judged, chain: Chain) -> Gap:
    """s(path of log π / 8, log A / 8, log B / 8) = max s."""
    there = (chain.log_pi / 8.0, chain.log_A / 8.0, chain.log_B / 8.0)
    allow = 8.0 * float(both(rounding(solve, scores(chain)), rounding(solve, there)))
    got = path_score(*scores(chain), solve(*there))
    return gap(got, best_score(*scores(chain)), allow=allow, effect=1.0)


@law(
    viterbi,
    says="the names of the states do not matter",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="HMM-12",
    cases="..cases.chains:renamed",
    kills=("first-state-is-special", "leans-to-the-first-states"),
)
def renamed_states(solve: Judged, chain: Renamed) -> Gap:
    """s(path of (π_σ, A_σσ, B_·σ)) = s(path of (π, A, B))."""
    s = chain.order
    there = (chain.log_pi[s], chain.log_A[np.ix_(s, s)], chain.log_B[:, s])
    allow = float(both(rounding(solve, scores(chain)), rounding(solve, there)))
    return gap(attained(solve, there), attained(solve, scores(chain)), allow=allow, effect=1.0)


@law(
    viterbi,
    says="a chain that can go but one way goes it",
    source="derived",
    kind="limit",
    rule="T0",
    code="HMM-13",
    cases="..cases.special_chains:clockwork",
    kills=("most-probable-frames", "reversed-path"),
)
def path_of_clockwork(solve: Judged, chain: Chain) -> Gap:
    """A a permutation, π one state  ⇒  z_1 = that state, A_{z_n z_{n+1}} = 1."""
    want = [int(np.argmax(chain.log_pi))]
    for _ in chain.log_B[1:]:
        want.append(int(np.argmax(chain.log_A[want[-1]])))
    return gap(solve(*scores(chain)), np.array(want), allow=0.0, effect=1.0)


@law(
    viterbi,
    says="with rows of A all equal to π every frame has its own best state",
    source="derived",
    kind="limit",
    rule="T2",
    code="HMM-07",
    cases="..cases.special_chains:independent",
    kills=("path-without-pi", "stays-at-the-end"),
)
def path_of_independent_frames(solve: Judged, chain: Chain) -> Gap:
    """A_ij = π_j  ⇒  π_{z_n} B_{n z_n} = max_i π_i B_ni for every n."""
    path, joint = np.asarray(solve(*scores(chain))).astype(np.int64), chain.log_pi + chain.log_B
    if not np.isfinite(path_score(*scores(chain), path)):
        return holds_if(False, "the path is impossible, another is not", got=path)
    got = joint[np.arange(len(path)), path]
    return gap(got, joint.max(axis=1), allow=rounding(solve, scores(chain)), effect=1.0)


CONTRACTS = ()
LAWS = (
    time_reversal,
    path_under_lift,
    score_under_lift,
    path_under_gauge,
    path_at_another_temperature,
    renamed_states,
    path_of_clockwork,
    path_of_independent_frames,
)
