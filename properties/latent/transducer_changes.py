"""The transducer under change: what may be added to its nodes, and what its classes may be called.

    loss(x(t, u) + c_{t+u}) = loss(x) − Σ_k c_k, k < T + U          loss(x_σ, σ(y), σ(blank)) = loss(x, y, blank)

A path crosses every anti-diagonal t + u = k once and takes one edge out of it: what is added to all nodes of an
anti-diagonal is added to every path. Logits have no level, softmax being invariant: what is added to a node changes
nothing. Classes are names, the blank among them. Items beside each other are in `transducer_batch`.

Symbols: as in `transducer`.
Source: derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Gap, Judged, law
from prufrock.tolerance import both

from ._alignments import losses
from ._lattices import arguments, changed, rounding
from .transducer import transducer

if TYPE_CHECKING:
    from ..cases.lattices import Permuted, Shifted


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


CONTRACTS = ()
LAWS = (
    diagonal_constants,
    level_of_logits,
    renamed_classes,
)
