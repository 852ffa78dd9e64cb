"""What a best path of a hidden Markov chain is bound to: its beginnings, its neighbours, and all other paths together.

    score ≤ log Z ≤ score + log #{z : s(z) > −∞}                            (max ≤ log-sum-exp ≤ max + log of the number)
    s(z'_1 ... z'_n) ≤ s(z_1 ... z_n) for every z' that ends in z_n          (Bellman)

Max is log-sum-exp without its entropy. Every beginning of a best path is a best way to where it ends; one more frame,
unseen, adds the best step from somewhere, at least the best from where the path ends, at most the best there is; and no
path that differs in one or two neighbouring states is better, which can be seen for hundreds of frames.

Symbols: π[K], A[K, K], B[N, K] as in `hmm`; z[N] the path; Z the sum of exp s(z) over all paths.
Source: Bellman's principle of optimality; derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Gap, Judged, at_most, holds_if, law
from prufrock.gaps import all_of
from prufrock.tolerance import both

from ..oracles.chains import count_paths, log_likelihood, path_score
from .hmm import rounding, scores
from .viterbi import attained, viterbi

if TYPE_CHECKING:
    from ..cases.chains import Chain


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
    cases="..cases.special_chains:long_chains",
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


CONTRACTS = ()
LAWS = (
    between_best_and_all,
    one_more_unseen_frame,
    beginnings_are_best,
    no_better_neighbour,
)
