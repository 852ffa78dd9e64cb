"""The best path of a hidden Markov chain: Viterbi's recursion, the chain's posterior at temperature zero.

    score = max_z s(z),   s(z) = log π_{z₁} + Σ_n log A_{z_n z_{n+1}} + Σ_n log B_{n z_n}

Paths that tie are equally right, so a path is judged by the score that it attains. The states that are most probable one
by one need not form a path at all; there is no law that compares the two. Of one frame the best state is that with the
largest π_i B_1i. What makes a path the best without knowing another is in `viterbi_optimality`, changed chains in
`viterbi_changes`.

Symbols: π[K], A[K, K] from row to column, B[N, K] as in `hmm`; z[N] states 0 ... K-1.
Source: Bishop 2006, §13.2.5 (13.68); Viterbi 1967; Rabiner 1989, §III.B.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Contract, Gap, Judged, gap, holds_if, law
from prufrock.gaps import all_of

from ..hygiene import cross_cutting, refusals
from ..oracles.chains import best_score, path_score
from .hmm import BAD, Scores, layout_rounding, rounding, scores

if TYPE_CHECKING:
    from ..cases.chains import Chain

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
    cases="..cases.special_chains:peaked_chains",
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
    cases="..cases.special_chains:fallen_behind",
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
    cases="..cases.special_chains:long_chains",
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
    says="where no path is possible the score is −∞",
    source="derived",
    kind="limit",
    rule="T0",
    level="convention",
    code="HMM-13",
    needs=("score",),
    when={"impossible": ("any path",)},
    cases="..cases.special_chains:hopeless",
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
    impossible_frames,
    *cross_cutting(viterbi, reading=worth, allow=layout_rounding),
    *refusals(viterbi, {name: corrupt for name, corrupt in BAD.items() if "nan" not in name}),
)
