"""Kullback-Leibler divergences in several dimensions: between joint normals, and between Dirichlet distributions.

    KL(N_1 ‖ N_2) = ½ (tr S_2⁻¹S_1 + (m_2 − m_1)ᵀ S_2⁻¹ (m_2 − m_1) − d + log det S_2/det S_1)
    KL(Dir α ‖ Dir β) = log Γ(α_0)/Γ(β_0) − Σ log Γ(α_k)/Γ(β_k) + Σ (α_k − β_k)(ψ(α_k) − ψ(α_0)),   α_0 = Σ α_k

An invertible change of variables moves no information: both normals may be taken through x ↦ Ax + b. Merging categories of a
Dirichlet adds their parameters, and can only lose information; with two categories left it is a beta distribution, whose
divergence is a quadrature (`oracles.divergences`).

Symbols: m1, m2 [d], S1, S2 [d, d] covariances; alpha α, beta β [K].
Source: Cover & Thomas 2006, §2.3, §8.6; Penny 2001 (both formulae); derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, at_most, gap, inconclusive, law
from prufrock.tolerance import summation

from .._scipy import special
from ..hygiene import cross_cutting, refusals
from ..oracles.divergences import divergence

if TYPE_CHECKING:
    from ..cases.joint import Dirichlets, Normals

Array = NDArray[np.float64]

normal_kl = Contract(
    id="variational.kl.multivariate-normal",
    says="the Kullback-Leibler divergence of one joint normal from another",
    arguments={"m1": "d", "S1": "d d", "m2": "d", "S2": "d d"},
    outputs={"kl": ""},
    domain="finite means, symmetric positive definite covariances, d ≥ 1",
    cases="..cases.joint:normals",
    source="Penny 2001",
    home=__package__,
)

dirichlet_kl = Contract(
    id="variational.kl.dirichlet",
    says="the Kullback-Leibler divergence of one Dirichlet distribution from another",
    arguments={"alpha": "K", "beta": "K"},
    outputs={"kl": ""},
    domain="positive parameters, K ≥ 2",
    cases="..cases.joint:dirichlets",
    source="Penny 2001",
    home=__package__,
)


def size(m1: Array, S1: Array, m2: Array, S2: Array) -> float:
    """Σ|summands|, and the conditioning of what is inverted."""
    inverse = np.linalg.inv(S2)
    off = np.abs(m1) + np.abs(m2)
    spread = float((np.abs(inverse) * np.abs(S1)).sum() + off @ np.abs(inverse) @ off)
    logs = float(np.abs(np.linalg.slogdet(S1)[1]) + np.abs(np.linalg.slogdet(S2)[1]))
    return (spread + logs + len(m1)) * float(1.0 + np.log2(np.linalg.cond(S2)) + np.log2(np.linalg.cond(S1)))


def rounding(case: tuple[Array, ...], u: float) -> float:
    """T9: factorisations of d columns, amplified by the larger condition number."""
    cond = max(np.linalg.cond(case[1]), np.linalg.cond(case[3]))
    return float(summation(len(case[0]) + 8, size(*case), u) * max(cond / 16.0, 1.0))


def given(c: Normals) -> tuple[Array, ...]:
    return c.m1, c.S1, c.m2, c.S2


def moved(c: Normals) -> tuple[Array, ...]:
    """Both normals, taken through x ↦ Ax + b."""
    return c.A @ c.m1 + c.b, c.A @ c.S1 @ c.A.T, c.A @ c.m2 + c.b, c.A @ c.S2 @ c.A.T


@law(
    normal_kl,
    says="trace, distance and determinants, in units of the second covariance",
    source="Penny 2001",
    kind="oracle",
    rule="T9",
    complete=True,
    kills=("reversed", "half-forgotten", "diagonal-only", "dimension-forgotten"),
)
def closed_form(kl: Judged, c: Normals) -> Gap:
    """KL = ½ (tr S_2⁻¹S_1 + ‖m_2 − m_1‖² in S_2⁻¹ − d + log det S_2 − log det S_1)."""
    off = c.m2 - c.m1
    trace = np.trace(np.linalg.solve(c.S2, c.S1)) + off @ np.linalg.solve(c.S2, off)
    want = 0.5 * (trace - len(off) + np.linalg.slogdet(c.S2)[1] - np.linalg.slogdet(c.S1)[1])
    return gap(kl(*given(c)), want, allow=rounding(given(c), kl.u), effect=size(*given(c)))


@law(
    normal_kl,
    says="an invertible change of variables moves no information",
    source="Cover & Thomas 2006, §8.6",
    kind="metamorphic",
    rule="T10",
    kills=("diagonal-only", "euclidean-means"),
)
def change_of_variables(kl: Judged, c: Normals) -> Gap:
    """KL is the same for both normals taken through x ↦ Ax + b."""
    allow = rounding(given(c), kl.u) + 4 * rounding(moved(c), kl.u)
    return gap(kl(*moved(c)), kl(*given(c)), allow=allow, effect=size(*moved(c)))


@law(
    normal_kl,
    says="independent coordinates add",
    source="Cover & Thomas 2006, Thm 2.5.3 (chain rule)",
    kind="metamorphic",
    rule="T10",
    kills=("mean-over-dimensions", "first-mean-only"),
)
def coordinates_add(kl: Judged, c: Normals) -> Gap:
    """KL of diagonal covariances = Σ_j KL in one dimension."""
    S1, S2 = np.diag(np.diag(c.S1)), np.diag(np.diag(c.S2))
    d = len(c.m1)
    each = sum(
        kl(c.m1[j : j + 1], S1[j : j + 1, j : j + 1].copy(), c.m2[j : j + 1], S2[j : j + 1, j : j + 1].copy())
        for j in range(d)
    )
    case = (c.m1, S1, c.m2, S2)
    return gap(kl(*case), each, allow=2 * rounding(case, kl.u), effect=size(*case))


@law(
    normal_kl,
    says="it is never negative, and zero from itself",
    source="Cover & Thomas 2006, Thm 8.6.1",
    kind="inequality",
    rule="T9",
    kills=("negated", "dimension-forgotten"),
)
def gibbs(kl: Judged, c: Normals) -> Gap:
    """KL(N_1 ‖ N_2) ≥ 0 = KL(N_1 ‖ N_1), here as |KL(N_1 ‖ N_1)| ≤ 0 ≤ KL(N_1 ‖ N_2)."""
    itself = (c.m1, c.S1, c.m1, c.S1)
    left = np.array([abs(float(kl(*itself))), -float(kl(*given(c)))])
    allow = np.array([rounding(itself, kl.u), rounding(given(c), kl.u)])
    return at_most(left, 0.0, allow=allow, effect=size(*given(c)))


def terms(c: Dirichlets) -> float:
    """Σ|summands| of the closed form."""
    a, b = c.alpha, c.beta
    gammas = sum(float(np.abs(special.gammaln(x)).sum()) for x in (a, b, a.sum(), b.sum()))
    digammas = np.abs(a - b) * (np.abs(special.psi(a)) + abs(special.psi(a.sum())))
    return gammas + float(digammas.sum()) + 1.0


def slack(c: Dirichlets, u: float) -> float:
    """T1."""
    return float(summation(2 * len(c.alpha) + 8, terms(c), u))


@law(
    dirichlet_kl,
    says="log-gammas and digammas of the parameters and of their sums",
    source="Penny 2001",
    kind="oracle",
    rule="T1",
    complete=True,
    kills=("reversed", "sums-forgotten", "half-forgotten"),
)
def gamma_form(kl: Judged, c: Dirichlets) -> Gap:
    """KL = log Γ(α_0)/Γ(β_0) − Σ log Γ(α_k)/Γ(β_k) + Σ (α_k − β_k)(ψ(α_k) − ψ(α_0))."""
    a, b = c.alpha, c.beta
    gammas = special.gammaln(a.sum()) - special.gammaln(b.sum()) - (special.gammaln(a) - special.gammaln(b)).sum()
    want = float(gammas + (a - b) @ (special.psi(a) - special.psi(a.sum())))
    return gap(kl(a, b), want, allow=slack(c, kl.u), effect=terms(c))


@law(
    dirichlet_kl,
    says="of two categories it is that of beta distributions, by quadrature",
    source="derived",
    kind="oracle",
    rule="T1",
    kills=("reversed", "sums-forgotten", "half-forgotten"),
)
def two_categories(kl: Judged, c: Dirichlets) -> Gap:
    """K = 2: KL(Dir α ‖ Dir β) = KL(Beta(α_1, α_2) ‖ Beta(β_1, β_2))."""
    pair = type(c)(c.alpha[:2], c.beta[:2])
    want, _ = divergence("beta", pair.alpha, "beta", pair.beta)
    return gap(kl(pair.alpha, pair.beta), want, allow=slack(pair, kl.u) + 1e-10 * terms(pair), effect=terms(pair))


@law(
    dirichlet_kl,
    says="merging two categories can only lose information",
    source="Cover & Thomas 2006, Thm 2.7.1, §2.8 (data processing)",
    kind="inequality",
    rule="T1",
    kills=("negated", "mean-over-categories"),
)
def merging(kl: Judged, c: Dirichlets) -> Gap:
    """KL(α_1 + α_2, α_3, … ‖ β_1 + β_2, β_3, …) ≤ KL(α ‖ β)."""
    if len(c.alpha) < 3:
        return inconclusive("two categories")
    alpha, beta = (np.append(x[0] + x[1], x[2:]) for x in (c.alpha, c.beta))
    return at_most(kl(alpha, beta), kl(c.alpha, c.beta), allow=2 * slack(c, kl.u), effect=terms(c))


@law(
    dirichlet_kl,
    says="categories have no order, and nothing diverges from itself",
    source="derived",
    kind="metamorphic",
    rule="T10",
    kills=("first-category-apart", "less-one"),
)
def order_of_categories(kl: Judged, c: Dirichlets) -> Gap:
    """KL of both turned by one category is KL; KL(α ‖ α) = 0."""
    turned = kl(np.roll(c.alpha, 1), np.roll(c.beta, 1))
    itself = type(c)(c.alpha, c.alpha)
    allow = np.array([2 * slack(c, kl.u), slack(itself, kl.u)])
    return gap([turned, kl(c.alpha, c.alpha)], [kl(c.alpha, c.beta), 0.0], allow=allow, effect=terms(c))


BAD: dict[str, Any] = {
    "nan-mean": lambda c: (np.full_like(c.m1, np.nan), c.S1, c.m2, c.S2),
    "negative-covariance": lambda c: (c.m1, c.S1, c.m2, -c.S2),
}
BAD_DIRICHLET: dict[str, Any] = {
    "nan-parameter": lambda c: (np.append(c.alpha[1:], np.nan), c.beta),
    "negative-parameter": lambda c: (-c.alpha, c.beta),
}

CONTRACTS = (normal_kl, dirichlet_kl)
LAWS = (
    closed_form,
    change_of_variables,
    coordinates_add,
    gibbs,
    gamma_form,
    two_categories,
    merging,
    order_of_categories,
    *cross_cutting(
        normal_kl, allow=lambda c, u: 2 * rounding(given(c), u), layouts=("ignores-strides", "forgets-second-call")
    ),
    *cross_cutting(
        dirichlet_kl, allow=lambda c, u: 2 * slack(c, u), layouts=("ignores-strides", "forgets-second-call")
    ),
    *refusals(normal_kl, BAD),
    *refusals(dirichlet_kl, BAD_DIRICHLET),
)
