"""What laws of the transducer share: the items of a batch, the edges behind a gradient, and how far rounding carries.

The loss is a log-domain recursion over anti-diagonals, so T2 allows 4·u·E; a posterior three times that. A gradient is
read as edges: −P(blank leaves (t, u)) and −P(label leaves it) with respect to free scores; through log_softmax the
node's own posterior g(t, u), their sum, times softmax is added.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock.tolerance import log_domain

from ..oracles.lattices import Crossed, by_recursion, edges

if TYPE_CHECKING:
    from ..cases.lattices import Lattices

Array = NDArray[np.float64]


def arguments(batch: Lattices) -> tuple[Any, ...]:
    return batch.log_probs, batch.targets, batch.T_len, batch.U_len, batch.blank


def items(batch: Lattices) -> Iterator[tuple[Array, tuple[int, ...]]]:
    """Scores [T_b, U_b + 1, C] and labels of each item."""
    for b, (T, U) in enumerate(zip(batch.T_len, batch.U_len, strict=True)):
        yield batch.log_probs[b, :T, : U + 1], tuple(batch.targets[b, :U].tolist())


def edges_of(batch: Lattices) -> list[tuple[Array, Array]]:
    return [edges(x, y, batch.blank) for x, y in items(batch)]


def rounding(u: float, batch: Lattices) -> Array:
    """T2 for the loss of each item."""
    return np.array([log_domain(by_recursion(*edge).extent, u) for edge in edges_of(batch)])


def posterior_rounding(u: float, batch: Lattices) -> Array:
    """T2 for the posteriors of each item."""
    return 3.0 * rounding(u, batch)


def gradient(found: Crossed, x: Array, y: tuple[int, ...], blank: int, kind: str) -> Array:
    """The gradient [T, U+1, C] that goes with the posteriors of the edges."""
    T, V, C = x.shape
    grad = np.zeros((T, V, C))
    grad[..., blank] -= found.blank
    for u, k in enumerate(y):
        grad[:, u, k] -= found.label[:, u]
    if kind == "logits":
        node = found.blank.copy()
        node[:, : len(y)] += found.label
        grad += node[..., None] * np.exp(x)
    return grad


def crossed(grad: Array, x: Array, y: tuple[int, ...], blank: int, kind: str) -> tuple[Array, Array, Array]:
    """Posteriors of nodes, blank edges and label edges as the gradient [T, U+1, C] has them.

    Through log_softmax a node's posterior shows in the classes that neither edge carries, as far as they have mass.
    """
    T, V, C = x.shape
    if kind == "free":
        through, spoken = -grad[..., blank], np.stack([-grad[:, u, k] for u, k in enumerate(y)], 1) if y else None
    else:
        others = np.ones((V, C), bool)
        others[:, blank] = False
        others[np.arange(len(y)), list(y)] = False
        node = (grad * others).sum(axis=-1) / (np.exp(x) * others).sum(axis=-1)
        rest = node[..., None] * np.exp(x) - grad
        through, spoken = rest[..., blank], np.stack([rest[:, u, k] for u, k in enumerate(y)], 1) if y else None
    label = np.zeros((T, 0)) if spoken is None else spoken
    if kind == "free":
        node = through + np.concatenate([label, np.zeros((T, 1))], axis=1)
    return node, through, label


def changed(batch: Lattices, **fields: Any) -> Any:
    """A batch derived from a case, with some fields replaced."""
    return SimpleNamespace(**{**vars(batch), **fields})
