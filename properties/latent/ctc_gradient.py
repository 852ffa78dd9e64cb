"""The gradient of the CTC loss is a posterior: which class sounds at which frame, given the labelling.

    occupancy_t(k) = P(path_t = k | y) = ∂ log p(y)/∂ x_t(k)        grad = −occupancy, or softmax − occupancy (logits)

log p is a log-sum-exp of linear functions of the scores x, hence convex, and its conjugate at the posterior is minus
the entropy of the alignment:

    log p(x') ≥ log p(x) + <occupancy, x' − x>             0 ≤ log p(y) − <occupancy, x> ≤ log C(T + U − R, 2U)

Neither needs an oracle nor a step size, at any length; the second ties the value to the gradient.

Symbols: as in `ctc`; N = C(T + U − R, 2U) paths.
Source: Graves et al. 2006, (14) to (16); Wainwright & Jordan 2008, Thm 3.4, for the conjugate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Gap, Judged, at_most, gap, law
from prufrock.gaps import all_of
from prufrock.tolerance import difference_quotient

from ..oracles.alignments import by_enumeration, by_recursion, count, log_prob
from ._alignments import (
    NAT,
    arguments,
    changed,
    items,
    occupancy,
    posterior_rounding,
    rounding,
)
from .ctc import ctc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..cases.alignments import Batch, Compared, Directed

EITHER = {"grad": ("logits", "free")}
STEP = 2.0**-9


@law(
    ctc,
    says="the gradient is the posterior of the classes at each frame, by enumeration of the paths",
    source="Graves et al. 2006, (14) to (16)",
    kind="oracle",
    rule="T2",
    code="CTC-06",
    level="convention",
    needs=("grad",),
    when=EITHER,
    complete=True,
    cases="..cases.alignments:small_batches",
    kills=("occupancy-overwritten", "occupancy-times-probability", "best-path-gradient", "gradient-of-profit"),
)
def posteriors_by_enumeration(solve: Judged, batch: Batch) -> Gap:
    """occupancy_t(k) = Σ over paths with path_t = k of Π exp x / Σ over all paths that collapse to y."""
    want = np.zeros_like(batch.log_probs)
    for b, (x, y) in enumerate(items(batch)):
        want[: len(x), b] = by_enumeration(x, y, batch.blank).occupancy
    got = occupancy(solve, batch, solve.full(*arguments(batch)).grad)
    return gap(got, want, allow=posterior_rounding(solve.u, batch), effect=1.0)


@law(
    ctc,
    says="at each frame exactly one class sounds",
    source="derived: a path has one class a frame",
    kind="identity",
    rule="T2",
    code="CTC-05",
    level="convention",
    needs=("grad",),
    when=EITHER,
    kills=("occupancy-overwritten", "occupancy-times-probability", "free-gradient-as-logits"),
)
def one_class_a_frame(solve: Judged, batch: Batch) -> Gap:
    """Σ_k occupancy_t(k) = 1 and occupancy ≥ 0 for t < T_b; so logits' gradients sum to 0."""
    share = occupancy(solve, batch, solve.full(*arguments(batch)).grad)
    inside = np.arange(len(share))[:, None] < batch.input_lengths
    allow = posterior_rounding(solve.u, batch)
    total = gap(share.sum(axis=-1), inside, allow=batch.log_probs.shape[-1] * allow.T, effect=1.0)
    return all_of(total, at_most(-share, 0.0, allow=allow, effect=1.0))


@law(
    ctc,
    says="the gradient is the derivative of the loss along any direction",
    source="Graves et al. 2006, (16)",
    kind="gradient",
    rule="T4",
    code="CTC-06",
    level="convention",
    needs=("grad",),
    when=EITHER,
    cases="..cases.alignments:directed",
    kills=("free-gradient-as-logits", "occupancy-overwritten", "gradient-of-profit", "best-path-gradient"),
)
def derivative(solve: Judged, batch: Directed) -> Gap:
    """<grad, d> = lim (loss(x + h·d) − loss(x − h·d))/2h, through log_softmax if the gradient is that of logits."""
    grad, worst = solve.full(*arguments(batch)).grad, []
    for b, (x, y) in enumerate(items(batch)):
        d = batch.direction[: len(x), b]

        def slope(h: float, x: NDArray[np.float64] = x, d: NDArray[np.float64] = d, y: tuple[int, ...] = y) -> float:
            ends = [x + h * d, x - h * d]
            if solve.conventions["grad"] == "logits":
                ends = [end - np.logaddexp.reduce(end, axis=-1, keepdims=True) for end in ends]
            return (log_prob(ends[1], y, batch.blank) - log_prob(ends[0], y, batch.blank)) / (2.0 * h)

        at_h, at_half = slope(STEP), slope(STEP / 2.0)
        size = abs(log_prob(x, y, batch.blank)) + np.abs(x).max() + 1.0
        allow = difference_quotient(at_h, at_half, size * len(x), STEP / 2.0, 2.0**-53)
        allow += float(posterior_rounding(solve.u, batch)[b, 0]) * float(np.abs(d).sum())
        worst.append(gap(np.vdot(grad[: len(x), b], d), at_half, allow=allow, effect=max(abs(at_half), 1.0)))
    return all_of(*worst)


@law(
    ctc,
    says="log p is convex in the scores, and the posterior is its slope",
    source="derived: a log-sum-exp of linear functions",
    kind="inequality",
    rule="T2",
    code="CTC-07",
    level="convention",
    needs=("grad",),
    when=EITHER,
    cases="..cases.alignments:compared",
    kills=("occupancy-overwritten", "best-path-gradient", "gradient-of-profit"),
)
def convexity(solve: Judged, batch: Compared) -> Gap:
    """log p(x') ≥ log p(x) + <occupancy(x), x' − x>, x and x' normalised alike."""
    here, there = solve.full(*arguments(batch)), changed(batch, log_probs=batch.other)
    share = occupancy(solve, batch, here.grad)
    slope = (share * (batch.other - batch.log_probs)).sum(axis=(0, 2))
    allow = rounding(solve.u, batch) + rounding(solve.u, there) + _paired(solve, batch, batch.other - batch.log_probs)
    return at_most(slope - here.loss, -solve(*arguments(there)), allow=allow, effect=NAT)


@law(
    ctc,
    says="what the posterior leaves of the value is the entropy of the alignment: at least 0, at most log N",
    source="Wainwright & Jordan 2008, Thm 3.4; the bound is derived",
    kind="inequality",
    rule="T2",
    code="CTC-08",
    level="convention",
    needs=("grad",),
    when=EITHER,
    kills=("always-skips", "starts-anywhere", "occupancy-overwritten", "loss-per-frame", "empty-target-is-free"),
)
def entropy_of_alignment(solve: Judged, batch: Batch) -> Gap:
    """0 ≤ log p(y) − <occupancy, x> ≤ log C(T + U − R, 2U)."""
    found = solve.full(*arguments(batch))
    entropy = -found.loss - (occupancy(solve, batch, found.grad) * batch.log_probs).sum(axis=(0, 2))
    allow = rounding(solve.u, batch) + _paired(solve, batch, batch.log_probs)
    most = [np.log(float(count(len(x), y))) for x, y in items(batch)]
    return all_of(
        at_most(0.0, entropy, allow=allow, effect=NAT, says="entropy ≥ 0"),
        at_most(entropy, most, allow=allow, effect=NAT, says="entropy ≤ log N"),
    )


@law(
    ctc,
    says="behind the end of an item there is nothing to learn",
    source="derived: the loss does not depend on it",
    kind="limit",
    rule="T0",
    code="CTC-17",
    level="convention",
    needs=("grad",),
    when=EITHER,
    kills=("gradient-behind-end", "ignores-input-lengths"),
)
def silence_behind_end(solve: Judged, batch: Batch) -> Gap:
    """grad[t, b] = 0 for t ≥ T_b, exactly."""
    longer = changed(batch, log_probs=np.concatenate([batch.log_probs, batch.log_probs[:1]]))
    grad = solve.full(*arguments(longer)).grad
    behind = np.arange(len(grad))[:, None] >= batch.input_lengths
    return gap(grad[behind], 0.0, allow=0.0, effect=1.0)


@law(
    ctc,
    says="where classes are forbidden the gradient is still the posterior, and a number",
    source="derived: 0·(−∞) = 0 for a class that no path takes",
    kind="hygiene",
    rule="T2",
    code="CTC-16",
    level="hygiene",
    needs=("grad",),
    when=EITHER,
    cases="..cases.alignments:gated_batches",
    kills=("nan-gradient-at-gates", "occupancy-overwritten"),
)
def posteriors_of_forbidden_classes(solve: Judged, batch: Batch) -> Gap:
    """x ∈ [−10⁴, 0] ∪ {−∞} and loss < ∞: the gradient is finite, and the posterior by enumeration."""
    share = occupancy(solve, batch, solve.full(*arguments(batch)).grad)
    allow, worst = posterior_rounding(solve.u, batch), [gap(0.0, 0.0, allow=0.0, effect=1.0)]
    for b, (x, y) in enumerate(items(batch)):
        found = by_enumeration(x, y, batch.blank)
        if found.log_prob > -np.inf:
            worst.append(gap(share[: len(x), b], found.occupancy, allow=allow[b, 0], effect=1.0))
    return all_of(*worst)


def _paired(solve: Judged, batch: Batch, weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far rounding carries <occupancy, weight>: each posterior, and the softmax it is read off, by its own part."""
    share = [by_recursion(x, y, batch.blank).occupancy + np.exp(x) for x, y in items(batch)]
    size = [float((one * np.abs(weight[: len(one), b])).sum()) for b, one in enumerate(share)]
    return np.asarray(posterior_rounding(solve.u, batch)[:, 0] * size)


CONTRACTS = ()
LAWS = (
    posteriors_by_enumeration,
    one_class_a_frame,
    derivative,
    convexity,
    entropy_of_alignment,
    silence_behind_end,
    posteriors_of_forbidden_classes,
)
