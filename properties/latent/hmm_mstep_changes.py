"""The M-step of Baum-Welch under changes that its counts do not notice: order, copies, names, a symbol nobody saw.

    X = Σ_s Σ_n ξ_sn,   A_ij = X_ij / Σ_j X_ij,   π = Σ_s γ_s1 / S,   E_km = Σ_n γ_n(k) [x_n = m] / Σ_n γ_n(k)

These are quotients of sums over sequences: the order of the sequences plays no part, and of every sequence twice all
sums are double and all quotients the same. No step leads from one sequence into the next, wherever the seams are.
Renamed states and symbols rename rows and columns; one more symbol is a column of zeros.

Symbols: γ[N, K] and ξ[N-S, K, K] of S sequences end to end, symbols x[N] in 0 ... M-1, lengths[S].
Source: Bishop 2006, (13.18) to (13.23); derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Gap, Judged, gap, law
from prufrock.gaps import all_of

from ..oracles.baum_welch import cut
from .hmm_mstep import chance, frequencies, given, hmm_mstep

if TYPE_CHECKING:
    from ..cases.sequences import Posteriors


@law(
    hmm_mstep,
    says="the order of the sequences does not matter",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="HMM-19",
    needs=("pi", "E"),
    kills=("first-sequence-only", "last-sequence-only"),
)
def order_of_sequences(solve: Judged, p: Posteriors) -> Gap:
    """The parameters of the sequences in reverse order are the same."""
    frames, steps = cut(p.lengths)[::-1], cut(p.lengths - 1)[::-1]
    back = (np.vstack([p.gamma[at] for at in frames]), np.concatenate([p.xi[at] for at in steps]))
    x, lengths = np.concatenate([p.x[at] for at in frames]), p.lengths[::-1].copy()
    return _alike(solve.full(*back, x, lengths, p.M), solve.full(*given(p)), 2.0 * chance(p, solve.u))


@law(
    hmm_mstep,
    says="every sequence twice is every sequence once",
    source="derived (counts double, and so do their sums)",
    kind="metamorphic",
    rule="T10",
    code="HMM-19",
    needs=("pi", "E"),
    kills=("adds-one", "counts-for-starts", "step-across-the-seam"),
)
def sequences_twice(solve: Judged, p: Posteriors) -> Gap:
    """The parameters of the sequences and as many copies are the same."""
    twice = tuple(np.concatenate([y, y]) for y in given(p)[:4])
    return _alike(solve.full(*twice, p.M), solve.full(*given(p)), 3.0 * chance(p, solve.u))


@law(
    hmm_mstep,
    says="a symbol nobody saw is emitted by no state, and changes nothing else",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="HMM-17",
    needs=("pi", "E"),
    kills=("adds-one", "floors-counts"),
)
def unseen_symbol(solve: Judged, p: Posteriors) -> Gap:
    """E with M + 1 symbols is E with M, and a column of zeros."""
    more, plain = solve.full(*given(p)[:4], p.M + 1), solve.full(*given(p))
    E = gap(more.E, np.c_[plain.E, np.zeros(len(plain.E))], allow=2.0 * chance(p, solve.u), effect=1.0)
    return all_of(E, gap(more.E[:, -1], 0.0, allow=0.0, effect=1.0, says="the unseen symbol"))


@law(
    hmm_mstep,
    says="the names of states and symbols do not matter",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="HMM-12",
    needs=("pi", "E"),
    kills=("first-state-stays", "transposes-steps-of-three"),
)
def renamed(solve: Judged, p: Posteriors) -> Gap:
    """Of states and symbols counted backwards, the parameters are those of the sequences, counted backwards."""
    back = solve.full(p.gamma[:, ::-1], p.xi[:, ::-1, ::-1], p.M - 1 - p.x, p.lengths, p.M)
    out = solve.full(*given(p))
    flipped = (out.A[::-1, ::-1], out.pi[::-1], out.E[::-1, ::-1])
    pairs = zip((back.A, back.pi, back.E), flipped, strict=True)
    forms = gap(back.A, frequencies(p.xi.sum(axis=0))[::-1, ::-1], allow=chance(p, solve.u), effect=1.0)
    return all_of(forms, *(gap(x, y, allow=2.0 * chance(p, solve.u), effect=1.0) for x, y in pairs))


def _alike(got: Any, want: Any, allow: float) -> Gap:
    return all_of(
        gap(got.A, want.A, allow=allow, effect=1.0, says="A"),
        gap(got.pi, want.pi, allow=allow, effect=1.0, says="π"),
        gap(got.E, want.E, allow=allow, effect=1.0, says="E"),
    )


CONTRACTS = ()
LAWS = (
    order_of_sequences,
    sequences_twice,
    unseen_symbol,
    renamed,
)
