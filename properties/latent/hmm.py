"""Hidden Markov chains: the likelihood of the frames, and what they say about the states.

    Z = Σ_z exp s(z),   s(z) = log π_{z₁} + Σ_n log A_{z_n z_{n+1}} + Σ_n log B_{n z_n}
    γ_n(i) = P(z_n = i),   ξ_n(i, j) = P(z_n = i, z_{n+1} = j)   under   P(z) = exp s(z) / Z

Small chains are compared with the sum over all K^N paths. ξ has γ as its marginals on both sides, and at every frame the
chain is in one state. What the posterior has to do with the likelihood without any oracle (Fisher's identity, convexity,
entropy) is in `hmm_gradient`; peaked, far and long chains in `hmm_extremes`; zeros in `hmm_zeros`; chains that have a
closed form in `hmm_limits`; changed chains in `hmm_changes`, and frames that nobody saw in `hmm_unseen`.

Symbols: π[K], A[K, K] from row to column, B[N, K] the likelihood of frame n in state i (any positive scale), N ≥ 1.
Source: Bishop 2006, §13.2; Rabiner 1989.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, Law, at_most, gap, law
from prufrock.gaps import all_of
from prufrock.tolerance import both, log_domain

from ..hygiene import cross_cutting, refusals
from ..oracles.chains import extent, log_likelihood, posterior

if TYPE_CHECKING:
    from ..cases.chains import Chain

Array = NDArray[np.float64]
Twice = tuple[Law, Law]

hmm = Contract(
    id="latent.hmm",
    says="the posterior of the states of a hidden Markov chain, given all its frames",
    arguments={"log_pi": "K", "log_A": "K K", "log_B": "N K"},
    outputs={"gamma": "N K", "log_z": "", "xi": "N-1 K K", "xi_sum": "K K"},
    domain="logarithms of π ≥ 0 and of A ≥ 0 (rows of sum 1, unless the subject says free), −∞ among them; any frame "
    "scores, −∞ among them; N ≥ 1 and K ≥ 1",
    cases="..cases.chains:chains",
    real="..cases.earthquakes:windows",
    conventions={"scores": ("normalised", "free"), "impossible": ("zero", "nan", "raise")},
    source="Bishop 2006, (13.33) and (13.43)",
    home=__package__,
)

likelihood = Contract(
    id="latent.hmm-likelihood",
    says="the log-likelihood of the frames of a hidden Markov chain",
    arguments=hmm.arguments,
    outputs={"log_z": ""},
    domain=hmm.domain,
    cases=hmm.cases,
    real=hmm.real,
    conventions=hmm.conventions,
    source="Bishop 2006, (13.42)",
    home=__package__,
)

FREE = {"scores": ("free",)}


def on_both(**declared: Any) -> Callable[[Callable[[Any, Any], Gap]], Twice]:
    """One law of the likelihood, stated for smoothers that return it and for functions that return nothing else."""
    return lambda run: (law(hmm, needs=("log_z",), **declared)(run), law(likelihood, **declared)(run))


def scores(chain: Chain) -> tuple[Array, Array, Array]:
    return chain.log_pi, chain.log_A, chain.log_B


def rounding(solve: Judged, *chains: tuple[Array, Array, Array]) -> float:
    """T2 for posteriors and log-likelihoods of these chains together, relative to 1 and in nats."""
    return log_domain(sum(extent(*chain) for chain in chains), solve.u) + solve.accuracy * len(chains)


def log_z(solve: Judged, *chain: Array) -> float:
    return float(solve.full(*chain).log_z)


@law(
    hmm,
    says="the posterior of each state is the share of all paths that pass through it",
    source="Bishop 2006, (13.33)",
    kind="oracle",
    rule="T2",
    code="HMM-01",
    complete=True,
    kills=("transposes-A", "filters-only", "forgets-pi", "backward-without-emission"),
)
def posterior_of_states(solve: Judged, chain: Chain) -> Gap:
    """γ_n(i) = Σ {exp s(z) : z_n = i} / Z, over all K^N paths."""
    want = posterior(*scores(chain)).gamma
    return gap(solve(*scores(chain)), want, allow=rounding(solve, scores(chain)), effect=1.0)


@law(
    hmm,
    says="the posterior of each transition is the share of all paths that make it",
    source="Bishop 2006, (13.43)",
    kind="oracle",
    rule="T2",
    code="HMM-01",
    needs=("xi",),
    complete=True,
    kills=("transitions-without-emission", "transposed-transitions", "transitions-one-late"),
)
def posterior_of_transitions(solve: Judged, chain: Chain) -> Gap:
    """ξ_n(i, j) = Σ {exp s(z) : z_n = i, z_{n+1} = j} / Z."""
    want = posterior(*scores(chain)).xi
    return gap(solve.full(*scores(chain)).xi, want, allow=rounding(solve, scores(chain)), effect=1.0)


@law(
    hmm,
    says="the expected number of each transition is what all paths make of it",
    source="Bishop 2006, (13.19)",
    kind="oracle",
    rule="T2",
    code="HMM-01",
    needs=("xi_sum",),
    complete=True,
    kills=("transitions-without-emission", "transposed-transitions", "drops-last-transition"),
)
def expected_transitions(solve: Judged, chain: Chain) -> Gap:
    """Σ_n ξ_n(i, j)."""
    want, N = posterior(*scores(chain)).xi.sum(axis=0), len(chain.log_B)
    return gap(solve.full(*scores(chain)).xi_sum, want, allow=N * rounding(solve, scores(chain)), effect=1.0)


@on_both(
    says="the likelihood is the sum over all paths",
    source="Bishop 2006, (13.11)",
    kind="oracle",
    rule="T2",
    code="HMM-01",
    complete=True,
    kills=("transposes-A", "forgets-pi", "forgets-first-frame", "best-path-at-the-end"),
)
def likelihood_of_all_paths(solve: Judged, chain: Chain) -> Gap:
    """log Z = log Σ_z exp s(z)."""
    want = log_likelihood(*scores(chain))
    return gap(log_z(solve, *scores(chain)), want, allow=rounding(solve, scores(chain)), effect=1.0)


@law(
    hmm,
    says="at every frame the chain is in one state",
    source="Bishop 2006, (13.15)",
    kind="identity",
    rule="T2",
    code="HMM-03",
    kills=("normalises-over-time", "joint-for-posterior", "frame-scaled-posterior"),
)
def one_state_at_a_time(solve: Judged, chain: Chain) -> Gap:
    """Σ_i γ_n(i) = 1, γ ≥ 0."""
    gamma, allow = solve(*scores(chain)), rounding(solve, scores(chain))
    return all_of(gap(gamma.sum(axis=1), 1.0, allow=allow), at_most(-gamma, 0.0, allow=allow, effect=1.0))


@law(
    hmm,
    says="the transitions into a frame and out of it agree with its states",
    source="Bishop 2006, (13.14)",
    kind="identity",
    rule="T2",
    code="HMM-03",
    needs=("xi",),
    kills=("filters-only", "transitions-without-emission", "transposed-transitions"),
)
def transition_marginals(solve: Judged, chain: Chain) -> Gap:
    """Σ_j ξ_n(i, j) = γ_n(i), Σ_i ξ_n(i, j) = γ_{n+1}(j)."""
    out, allow = solve.full(*scores(chain)), 2.0 * rounding(solve, scores(chain))
    leaving = gap(out.xi.sum(axis=2), out.gamma[:-1], allow=allow, effect=1.0, says="leaving")
    return all_of(leaving, gap(out.xi.sum(axis=1), out.gamma[1:], allow=allow, effect=1.0, says="arriving"))


@law(
    hmm,
    says="transitions leave a state as often as the chain is there before the end, and enter it as often as after the start",
    source="Bishop 2006, (13.19)",
    kind="identity",
    rule="T2",
    code="HMM-03",
    needs=("xi_sum",),
    kills=("filters-only", "transitions-without-emission", "drops-last-transition"),
)
def expected_transition_marginals(solve: Judged, chain: Chain) -> Gap:
    """Σ_j X_ij = Σ_{n<N} γ_n(i), Σ_i X_ij = Σ_{n>1} γ_n(j) for X = Σ_n ξ_n."""
    out = solve.full(*scores(chain))
    allow = 2.0 * len(chain.log_B) * rounding(solve, scores(chain))
    got = np.r_[out.xi_sum.sum(axis=1), out.xi_sum.sum(axis=0)]
    return gap(got, np.r_[out.gamma[:-1].sum(axis=0), out.gamma[1:].sum(axis=0)], allow=allow, effect=1.0)


def _two_states(at: int, entry: float) -> tuple[Array, Array, Array]:
    """A sound chain with one argument's first entry replaced."""
    arguments = np.log([0.25, 0.75]), np.log([[0.5, 0.5], [0.25, 0.75]]), np.zeros((3, 2))
    arguments[at].flat[0] = entry
    return arguments


def _wide(x: Array) -> Array:
    """One more column, as probable as the first."""
    return np.concatenate([x, x[..., :1]], axis=-1)


SOUND = _two_states(2, 0.0)
BAD = {
    "nan-frame": lambda chain: _two_states(2, np.nan),
    "nan-transition": lambda chain: _two_states(1, np.nan),
    "frames-of-another-size": lambda chain: (SOUND[0], SOUND[1], _wide(SOUND[2])),
    "transitions-of-another-size": lambda chain: (SOUND[0], _wide(SOUND[1]), SOUND[2]),
    "no-frames": lambda chain: (chain.log_pi, chain.log_A, chain.log_B[:0]),
}


def layout_rounding(chain: Chain, u: float) -> float:
    return log_domain(2.0 * extent(*scores(chain)), u)


Scores = tuple[Array, Array, Array]


def unlike(solve: Judged, left: Scores, right: Scores) -> float:
    """T10: both sides come from the subject."""
    return float(both(rounding(solve, left), rounding(solve, right)))


CONTRACTS = (hmm, likelihood)
LAWS = (
    posterior_of_states,
    posterior_of_transitions,
    expected_transitions,
    *likelihood_of_all_paths,
    one_state_at_a_time,
    transition_marginals,
    expected_transition_marginals,
    *cross_cutting(hmm, allow=layout_rounding),
    *cross_cutting(likelihood, allow=layout_rounding),
    *refusals(hmm, BAD),
    *refusals(likelihood, BAD),
)
