"""The evidence lower bound on a finite latent space, where every expectation is a sum.

    ELBO = Σ_z q(z)(log p(x, z) − log q(z)),      log p(x) = log Σ_z p(x, z) = ELBO + Σ_z q(z) log(q(z)/p(z|x))

Zeros are where it goes wrong: 0 log 0 = 0 for a state that q leaves out, whatever p says of it; −∞ for one that q visits and
p forbids. If q must stay on a set C of states, no q there does better than p(z|x, z ∈ C), whose bound is log Σ_{z∈C}
p(x, z): the evidence of the covered mass, short of all by that of the rest. The bound is concave in q, and merging two
states can only raise it (the log-sum inequality).

Symbols: log_joint log p(x, z)[M], log_q[M] of sum 1; −∞ is a zero.
Source: Jordan et al. 1999; Cover & Thomas 2006, Thm 2.7.1 (log-sum); derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, at_most, gap, inconclusive, law
from prufrock.tolerance import summation

from ..hygiene import cross_cutting, refusals

if TYPE_CHECKING:
    from ..cases.latent_gaussian import Finite

Array = NDArray[np.float64]

finite_elbo = Contract(
    id="variational.finite-elbo",
    says="the evidence lower bound for a latent variable with finitely many states",
    arguments={"log_joint": "M", "log_q": "M"},
    outputs={"elbo": ""},
    domain="log-probabilities, −inf for zero; those of q sum to 1, some state has p(x, z) > 0; M ≥ 1",
    cases="..cases.latent_gaussian:finite",
    conventions={"zeros": ("yes", "no")},
    source="Jordan et al. 1999",
    home=__package__,
)

ZEROS = {"zeros": ("yes",)}


def log_evidence(log_joint: Array) -> float:
    return float(np.logaddexp.reduce(log_joint))


def size(log_joint: Array, log_q: Array) -> float:
    """The largest magnitude among the summands that count."""
    both = np.concatenate([log_joint, log_q])
    return float(np.abs(both[np.isfinite(both)]).max(initial=1.0))


def rounding(case: Finite, u: float) -> float:
    """T1; q = e^{log q} errs by u|log q| relative to itself."""
    scale = size(case.log_joint, case.log_q)
    return float(summation(len(case.log_q) + 3, (1.0 + scale) * scale, u))


@law(
    finite_elbo,
    says="bound and divergence from the posterior make up the log-evidence",
    source="Jordan et al. 1999",
    kind="identity",
    rule="T1",
    code="ELB-01",
    cases="..cases.latent_gaussian:sampled",
    complete=True,
    kills=("entropy-sign", "entropy-forgotten", "weights-by-p", "state-forgotten"),
)
def bound_and_divergence(bound: Judged, case: Finite) -> Gap:
    """ELBO + Σ q log(q/p(z|x)) = log p(x), where nothing is zero."""
    q, posterior = np.exp(case.log_q), case.log_joint - log_evidence(case.log_joint)
    want = log_evidence(case.log_joint) - q @ (case.log_q - posterior)
    return gap(
        bound(case.log_joint, case.log_q),
        want,
        allow=2 * rounding(case, bound.u),
        effect=size(case.log_joint, case.log_q),
    )


@law(
    finite_elbo,
    says="the bound is never above the log-evidence",
    source="Jordan et al. 1999",
    kind="inequality",
    rule="T1",
    level="convention",
    when=ZEROS,
    code="ELB-02",
    kills=("entropy-doubled", "skips-forbidden"),
)
def lower_bound(bound: Judged, case: Finite) -> Gap:
    """ELBO ≤ log p(x)."""
    got, want = bound(case.log_joint, case.log_q), log_evidence(case.log_joint)
    effect = size(case.log_joint, case.log_q)
    return at_most(got, want, allow=2 * rounding(case, bound.u), effect=effect)


@law(
    finite_elbo,
    says="at the posterior the bound is the log-evidence",
    source="Jordan et al. 1999",
    kind="limit",
    rule="T1",
    code="ELB-02",
    cases="..cases.latent_gaussian:sampled",
    kills=("entropy-sign", "entropy-doubled", "joint-renormalised"),
)
def tight_at_the_posterior(bound: Judged, case: Finite) -> Gap:
    """q(z) = p(z|x)  ⇒  ELBO = log p(x)."""
    want = log_evidence(case.log_joint)
    posterior = case.log_joint - want
    scale = size(case.log_joint, posterior)
    allow = 2 * summation(len(posterior) + 3, (1.0 + scale) * scale, bound.u)
    return gap(bound(case.log_joint, posterior), want, allow=allow, effect=scale)


@law(
    finite_elbo,
    says="a state that q leaves out counts for nothing, whatever the model says of it",
    source="derived (0 log 0 = 0)",
    kind="limit",
    rule="T1",
    level="convention",
    when=ZEROS,
    code="ELB-06",
    kills=("nan-for-zero", "floors-q", "joint-renormalised"),
)
def left_out_states(bound: Judged, case: Finite) -> Gap:
    """ELBO of the states that q has = ELBO with a further one, q = 0 there, p(x, z) = 0 or e⁸."""
    seen = case.log_q > -np.inf
    alone = bound(case.log_joint[seen], case.log_q[seen])
    more = [bound(np.append(case.log_joint[seen], p), np.append(case.log_q[seen], -np.inf)) for p in (-np.inf, 8.0)]
    return gap(more, alone, allow=2 * rounding(case, bound.u), effect=size(case.log_joint, case.log_q))


@law(
    finite_elbo,
    says="where q goes and the model forbids it, the bound is minus infinity",
    source="derived",
    kind="limit",
    rule="T0",
    level="convention",
    when=ZEROS,
    code="ELB-06",
    kills=("skips-forbidden", "floors-q"),
)
def forbidden_states(bound: Judged, case: Finite) -> Gap:
    """q(z) > 0 = p(x, z) for some z  ⇔  ELBO = −∞."""
    forbidden = bool(((case.log_joint == -np.inf) & (case.log_q > -np.inf)).any())
    return gap(bound(case.log_joint, case.log_q) == -np.inf, forbidden, allow=0.0, effect=1.0)


@law(
    finite_elbo,
    says="a q that misses states does no better than the evidence of those it covers, and attains it",
    source="derived",
    kind="limit",
    rule="T1",
    level="convention",
    when=ZEROS,
    code="ELB-06",
    kills=("nan-for-zero", "joint-renormalised", "floors-q"),
)
def covered_mass(bound: Judged, case: Finite) -> Gap:
    """q = p(z|x, z ∈ C)  ⇒  ELBO = log Σ_{z∈C} p(x, z), C the states that the case's q has and p allows."""
    covered = (case.log_q > -np.inf) & (case.log_joint > -np.inf)
    if not covered.any():
        return inconclusive("q and p have no state in common")
    want = log_evidence(case.log_joint[covered])
    log_q = np.where(covered, case.log_joint - want, -np.inf)
    scale = size(case.log_joint, log_q)
    allow = 2 * summation(len(log_q) + 3, (1.0 + scale) * scale, bound.u)
    return gap(bound(case.log_joint, log_q), want, allow=allow, effect=scale)


@law(
    finite_elbo,
    says="states that are merged are bounded better, not worse",
    source="Cover & Thomas 2006, Thm 2.7.1 (log-sum inequality)",
    kind="inequality",
    rule="T1",
    code="ELB-02",
    cases="..cases.latent_gaussian:sampled",
    kills=("entropy-doubled", "weights-by-p"),
)
def merged_states(bound: Judged, case: Finite) -> Gap:
    """ELBO of (p, q) ≤ ELBO with the first two states as one."""
    if len(case.log_q) < 2:
        return inconclusive("one state")
    joint, q = (np.append(np.logaddexp(x[0], x[1]), x[2:]) for x in (case.log_joint, case.log_q))
    got, want = bound(case.log_joint, case.log_q), bound(joint, q)
    return at_most(got, want, allow=4 * rounding(case, bound.u), effect=size(case.log_joint, case.log_q))


def _doubled(case: Finite) -> tuple[Array, Array]:
    return case.log_joint, case.log_q + 1.0


BAD = {
    "nan-joint": lambda c: (np.full_like(c.log_joint, np.nan), c.log_q),
    "lengths-that-disagree": lambda c: (np.zeros(3), np.log(np.full(2, 0.5))),
    "q-that-does-not-sum-to-one": _doubled,
}

CONTRACTS = (finite_elbo,)
LAWS = (
    bound_and_divergence,
    lower_bound,
    tight_at_the_posterior,
    left_out_states,
    forbidden_states,
    covered_mass,
    merged_states,
    *cross_cutting(finite_elbo, allow=rounding, layouts=("ignores-strides", "forgets-second-call")),
    *refusals(finite_elbo, BAD),
)
