"""What a hidden Markov chain forbids: states, transitions, and frames that no path explains.

    no path with s(z) > −∞ through z_n = i  ⇒  γ_n(i) = 0          A_ij = 0  ⇒  ξ_n(i, j) = 0
    s(z) = −∞ for all z  ⇒  Z = 0, log Z = −∞

Zeros of π, A and B are exact, and multiply: which states some possible path visits is a question of reachability from
both ends, without any arithmetic. Where no path is possible the posterior is 0/0, so a subject declares what it makes of
it: nothing anywhere, NaN, or an error.

Symbols: as in `hmm`.
Source: derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prufrock import Gap, Judged, gap, holds_if, law

from .hmm import hmm, log_z, on_both, rounding, scores

if TYPE_CHECKING:
    from ..cases.chains import Chain


@law(
    hmm,
    says="a state that cannot emit a frame is not there, and none is where no possible path leads",
    source="derived",
    kind="identity",
    rule="T2",
    code="HMM-13",
    cases="..cases.special_chains:peaked_chains",
    kills=("floors-zeros", "smears-posterior"),
)
def no_posterior_where_forbidden(solve: Judged, chain: Chain) -> Gap:
    """No path with s(z) > −∞ through z_n = i  ⇒  γ_n(i) = 0."""
    gamma = solve(*scores(chain))
    return gap(np.where(_possible(chain), 0.0, gamma), 0.0, allow=rounding(solve, scores(chain)), effect=1.0)


@law(
    hmm,
    says="a transition that A forbids is never made",
    source="derived",
    kind="identity",
    rule="T2",
    code="HMM-13",
    needs=("xi",),
    kills=("floors-zeros", "transposed-transitions"),
)
def no_transition_where_forbidden(solve: Judged, chain: Chain) -> Gap:
    """A_ij = 0  ⇒  ξ_n(i, j) = 0."""
    xi = solve.full(*scores(chain)).xi
    return gap(np.where(np.isfinite(chain.log_A), 0.0, xi), 0.0, allow=rounding(solve, scores(chain)), effect=1.0)


@on_both(
    says="where no path is possible the likelihood is 0",
    source="derived",
    kind="limit",
    rule="T0",
    level="convention",
    code="HMM-13",
    when={"impossible": ("zero", "nan")},
    cases="..cases.special_chains:hopeless",
    kills=("floors-zeros", "nan-where-impossible"),
)
def impossible_frames(solve: Judged, chain: Chain) -> Gap:
    """s(z) = −∞ for all z  ⇒  log Z = −∞."""
    got = log_z(solve, *scores(chain))
    return holds_if(got == -np.inf, f"log Z = {got} where no path is possible", got=got, want=-np.inf)


@law(
    hmm,
    says="where no path is possible no state is anywhere",
    source="derived",
    kind="limit",
    rule="T0",
    level="convention",
    code="HMM-13",
    when={"impossible": ("zero",)},
    cases="..cases.special_chains:hopeless",
    kills=("floors-zeros", "nan-where-impossible"),
)
def no_posterior_of_impossible_frames(solve: Judged, chain: Chain) -> Gap:
    """s(z) = −∞ for all z  ⇒  γ = 0."""
    return gap(solve(*scores(chain)), 0.0, allow=0.0, effect=1.0)


def _possible(chain: Chain) -> NDArray[np.bool_]:
    """Which states some possible path visits, [N, K]."""
    A, B = np.isfinite(chain.log_A), np.isfinite(chain.log_B)
    ahead, behind = B.copy(), B.copy()
    ahead[0] &= np.isfinite(chain.log_pi)
    for n in range(1, len(B)):
        ahead[n] &= (ahead[n - 1][:, None] & A).any(axis=0)
        behind[-1 - n] &= (A & behind[-n]).any(axis=1)
    return ahead & behind


CONTRACTS = ()
LAWS = (
    no_posterior_where_forbidden,
    no_transition_where_forbidden,
    *impossible_frames,
    no_posterior_of_impossible_frames,
)
