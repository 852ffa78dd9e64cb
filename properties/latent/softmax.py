"""The softmax of each row of a matrix, and its logarithm.

    p_i = exp(x_i − lse(x)),      log p_i = x_i − lse(x),      p_i/p_j = exp(x_i − x_j),      Σ p = 1

The ratios and the sum together determine p. Adding c to a row changes nothing; a larger logit is no less probable; an
entry −∞ has probability exactly 0; the order of the entries is a matter of naming, and rows do not see each other. log p
stays finite where p underflows, if it is not computed as the logarithm of p.

Symbols: x [B, n] logits, at least one of each row finite; p, log_p [B, n].
Source: Blanchard, Higham & Higham 2021, §4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Contract, Gap, Judged, at_most, gap, law

from ..hygiene import cross_cutting, refusals
from ..oracles.logits import log_softmax, softmax
from ._softmax import BAD, entry, finite, reach, scale

if TYPE_CHECKING:
    from ..cases.logits import Logits

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
    allow = np.where(np.isfinite(want), reach(x, solve.u)[:, None] + 2 * solve.u * np.abs(finite(want)), 0.0)
    return gap(solve.full(x).log_p, want, allow=allow, effect=max(1.0, float(np.abs(finite(want)).max())))


CONTRACTS = (softmax_rows,)
LAWS = (
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
    *cross_cutting(softmax_rows, allow=lambda case, u: 8 * u * (8 + case.x.shape[-1] + scale(case.x))),
    *refusals(softmax_rows, BAD),
)
