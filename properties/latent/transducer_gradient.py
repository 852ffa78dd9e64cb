"""The gradient of the transducer's loss is made of the posteriors of edges.

A path crosses every anti-diagonal once, takes one blank a frame and one label for each of y, and where it is decides
nothing but where it goes: with g the posterior of nodes, eb and el of edges, the entropy of the path is the sum of the
entropies of its turns,

    log p(y) = <eb, x_blank> + <el, x_label> − Σ (eb log(eb/g) + el log(el/g)),

and it lies between 0 and log C(T + U − 1, U). With respect to free scores the gradient is −eb and −el at the classes of the
edges; through log_softmax g·softmax is added at all classes. log p is a log-sum-exp of linear functions of the free
scores, so it lies above its tangents.

Symbols: as in `transducer`.
Source: Graves 2012, (20); Wainwright & Jordan 2008, Thm 3.4; the entropy identity is derived (the path's posterior is a
    Markov chain on the lattice).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Gap, Judged, at_most, gap, law
from prufrock.gaps import all_of
from prufrock.tolerance import difference_quotient

from ..oracles.lattices import by_enumeration, count, edges, log_prob
from ._alignments import NAT, losses
from ._lattices import arguments, changed, crossed, gradient, items, posterior_rounding, rounding
from .transducer import transducer

if TYPE_CHECKING:
    from ..cases.lattices import Compared, Directed, Lattices

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


CONTRACTS = ()
LAWS = (
    posteriors_by_enumeration,
    one_crossing,
    entropy_of_turns,
    derivative,
    entropy_of_path,
    convexity,
)
