"""The M-step of Baum-Welch for symbols: parameters from posteriors, over several sequences.

    maximise   Σ_s [Σ_i γ_s1(i) log π_i + Σ_n Σ_ij ξ_sn(i, j) log A_ij + Σ_n Σ_k γ_sn(k) log E_{k x_sn}]
    over       π, the rows of A and the rows of E, each on the simplex

The parameters part: with X = Σ_s Σ_n ξ_sn row i of A maximises Σ_j X_ij log A_ij. Where the Lagrangian is stationary
X_ij = λ_i A_ij, so the multiplier λ_i = Σ_j X_ij counts the expected steps out of state i, and A_ij = X_ij / λ_i; the
multiplier of π is S, the number of sequences, that of E_k the expected visits to state k. A row without counts may be
anything on the simplex. Sequences and symbols in other orders are in `hmm_mstep_changes`.

Symbols: γ[N, K] and ξ[N-S, K, K] of S sequences end to end, symbols x[N] in 0 ... M-1, lengths[S].
Source: Bishop 2006, (13.18), (13.19) and exercise 13.5; Rabiner 1989, §III.C and §V.B.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, at_most, gap, inconclusive, law
from prufrock.gaps import all_of
from prufrock.tolerance import conic_witness, summation

from ..hygiene import cross_cutting, refusals
from ..oracles.baum_welch import conic_row, cut, symbol_counts

if TYPE_CHECKING:
    from ..cases.sequences import Posteriors, Rivalled

Array = NDArray[np.float64]

hmm_mstep = Contract(
    id="latent.hmm-mstep",
    says="the parameters of a hidden Markov chain of symbols that suit the posteriors of its sequences best",
    arguments={"gamma": "N K", "xi": "N-S K K", "x": "N", "lengths": "S", "M": ""},
    outputs={"A": "K K", "pi": "K", "E": "K M"},
    domain="posteriors of one or more sequences that agree with each other; symbols in 0 ... M-1; lengths ≥ 1 of sum N",
    cases="..cases.sequences:posteriors",
    conventions={"unvisited": ("stochastic", "zero", "nan", "raise")},
    source="Bishop 2006, (13.18) and (13.19)",
    home=__package__,
)

Given = tuple[Array, Array, Any, Any, int]


def given(p: Posteriors) -> Given:
    return p.gamma, p.xi, p.x, p.lengths, p.M


def chance(p: Posteriors, u: float) -> float:
    """T1 for a probability: a quotient of sums of N terms."""
    return 2.0 * float(summation(len(p.gamma) + p.gamma.shape[1], 1.0, u))


def firsts(p: Posteriors) -> Array:
    return np.asarray(p.gamma[[at.start for at in cut(p.lengths)]].sum(axis=0))


@law(
    hmm_mstep,
    says="a step is as probable as it is frequent among the steps out of its state",
    source="Bishop 2006, (13.19)",
    kind="identity",
    rule="T1",
    code="HMM-17",
    complete=True,
    kills=("divides-by-all-visits", "transposes-steps", "step-across-the-seam", "adds-one"),
)
def steps_out_of_a_state(solve: Judged, p: Posteriors) -> Gap:
    """A_ij = X_ij / Σ_j X_ij, X = Σ_s Σ_n ξ_sn."""
    X = p.xi.sum(axis=0)
    return gap(solve(*given(p)), X / X.sum(axis=1, keepdims=True), allow=chance(p, solve.u), effect=1.0)


@law(
    hmm_mstep,
    says="a chain begins in a state as often as its sequences do",
    source="Bishop 2006, (13.18)",
    kind="identity",
    rule="T1",
    code="HMM-17",
    needs=("pi",),
    complete=True,
    kills=("first-sequence-only", "visits-for-starts", "counts-for-starts"),
)
def starts(solve: Judged, p: Posteriors) -> Gap:
    """π_i = Σ_s γ_s1(i) / S."""
    want = firsts(p) / len(p.lengths)
    return gap(solve.full(*given(p)).pi, want, allow=chance(p, solve.u), effect=1.0)


@law(
    hmm_mstep,
    says="a state emits a symbol as often as it is visited when the symbol is seen",
    source="Bishop 2006, (13.23)",
    kind="identity",
    rule="T1",
    code="HMM-17",
    needs=("E",),
    complete=True,
    kills=("symbols-of-all-frames", "forgets-last-frames", "adds-one"),
)
def symbols_of_a_state(solve: Judged, p: Posteriors) -> Gap:
    """E_km = Σ_n γ_n(k) [x_n = m] / Σ_n γ_n(k)."""
    counts = symbol_counts(p.gamma, p.x, p.M)
    want = counts / counts.sum(axis=1, keepdims=True)
    return gap(solve.full(*given(p)).E, want, allow=chance(p, solve.u), effect=1.0)


@law(
    hmm_mstep,
    says="π and the rows of A and E are probabilities",
    source="derived (the definition)",
    kind="identity",
    rule="T1",
    code="HMM-17",
    needs=("pi", "E"),
    kills=("counts-for-starts", "divides-by-all-visits", "columns-for-rows"),
)
def on_the_simplex(solve: Judged, p: Posteriors) -> Gap:
    """Σπ = 1, Σ_j A_ij = 1, Σ_m E_km = 1, none negative."""
    out = solve.full(*given(p))
    sums = np.r_[out.pi.sum(), out.A.sum(axis=1), out.E.sum(axis=1)]
    least = np.r_[out.pi, out.A.ravel(), out.E.ravel()]
    return all_of(gap(sums, 1.0, allow=chance(p, solve.u)), at_most(-least, 0.0, allow=0.0, effect=1.0))


@law(
    hmm_mstep,
    says="no other parameters suit the posteriors better",
    source="Bishop 2006, (13.17)",
    kind="inequality",
    rule="T1",
    code="HMM-17",
    needs=("pi", "E"),
    cases="..cases.sequences:rivalled",
    kills=("adds-one", "symbols-of-all-frames", "visits-for-starts"),
)
def best_of_rivals(solve: Judged, p: Rivalled) -> Gap:
    """Q(π', A', E') ≤ Q(π, A, E) for any π', A', E' on the simplex, and for the closed form's halfway mark to them."""
    out, X, counts = solve.full(*given(p)), p.xi.sum(axis=0), symbol_counts(p.gamma, p.x, p.M)
    n = np.concatenate([firsts(p), X.ravel(), counts.ravel()])
    mine = np.concatenate([out.pi, out.A.ravel(), out.E.ravel()])
    best = np.concatenate([firsts(p) / len(p.lengths), frequencies(X).ravel(), frequencies(counts).ravel()])
    other = np.concatenate([p.pi, p.A.ravel(), p.E.ravel()])
    rivals = [_score(n, one) for one in (other, 0.5 * (other + best), best)]
    allow = chance(p, solve.u) * float(n.sum())
    return at_most(np.array(rivals), _score(n, mine), allow=allow, effect=1.0)


@law(
    hmm_mstep,
    says="a conic solver finds the same rows, and as multipliers the expected steps out of each state",
    source="Bishop 2006, exercise 13.5",
    kind="oracle",
    rule="T7",
    code="HMM-17",
    kills=("adds-one", "transposes-steps"),
)
def conic_witness_of_rows(solve: Judged, p: Posteriors) -> Gap:
    """A_i = argmax Σ_j X_ij log a_j on the simplex, and the multiplier λ_i with X_ij = λ_i A_ij is Σ_j X_ij."""
    X, A = p.xi.sum(axis=0), solve(*given(p))
    witness = [conic_row(row) for row in X]
    if any(found is None for found in witness):
        return inconclusive("the witness is not sure of itself")
    rows = np.array([found[0] for found in witness if found is not None])
    multipliers = np.array([found[1] for found in witness if found is not None])
    same = gap(A, rows, allow=conic_witness(1.0, 1.0), effect=1.0, says="the row")
    allow = conic_witness(float(multipliers.max()), 1.0)
    return all_of(same, gap(multipliers[:, None] * A, X, allow=allow, effect=1.0, says="the multiplier"))


@law(
    hmm_mstep,
    says="what was seen is told by its counts, whatever was not",
    source="Bishop 2006, (13.18) and (13.19)",
    kind="identity",
    rule="T1",
    code="HMM-17",
    needs=("pi", "E"),
    cases="..cases.sequences:unvisited",
    kills=("adds-one", "divides-by-all-visits", "step-across-the-seam"),
)
def rows_of_visited_states(solve: Judged, p: Posteriors) -> Gap:
    """A_ij = X_ij / Σ_j X_ij where Σ_j X_ij > 0, and π, and E_k where Σ_n γ_n(k) > 0."""
    out, X, counts = solve.full(*given(p)), p.xi.sum(axis=0), symbol_counts(p.gamma, p.x, p.M)
    left, seen, allow = X.sum(axis=1) > 0, counts.sum(axis=1) > 0, chance(p, solve.u)
    return all_of(
        gap(out.A[left], frequencies(X[left]), allow=allow, effect=1.0, says="A"),
        gap(out.E[seen], frequencies(counts[seen]), allow=allow, effect=1.0, says="E"),
        gap(out.pi, firsts(p) / len(p.lengths), allow=allow, effect=1.0, says="π"),
    )


@law(
    hmm_mstep,
    says="rows of states that are never left, or never visited, are probabilities too",
    source="derived (any point of the simplex maximises 0)",
    kind="limit",
    rule="T1",
    level="convention",
    code="HMM-17",
    needs=("E",),
    when={"unvisited": ("stochastic",)},
    cases="..cases.sequences:unvisited",
    kills=("nan-if-unvisited", "zero-if-unvisited"),
)
def rows_of_unvisited_states(solve: Judged, p: Posteriors) -> Gap:
    """Σ_j A_ij = 1 and Σ_m E_km = 1, none negative, for every state."""
    out = solve.full(*given(p))
    sums = gap(np.r_[out.A.sum(axis=1), out.E.sum(axis=1)], 1.0, allow=chance(p, solve.u))
    return all_of(sums, at_most(-np.r_[out.A.ravel(), out.E.ravel()], 0.0, allow=0.0, effect=1.0))


def frequencies(counts: Array) -> Array:
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def _score(counts: Array, x: Array) -> float:
    """Σ n log x with 0 log 0 = 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.where(counts == 0, 0.0, counts * np.log(x)).sum())


def _without(p: Posteriors, at: int) -> Given:
    """One argument one entry short."""
    short: Any = tuple(x[:-1] if i == at else x for i, x in enumerate(given(p)[:4]))
    return (*short, p.M)


BAD = {
    "nan-posterior": lambda p: (np.full_like(p.gamma, np.nan), np.full_like(p.xi, np.nan), *given(p)[2:]),
    "too-few-symbols": lambda p: _without(p, 2),
    "lengths-that-do-not-add-up": lambda p: (*given(p)[:3], p.lengths + 1, p.M),
    "symbols-beyond-the-alphabet": lambda p: (*given(p)[:2], p.x + p.M, *given(p)[3:]),
}


def rounding(p: Posteriors, u: float) -> float:
    return 2.0 * chance(p, u)


CONTRACTS = (hmm_mstep,)
LAWS = (
    steps_out_of_a_state,
    starts,
    symbols_of_a_state,
    on_the_simplex,
    best_of_rivals,
    conic_witness_of_rows,
    rows_of_visited_states,
    rows_of_unvisited_states,
    *cross_cutting(hmm_mstep, allow=rounding),
    *refusals(hmm_mstep, BAD),
)
