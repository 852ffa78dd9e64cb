"""What one step of Baum-Welch conserves: what was seen, what is impossible, and that it never makes things worse.

    Σ_k N_k E_km = #{n : x_n = m};   Σ_k N_k μ_k = Σ x, Σ_k N_k tr(Σ_k + μ_k μ_kᵀ) = Σ |x|²;   Σ_k N_k λ_k = Σ x
    log p(x | new) ≥ log p(x | old)          A_ij = 0 stays 0 (ξ_n(i, j) ∝ A_ij), π_i = 0 stays 0

Each state's emissions are the moments of x weighted by γ(k), and Σ_k γ_n(k) = 1: so the emissions say of all frames
together what was seen. That the likelihood never falls is true and nearly useless as a test. Rows of A are probabilities
also of states that were never left, if the subject says so: any point of the simplex maximises 0.

Symbols: as in `hmm_em`; N_k = Σ_n γ_n(k).
Source: Baum et al. 1970; Bishop 2006, §9.4 and §13.2.1; Rabiner 1989, §V.A; derived.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from prufrock import Gap, Judged, at_most, gap, inconclusive
from prufrock.gaps import all_of

from ._emissions import SEEN, Kind, with_stranded_state
from .hmm_em import KINDS, on_all, rounding


@on_all(
    says="the emissions say of all frames together what was seen",
    source="derived (Σ_k N_k times the moments of state k are the moments of the data)",
    kind="identity",
    rule="T2",
    code="HMM-19",
    kills=("keeps-emissions", "forgets-last-frames"),
)
def what_was_seen(solve: Judged, case: Any, kind: Kind) -> Gap:
    """Σ_k N_k E_km = #{n : x_n = m};   Σ_k N_k μ_k = Σ x, Σ_k N_k tr(Σ_k + μ_k μ_kᵀ) = Σ |x|²;   Σ_k N_k λ_k = Σ x."""
    e, out = kind.estep(case), solve.full(*kind.given(case))
    got, want, size = kind.told(case, e.gamma.sum(axis=0), out)
    return gap(got, want, allow=2.0 * rounding(e, solve.u) * size * len(e.gamma), effect=size)


@on_all(
    says="one step never makes the sequences less likely",
    source="Bishop 2006, §9.4; Baum et al. 1970",
    kind="inequality",
    rule="T2",
    code="HMM-18",
    needs=("pi",),
    kills=("emits-the-unlikely", "emits-the-unlikely-at-first"),
)
def likelihood_climbs(solve: Judged, case: Any, kind: Kind) -> Gap:
    """log p(x | new) ≥ log p(x | old)."""
    old, new = kind.estep(case), kind.changed(case, solve.full(*kind.given(case)))
    if min(old.gamma.sum(axis=0).min(), old.steps.sum(axis=1).min()) < SEEN or _degenerate(new):
        return inconclusive("a state is hardly visited, or has collapsed on a point")
    climbed = kind.estep(new)
    allow = rounding(old, solve.u) + 2.0 * rounding(climbed, solve.u)
    return at_most(old.log_p, climbed.log_p, allow=allow, effect=1.0)


@on_all(
    kinds=(KINDS[0], KINDS[2]),
    says="what is impossible stays impossible",
    source="Rabiner 1989, §V.A (left-right models)",
    kind="identity",
    rule="T2",
    code="HMM-17",
    needs=("pi",),
    kills=("adds-one", "floors-steps"),
)
def zeros_stay(solve: Judged, case: Any, kind: Kind) -> Gap:
    """A_ij = 0 and Σ_j X_ij > 0  ⇒  A_ij = 0 after the step; π_i = 0 likewise."""
    e, out = kind.estep(case), solve.full(*kind.given(case))
    forbidden = (case.A == 0) & (e.steps.sum(axis=1, keepdims=True) >= SEEN)
    allow = rounding(e, solve.u)
    steps = gap(np.where(forbidden, out.A, 0.0), 0.0, allow=allow, effect=1.0, says="A")
    return all_of(steps, gap(np.where(case.pi == 0, out.pi, 0.0), 0.0, allow=allow, effect=1.0, says="π"))


@on_all(
    says="rows of A are probabilities, of states that were never left too",
    source="derived (any point of the simplex maximises 0)",
    kind="limit",
    rule="T1",
    level="convention",
    code="HMM-17",
    when={"unvisited": ("stochastic",)},
    kills=("nan-if-unvisited", "divides-by-all-visits"),
)
def rows_of_unvisited_states(solve: Judged, case: Any, kind: Kind) -> Gap:
    """Σ_j A_ij = 1, A ≥ 0, a state nobody can reach among them."""
    stranded = with_stranded_state(case, kind)
    A, e = solve(*kind.given(stranded)), kind.estep(stranded)
    sums = gap(A.sum(axis=1), 1.0, allow=rounding(e, solve.u))
    return all_of(sums, at_most(-A, 0.0, allow=0.0, effect=1.0))


def _degenerate(case: Any) -> bool:
    numbers = [x for x in vars(case).values() if isinstance(x, np.ndarray) and x.dtype.kind == "f"]
    if any(not np.isfinite(x).all() for x in numbers):
        return True
    if hasattr(case, "Sigma"):
        return bool(np.linalg.eigvalsh(case.Sigma).min() < 1e-3)
    return bool(hasattr(case, "rate") and case.rate.min() <= 1e-6)


CONTRACTS = ()
LAWS = (
    *what_was_seen,
    *likelihood_climbs,
    *zeros_stay,
    *rows_of_unvisited_states,
)
