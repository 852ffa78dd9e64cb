"""The softmax of each row over the entries that its mask keeps.

    p_i = mask_i exp x_i / Σ_j mask_j exp x_j

A mask drops entries as −∞ would, whatever stands there: ±10³⁰, NaN and ∞ under it have no influence. What is dropped has
probability exactly 0, what is kept is the softmax of what is kept: these two determine p. A mask that keeps everything
changes nothing. Of a row of which nothing is kept a subject says what it makes: zeros, NaN, 1/n or an error.

Symbols: x [B, n] finite logits; mask [B, n] bool, True keeps; p [B, n].
Source: derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Contract, Gap, Judged, gap, holds_if, law
from prufrock.call import SubjectRaised
from prufrock.gaps import all_of

from ..hygiene import cross_cutting, refusals
from ..oracles.logits import softmax
from ._softmax import entry, scale, with_nan

if TYPE_CHECKING:
    from ..cases.logits import Masked

masked_softmax = Contract(
    id="latent.masked-softmax",
    says="the softmax of each row over the entries that its mask keeps",
    arguments={"x": "B n", "mask": "B n"},
    outputs={"p": "B n"},
    domain="finite logits; a mask, True where an entry is kept, at least one kept in each row",
    cases="..cases.logits:masked",
    conventions={"all_masked": ("zeros", "nan", "uniform", "raises")},
    source="derived",
    home=__package__,
)


@law(
    masked_softmax,
    says="what the mask drops has probability exactly zero",
    source="derived",
    kind="limit",
    rule="T0",
    code="NUM-08",
    complete=True,
    kills=("mask-forgotten", "mask-inverted", "large-negative-number"),
)
def dropped_entries(solve: Judged, case: Masked) -> Gap:
    """mask_i = False ⇒ p_i = 0."""
    p = solve(case.x, case.mask)
    return gap(p[~case.mask], 0.0, allow=0.0, effect=1.0)


@law(
    masked_softmax,
    says="what is kept is the softmax of what is kept",
    source="derived",
    kind="oracle",
    rule="T3",
    code="NUM-08",
    complete=True,
    kills=("masks-after-softmax", "mask-inverted", "mask-forgotten"),
)
def kept_entries(solve: Judged, case: Masked) -> Gap:
    """p restricted to the mask = softmax(x restricted to the mask)."""
    barred = np.where(case.mask, case.x, -np.inf)
    want = softmax(barred)
    return gap(solve(case.x, case.mask), want, allow=entry(barred, want, solve), effect=1.0)


@law(
    masked_softmax,
    says="what is kept sums to one",
    source="derived",
    kind="identity",
    rule="T3",
    code="NUM-08",
    kills=("masks-after-softmax", "uniform-over-kept-if-tied"),
)
def kept_sum_to_one(solve: Judged, case: Masked) -> Gap:
    """Σ_i p_i = 1."""
    barred = np.where(case.mask, case.x, -np.inf)
    allow = entry(barred, softmax(barred), solve).sum(-1) + 8.0 * barred.shape[-1] * solve.u
    return gap(solve(case.x, case.mask).sum(-1), 1.0, allow=allow)


@law(
    masked_softmax,
    says="what stands where the mask drops has no influence",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="X-08",
    kills=("masks-after-softmax", "shift-sees-dropped", "large-negative-number"),
)
def dropped_values(solve: Judged, case: Masked) -> Gap:
    """softmax(x, mask) = softmax(x', mask) where x = x' on the mask, ±10³⁰ elsewhere."""
    other = np.where(case.mask, case.x, case.poison)
    barred = np.where(case.mask, case.x, -np.inf)
    allow = 2 * entry(barred, softmax(barred), solve)
    return gap(solve(other, case.mask), solve(case.x, case.mask), allow=allow, effect=1.0)


@law(
    masked_softmax,
    says="not even NaN or ∞ under the mask has any influence",
    source="derived",
    kind="metamorphic",
    rule="T10",
    level="hygiene",
    code="X-08",
    kills=("masks-by-multiplying", "adds-minus-infinity"),
)
def dropped_nan(solve: Judged, case: Masked) -> Gap:
    """softmax(x, mask) = softmax(x', mask) where x = x' on the mask, NaN or +∞ elsewhere."""
    worst = np.where(case.poison > 0, np.inf, np.nan)
    barred = np.where(case.mask, case.x, -np.inf)
    allow = 2 * entry(barred, softmax(barred), solve)
    return gap(solve(np.where(case.mask, case.x, worst), case.mask), softmax(barred), allow=allow, effect=1.0)


@law(
    masked_softmax,
    says="a mask that keeps everything changes nothing",
    source="derived",
    kind="limit",
    rule="T3",
    code="NUM-08",
    kills=("mask-inverted", "uniform-over-kept-if-tied", "temperature"),
)
def nothing_dropped(solve: Judged, case: Masked) -> Gap:
    """softmax(x, all True) = softmax(x)."""
    want = softmax(case.x)
    return gap(solve(case.x, np.ones_like(case.mask)), want, allow=entry(case.x, want, solve), effect=1.0)


@law(
    masked_softmax,
    says="a row of which nothing is kept is what the subject says it is",
    source="derived",
    kind="limit",
    rule="T0",
    level="convention",
    when={"all_masked": ("zeros", "nan", "uniform", "raises")},
    code="NUM-08",
    cases="..cases.logits:all_masked",
    kills=("mask-forgotten", "masks-by-multiplying"),
)
def nothing_kept(solve: Judged, case: Masked) -> Gap:
    """mask = False throughout a row ⇒ p = 0, NaN, 1/n or an error, as declared; other rows as ever."""
    says = solve.conventions["all_masked"]
    barred = np.where(case.mask, case.x, -np.inf)
    if says == "raises":
        try:
            solve.raw(case.x.astype(solve.dtype), case.mask.copy())
        except SubjectRaised:
            return holds_if(True, says)
        return holds_if(False, "an error was declared, none was raised")
    p = solve(case.x, case.mask)
    want = softmax(barred[:-1])
    last = {"zeros": 0.0, "nan": np.nan, "uniform": 1.0 / p.shape[-1]}[says]
    kept = gap(p[:-1], want, allow=entry(barred[:-1], want, solve), effect=1.0)
    same = np.isnan(p[-1]) if says == "nan" else np.abs(p[-1] - last) <= 2 * solve.u
    return all_of(
        kept, holds_if(bool(same.all()), f"a row of which nothing is kept is not {says}", got=p[-1], want=last)
    )


BAD_MASKED = {"nan-kept": lambda case: (with_nan(case), np.ones_like(case.mask))}

CONTRACTS = (masked_softmax,)
LAWS = (
    dropped_entries,
    kept_entries,
    kept_sum_to_one,
    dropped_values,
    dropped_nan,
    nothing_dropped,
    nothing_kept,
    *cross_cutting(masked_softmax, allow=lambda case, u: 8 * u * (8 + case.x.shape[-1] + scale(case.x))),
    *refusals(masked_softmax, BAD_MASKED),
)
