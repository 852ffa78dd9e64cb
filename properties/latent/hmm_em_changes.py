"""One step of Baum-Welch under changes that it does not notice: of order, number, names, place, and idle states.

    sequences in another order, or every sequence twice: all sums over them, and so all quotients, are the same
    x + t and μ + t: γ depends on x − μ alone, so μ + t after the step, Σ as it was

Renamed states rename the parameters. A state that nobody can reach (π_k = 0 and A_ik = 0 for all i) has γ(k) = 0, and the
parameters of the others are those without it.

Symbols: as in `hmm_em`.
Source: derived.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from prufrock import Gap, Judged, gap, law
from prufrock.gaps import all_of

from ..oracles.baum_welch import cut
from ._emissions import SEEN, Kind, with_stranded_state
from .hmm_em import KINDS, em_points, on_all, rounding


@on_all(
    says="the order of the sequences does not matter",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="HMM-19",
    needs=("pi",),
    kills=("first-sequence-only", "step-across-the-seam"),
)
def order_of_sequences(solve: Judged, case: Any, kind: Kind) -> Gap:
    """The parameters of the sequences in reverse order are the same."""
    parts = [case.x[at] for at in cut(case.lengths)[::-1]]
    back = replace(case, x=np.concatenate(parts), lengths=case.lengths[::-1].copy())
    return _alike(solve, kind, case, back)


@on_all(
    says="every sequence twice is every sequence once",
    source="derived (counts double, and so do their sums)",
    kind="metamorphic",
    rule="T10",
    code="HMM-19",
    needs=("pi",),
    kills=("adds-one", "step-across-the-seam"),
)
def sequences_twice(solve: Judged, case: Any, kind: Kind) -> Gap:
    """The parameters of the sequences and as many copies are the same."""
    both = replace(case, x=np.concatenate([case.x, case.x]), lengths=np.r_[case.lengths, case.lengths])
    return _alike(solve, kind, case, both)


@on_all(
    says="the names of the states do not matter",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="HMM-12",
    needs=("pi",),
    kills=("first-state-is-special", "first-state-stays"),
)
def renamed_states(solve: Judged, case: Any, kind: Kind) -> Gap:
    """Of states counted backwards, the parameters are the same, counted backwards."""
    named = {name: np.ascontiguousarray(getattr(case, name)[::-1]) for name in kind.contract.outputs}
    named["A"] = np.ascontiguousarray(case.A[::-1, ::-1])
    return _alike(solve, kind, case, replace(case, **named), backwards=True)


@on_all(
    says="a state that nobody can reach changes nothing",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="HMM-11",
    needs=("pi",),
    kills=("adds-one", "spreads-over-all-states"),
)
def unreachable_state(solve: Judged, case: Any, kind: Kind) -> Gap:
    """π_k = 0 and A_ik = 0 for all i  ⇒  the parameters of the other states are those without k."""
    K, more = len(case.pi), with_stranded_state(case, kind)
    out, e = solve.full(*kind.given(more)), kind.estep(case)
    visits, left = e.gamma.sum(axis=0) >= SEEN, e.steps.sum(axis=1) >= SEEN
    allow = 2.0 * (rounding(e, solve.u) + rounding(kind.estep(more), solve.u))
    plain = solve.full(*kind.given(case))
    A = gap(out.A[:K, :K][left], plain.A[left], allow=allow, effect=1.0, says="A")
    gaps = [A, gap(out.pi[:K], plain.pi, allow=allow, effect=1.0, says="π")]
    for name, (_, size) in kind.best(solve, case, e.gamma).items():
        got, want = getattr(out, name)[:K][visits], getattr(plain, name)[visits]
        gaps.append(gap(got, want, allow=allow * size, effect=size, says=name))
    return all_of(*gaps)


@law(
    em_points,
    says="where the points lie does not matter",
    source="derived (γ depends on x − μ alone)",
    kind="metamorphic",
    rule="T10",
    code="GMM-10",
    kills=("about-the-origin", "shrinks-to-the-origin"),
)
def shifted_points(solve: Judged, case: Any) -> Gap:
    """x + t and μ + t  ⇒  μ + t after the step, Σ as it was."""
    t, kind = 8.0 + 4.0 * np.arange(case.x.shape[1]), KINDS[1]
    there = replace(case, x=case.x + t, mu=case.mu + t)
    e, out, moved = kind.estep(case), solve.full(*kind.given(case)), solve.full(*kind.given(there))
    seen, size = e.gamma.sum(axis=0) >= SEEN, float(np.abs(there.x).max())
    allow = 2.0 * (rounding(e, solve.u) + rounding(kind.estep(there), solve.u))
    means = gap(moved.mu[seen], (out.mu + t)[seen], allow=allow * size, effect=size, says="mu")
    covariances = gap(moved.Sigma[seen], out.Sigma[seen], allow=allow * size**2, effect=size**2, says="Sigma")
    return all_of(means, covariances)


def _alike(solve: Judged, kind: Kind, case: Any, there: Any, backwards: bool = False) -> Gap:
    """The parameters found here and there, of states that were visited and left."""
    e, f = kind.estep(case), kind.estep(there)
    out, other = solve.full(*kind.given(case)), solve.full(*kind.given(there))
    turn: Any = slice(None, None, -1) if backwards else slice(None)
    visits, left = e.gamma.sum(axis=0) >= SEEN, e.steps.sum(axis=1) >= SEEN
    allow = 2.0 * (rounding(e, solve.u) + rounding(f, solve.u))
    A = gap(other.A[turn, turn][left], out.A[left], allow=allow, effect=1.0, says="A")
    gaps = [A, gap(other.pi[turn], out.pi, allow=allow, effect=1.0, says="π")]
    for name, (_, size) in kind.best(solve, case, e.gamma).items():
        got, want = (getattr(o, name)[t][visits] for o, t in ((other, turn), (out, slice(None))))
        gaps.append(gap(got, want, allow=allow * size, effect=size, says=name))
    return all_of(*gaps)


CONTRACTS = ()
LAWS = (
    *order_of_sequences,
    *sequences_twice,
    *renamed_states,
    *unreachable_state,
    shifted_points,
)
