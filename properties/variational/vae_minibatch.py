"""The bound of many items from a minibatch of them: scaled, so that all minibatches average to the whole.

    N/n Σ_{i in batch} L_i + shared:      mean over the C(N, n) minibatches = Σ_i L_i + shared

What belongs to no single item (the divergence of shared parameters) is not scaled.

Symbols: local[n] terms of the items in the batch, N the number of all items, shared; value.
Source: Kingma & Welling 2014, eq. (8); Hoffman et al. 2013.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, all_of, gap, law
from prufrock.tolerance import summation

from ..hygiene import cross_cutting, refusals

if TYPE_CHECKING:
    from ..cases.encodings import Minibatch

Array = NDArray[np.float64]

minibatch_elbo = Contract(
    id="variational.minibatch-elbo",
    says="the bound of N items as estimated from a minibatch of them",
    arguments={"local": "n", "N": "", "shared": ""},
    outputs={"value": ""},
    domain="finite terms, 1 ≤ n ≤ N",
    cases="..cases.encodings:minibatches",
    source="Kingma & Welling 2014, eq. (8)",
    home=__package__,
)


def size(case: Minibatch) -> float:
    return float(np.abs(case.local).max()) * case.N + abs(float(case.shared))


def rounding(case: Minibatch, u: float) -> float:
    """T1."""
    return float(summation(case.N + 4, size(case), u))


@law(
    minibatch_elbo,
    says="minibatches average to the whole",
    source="Kingma & Welling 2014, eq. (8)",
    kind="identity",
    rule="T1",
    code="VAE-07",
    complete=True,
    kills=("unscaled", "mean-for-sum", "shared-scaled", "scaled-twice"),
)
def all_minibatches(estimate: Judged, case: Minibatch) -> Gap:
    """Mean over all C(N, n) minibatches of the estimate = Σ_i local_i + shared."""
    N = case.N
    found = [estimate(case.local[list(items)], N, case.shared) for items in combinations(range(N), case.n)]
    return gap(np.mean(found), case.local.sum() + case.shared, allow=rounding(case, estimate.u), effect=size(case))


@law(
    minibatch_elbo,
    says="the whole is estimated by itself, and items that are all alike by any one of them",
    source="derived",
    kind="limit",
    rule="T1",
    code="VAE-07",
    kills=("mean-for-sum", "one-item-less", "shared-scaled"),
)
def the_whole_and_one_of_it(estimate: Judged, case: Minibatch) -> Gap:
    """n = N gives Σ local + shared; local_i = a gives Na + shared for n = 1."""
    N, a = case.N, case.local[:1]
    allow, effect = rounding(case, estimate.u), size(case)
    return all_of(
        gap(estimate(case.local, N, case.shared), case.local.sum() + case.shared, allow=allow, effect=effect),
        gap(estimate(a, N, case.shared), N * a[0] + case.shared, allow=allow, effect=effect),
    )


def _nan(x: Array) -> Array:
    out = x.copy()
    out[0] = np.nan
    return out


BAD = {
    "nan-item": lambda c: (_nan(c.local), c.N, c.shared),
    "more-items-than-there-are": lambda c: (c.local, c.N - 1, c.shared),
}

CONTRACTS = (minibatch_elbo,)
LAWS = (
    all_minibatches,
    the_whole_and_one_of_it,
    *cross_cutting(minibatch_elbo, allow=rounding, layouts=("counts-calls", "forgets-second-call")),
    *refusals(minibatch_elbo, BAD),
)
