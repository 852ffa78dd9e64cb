"""The logarithm of the sum of exponentials of each row of a matrix.

    lse(x) = log Σ_i exp x_i,      max x ≤ lse(x) ≤ max x + ln n

Adding c to a row moves lse by c; of one entry it is the entry; the lse of two portions' lse is that of all. An entry −∞
weighs nothing; a row of nothing but −∞ has lse = log 0 = −∞, a row with +∞ has +∞ (or what the subject declares). Rows do
not see each other, however large their neighbours are. Its gradient and its convexity are in `logsumexp_convexity`.

Symbols: x [B, n] logits; y [B] = lse(x).
Source: Blanchard, Higham & Higham 2021; Boyd & Vandenberghe 2004, §3.1.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Contract, Gap, Judged, at_most, gap, law
from prufrock.gaps import all_of

from ..hygiene import cross_cutting, refusals
from ..oracles.logits import lse
from ._softmax import BAD, reach, scale

if TYPE_CHECKING:
    from ..cases.logits import Logits

logsumexp = Contract(
    id="latent.logsumexp",
    says="the logarithm of the sum of exponentials of each row",
    arguments={"x": "B n"},
    outputs={"y": "B", "gradient": "B n"},
    domain="logits below +∞, −∞ included, n ≥ 1; `gradient` is ∂y/∂x, one row each",
    cases="..cases.logits:any_rows",
    conventions={"plus_infinity": ("inf", "nan", "raises")},
    source="Blanchard, Higham & Higham 2021",
    home=__package__,
)


@law(
    logsumexp,
    says="it is the logarithm of the sum of the exponentials",
    source="derived (the definition)",
    kind="oracle",
    rule="T3",
    complete=True,
    code="NUM-04",
    kills=("mean-of-exponentials", "base-two", "no-shift", "largest-only", "wrong-axis"),
)
def definition(solve: Judged, case: Logits) -> Gap:
    """lse(x) = max x + log Σ exp(x − max x), the sum rounded once."""
    x = case.x
    return gap(solve(x), lse(x), allow=reach(x, solve.u), effect=scale(x))


@law(
    logsumexp,
    says="it lies between the maximum and the maximum plus ln n",
    source="Boyd & Vandenberghe 2004, §3.1.5",
    kind="inequality",
    rule="T3",
    code="NUM-04",
    kills=("mean-of-exponentials", "no-shift"),
)
def bounds(solve: Judged, case: Logits) -> Gap:
    """max x ≤ lse(x) ≤ max x + ln n."""
    x, y = case.x, solve(case.x)
    top, allow = x.max(-1), reach(case.x, solve.u)
    upper = at_most(y, top + np.log(x.shape[-1]), allow=allow, effect=scale(x))
    return all_of(at_most(top, y, allow=allow, effect=scale(x)), upper)


@law(
    logsumexp,
    says="adding a number to a row adds it to the result",
    source="derived",
    kind="metamorphic",
    rule="T3",
    code="NUM-03",
    kills=("no-shift", "one-shift-for-all"),
)
def shift(solve: Judged, case: Logits) -> Gap:
    """lse(x + c) = lse(x) + c."""
    x, c = case.x, case.shift
    moved = x + c[:, None]
    allow = reach(x, solve.u) + reach(moved, solve.u)
    return gap(solve(moved), solve(x) + c, allow=allow, effect=max(scale(x), scale(moved)))


@law(
    logsumexp,
    says="a sum of no weight has logarithm −∞, not NaN",
    source="derived: log 0 = −∞",
    kind="limit",
    rule="T0",
    code="NUM-05",
    cases="..cases.logits:impossible_rows",
    kills=("minus-infinity-is-nan", "lowest-for-minus-infinity"),
)
def impossible_row(solve: Judged, case: Logits) -> Gap:
    """lse(−∞, ..., −∞) = −∞, and the other rows are not disturbed."""
    x = case.x
    allow = np.where(np.isfinite(lse(x)), reach(x, solve.u), 0.0)
    return gap(solve(x), lse(x), allow=allow, effect=scale(x))


@law(
    logsumexp,
    says="of a single number nothing is left but the number",
    source="derived",
    kind="limit",
    rule="T3",
    code="NUM-05",
    kills=("no-shift", "base-two-of-one", "pads-with-zero"),
)
def single_entry(solve: Judged, case: Logits) -> Gap:
    """lse(x_1) = x_1."""
    x = case.x[:, :1]
    return gap(solve(x), x[:, 0], allow=reach(x, solve.u), effect=scale(x))


@law(
    logsumexp,
    says="summing in two portions is summing at once",
    source="derived",
    kind="metamorphic",
    rule="T10",
    kills=("mean-of-exponentials", "wrong-axis", "drops-last"),
)
def in_portions(solve: Judged, case: Logits) -> Gap:
    """lse(lse(x_1..m), lse(x_m+1..n)) = lse(x)."""
    x = case.x
    half = max(x.shape[-1] // 2, 1)
    parts = [p for p in (x[:, :half], x[:, half:]) if p.shape[-1]]
    joined = np.stack([solve(p) for p in parts], axis=-1)
    allow = reach(x, solve.u) + reach(joined, solve.u) + np.max([reach(p, solve.u) for p in parts], axis=0)
    return gap(solve(joined), solve(x), allow=allow, effect=scale(x))


@law(
    logsumexp,
    says="an entry of no weight adds nothing",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="NUM-05",
    kills=("minus-infinity-is-nan-if-any", "mean-of-exponentials", "drops-last"),
)
def weightless_entry(solve: Judged, case: Logits) -> Gap:
    """lse(x, −∞) = lse(x)."""
    x = case.x
    longer = np.concatenate([x, np.full_like(x[:, :1], -np.inf)], axis=-1)
    allow = reach(x, solve.u) + reach(longer, solve.u)
    return gap(solve(longer), solve(x), allow=allow, effect=scale(x))


@law(
    logsumexp,
    says="each row for itself",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="X-07",
    kills=("wrong-axis", "one-shift-for-all"),
)
def alone_and_together(solve: Judged, case: Logits) -> Gap:
    """lse of a row among others = lse of the row alone, however large the others are."""
    x = case.x
    others = np.concatenate([x, np.full_like(x, 8.0e4)])
    return gap(solve(others)[: len(x)], solve(x), allow=2 * reach(x, solve.u), effect=scale(x))


@law(
    logsumexp,
    says="one infinite weight makes the sum infinite",
    source="derived",
    kind="limit",
    rule="T0",
    level="convention",
    when={"plus_infinity": ("inf",)},
    code="NUM-05",
    cases="..cases.logits:certain_rows",
    kills=("plus-infinity-is-nan", "wrong-axis"),
)
def certain_row(solve: Judged, case: Logits) -> Gap:
    """lse(..., +∞) = +∞, and the other rows are not disturbed."""
    x = case.x
    want = lse(np.where(x == np.inf, 0.0, x))
    want[-1] = np.inf
    allow = np.where(np.isfinite(want), reach(np.where(x == np.inf, 0.0, x), solve.u), 0.0)
    return gap(solve(x), want, allow=allow, effect=max(scale(x), 1.0))


CONTRACTS = (logsumexp,)
LAWS = (
    definition,
    bounds,
    shift,
    impossible_row,
    single_entry,
    in_portions,
    weightless_entry,
    alone_and_together,
    certain_row,
    *cross_cutting(logsumexp, allow=lambda case, u: float(2 * reach(case.x, u).max())),
    *refusals(logsumexp, BAD),
)
