"""One step of Baum-Welch on sequences of symbols, of points, and of counts.

    E-step   γ and ξ of every sequence s, under the old parameters
    M-step   π_i = Σ_s γ_s1(i) / S,   A_ij = X_ij / Σ_j X_ij,  X = Σ_s Σ_n ξ_sn,   and the emissions
             E_km = Σ_n γ_n(k) [x_n = m] / N_k;   μ_k = Σ_n γ_n(k) x_n / N_k, Σ_k the covariance about it;
             λ_k = Σ_n γ_n(k) x_n / N_k;   N_k = Σ_n γ_n(k)

No step leads from one sequence into the next, and sequences of one frame take part in all but A. What tells is the step
itself, for which there is a closed form once γ is known. Rows of states that were not visited may be anything, so a law
looks at states with N_k ≥ 10⁻³, one of them at fainter ones (`hmm_em_limits`). What a step conserves is in
`hmm_em_identities`, what does not matter to it in `hmm_em_changes`.

Each law is stated for the three kinds of emissions. Points have a common spherical covariance to start from, so that
every form of covariance (full, diagonal, spherical, tied) starts from the same model.

Symbols: π[K], A[K, K], E[K, M] | μ[K, D], Σ[K, D, D] | λ[K]; x[N] or [N, D] of S sequences end to end, lengths[S].
Source: Bishop 2006, §13.2.1 (13.18) to (13.23); Rabiner 1989, §III.C, §V.B; Zucchini and MacDonald 2009, §4.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, Law, gap, inconclusive, law
from prufrock.gaps import all_of
from prufrock.tolerance import log_domain, summation

from ..hygiene import cross_cutting, refusals
from ..oracles.baum_welch import Expected, log_counts, log_points, log_symbols
from ._emissions import SEEN, Kind, counts_best, counts_told, points_best, points_told, symbols_best, symbols_told

Array = NDArray[np.float64]

UNVISITED = ("stochastic", "zero", "nan")
DOMAIN = "π and rows of A on the simplex, zeros among them; sequences that are possible, of one frame or more each"


def _contract(name: str, says: str, emits: Mapping[str, str], x: str, cases: str, **more: Any) -> Contract:
    chain = {"pi": "K", "A": "K K"}
    return Contract(
        id=f"latent.{name}",
        says=says,
        arguments={**chain, **emits, "x": x, "lengths": "S"},
        outputs={"A": "K K", "pi": "K", **emits},
        domain=DOMAIN,
        cases=f"..cases.sequences:{cases}",
        source="Bishop 2006, §13.2.1",
        home=__package__,
        **more,
    )


em_symbols = _contract(
    "hmm-em-step",
    "the parameters of a hidden Markov chain of symbols after one step of Baum-Welch",
    {"E": "K M"},
    "N",
    "symbols",
    conventions={"unvisited": UNVISITED},
)
em_points = _contract(
    "hmm-em-step-gaussian",
    "the parameters of a hidden Markov chain of Gaussian points after one step of Baum-Welch",
    {"mu": "K D", "Sigma": "K D D"},
    "N D",
    "alike_points",
    conventions={"unvisited": UNVISITED, "covariance": ("full", "diagonal", "spherical", "tied")},
)
em_counts = _contract(
    "hmm-em-step-poisson",
    "the parameters of a hidden Markov chain of Poisson counts after one step of Baum-Welch",
    {"rate": "K"},
    "N",
    "counts",
    conventions={"unvisited": UNVISITED},
    real="..cases.earthquakes:series",
)

KINDS = (
    Kind(em_symbols, lambda c: log_symbols(c.E, c.x), symbols_best, symbols_told),
    Kind(em_points, lambda c: log_points(c.mu, c.Sigma, c.x), points_best, points_told),
    Kind(em_counts, lambda c: log_counts(c.rate, c.x), counts_best, counts_told),
)


def on_all(
    kinds: tuple[Kind, ...] = KINDS, **declared: Any
) -> Callable[[Callable[[Judged, Any, Kind], Gap]], tuple[Law, ...]]:
    """One law, stated for symbols, points and counts (or for those of `kinds`)."""

    def make(body: Callable[[Judged, Any, Kind], Gap]) -> tuple[Law, ...]:
        def of(kind: Kind) -> Law:
            def run(solve: Judged, case: Any) -> Gap:
                return body(solve, case, kind)

            run.__name__, run.__doc__ = body.__name__, body.__doc__
            return law(kind.contract, **declared)(run)

        return tuple(of(kind) for kind in kinds)

    return make


def rounding(e: Expected, u: float) -> float:
    """T2 for the posteriors of all sequences, and T1 for the sums over them; relative to a probability."""
    return 2.0 * log_domain(e.extent, u) + float(summation(len(e.gamma), 1.0, u))


def emissions(solve: Judged, case: Any, kind: Kind, least: float, most: float = np.inf) -> Gap:
    """The emissions that were found against their closed form, of states with so many visits."""
    e, out = kind.estep(case), solve.full(*kind.given(case))
    visits = e.gamma.sum(axis=0)
    seen, gaps = (visits >= least) & (visits < most), []
    if not seen.any():
        return inconclusive("no state has so many visits")
    for name, (want, size) in kind.best(solve, case, e.gamma).items():
        allow = rounding(e, solve.u) * size
        gaps.append(gap(getattr(out, name)[seen], want[seen], allow=allow, effect=size, says=name))
    return all_of(*gaps)


@on_all(
    says="a step is as probable as it is frequent among the expected steps out of its state",
    source="Bishop 2006, (13.19)",
    kind="oracle",
    rule="T2",
    code="HMM-17",
    complete=True,
    kills=("step-across-the-seam", "divides-by-all-visits", "transposes-A"),
)
def steps_out_of_a_state(solve: Judged, case: Any, kind: Kind) -> Gap:
    """A_ij = X_ij / Σ_j X_ij, X = Σ_s Σ_n ξ_sn, where Σ_j X_ij ≥ 10⁻³."""
    e = kind.estep(case)
    total = e.steps.sum(axis=1, keepdims=True)
    left = total[:, 0] >= SEEN
    got, want = solve(*kind.given(case))[left], e.steps[left] / total[left]
    return gap(got, want, allow=2.0 * rounding(e, solve.u), effect=1.0) if left.any() else inconclusive("none is left")


@on_all(
    says="a chain begins in a state as often as its sequences do",
    source="Bishop 2006, (13.18); Rabiner 1989, (109)",
    kind="oracle",
    rule="T2",
    code="HMM-17",
    needs=("pi",),
    complete=True,
    kills=("first-sequence-only", "keeps-pi"),
)
def starts(solve: Judged, case: Any, kind: Kind) -> Gap:
    """π_i = Σ_s γ_s1(i) / S."""
    e = kind.estep(case)
    want = e.firsts / len(case.lengths)
    return gap(solve.full(*kind.given(case)).pi, want, allow=rounding(e, solve.u), effect=1.0)


@on_all(
    says="a state emits what was seen when it was visited",
    source="Bishop 2006, (13.20), (13.21) and (13.23); Zucchini and MacDonald 2009, (4.15)",
    kind="oracle",
    rule="T2",
    code="HMM-17",
    complete=True,
    kills=("keeps-emissions", "filters-only", "forgets-last-frames"),
)
def emissions_of_visited_states(solve: Judged, case: Any, kind: Kind) -> Gap:
    """E, or μ and Σ, or λ are the moments of x weighted by γ(k), where N_k ≥ 10⁻³."""
    return emissions(solve, case, kind, SEEN)


def _bad(kind: Kind) -> dict[str, Callable[[Any], tuple[Any, ...]]]:
    def with_(case: Any, **changes: Any) -> tuple[Any, ...]:
        return kind.given(replace(case, **changes))

    return {
        "lengths-that-do-not-add-up": lambda c: with_(c, lengths=c.lengths + 1),
        "negative-transitions": lambda c: with_(c, A=-c.A),
        "nan-transitions": lambda c: with_(c, A=np.full_like(c.A, np.nan)),
    }


def _hygiene(kind: Kind) -> tuple[Law, ...]:
    def allow(case: Any, u: float) -> float:
        return 4.0 * rounding(kind.estep(case), u)

    def of_visited(case: Any, A: Array) -> Array:
        return np.where(kind.estep(case).steps.sum(axis=1, keepdims=True) >= SEEN, A, 0.0)

    return (*cross_cutting(kind.contract, reading=of_visited, allow=allow), *refusals(kind.contract, _bad(kind)))


CONTRACTS = (em_symbols, em_points, em_counts)
LAWS = (
    *steps_out_of_a_state,
    *starts,
    *emissions_of_visited_states,
    *(one for kind in KINDS for one in _hygiene(kind)),
)
