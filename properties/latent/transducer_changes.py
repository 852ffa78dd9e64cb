"""The transducer's gradient, and what a batch may do to its nodes, classes and padding without changing a cost.

The gradient is made of the posteriors of edges. A path crosses every anti-diagonal once, takes one blank a frame and
one label for each of y, and where it is decides nothing but where it goes: with g the posterior of nodes, eb and el of
edges, the entropy of the path is the sum of the entropies of its turns,

    log p(y) = <eb, x_blank> + <el, x_label> − Σ (eb log(eb/g) + el log(el/g)).

Symbols: as in `transducer`.
Source: Graves 2012, (20); the entropy identity is derived (the path's posterior is a Markov chain on the lattice).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Gap, Judged, at_most, gap, inconclusive, law, same
from prufrock.gaps import all_of
from prufrock.tolerance import both, difference_quotient

from ..oracles.lattices import by_enumeration, count, edges, log_prob
from ._alignments import NAT, losses
from ._lattices import arguments, changed, crossed, gradient, items, posterior_rounding, rounding
from .transducer import transducer

if TYPE_CHECKING:
    from ..cases.lattices import Compared, Directed, Lattices, Padded, Permuted, Shifted

EITHER = {"grad": ("logits", "free")}
STEP = 2.0**-9


@law(
    transducer,
    says="the gradient is made of the posteriors of the edges, by enumeration of the paths",
    source="Graves 2012, (20)",
    kind="oracle",
    rule="T2",
    code="RNT-04",
    level="convention",
    needs=("grad",),
    when=EITHER,
    complete=True,
    kills=("softmax-everywhere", "gradient-of-profit", "clamped-gradient", "fast-emit", "gradient-averaged"),
)
def posteriors_by_enumeration(solve: Judged, batch: Lattices) -> Gap:
    """−P(edge | y) at the class of the edge, + g·softmax at all classes if the gradient is that of logits; else 0."""
    want = np.zeros(batch.log_probs.shape)
    for b, (x, y) in enumerate(items(batch)):
        found = by_enumeration(*edges(x, y, batch.blank))
        want[b, : len(x), : len(y) + 1] = gradient(found, x, y, batch.blank, solve.conventions["grad"])
    allow = posterior_rounding(solve.u, batch)[:, None, None, None]
    return gap(solve.full(*arguments(batch)).grad, want, allow=allow, effect=1.0)


@law(
    transducer,
    says="a path crosses every anti-diagonal once, takes one blank a frame and every label once",
    source="derived",
    kind="identity",
    rule="T2",
    code="RNT-03",
    level="convention",
    needs=("grad",),
    when=EITHER,
    cases="..cases.lattices:open_lattices",
    kills=("softmax-everywhere", "fast-emit", "gradient-of-profit"),
)
def one_crossing(solve: Judged, batch: Lattices) -> Gap:
    """Σ_{t+u=k} g(t, u) = 1, Σ_u eb(t, u) = 1, Σ_t el(t, u) = 1, eb + el = g."""
    grad, worst, kind = solve.full(*arguments(batch)).grad, [], solve.conventions["grad"]
    for b, (x, y) in enumerate(items(batch)):
        T, V = len(x), len(y) + 1
        node, through, spoken = crossed(grad[b, :T, :V], x, y, batch.blank, kind)
        diagonals = [np.fliplr(node).trace(V - 1 - k) for k in range(T + V - 1)]
        sums = np.r_[diagonals, through.sum(axis=1), spoken.sum(axis=0)]
        rest = node - through - np.concatenate([spoken, np.zeros((T, 1))], axis=1)
        # At most T + U terms a sum, each read off classes that hold a quarter of a node at least.
        allow = float(posterior_rounding(solve.u, batch)[b]) * 8.0 * (T + V)
        worst += [gap(sums, 1.0, allow=allow, effect=1.0), gap(rest, 0.0, allow=allow, effect=1.0)]
    return all_of(*worst)


@law(
    transducer,
    says="log p is what the edges pay, plus the entropy of the turns",
    source="derived",
    kind="identity",
    rule="T2",
    code="RNT-05",
    level="convention",
    needs=("grad",),
    when=EITHER,
    cases="..cases.lattices:open_lattices",
    kills=("softmax-everywhere", "no-final-blank", "one-blank-too-many"),
)
def entropy_of_turns(solve: Judged, batch: Lattices) -> Gap:
    """log p = <eb, x_blank> + <el, x_label> − Σ (eb log(eb/g) + el log(el/g)), 0 log 0 = 0."""
    found, want, allow = solve.full(*arguments(batch)), [], []
    for b, (x, y) in enumerate(items(batch)):
        T, V = len(x), len(y) + 1
        through, spoken = edges(x, y, batch.blank)
        node, eb, el = crossed(found.grad[b, :T, :V], x, y, batch.blank, solve.conventions["grad"])
        paid = (eb * through).sum() + (el * spoken).sum()
        want.append(-paid + _turns(eb, node) + _turns(el, node[:, : V - 1]))
        # A turn's −p log p moves by |log p| + 1 times what p moves, p of size δ being as good as lost.
        delta = 8.0 * float(posterior_rounding(solve.u, batch)[b])
        size = float(np.abs(through).sum() + np.abs(spoken).sum()) + T * V * (2.0 - 2.0 * np.log(delta))
        allow.append(float(rounding(solve.u, batch)[b]) + delta * size)
    return losses(found.loss, want, allow)


def _turns(edge: Any, node: Any) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.where((edge > 0) & (node > 0), edge * np.log(edge / node), 0.0).sum())


@law(
    transducer,
    says="the gradient is the derivative of the loss along any direction",
    source="Graves 2012, (20)",
    kind="gradient",
    rule="T4",
    code="RNT-04",
    level="convention",
    needs=("grad",),
    when=EITHER,
    cases="..cases.lattices:directed",
    kills=("softmax-everywhere", "gradient-of-profit", "free-gradient-as-logits"),
)
def derivative(solve: Judged, batch: Directed) -> Gap:
    """<grad, d> = lim (loss(x + h·d) − loss(x − h·d))/2h, through log_softmax if the gradient is that of logits."""
    grad, worst = solve.full(*arguments(batch)).grad, []
    for b, (x, y) in enumerate(items(batch)):
        d = batch.direction[b, : len(x), : len(y) + 1]

        def slope(h: float, x: Any = x, d: Any = d, y: tuple[int, ...] = y) -> float:
            ends = [x + h * d, x - h * d]
            if solve.conventions["grad"] == "logits":
                ends = [end - np.logaddexp.reduce(end, axis=-1, keepdims=True) for end in ends]
            there, back = (log_prob(*edges(end, y, batch.blank)) for end in ends)
            return (back - there) / (2.0 * h)

        at_h, at_half = slope(STEP), slope(STEP / 2.0)
        size = (np.abs(x).max() + 1.0) * (len(x) + len(y))
        allow = difference_quotient(at_h, at_half, size, STEP / 2.0, 2.0**-53)
        allow += float(posterior_rounding(solve.u, batch)[b]) * float(np.abs(d).max()) * 2.0 * (len(x) + len(y))
        got = np.vdot(grad[b, : len(x), : len(y) + 1], d)
        worst.append(gap(got, at_half, allow=allow, effect=max(abs(at_half), 1.0)))
    return all_of(*worst)


@law(
    transducer,
    says="log p is convex in the scores, and its slope leaves an entropy between 0 and log of the number of paths",
    source="Wainwright & Jordan 2008, Thm 3.4; the bound is derived",
    kind="inequality",
    rule="T2",
    code="RNT-10",
    level="convention",
    needs=("grad",),
    when=EITHER,
    cases="..cases.lattices:open_lattices",
    kills=("no-final-blank", "gradient-of-profit", "fast-emit"),
)
def entropy_of_path(solve: Judged, batch: Lattices) -> Gap:
    """0 ≤ log p − <eb, x_blank> − <el, x_label> ≤ log C(T + U − 1, U)."""
    found, worst = solve.full(*arguments(batch)), []
    for b, (x, y) in enumerate(items(batch)):
        through, spoken = edges(x, y, batch.blank)
        grad = found.grad[b, : len(x), : len(y) + 1]
        _, eb, el = crossed(grad, x, y, batch.blank, solve.conventions["grad"])
        entropy = -found.loss[b] - (eb * through).sum() - (el * spoken).sum()
        size = 8.0 * float(np.abs(through).sum() + np.abs(spoken).sum())
        allow = float(rounding(solve.u, batch)[b] + posterior_rounding(solve.u, batch)[b] * size)
        worst.append(at_most(0.0, entropy, allow=allow, effect=NAT, says="entropy ≥ 0"))
        worst.append(at_most(entropy, np.log(float(count(len(x), len(y)))), allow=allow, effect=NAT, says="≤ log N"))
    return all_of(*worst)


@law(
    transducer,
    says="log p lies above its tangent",
    source="derived: a log-sum-exp of linear functions of free scores",
    kind="inequality",
    rule="T2",
    code="RNT-10",
    level="convention",
    needs=("grad",),
    when={"grad": ("free",), "scores": ("free",)},
    cases="..cases.lattices:compared",
    kills=("free-gradient-of-profit", "free-gradient-halved"),
)
def convexity(solve: Judged, batch: Compared) -> Gap:
    """log p(x') ≥ log p(x) − <grad(x), x' − x> for free scores."""
    here, there = solve.full(*arguments(batch)), changed(batch, log_probs=batch.other)
    step = batch.other - batch.log_probs
    slope = (here.grad * step).sum(axis=(1, 2, 3))
    size = np.abs(step).max() * (batch.T_len + batch.U_len)
    allow = rounding(solve.u, batch) + rounding(solve.u, there) + posterior_rounding(solve.u, batch) * size
    return at_most(-slope - here.loss, -solve(*arguments(there)), allow=allow, effect=NAT)


@law(
    transducer,
    says="outside an item there is nothing to learn, and within a node nothing to gain",
    source="derived",
    kind="limit",
    rule="T2",
    code="RNT-04",
    level="convention",
    needs=("grad",),
    when=EITHER,
    cases="..cases.lattices:padded",
    kills=("gradient-outside", "ignores-frames-given", "ignores-labels-given"),
)
def silence_outside(solve: Judged, batch: Padded) -> Gap:
    """grad = 0 exactly for t ≥ T_b or u > U_b."""
    longer = _longer(batch, batch.extra)
    grad = solve.full(*arguments(longer)).grad
    return gap(grad[~_within(longer)], 0.0, allow=0.0, effect=1.0)


@law(
    transducer,
    says="what is added to all nodes of an anti-diagonal is added to log p",
    source="derived: a path crosses it once",
    kind="metamorphic",
    rule="T10",
    code="RNT-03",
    level="convention",
    when={"scores": ("free",)},
    cases="..cases.lattices:shifted",
    kills=("normalises-nodes", "labels-take-time"),
)
def diagonal_constants(solve: Judged, batch: Shifted) -> Gap:
    """loss(x(t, u) + c_{t+u}) = loss(x) − Σ_k c_k, k < T + U."""
    _, T, V, _ = batch.log_probs.shape
    k = np.arange(T)[:, None] + np.arange(V)
    c = np.resize(batch.constants, T + V - 1)
    moved = changed(batch, log_probs=batch.log_probs + c[k][None, :, :, None])
    want = solve(*arguments(batch)) - [c[: n + m].sum() for n, m in zip(batch.T_len, batch.U_len, strict=True)]
    return losses(solve(*arguments(moved)), want, _shift_rounding(solve, batch, moved))


@law(
    transducer,
    says="logits have no level: what is added to a node changes nothing",
    source="derived: softmax is invariant",
    kind="metamorphic",
    rule="T10",
    code="RNT-03",
    level="convention",
    when={"scores": ("logits",)},
    cases="..cases.lattices:shifted",
    kills=("logits-left-alone", "logits-over-labels"),
)
def level_of_logits(solve: Judged, batch: Shifted) -> Gap:
    """loss(x(t, u) + c(t, u)) = loss(x)."""
    moved = changed(batch, log_probs=batch.log_probs + batch.constants[..., None])
    return losses(solve(*arguments(moved)), solve(*arguments(batch)), _shift_rounding(solve, batch, moved))


def _shift_rounding(solve: Judged, batch: Any, moved: Any) -> Any:
    # x + c is rounded once more when it is cast: u·|x + c| for each of the T + U edges of a path.
    cast = solve.u * np.abs(moved.log_probs).max() * (batch.T_len + batch.U_len)
    return both(rounding(solve.u, batch), rounding(solve.u, moved)) + cast


@law(
    transducer,
    says="classes are names: renaming them, the blank included, changes no cost",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="RNT-11",
    cases="..cases.lattices:permuted",
    kills=("blank-is-zero", "label-of-last-class-forgotten"),
)
def renamed_classes(solve: Judged, batch: Permuted) -> Gap:
    """loss(x_σ, σ(y), σ(blank)) = loss(x, y, blank)."""
    x = np.empty_like(batch.log_probs)
    x[..., batch.order] = batch.log_probs
    other = changed(batch, log_probs=x, targets=batch.order[batch.targets], blank=int(batch.order[batch.blank]))
    return losses(solve(*arguments(other)), solve(*arguments(batch)), both(*[rounding(solve.u, batch)] * 2))


@law(
    transducer,
    says="an item costs in a batch what it costs alone",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="X-07",
    kills=("ignores-frames-given", "ignores-labels-given", "mean-over-batch", "last-item-to-the-end"),
)
def alone_as_in_a_batch(solve: Judged, batch: Lattices) -> Gap:
    """loss_b(x, y) = loss(x[b, :T_b, :U_b + 1], y[b, :U_b])."""
    alone = [
        float(solve(x[None].copy(), np.array([y], dtype=np.int64).reshape(1, -1), *_sizes(x), batch.blank)[0])
        for x, y in items(batch)
    ]
    return losses(solve(*arguments(batch)), alone, both(*[rounding(solve.u, batch)] * 2))


@law(
    transducer,
    says="what happens to other items does not reach an item, bit for bit",
    source="derived",
    kind="bitwise",
    rule="T0",
    code="X-07",
    cases="..cases.lattices:compared",
    kills=("mean-over-batch", "centres-batch"),
)
def other_items(solve: Judged, batch: Compared) -> Gap:
    """loss_0 is unchanged when x_1, x_2, ... are replaced."""
    if len(batch.targets) < 2:
        return inconclusive("one item")
    mixed = batch.other.copy()
    mixed[0] = batch.log_probs[0]
    moved = changed(batch, log_probs=mixed)
    return same(np.asarray(solve(*arguments(moved)))[:1], np.asarray(solve(*arguments(batch)))[:1])


@law(
    transducer,
    says="what stands outside an item has no influence: scores bit for bit, labels up to rounding",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="X-08",
    cases="..cases.lattices:padded",
    kills=("ignores-frames-given", "ignores-labels-given", "last-item-to-the-end"),
)
def content_of_padding(solve: Judged, batch: Padded) -> Gap:
    """loss does not depend on x(t ≥ T_b or u > U_b) (numbers up to ±10³⁰) nor on y[u ≥ U_b] (any class)."""
    plain = _longer(batch, batch.extra)
    poisoned = _poisoned(plain, batch)
    loss, nodes = np.asarray(solve(*arguments(plain))), changed(plain, log_probs=poisoned.log_probs)
    return all_of(
        same(np.asarray(solve(*arguments(nodes))), loss, says="other scores"),
        losses(solve(*arguments(poisoned)), loss, both(*[rounding(solve.u, batch)] * 2), "other scores and labels"),
    )


@law(
    transducer,
    says="longer padding changes nothing",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="X-08",
    cases="..cases.lattices:padded",
    kills=("ignores-frames-given", "ignores-labels-given"),
)
def length_of_padding(solve: Judged, batch: Padded) -> Gap:
    """loss(x with more frames and more labels outside its items) = loss(x, y)."""
    longer = _poisoned(_longer(batch, batch.extra), batch)
    return losses(solve(*arguments(longer)), solve(*arguments(batch)), both(*[rounding(solve.u, batch)] * 2))


def _sizes(x: Any) -> tuple[Any, Any]:
    return np.array([x.shape[0]]), np.array([x.shape[1] - 1])


def _longer(batch: Padded, extra: int) -> Any:
    x = np.concatenate([batch.log_probs, *[batch.log_probs[:, :1]] * extra], axis=1)
    x = np.concatenate([x, *[x[:, :, :1]] * extra], axis=2)
    labels = np.full((len(batch.targets), extra), batch.label, np.int64)
    return changed(batch, log_probs=x, targets=np.concatenate([batch.targets, labels], axis=1))


def _within(batch: Any) -> Any:
    _, T, V, _ = batch.log_probs.shape
    t, u = np.arange(T)[:, None], np.arange(V)
    return (t < batch.T_len[:, None, None]) & (u <= batch.U_len[:, None, None])


def _poisoned(plain: Any, batch: Padded) -> Any:
    x = np.where(_within(plain)[..., None], plain.log_probs, batch.score)
    inside = np.arange(plain.targets.shape[1]) < batch.U_len[:, None]
    return changed(plain, log_probs=x, targets=np.where(inside, plain.targets, batch.label))


CONTRACTS = ()
LAWS = (
    posteriors_by_enumeration,
    one_crossing,
    entropy_of_turns,
    derivative,
    entropy_of_path,
    convexity,
    silence_outside,
    diagonal_constants,
    level_of_logits,
    renamed_classes,
    alone_as_in_a_batch,
    other_items,
    content_of_padding,
    length_of_padding,
)
