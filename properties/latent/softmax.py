"""Log-sum-exp, softmax and masked softmax of the rows of a matrix.

    lse(x) = log Σ_i exp x_i,      p_i = exp(x_i − lse(x)),      log p_i = x_i − lse(x)

lse is convex with gradient p: lse(y) ≥ lse(x) + <p(x), y − x>, for any x and y, no step size needed. It lies between the
maximum and the maximum plus ln n. Adding c to a row moves lse by c and p not at all. Ratios p_i/p_j = exp(x_i − x_j) and
Σ p = 1 together determine p. An entry −∞ weighs nothing; a row of nothing but −∞ has lse = log 0 = −∞ (and no softmax). A
mask drops entries as −∞ would, whatever stands there.

Rounding: 2u(|lse| + 1 + ln n) for lse; relative 2u(4 + max x − x_i + log₂ n) for p_i, to which comes 2u·max|x| where a
subject computes exp(x − lse(x)), which is the effect of rounding x once more.

Symbols: x, y, log_p [B, n] logits and log-probabilities; p [B, n]; mask [B, n] bool, True keeps.
Source: Blanchard, Higham & Higham 2021; Boyd & Vandenberghe 2004, §3.1.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Contract, Gap, Judged, at_most, gap, holds_if, law
from prufrock.call import SubjectRaised
from prufrock.gaps import all_of
from prufrock.tolerance import log_sum_exp

from ..hygiene import cross_cutting, refusals
from ..oracles.logits import log_softmax, lse, softmax

if TYPE_CHECKING:
    from ..cases.logits import Logits, Masked

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

softmax_rows = Contract(
    id="latent.softmax",
    says="the softmax of each row",
    arguments={"x": "B n"},
    outputs={"p": "B n", "log_p": "B n"},
    domain="logits below +∞, −∞ included, at least one finite entry in each row, n ≥ 1",
    cases="..cases.logits:logits",
    source="Blanchard, Higham & Higham 2021",
    home=__package__,
)

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


def reach(x: Any, u: float) -> Any:
    """T3 for each row's lse, and the effect of rounding x once."""
    return log_sum_exp(_finite(lse(x)), x.shape[-1], u) + 2.0 * u * _largest(x)


def entry(x: Any, p: Any, solve: Judged) -> Any:
    """T3 for p_i near the probability p, absolute; a probability below the smallest normal number may be flushed to 0."""
    with np.errstate(invalid="ignore"):
        below = np.where(np.isfinite(x), x.max(-1, keepdims=True) - x, 0.0)
    size = 4.0 + below + np.log2(x.shape[-1]) + _largest(x)[:, None]
    return 2.0 * solve.u * size * p + 2.0 * float(np.finfo(solve.dtype).tiny)


def _largest(x: Any) -> Any:
    return np.abs(_finite(x)).max(-1)


def _finite(x: Any) -> Any:
    return np.where(np.isfinite(x), x, 0.0)


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
    return gap(solve(x), lse(x), allow=reach(x, solve.u), effect=_scale(x))


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
    upper = at_most(y, top + np.log(x.shape[-1]), allow=allow, effect=_scale(x))
    return all_of(at_most(top, y, allow=allow, effect=_scale(x)), upper)


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
    return gap(solve(moved), solve(x) + c, allow=allow, effect=max(_scale(x), _scale(moved)))


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
    return gap(solve(x), lse(x), allow=allow, effect=_scale(x))


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
    return gap(solve(x), x[:, 0], allow=reach(x, solve.u), effect=_scale(x))


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
    return gap(solve(joined), solve(x), allow=allow, effect=_scale(x))


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
    return gap(solve(longer), solve(x), allow=allow, effect=_scale(x))


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
    return gap(solve(others)[: len(x)], solve(x), allow=2 * reach(x, solve.u), effect=_scale(x))


@law(
    logsumexp,
    says="halfway between two points it is no larger than on average: it is convex",
    source="Boyd & Vandenberghe 2004, §3.1.5",
    kind="inequality",
    rule="T10",
    code="NUM-07",
    cases="..cases.logits:finite_rows",
    kills=("no-shift", "negated-exponent"),
)
def midpoint_convexity(solve: Judged, case: Logits) -> Gap:
    """lse((x + y)/2) ≤ (lse(x) + lse(y))/2."""
    x, y = case.x, case.y
    middle = (x + y) / 2
    allow = reach(middle, solve.u) + (reach(x, solve.u) + reach(y, solve.u)) / 2
    return at_most(solve(middle), (solve(x) + solve(y)) / 2, allow=allow, effect=max(_scale(x), _scale(y)))


@law(
    logsumexp,
    says="its gradient is the softmax",
    source="Boyd & Vandenberghe 2004, §3.1.5",
    kind="gradient",
    rule="T3",
    code="NUM-07",
    needs=("gradient",),
    cases="..cases.logits:logits",
    kills=("gradient-of-maximum", "gradient-unnormalised"),
)
def gradient_is_softmax(solve: Judged, case: Logits) -> Gap:
    """∂ lse/∂x_i = exp(x_i − lse(x))."""
    x, p = case.x, softmax(case.x)
    return gap(solve.full(x).gradient, p, allow=entry(x, p, solve), effect=1.0)


@law(
    logsumexp,
    says="it lies above each of its tangents",
    source="Boyd & Vandenberghe 2004, §3.1.3",
    kind="inequality",
    rule="T3",
    code="NUM-07",
    needs=("gradient",),
    cases="..cases.logits:finite_rows",
    kills=("gradient-uniform", "gradient-unnormalised"),
)
def above_its_tangents(solve: Judged, case: Logits) -> Gap:
    """lse(y) ≥ lse(x) + <∂lse(x), y − x>."""
    x, y = case.x, case.y
    at = solve.full(x)
    rise = (at.gradient * (y - x)).sum(-1)
    swing = (entry(x, softmax(x), solve) * np.abs(y - x)).sum(-1)
    allow = reach(x, solve.u) + reach(y, solve.u) + swing
    return at_most(at.y + rise, solve(y), allow=allow, effect=float(np.abs(y - x).max(initial=0.0)) + 1.0)


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
    return gap(solve(x), want, allow=allow, effect=max(_scale(x), 1.0))


@law(
    softmax_rows,
    says="probabilities sum to one",
    source="derived",
    kind="identity",
    rule="T3",
    code="NUM-01",
    complete=True,
    kills=("no-shift", "wrong-axis", "clipped", "over-whole-matrix"),
)
def sum_to_one(solve: Judged, case: Logits) -> Gap:
    """Σ_i p_i = 1."""
    x = case.x
    allow = entry(x, softmax(x), solve).sum(-1) + 8.0 * x.shape[-1] * solve.u
    return gap(solve(x).sum(-1), 1.0, allow=allow)


@law(
    softmax_rows,
    says="no probability is negative",
    source="derived",
    kind="inequality",
    rule="T0",
    code="NUM-01",
    kills=("no-shift", "first-order"),
)
def not_negative(solve: Judged, case: Logits) -> Gap:
    """p_i ≥ 0."""
    return at_most(-solve(case.x), 0.0, allow=0.0, effect=1.0)


@law(
    softmax_rows,
    says="the ratio of two probabilities is the exponential of the difference of their logits",
    source="derived",
    kind="identity",
    rule="T3",
    code="NUM-02",
    complete=True,
    kills=("temperature", "base-two", "clipped", "hard-maximum", "no-shift"),
)
def log_odds(solve: Judged, case: Logits) -> Gap:
    """p_i = p_j exp(x_i − x_j), j the largest."""
    x, p = case.x, solve(case.x)
    top = x.argmax(-1)[:, None]
    ratio = np.exp(x - np.take_along_axis(x, top, -1))
    allow = 2 * entry(x, softmax(x), solve)
    return gap(p, np.take_along_axis(p, top, -1) * ratio, allow=allow, effect=1.0)


@law(
    softmax_rows,
    says="adding a number to a row changes nothing",
    source="derived",
    kind="metamorphic",
    rule="T3",
    code="NUM-03",
    kills=("no-shift", "first-order", "absolute-logits"),
)
def shift_invariance(solve: Judged, case: Logits) -> Gap:
    """softmax(x + c) = softmax(x)."""
    x, moved = case.x, case.x + case.shift[:, None]
    p = softmax(x)
    return gap(solve(moved), solve(x), allow=entry(x, p, solve) + entry(moved, p, solve), effect=1.0)


@law(
    softmax_rows,
    says="a forbidden entry has probability exactly zero",
    source="derived: exp(−∞) = 0",
    kind="limit",
    rule="T0",
    code="NUM-05",
    kills=("minus-infinity-leaks", "clipped"),
)
def forbidden_entries(solve: Judged, case: Logits) -> Gap:
    """x_i = −∞ ⇒ p_i = 0."""
    barred = np.concatenate([case.x, np.full_like(case.x[:, :1], -np.inf)], axis=-1)
    return gap(solve(barred)[~np.isfinite(barred)], 0.0, allow=0.0, effect=1.0)


@law(
    softmax_rows,
    says="a larger logit is no less probable",
    source="derived",
    kind="inequality",
    rule="T3",
    code="NUM-02",
    kills=("absolute-logits", "hard-maximum"),
)
def monotone(solve: Judged, case: Logits) -> Gap:
    """x_i ≤ x_j ⇒ p_i ≤ p_j."""
    x, p = case.x, solve(case.x)
    order = np.argsort(x, axis=-1, kind="stable")
    ranked, allow = (np.take_along_axis(a, order, -1) for a in (p, entry(x, softmax(x), solve)))
    return at_most(ranked[:, :-1], ranked[:, 1:], allow=allow[:, :-1] + allow[:, 1:], effect=1.0)


@law(
    softmax_rows,
    says="each row for itself",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="X-07",
    kills=("wrong-axis", "over-whole-matrix", "one-shift-for-all"),
)
def row_alone(solve: Judged, case: Logits) -> Gap:
    """The softmax of a row among others is that of the row alone, however large the others are."""
    x = case.x
    others = np.concatenate([x, np.full_like(x, 8.0e4)])
    return gap(solve(others)[: len(x)], solve(x), allow=2 * entry(x, softmax(x), solve), effect=1.0)


@law(
    softmax_rows,
    says="reordering the entries reorders the probabilities",
    source="derived",
    kind="metamorphic",
    rule="T10",
    kills=("last-takes-the-rest", "temperature-by-position"),
)
def reordering(solve: Judged, case: Logits) -> Gap:
    """softmax(x_σ) = softmax(x)_σ, σ the reversal."""
    x = case.x
    allow = 2 * entry(x, softmax(x), solve)
    return gap(solve(x[:, ::-1]), solve(x)[:, ::-1], allow=allow[:, ::-1], effect=1.0)


@law(
    softmax_rows,
    says="the log-probabilities are the logarithms of the probabilities",
    source="derived",
    kind="identity",
    rule="T3",
    code="NUM-06",
    needs=("log_p",),
    kills=("log-of-other-axis", "log-p-unnormalised"),
)
def logarithms(solve: Judged, case: Logits) -> Gap:
    """exp(log_p) = p."""
    out, x = solve.full(case.x), case.x
    return gap(np.exp(out.log_p), out.p, allow=2 * entry(x, softmax(x), solve), effect=1.0)


@law(
    softmax_rows,
    says="log-probabilities stay finite where probabilities underflow",
    source="Blanchard, Higham & Higham 2021, §4",
    kind="oracle",
    rule="T3",
    code="NUM-06",
    needs=("log_p",),
    cases="..cases.logits:wide_rows",
    kills=("log-of-softmax", "log-p-unnormalised", "log-p-floored"),
)
def finite_logarithms(solve: Judged, case: Logits) -> Gap:
    """log_p = x − lse(x), −∞ only where x = −∞."""
    x = case.x
    want = log_softmax(x)
    allow = np.where(np.isfinite(want), reach(x, solve.u)[:, None] + 2 * solve.u * np.abs(_finite(want)), 0.0)
    return gap(solve.full(x).log_p, want, allow=allow, effect=max(1.0, float(np.abs(_finite(want)).max())))


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


def _scale(x: Any) -> float:
    return max(float(np.abs(_finite(x)).max()), 1.0)


def _with_nan(case: Any) -> Any:
    x = case.x.copy()
    x[-1, -1] = np.nan
    return x


BAD = {"nan-logit": lambda case: (_with_nan(case),)}
BAD_MASKED = {"nan-kept": lambda case: (_with_nan(case), np.ones_like(case.mask))}

CONTRACTS = (logsumexp, softmax_rows, masked_softmax)
LAWS = (
    definition,
    bounds,
    shift,
    impossible_row,
    single_entry,
    in_portions,
    weightless_entry,
    alone_and_together,
    midpoint_convexity,
    gradient_is_softmax,
    above_its_tangents,
    certain_row,
    sum_to_one,
    not_negative,
    log_odds,
    shift_invariance,
    forbidden_entries,
    monotone,
    row_alone,
    reordering,
    logarithms,
    finite_logarithms,
    dropped_entries,
    kept_entries,
    kept_sum_to_one,
    dropped_values,
    dropped_nan,
    nothing_dropped,
    nothing_kept,
    *cross_cutting(logsumexp, allow=lambda case, u: float(2 * reach(case.x, u).max())),
    *cross_cutting(softmax_rows, allow=lambda case, u: 8 * u * (8 + case.x.shape[-1] + _scale(case.x))),
    *cross_cutting(masked_softmax, allow=lambda case, u: 8 * u * (8 + case.x.shape[-1] + _scale(case.x))),
    *refusals(logsumexp, BAD),
    *refusals(softmax_rows, BAD),
    *refusals(masked_softmax, BAD_MASKED),
)
