"""The gamma rejection sampler itself: what it makes of its noise, which noise it keeps, and how often.

The sampler of Marsaglia and Tsang proposes ε ~ s = N(0, 1), keeps it with probability a(ε) ≤ 1 and returns

    h(ε; α) = d (1 + c ε)³,   d = α − ⅓,  c = 1/√(9d),   z ~ Gamma(α)

The noise that it kept has the density π(ε; α) = q(h; α) ∂h/∂ε = s(ε) a(ε)/(rate), whose largest a is a(0) = 1.
Augmentation: z = h(ε; α+B) Π_{i=1}^B u_i^{1/(α+i−1)} is Gamma(α) again, for (α+i) z'/(…) a beta of shape α+i−1 is
u^{1/(α+i−1)}; so shapes below 1 are reached with B ≥ 1.

Symbols: as in `rejection`.
Source: Marsaglia and Tsang 2000, §2; Naesseth, Ruiz, Linderman and Blei 2017, §3 and 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Gap, Judged, all_of, at_most, gap, law
from prufrock.tolerance import summation

from ..oracles import rejection as oracle
from .rejection import SOURCE, bound, called, rsvi_gamma

if TYPE_CHECKING:
    from ..cases.shapes_of_noise import Kept


@law(
    rsvi_gamma,
    says="a sample is the cubed noise, shrunk by a power of each uniform",
    source="Marsaglia and Tsang 2000; Naesseth, Ruiz, Linderman and Blei 2017, §5",
    kind="oracle",
    rule="T1",
    code="RSV-04",
    needs=("z",),
    complete=True,
    kills=("third-forgotten", "shrinks-by-alpha-plus-i", "not-shrunk"),
)
def sample(estimate: Judged, case: Kept) -> Gap:
    """z = d (1 + cε)³ Π u_i^{1/(α+i−1)} at the shape α + B."""
    want, size = oracle.sample(case.alpha, case.eps, case.u), bound(case, case.eps, case.u)
    far = (
        4.0 + 3.0 / oracle.root(case.alpha + case.u.shape[1], case.eps) + np.abs(oracle.log_shrink(case.alpha, case.u))
    )
    got = called(estimate, case, case.eps, case.u).z
    return gap(got, want, allow=summation(size.n // 4, far * want, estimate.u), effect=float(want.min()))


@law(
    rsvi_gamma,
    says="the density of the kept noise has mass one",
    source=SOURCE,
    kind="identity",
    rule="T1",
    code="RSV-01",
    needs=("log_pi",),
    kills=("proposal-for-kept", "density-without-jacobian", "third-forgotten"),
)
def mass_of_the_noise(estimate: Judged, case: Kept) -> Gap:
    """∫ π(ε; α+B) dε = 1."""
    a = case.alpha + case.u.shape[1]
    eps, w = oracle.kept_noise(a, 0, estimate.u)
    u = np.full((len(eps), case.u.shape[1]), 0.5)
    got = np.exp(called(estimate, case, eps, u).log_pi - oracle.log_kept(a, eps)) @ w
    size = float(w @ oracle.log_size(a, eps))
    return gap(got, 1.0, allow=summation(8, size, estimate.u))


@law(
    rsvi_gamma,
    says="noise is kept with its density over the proposal's: never more often than always",
    source="Marsaglia and Tsang 2000, §2",
    kind="identity",
    rule="T1",
    code="RSV-06",
    needs=("log_pi", "log_accept"),
    kills=("keeps-half", "keeps-everything", "density-without-jacobian"),
)
def kept_over_proposed(estimate: Judged, case: Kept) -> Gap:
    """log a(ε) ≤ 0, log a(0) = 0, and log a(ε) + log s(ε) − log π(ε) is the same for every ε."""
    a = case.alpha + case.u.shape[1]
    eps = np.concatenate([[0.0], case.eps])
    u = np.concatenate([np.full((1, case.u.shape[1]), 0.5), case.u])
    out = called(estimate, case, eps, u)
    level = out.log_accept - eps**2 / 2.0 - out.log_pi
    size = float(oracle.log_size(a, eps).max()) + a * float(np.abs(np.log(oracle.root(a, eps))).max())
    allow = summation(8, size, estimate.u)
    return all_of(
        gap(level, level[0], allow=2.0 * allow, effect=1.0, says="log a + log s − log π"),
        at_most(out.log_accept, 0.0, allow=allow, effect=1.0, says="log a"),
        gap(out.log_accept[0], 0.0, allow=allow, effect=1.0, says="log a(0)"),
    )


@law(
    rsvi_gamma,
    says="at least 95 proposals in a hundred are kept",
    source="Marsaglia and Tsang 2000, §2",
    kind="inequality",
    rule="T1",
    code="RSV-06",
    needs=("log_accept",),
    kills=("keeps-half", "proposal-for-kept", "keeps-everything"),
)
def acceptance_rate(estimate: Judged, case: Kept) -> Gap:
    """0.95 ≤ ∫ s(ε) a(ε) dε < 1 for α + B ≥ 1."""
    a = case.alpha + case.u.shape[1]
    eps, w = oracle.kept_noise(a, 0, estimate.u)
    u = np.full((len(eps), case.u.shape[1]), 0.5)
    log_s = -(eps**2) / 2.0 - np.log(2.0 * np.pi) / 2.0
    rate = float(np.exp(called(estimate, case, eps, u).log_accept + log_s - oracle.log_kept(a, eps)) @ w)
    allow = summation(8, float(w @ oracle.log_size(a, eps)), estimate.u)
    return all_of(
        at_most(0.95, rate, allow=allow, says="rate"),
        at_most(rate, 1.0 - oracle.SELDOM_KEPT / a, allow=allow, effect=oracle.SELDOM_KEPT / a, says="rate"),
    )


@law(
    rsvi_gamma,
    says="augmented samples have the moments of the shape that was asked for",
    source="derived: E u^{k/α} E z̃^k = E z^k",
    kind="identity",
    rule="T1",
    code="RSV-04",
    needs=("z",),
    effort=0.5,
    kills=("shrinks-by-alpha-plus-i", "not-shrunk", "third-forgotten"),
)
def moments(estimate: Judged, case: Kept) -> Gap:
    """E z = α and E z² = α (α + 1), by integration over ε and u."""
    eps, u, w = oracle.over_noise(case.alpha, case.u.shape[1], 2, estimate.u)
    z, size = called(estimate, case, eps, u).z, bound(case, eps, u)
    far = 4.0 + 3.0 / oracle.root(case.alpha + u.shape[1], eps) + np.abs(oracle.log_shrink(case.alpha, u))
    powers = oracle.sample(case.alpha, eps, u) ** np.array([[1], [2]])
    allow = summation(size.n, (far * powers) @ w, estimate.u)
    want = [case.alpha, case.alpha * (case.alpha + 1.0)]
    return gap(z ** np.array([[1], [2]]) @ w, want, allow=allow, effect=min(want))


CONTRACTS = ()
LAWS = (sample, mass_of_the_noise, kept_over_proposed, acceptance_rate, moments)
