"""More of Rao-Blackwellized gradients over states: what follows from the definition when a graph is changed.

Logits count up to a constant, so Σ_k G_ik = 0. A factor cut in two is the same factor, a variable that no factor mentions
has no gradient (but its entropy's), samples do not know of each other, and the numbering of variables is arbitrary.

Symbols: as in `rao_blackwell`.
Source: derived.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from prufrock import Gap, Judged, gap, law

from ..cases.factors import Factor
from ..cases.integrands import Multivariate
from .rao_blackwell import bound, rao_blackwell

if TYPE_CHECKING:
    from ..cases.factor_graphs import States


@law(
    rao_blackwell,
    says="a row's logits cannot be raised together",
    source="derived",
    kind="identity",
    rule="T1",
    code="RBB-01",
    kills=("forgets-centre", "probability-missing"),
)
def gauge(estimate: Judged, case: States) -> Gap:
    """Σ_k G_ik = 0."""
    allow, size = bound(estimate, case, np.abs(case.z) + case.logits.shape[1])
    got = estimate(case.factors, case.logits, case.z).sum(axis=2)
    return gap(got, 0.0, allow=2.0 * allow, effect=size)


@law(
    rao_blackwell,
    says="a factor split into two changes nothing",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="RBB-01",
    kills=("absolute-factors", "largest-factor-only", "pairs-only"),
)
def split_factor(estimate: Judged, case: States) -> Gap:
    """f_c = g + (f_c − g), g its first variable times 3 less 1: a factor of one variable, and one of the old scope."""
    first, *rest = case.factors
    g = Multivariate((3.0, -1.0), ((1,), (0,)))
    wide = Multivariate((-3.0, 1.0), ((1, *(0 for _ in first.scope[1:])), (0,) * len(first.scope)))
    split = (Factor(first.scope[:1], g), Factor(first.scope, first.f + wide), *rest)
    only = case.i if case.i in first.scope[:1] else first.scope[0]
    G, H = (estimate(factors, case.logits, case.z)[:, only] for factors in (case.factors, split))
    allow, size = bound(estimate, replace(case, factors=split), np.abs(case.z) + case.logits.shape[1])
    return gap(H, G, allow=2.0 * allow, effect=size)


@law(
    rao_blackwell,
    says="a variable that no factor mentions has nothing to climb but its entropy",
    source="derived",
    kind="limit",
    rule="T1",
    level="convention",
    code="RBB-02",
    when={"entropy": ("no",)},
    kills=("all-factors", "plain-said-to-be-summed"),
)
def isolated(estimate: Judged, case: States) -> Gap:
    """No c ∋ i  ⇒  G_i = 0."""
    rest = tuple(c for c in case.factors if case.i not in c.scope)
    elsewhere = (case.i + 1) % len(case.logits)
    rest = rest or (Factor((elsewhere,), Multivariate((2.0, 8.0), ((1,), (0,)))),)
    got = estimate(rest, case.logits, case.z)[:, case.i]
    return gap(got, 0.0, allow=0.0, effect=1.0)


@law(
    rao_blackwell,
    says="each sample contributes by itself",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="X-07",
    kills=("centres-values", "divides-by-samples", "shifts-samples"),
)
def sample_by_sample(estimate: Judged, case: States) -> Gap:
    """G(z_1, …, z_S)_s = G(z_s)."""
    alone = [estimate(case.factors, case.logits, case.z[s : s + 1]) for s in range(len(case.z))]
    allow, size = bound(estimate, case, np.abs(case.z) + case.logits.shape[1])
    got = estimate(case.factors, case.logits, case.z)
    return gap(got, np.concatenate(alone), allow=2.0 * allow, effect=size)


@law(
    rao_blackwell,
    says="variables in another order have their contributions in that order",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="RBB-01",
    kills=("sorts-scopes", "first-logits-for-all"),
)
def order_of_variables(estimate: Judged, case: States) -> Gap:
    """G(scopes d−1−i; ℓ, z reversed) = G reversed."""
    d = len(case.logits)
    turned = tuple(Factor(tuple(d - 1 - i for i in c.scope), c.f) for c in case.factors)
    G = estimate(case.factors, case.logits, case.z)
    H = estimate(turned, np.ascontiguousarray(case.logits[::-1]), np.ascontiguousarray(case.z[:, ::-1]))
    allow, size = bound(estimate, case, np.abs(case.z) + case.logits.shape[1])
    return gap(H[:, ::-1], G, allow=2.0 * allow, effect=size)


CONTRACTS = ()
LAWS = (gauge, split_factor, isolated, sample_by_sample, order_of_variables)
