"""One step of Baum-Welch where it is simple, or where it is hard: a single state, single frames, faint states.

    K = 1          π = 1, A = 1, and the emissions are the frequencies, the moments (divisor N), the mean of x
    N_s = 1        a sample of a mixture: π_k = N_k / N, and the emissions are those of a mixture's M-step

A sequence of one frame among longer ones has no step to give to X = Σ_s Σ_n ξ_sn, but its frame counts in π and in the
emissions. A state entered once in 2³⁰ times emits what was seen then, as a quotient of two small numbers. And from
covariances of any shape the means and full covariances are the moments weighted by γ, about the new mean.

Symbols: as in `hmm_em`; N_k = Σ_n γ_n(k).
Source: Bishop 2006, (9.17), (9.19), (9.22) and (13.20) to (13.23); Rabiner 1989, (109) and (110).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from prufrock import Gap, Judged, gap, law
from prufrock.gaps import all_of

from ._emissions import FAINT, SEEN, Kind
from .hmm_em import KINDS, em_points, em_symbols, emissions, on_all, rounding


@on_all(
    says="a state that was hardly visited emits what was seen then, too",
    source="Bishop 2006, (13.20), (13.21) and (13.23)",
    kind="oracle",
    rule="T2",
    code="HMM-17",
    kills=("keeps-emissions", "drops-the-faint"),
)
def emissions_of_faint_states(solve: Judged, case: Any, kind: Kind) -> Gap:
    """E, or μ and Σ, or λ are the moments of x weighted by γ(k), where N_k ≥ 10⁻¹²."""
    if kind.contract is em_points and solve.conventions.get("covariance") == "tied":
        return emissions(solve, case, kind, SEEN)
    return emissions(solve, _faint(case), kind, FAINT)


@on_all(
    says="a single state emits the sample itself",
    source="derived",
    kind="limit",
    rule="T1",
    code="HMM-17",
    needs=("pi",),
    kills=("keeps-emissions", "forgets-last-frames"),
)
def one_state(solve: Judged, case: Any, kind: Kind) -> Gap:
    """K = 1  ⇒  π = 1, A = 1, and E, or μ and Σ, or λ are the frequencies, the moments (divisor N), the mean of x."""
    first = {name: getattr(case, name)[:1] for name in kind.contract.outputs} | {"A": np.ones((1, 1)), "pi": np.ones(1)}
    if kind.contract is em_symbols:
        first["E"] = np.full_like(first["E"], 1.0 / first["E"].shape[1])
    one = replace(case, **first)
    out, e = solve.full(*kind.given(one)), kind.estep(one)
    certain = gap(np.r_[out.pi, out.A.ravel()], 1.0, allow=rounding(e, solve.u))
    return all_of(certain, emissions(solve, one, kind, SEEN))


@on_all(
    says="sequences of one frame are a sample of a mixture",
    source="Bishop 2006, (9.17), (9.19) and (9.22)",
    kind="limit",
    rule="T2",
    code="HMM-19",
    needs=("pi",),
    kills=("first-sequence-only", "starts-of-longer-sequences"),
)
def sequences_of_one_frame(solve: Judged, case: Any, kind: Kind) -> Gap:
    """N_s = 1 for all s  ⇒  π_k = N_k / N, and the emissions are those of a mixture's M-step."""
    pi = (case.pi + 1.0) / (1.0 + len(case.pi))
    even = replace(case, pi=pi, lengths=np.ones(len(case.x), np.int64))
    e = kind.estep(even)
    got = solve.full(*kind.given(even)).pi
    starts = gap(got, e.gamma.mean(axis=0), allow=rounding(e, solve.u), effect=1.0, says="π")
    return all_of(starts, emissions(solve, even, kind, SEEN))


@on_all(
    says="a sequence of one frame among longer ones counts in all but A",
    source="Rabiner 1989, (109) and (110)",
    kind="oracle",
    rule="T2",
    code="HMM-19",
    needs=("pi",),
    kills=("step-across-the-seam", "starts-of-longer-sequences"),
)
def one_frame_among_others(solve: Judged, case: Any, kind: Kind) -> Gap:
    """The first frame a sequence of its own: X = Σ_s Σ_n ξ_sn as without it, π and the emissions with it."""
    pi, n = (case.pi + 1.0) / (1.0 + len(case.pi)), case.lengths
    apart = replace(case, pi=pi, lengths=np.r_[1, n[0] - 1, n[1:]])
    e, out = kind.estep(apart), solve.full(*kind.given(apart))
    left, allow = e.steps.sum(axis=1) >= SEEN, 2.0 * rounding(e, solve.u)
    A = gap(out.A[left], e.steps[left] / e.steps[left].sum(axis=1, keepdims=True), allow=allow, effect=1.0, says="A")
    pis = gap(out.pi, e.firsts / len(apart.lengths), allow=allow, effect=1.0, says="π")
    return all_of(A, pis, emissions(solve, apart, kind, SEEN))


@law(
    em_points,
    says="from covariances of any shape, means and full covariances are the moments of what was seen",
    source="Bishop 2006, (13.20) and (13.21)",
    kind="oracle",
    rule="T2",
    level="convention",
    code="HMM-17",
    when={"covariance": ("full",)},
    cases="..cases.sequences:points",
    kills=("about-the-old-means", "divides-by-one-less", "keeps-emissions"),
)
def full_moments(solve: Judged, case: Any) -> Gap:
    """μ_k = Σ_n γ_n(k) x_n / N_k, Σ_k = Σ_n γ_n(k) (x_n − μ_k)(x_n − μ_k)ᵀ / N_k, about the new mean."""
    return emissions(solve, case, KINDS[1], SEEN)


def _faint(case: Any) -> Any:
    """The case with its last state hard to enter: once in 2³⁰ times."""
    K, least = len(case.pi), 2.0**-30
    if K == 1:
        return case
    pi, A = (1.0 - least) * case.pi, (1.0 - least) * case.A
    if case.pi[-1] == 1.0 or np.any(case.A[:-1, -1] == 1.0):
        return case
    for x in (pi, A[:-1]):
        x[..., -1] = 0.0
        x /= x.sum(axis=-1, keepdims=True) / (1.0 - least)
        x[..., -1] = least
    A[-1] = case.A[-1]
    faint = replace(case, pi=pi, A=A)
    return faint if np.isfinite(_log_p(faint)) else case


def _log_p(case: Any) -> float:
    kind = next(k for k in KINDS if set(k.contract.arguments) <= set(vars(case)))
    return kind.estep(case).log_p


CONTRACTS = ()
LAWS = (
    *emissions_of_faint_states,
    *one_state,
    *sequences_of_one_frame,
    *one_frame_among_others,
    full_moments,
)
