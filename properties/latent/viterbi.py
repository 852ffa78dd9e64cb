"""The best path of a hidden Markov chain: Viterbi's recursion, the chain's posterior at temperature zero.

    score = max_z s(z),   s(z) = log π_{z₁} + Σ_n log A_{z_n z_{n+1}} + Σ_n log B_{n z_n}

Paths that tie are equally right, so a path is judged by the score that it attains. Max is log-sum-exp without its
entropy: score ≤ log Z ≤ score + log #paths. Every beginning of a best path is a best way to where it ends, and no path
that differs in one or two neighbouring states is better. The states that are most probable one by one need not form a
path at all; there is no law that compares the two.

Symbols: π[K], A[K, K] from row to column, B[N, K] as in `hmm`; z[N] states 0 ... K-1.
Source: Bishop 2006, §13.2.5 (13.68); Viterbi 1967; Rabiner 1989, §III.B.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, at_most, gap, holds_if, law
from prufrock.gaps import all_of
from prufrock.tolerance import both

from ..hygiene import cross_cutting, refusals
from ..oracles.chains import best_score, count_paths, log_likelihood, path_score
from .hmm import BAD, FREE, layout_rounding, rounding, scores
from .hmm_changes import Scores, backwards

if TYPE_CHECKING:
    from ..cases.chains import Chain, Lifted, Nudged, Renamed

Array = NDArray[np.float64]

viterbi = Contract(
    id="latent.viterbi",
    says="the most probable path of states of a hidden Markov chain, given its frames",
    arguments={"log_pi": "K", "log_A": "K K", "log_B": "N K"},
    outputs={"path": "N", "score": ""},
    domain="logarithms of π ≥ 0 and of A ≥ 0 (rows of sum 1, unless the subject says free), −∞ among them; any frame "
    "scores, −∞ among them; N ≥ 1 and K ≥ 1; where no path is possible any path may be returned",
    cases="..cases.chains:chains",
    real="..cases.earthquakes:windows",
    conventions={"scores": ("normalised", "free"), "impossible": ("any path", "raise")},
    source="Bishop 2006, (13.68)",
    home=__package__,
)


def attained(solve: Judged, chain: Scores) -> float:
    """The score of the path that is returned; NaN where it is no path."""
    return path_score(*chain, solve(*chain))


@law(
    viterbi,
    says="the path attains the largest score of all paths",
    source="Bishop 2006, (13.68)",
    kind="oracle",
    rule="T2",
    code="HMM-14",
    complete=True,
    kills=("greedy", "most-probable-states", "pointers-one-late", "forgets-last-frame"),
)
def best_of_all_paths(solve: Judged, chain: Chain) -> Gap:
    """s(path) = max_z s(z), over all K^N paths."""
    want = best_score(*scores(chain))
    return gap(attained(solve, scores(chain)), want, allow=rounding(solve, scores(chain)), effect=1.0)


@law(
    viterbi,
    says="the score is the largest of all paths'",
    source="Bishop 2006, (13.68)",
    kind="oracle",
    rule="T2",
    code="HMM-14",
    needs=("score",),
    complete=True,
    kills=("likelihood-for-score", "score-without-pi", "mean-score"),
)
def score_of_the_best_path(solve: Judged, chain: Chain) -> Gap:
    """score = max_z s(z)."""
    want = best_score(*scores(chain))
    return gap(solve.full(*scores(chain)).score, want, allow=rounding(solve, scores(chain)), effect=1.0)


@law(
    viterbi,
    says="the score is that of the path",
    source="derived (the definition)",
    kind="identity",
    rule="T2",
    code="HMM-14",
    needs=("score",),
    kills=("pointers-one-late", "score-without-pi", "reversed-path"),
)
def score_is_the_paths(solve: Judged, chain: Chain) -> Gap:
    """score = s(path)."""
    out = solve.full(*scores(chain))
    want = path_score(*scores(chain), out.path)
    return gap(out.score, want, allow=rounding(solve, scores(chain)), effect=1.0)


@law(
    viterbi,
    says="a path is made of states, by their whole numbers",
    source="derived (the definition)",
    kind="identity",
    rule="T0",
    code="HMM-14",
    kills=("counts-from-one", "names-no-state"),
)
def path_of_states(solve: Judged, chain: Chain) -> Gap:
    """z_n ∈ {0, ..., K-1}."""
    path = np.asarray(solve(*scores(chain)))
    fits = bool(np.all((path == np.floor(path)) & (path >= 0) & (path < len(chain.log_pi))))
    return holds_if(fits, f"path {path.tolist()} of {len(chain.log_pi)} states", got=path)


@law(
    viterbi,
    says="what one frame forbids and the next demands leaves the path the best",
    source="Bishop 2006, (13.68)",
    kind="oracle",
    rule="T2",
    code="HMM-14",
    cases="..cases.chains:peaked_chains",
    kills=("greedy", "most-probable-states"),
)
def best_path_of_peaked_frames(solve: Judged, chain: Chain) -> Gap:
    """s(path) = max_z s(z) for frames that speak within 64 nats."""
    want = best_score(*scores(chain))
    return gap(attained(solve, scores(chain)), want, allow=rounding(solve, scores(chain)), effect=1.0)


@law(
    viterbi,
    says="states that fall behind by thousands of nats are not dead: the best path may lead through them",
    source="Bishop 2006, (13.68); derived",
    kind="oracle",
    rule="T2",
    code="HMM-20",
    cases="..cases.chains:fallen_behind",
    kills=("multiplies-probabilities", "floors-zeros", "greedy"),
)
def best_path_of_the_fallen_behind(solve: Judged, chain: Chain) -> Gap:
    """s(path) = max_z s(z) for scores of any size."""
    want = best_score(*scores(chain))
    return gap(attained(solve, scores(chain)), want, allow=rounding(solve, scores(chain)), effect=1.0)


@law(
    viterbi,
    says="over hundreds of frames the path attains what the recursion in the log domain does",
    source="Bishop 2006, (13.68)",
    kind="oracle",
    rule="T2",
    code="HMM-20",
    cases="..cases.chains:long_chains",
    kills=("greedy", "multiplies-probabilities", "pointers-one-late"),
)
def best_path_of_long_chains(solve: Judged, chain: Chain) -> Gap:
    """s(path) = max_z s(z) for N up to 300."""
    want = best_score(*scores(chain))
    return gap(attained(solve, scores(chain)), want, allow=rounding(solve, scores(chain)), effect=1.0)


@law(
    viterbi,
    says="of one frame alone the best state is the most probable one",
    source="Bishop 2006, (1.82)",
    kind="limit",
    rule="T2",
    code="HMM-14",
    kills=("score-without-pi", "path-without-pi"),
)
def best_state_of_one_frame(solve: Judged, chain: Chain) -> Gap:
    """N = 1  ⇒  π_z B_1z = max_i π_i B_1i."""
    one = (chain.log_pi, chain.log_A, chain.log_B[:1])
    best = float((chain.log_pi + chain.log_B[0]).max())
    path = gap(attained(solve, one), best, allow=rounding(solve, one), effect=1.0, says="the path's score")
    if not solve.subject.declares("score"):
        return path
    return all_of(path, gap(solve.full(*one).score, best, allow=rounding(solve, one), effect=1.0, says="the score"))


@law(
    viterbi,
    says="all paths together are worth at least the best, and at most as many of it as there are",
    source="derived (max ≤ log-sum-exp ≤ max + log of the number)",
    kind="inequality",
    rule="T2",
    code="HMM-15",
    needs=("score",),
    kills=("score-without-pi", "mean-score"),
)
def between_best_and_all(solve: Judged, chain: Chain) -> Gap:
    """score ≤ log Z ≤ score + log #{z : s(z) > −∞}."""
    score, total = float(solve.full(*scores(chain)).score), log_likelihood(*scores(chain))
    allow, paths = rounding(solve, scores(chain)), np.log(count_paths(*scores(chain)))
    below = at_most(score, total, allow=allow, effect=1.0)
    return all_of(below, at_most(total, score + paths, allow=allow, effect=1.0))


@law(
    viterbi,
    says="a frame nobody saw adds the best step from somewhere, at least the best from where the path ends",
    source="derived (Bellman)",
    kind="inequality",
    rule="T10",
    code="HMM-16",
    kills=("forgets-last-frame", "stays-at-the-end"),
)
def one_more_unseen_frame(solve: Judged, chain: Chain) -> Gap:
    """s(path) + max_j log A_{z_N j} ≤ s(path') ≤ s(path) + max log A."""
    longer = (chain.log_pi, chain.log_A, np.vstack([chain.log_B, np.zeros((1, len(chain.log_pi)))]))
    path = solve(*scores(chain))
    low, high = path_score(*scores(chain), path), attained(solve, longer)
    allow = float(both(rounding(solve, scores(chain)), rounding(solve, longer)))
    step = chain.log_A[int(path[-1])].max() if np.isfinite(low) else np.nan
    lower = at_most(low + step, high, allow=allow, effect=1.0)
    return all_of(lower, at_most(high, low + chain.log_A.max(), allow=allow, effect=1.0))


@law(
    viterbi,
    says="every beginning of the best path is a best way to where it ends",
    source="derived (Bellman's principle of optimality)",
    kind="inequality",
    rule="T10",
    code="HMM-16",
    kills=("pointers-one-late", "reversed-path", "stays-at-the-end"),
)
def beginnings_are_best(solve: Judged, chain: Chain) -> Gap:
    """s(z'_1 ... z'_n) ≤ s(z_1 ... z_n) for z' the best path of n frames that ends in z_n."""
    path = np.asarray(solve(*scores(chain))).astype(np.int64)
    n = 1 + int(np.abs(chain.log_B[np.isfinite(chain.log_B)]).sum() * 4) % len(chain.log_B)
    if not np.isfinite(path_score(*scores(chain), path)):
        return holds_if(False, f"path {path.tolist()} is impossible, another is not", got=path)
    log_B = chain.log_B[:n].copy()
    log_B[-1, np.arange(len(chain.log_pi)) != path[n - 1]] = -np.inf
    ending = (chain.log_pi, chain.log_A, log_B)
    allow = float(both(rounding(solve, scores(chain)), rounding(solve, ending)))
    return at_most(attained(solve, ending), path_score(*ending, path[:n]), allow=allow, effect=1.0)


@law(
    viterbi,
    says="no path that differs in one state, or in two neighbouring ones, is better",
    source="derived",
    kind="inequality",
    rule="T2",
    code="HMM-16",
    cases="..cases.chains:long_chains",
    kills=("greedy", "reversed-path"),
)
def no_better_neighbour(solve: Judged, chain: Chain) -> Gap:
    """s(z with z_n, z_{n+1} replaced) ≤ s(z), for N up to 300."""
    z = np.asarray(solve(*scores(chain))).astype(np.int64)
    if not np.isfinite(path_score(*scores(chain), z)):
        return holds_if(False, "the path is impossible, another is not", got=z)
    first = np.where(np.arange(len(z))[:, None] == 0, chain.log_pi, chain.log_A[np.r_[0, z[:-1]]])
    after = np.vstack([chain.log_A[:, z[1:]].T, np.zeros((1, len(chain.log_pi)))])
    # The best one can do at n and n + 1 with everything else in place, against what the path does there.
    pair = (first + chain.log_B)[:-1, :, None] + chain.log_A + (chain.log_B + after)[1:, None, :]
    n = np.arange(len(z) - 1)
    return at_most(pair.max(axis=(1, 2)), pair[n, z[:-1], z[1:]], allow=rounding(solve, scores(chain)), effect=1.0)


@law(
    viterbi,
    says="run backwards, a stationary chain has a best path of the same score",
    source="derived (detailed balance of a chain and its reversal; Norris 1997, Thm 1.9.1)",
    kind="metamorphic",
    rule="T10",
    code="HMM-08",
    cases="..cases.chains:stationary",
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
    cases="..cases.chains:clockwork",
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
    cases="..cases.chains:independent",
    kills=("path-without-pi", "stays-at-the-end"),
)
def path_of_independent_frames(solve: Judged, chain: Chain) -> Gap:
    """A_ij = π_j  ⇒  π_{z_n} B_{n z_n} = max_i π_i B_ni for every n."""
    path, joint = np.asarray(solve(*scores(chain))).astype(np.int64), chain.log_pi + chain.log_B
    if not np.isfinite(path_score(*scores(chain), path)):
        return holds_if(False, "the path is impossible, another is not", got=path)
    got = joint[np.arange(len(path)), path]
    return gap(got, joint.max(axis=1), allow=rounding(solve, scores(chain)), effect=1.0)


@law(
    viterbi,
    says="where no path is possible the score is −∞",
    source="derived",
    kind="limit",
    rule="T0",
    level="convention",
    code="HMM-13",
    needs=("score",),
    when={"impossible": ("any path",)},
    cases="..cases.chains:hopeless",
    kills=("floors-zeros", "forgets-last-frame"),
)
def impossible_frames(solve: Judged, chain: Chain) -> Gap:
    """s(z) = −∞ for all z  ⇒  score = −∞."""
    got = float(solve.full(*scores(chain)).score)
    return holds_if(got == -np.inf, f"score = {got} where no path is possible", got=got, want=-np.inf)


def worth(chain: Chain, path: Any) -> float:
    return path_score(*scores(chain), path)


CONTRACTS = (viterbi,)
LAWS = (
    best_of_all_paths,
    score_of_the_best_path,
    score_is_the_paths,
    path_of_states,
    best_path_of_peaked_frames,
    best_path_of_the_fallen_behind,
    best_path_of_long_chains,
    best_state_of_one_frame,
    between_best_and_all,
    one_more_unseen_frame,
    beginnings_are_best,
    no_better_neighbour,
    time_reversal,
    path_under_lift,
    score_under_lift,
    path_under_gauge,
    path_at_another_temperature,
    renamed_states,
    path_of_clockwork,
    path_of_independent_frames,
    impossible_frames,
    *cross_cutting(viterbi, reading=worth, allow=layout_rounding),
    *refusals(viterbi, {name: corrupt for name, corrupt in BAD.items() if "nan" not in name}),
)
