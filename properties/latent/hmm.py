"""Hidden Markov chains: the likelihood of the frames, and what they say about the states.

    Z = Σ_z exp s(z),   s(z) = log π_{z₁} + Σ_n log A_{z_n z_{n+1}} + Σ_n log B_{n z_n}
    γ_n(i) = P(z_n = i),   ξ_n(i, j) = P(z_n = i, z_{n+1} = j)   under   P(z) = exp s(z) / Z

log Z is a log-sum-exp of sums of scores: convex in them, its gradient the posterior (Fisher's identity), so that
∂ log Z/∂ log B = γ, ∂ log Z/∂ log A = Σ ξ_n, ∂ log Z/∂ log π = γ_1. Its conjugate is the entropy of the posterior,
which for a chain is Σ H(ξ_n) − Σ_{1<n<N} H(γ_n): so log Z = E s(z) + H ties every output to every other, for any N and
without an oracle. Small chains are compared with the sum over all K^N paths. What follows when the chain is changed is
in `hmm_changes`.

Symbols: π[K], A[K, K] from row to column, B[N, K] the likelihood of frame n in state i (any positive scale), N ≥ 1.
Source: Bishop 2006, §13.2; Rabiner 1989; Wainwright and Jordan 2008, §3.6 for the entropy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, Law, at_most, gap, holds_if, law
from prufrock.gaps import all_of
from prufrock.tolerance import difference_quotient, log_domain

from ..hygiene import cross_cutting, refusals
from ..oracles.chains import extent, log_likelihood, posterior

if TYPE_CHECKING:
    from ..cases.chains import Chain, Nudged

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
    says="what one frame forbids and the next demands leaves the posterior the share of paths",
    source="Bishop 2006, (13.33)",
    kind="oracle",
    rule="T2",
    code="HMM-01",
    cases="..cases.chains:peaked_chains",
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
    cases="..cases.chains:peaked_chains",
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
    cases="..cases.chains:fallen_behind",
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
    cases="..cases.chains:fallen_behind",
    kills=("rescales-once-a-frame", "floors-messages"),
)
def likelihood_of_the_fallen_behind(solve: Judged, chain: Chain) -> Gap:
    """log Z = log Σ_z exp s(z) for scores of any size."""
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


def free_energy(solve: Judged, chain: Chain) -> Gap:
    """log Z = <γ_1, log π> + <Σξ_n, log A> + <γ, log B> + Σ H(ξ_n) − Σ_{1<n<N} H(γ_n);  N = 1: + H(γ_1)."""
    out = solve.full(*scores(chain))
    pairs = (out.gamma[:1], chain.log_pi), (out.xi, chain.log_A), (out.gamma, chain.log_B)
    energy = sum(_mean(p, s) for p, s in pairs)
    inner = out.gamma[1:-1] if len(out.gamma) > 1 else -out.gamma
    reckoned = energy - _mean(out.xi, _log(out.xi)) + _mean(inner, _log(inner))
    # Each posterior may be off by a share of itself, and enters with its score, its logarithm and 1.
    weight = sum(_mean(p, np.abs(s)) - _mean(p, _log(p)) + p.sum() for p, s in pairs)
    allow = rounding(solve, scores(chain)) * (1.0 + float(weight))
    return gap(reckoned, out.log_z, allow=allow, effect=1.0)


@law(
    hmm,
    says="the likelihood is the mean score of the posterior plus its entropy",
    source="Wainwright and Jordan 2008, Thm 3.4 and (4.8)",
    kind="identity",
    rule="T2",
    code="HMM-06",
    needs=("log_z", "xi"),
    complete=True,
    kills=("transposes-A", "forgets-pi", "forgets-first-frame", "best-path-at-the-end", "transitions-without-emission"),
)
def entropy_identity(solve: Judged, chain: Chain) -> Gap:
    """log Z = <γ_1, log π> + <Σξ_n, log A> + <γ, log B> + Σ H(ξ_n) − Σ_{1<n<N} H(γ_n)."""
    return free_energy(solve, chain)


@law(
    hmm,
    says="over hundreds of frames the likelihood is the mean score of the posterior plus its entropy",
    source="Wainwright and Jordan 2008, Thm 3.4 and (4.8)",
    kind="identity",
    rule="T2",
    code="HMM-20",
    needs=("log_z", "xi"),
    cases="..cases.chains:long_chains",
    kills=("no-rescaling", "forgets-pi", "transitions-without-emission"),
)
def entropy_identity_of_long_chains(solve: Judged, chain: Chain) -> Gap:
    """log Z = <γ_1, log π> + <Σξ_n, log A> + <γ, log B> + Σ H(ξ_n) − Σ_{1<n<N} H(γ_n) for N up to 300."""
    return free_energy(solve, chain)


@law(
    hmm,
    says="the posterior of the states is the slope of the likelihood in the frames' scores",
    source="derived (Fisher's identity)",
    kind="gradient",
    rule="T4",
    code="HMM-04",
    cases="..cases.chains:nudged",
    kills=("filters-only", "backward-one-late", "hard-posterior"),
)
def slope_in_frames(solve: Judged, chain: Nudged) -> Gap:
    """<γ, d> = d/dt log Z(log B + t d) at t = 0, of the oracle."""
    zero = np.zeros_like
    want, allow = _slope(solve, chain, zero(chain.log_pi), zero(chain.log_A), chain.d_B)
    return gap(
        float(np.vdot(solve(*scores(chain)), chain.d_B)), want, allow=allow, effect=float(np.abs(chain.d_B).max())
    )


@law(
    hmm,
    says="the posterior of states and transitions is the slope of the likelihood in all scores",
    source="derived (Fisher's identity)",
    kind="gradient",
    rule="T4",
    code="HMM-04",
    needs=("xi",),
    cases="..cases.chains:nudged",
    kills=("transposed-transitions", "transitions-without-emission", "backward-one-late"),
)
def slope_in_all_scores(solve: Judged, chain: Nudged) -> Gap:
    """<γ_1, d_π> + <Σ_n ξ_n, d_A> + <γ, d_B> = d/dt log Z at t = 0."""
    out = solve.full(*scores(chain))
    want, allow = _slope(solve, chain, chain.d_pi, chain.d_A, chain.d_B)
    got = out.gamma[0] @ chain.d_pi + np.vdot(out.xi.sum(axis=0), chain.d_A) + np.vdot(out.gamma, chain.d_B)
    return gap(float(got), want, allow=allow, effect=max(float(np.abs(d).max()) for d in (chain.d_A, chain.d_B)))


@law(
    hmm,
    says="the likelihood lies above its tangent, wherever the frames' scores go",
    source="derived (a log-sum-exp is convex)",
    kind="inequality",
    rule="T10",
    code="HMM-05",
    needs=("log_z",),
    cases="..cases.chains:nudged",
    kills=("joint-for-posterior", "hard-posterior"),
)
def tangent_in_frames(solve: Judged, chain: Nudged) -> Gap:
    """log Z(log B + d) ≥ log Z(log B) + <γ, d>."""
    out, there = solve.full(*scores(chain)), (chain.log_pi, chain.log_A, chain.log_B + chain.d_B)
    tangent = out.log_z + float(np.vdot(out.gamma, chain.d_B))
    allow = rounding(solve, scores(chain), there) * (1.0 + float(np.abs(chain.d_B).sum()))
    return at_most(tangent, log_z(solve, *there), allow=allow, effect=1.0)


@law(
    hmm,
    says="the likelihood lies above its tangent, wherever all scores go",
    source="derived (a log-sum-exp is convex)",
    kind="inequality",
    rule="T10",
    level="convention",
    code="HMM-05",
    needs=("log_z", "xi"),
    when=FREE,
    cases="..cases.chains:nudged",
    kills=("normalises-scores", "transposed-transitions", "forgets-pi"),
)
def tangent_in_all_scores(solve: Judged, chain: Nudged) -> Gap:
    """log Z(θ + d) ≥ log Z(θ) + <γ_1, d_π> + <Σ_n ξ_n, d_A> + <γ, d_B>."""
    out, moves = solve.full(*scores(chain)), (chain.d_pi, chain.d_A, chain.d_B)
    pi, A, B = (x + d for x, d in zip(scores(chain), moves, strict=True))
    there = (pi, A, B)
    slope = out.gamma[0] @ chain.d_pi + np.vdot(out.xi.sum(axis=0), chain.d_A) + np.vdot(out.gamma, chain.d_B)
    size = sum(float(np.abs(d).sum()) for d in moves) * len(out.gamma)
    allow = rounding(solve, scores(chain), there) * (1.0 + size)
    return at_most(out.log_z + float(slope), log_z(solve, *there), allow=allow, effect=1.0)


@law(
    hmm,
    says="a state that cannot emit a frame is not there, and none is where no possible path leads",
    source="derived",
    kind="identity",
    rule="T2",
    code="HMM-13",
    cases="..cases.chains:peaked_chains",
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
    cases="..cases.chains:hopeless",
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
    cases="..cases.chains:hopeless",
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


def _slope(solve: Judged, chain: Nudged, d_pi: Array, d_A: Array, d_B: Array) -> tuple[float, float]:
    """The slope of the oracle's log Z along a direction, and how far off it and the subject's own may be."""
    h = 2.0**-9

    def at(t: float) -> float:
        return log_likelihood(chain.log_pi + t * d_pi, chain.log_A + t * d_A, chain.log_B + t * d_B)

    wide, narrow = ((at(t) - at(-t)) / (2.0 * t) for t in (h, h / 2.0))
    largest = max(abs(at(0.0)), 1.0) + float(np.abs(_finite(chain.log_B)).sum())
    size = sum(float(np.abs(d).sum()) for d in (d_pi, d_A * len(d_B), d_B))
    allow = difference_quotient(wide, narrow, largest, h / 2.0, 2.0**-53) + size * rounding(solve, scores(chain))
    return narrow, allow


def _finite(x: Array) -> Array:
    return np.where(np.isfinite(x), x, 0.0)


def _mean(weight: Array, score: Array) -> float:
    """<w, s> with 0 · (−∞) = 0."""
    score = np.broadcast_to(score, weight.shape)
    return float(np.where(weight == 0, 0.0, weight * np.where(weight == 0, 0.0, score)).sum())


def _log(x: Array) -> Array:
    """log |x|, 0 for none."""
    return np.asarray(np.log(np.where(x == 0, 1.0, np.abs(x))))


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


CONTRACTS = (hmm, likelihood)
LAWS = (
    posterior_of_states,
    posterior_of_transitions,
    expected_transitions,
    *likelihood_of_all_paths,
    posterior_of_peaked_frames,
    *likelihood_of_peaked_frames,
    posterior_of_the_fallen_behind,
    *likelihood_of_the_fallen_behind,
    one_state_at_a_time,
    transition_marginals,
    expected_transition_marginals,
    entropy_identity,
    entropy_identity_of_long_chains,
    slope_in_frames,
    slope_in_all_scores,
    tangent_in_frames,
    tangent_in_all_scores,
    no_posterior_where_forbidden,
    no_transition_where_forbidden,
    *impossible_frames,
    no_posterior_of_impossible_frames,
    *cross_cutting(hmm, allow=layout_rounding),
    *cross_cutting(likelihood, allow=layout_rounding),
    *refusals(hmm, BAD),
    *refusals(likelihood, BAD),
)
