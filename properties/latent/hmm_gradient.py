"""The posterior of a hidden Markov chain is the gradient of its log-likelihood, and its entropy the conjugate.

    ∂ log Z/∂ log B = γ,   ∂ log Z/∂ log A = Σ ξ_n,   ∂ log Z/∂ log π = γ_1              (Fisher's identity)
    log Z(θ + d) ≥ log Z(θ) + <posterior, d>                                            (convexity, no step size)
    log Z = E s(z) + H,   H = Σ H(ξ_n) − Σ_{1<n<N} H(γ_n),   for N = 1 H(γ_1)

log Z is a log-sum-exp of sums of scores: convex in them, its gradient the posterior. Its conjugate is the entropy of the
posterior, which for a chain is that of its transitions less that of the states counted twice. So log Z = E s(z) + H ties
every output to every other, for any N and without an oracle.

Symbols: π[K], A[K, K], B[N, K], γ, ξ as in `hmm`; θ all scores, d a direction of them.
Source: Bishop 2006, §13.2; Wainwright and Jordan 2008, Thm 3.4, §3.6 and (4.8) for the entropy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prufrock import Gap, Judged, at_most, gap, law
from prufrock.tolerance import difference_quotient

from ..oracles.chains import log_likelihood
from .hmm import FREE, hmm, log_z, rounding, scores

if TYPE_CHECKING:
    from ..cases.chains import Chain, Nudged

Array = NDArray[np.float64]


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
    cases="..cases.special_chains:long_chains",
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


CONTRACTS = ()
LAWS = (
    entropy_identity,
    entropy_identity_of_long_chains,
    slope_in_frames,
    slope_in_all_scores,
    tangent_in_frames,
    tangent_in_all_scores,
)
