"""Posterior and likelihood of hard chains: peaked frames, states that fall far behind, hundreds of frames.

    γ_n(i) = Σ {exp s(z) : z_n = i} / Z,      log Z = log Σ_z exp s(z)

The formulas are those of any chain, and hold for scores of any size; the recursions that compute them need not. Messages
rescaled once a frame lose a state that is exp(−745) behind, though it may be the only one alive in the end; in the log
domain no state is lost. For N up to 300 the truth is made of messages in the log domain, γ_n(i) = α_n(i) β_n(i)/Z, for
fewer frames of all K^N paths.

Symbols: as in `hmm`; α_n, β_n[K] forward and backward messages.
Source: Bishop 2006, (13.11), (13.33) to (13.38) and (13.42); derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prufrock import Gap, Judged, gap, law

from ..oracles.chains import log_likelihood, posterior
from .hmm import hmm, log_z, on_both, rounding, scores

if TYPE_CHECKING:
    from ..cases.chains import Chain


@law(
    hmm,
    says="what one frame forbids and the next demands leaves the posterior the share of paths",
    source="Bishop 2006, (13.33)",
    kind="oracle",
    rule="T2",
    code="HMM-01",
    cases="..cases.special_chains:peaked_chains",
    kills=("filters-only", "floors-zeros"),
)
def posterior_of_peaked_frames(solve: Judged, chain: Chain) -> Gap:
    """γ_n(i) = Σ {exp s(z) : z_n = i} / Z for frames that speak within 64 nats."""
    want = posterior(*scores(chain)).gamma
    return gap(solve(*scores(chain)), want, allow=rounding(solve, scores(chain)), effect=1.0)


@on_both(
    says="what one frame forbids and the next demands leaves the likelihood the sum over all paths",
    source="Bishop 2006, (13.11)",
    kind="oracle",
    rule="T2",
    code="HMM-01",
    cases="..cases.special_chains:peaked_chains",
    kills=("floors-messages", "floors-zeros", "forgets-first-frame"),
)
def likelihood_of_peaked_frames(solve: Judged, chain: Chain) -> Gap:
    """log Z = log Σ_z exp s(z) for frames that speak within 64 nats."""
    want = log_likelihood(*scores(chain))
    return gap(log_z(solve, *scores(chain)), want, allow=rounding(solve, scores(chain)), effect=1.0)


@law(
    hmm,
    says="states that fall behind by thousands of nats are not dead: they have their posterior if they win after all",
    source="Bishop 2006, (13.33); derived",
    kind="oracle",
    rule="T2",
    code="HMM-20",
    cases="..cases.special_chains:fallen_behind",
    kills=("no-rescaling", "floors-messages"),
)
def posterior_of_the_fallen_behind(solve: Judged, chain: Chain) -> Gap:
    """γ_n(i) = Σ {exp s(z) : z_n = i} / Z for scores of any size."""
    want = posterior(*scores(chain)).gamma
    return gap(solve(*scores(chain)), want, allow=rounding(solve, scores(chain)), effect=1.0)


@on_both(
    says="states that fall behind by thousands of nats are not dead: they count in the likelihood if they win after all",
    source="Bishop 2006, (13.11); derived",
    kind="oracle",
    rule="T2",
    code="HMM-20",
    cases="..cases.special_chains:fallen_behind",
    kills=("rescales-once-a-frame", "floors-messages"),
)
def likelihood_of_the_fallen_behind(solve: Judged, chain: Chain) -> Gap:
    """log Z = log Σ_z exp s(z) for scores of any size."""
    want = log_likelihood(*scores(chain))
    return gap(log_z(solve, *scores(chain)), want, allow=rounding(solve, scores(chain)), effect=1.0)


@law(
    hmm,
    says="over hundreds of frames the posterior is what messages in the log domain say",
    source="Bishop 2006, (13.34) to (13.38)",
    kind="oracle",
    rule="T2",
    code="HMM-20",
    cases="..cases.special_chains:long_chains",
    kills=("no-rescaling", "filters-only", "backward-without-emission"),
)
def posterior_of_long_chains(solve: Judged, chain: Chain) -> Gap:
    """γ_n(i) = α_n(i) β_n(i) / Z for N up to 300."""
    want = posterior(*scores(chain)).gamma
    return gap(solve(*scores(chain)), want, allow=rounding(solve, scores(chain)), effect=1.0)


@on_both(
    says="over hundreds of frames the likelihood is what messages in the log domain say",
    source="Bishop 2006, (13.42)",
    kind="oracle",
    rule="T2",
    code="HMM-20",
    cases="..cases.special_chains:long_chains",
    kills=("no-rescaling", "transposes-A", "best-path-at-the-end"),
)
def likelihood_of_long_chains(solve: Judged, chain: Chain) -> Gap:
    """log Z = log Σ_i α_N(i) for N up to 300."""
    want = log_likelihood(*scores(chain))
    return gap(log_z(solve, *scores(chain)), want, allow=rounding(solve, scores(chain)), effect=1.0)


CONTRACTS = ()
LAWS = (
    posterior_of_peaked_frames,
    *likelihood_of_peaked_frames,
    posterior_of_the_fallen_behind,
    *likelihood_of_the_fallen_behind,
    posterior_of_long_chains,
    *likelihood_of_long_chains,
)
