"""The network simplex (_simplex) as a numba kernel: the same exact integers, the same start, the same answer.

One row of arcs is priced a step, by a minimum over contiguous memory. The tree keeps subtree sizes in place of depths
(an ancestor is always the larger one) and each node's children as a doubly linked list, so that hanging a subtree
elsewhere costs its path to the root and moving prices costs its nodes. Of the two parts that a cut leaves, the smaller
one moves; the root moves with it, and the caller hangs the tree from the last column again when all is done. Prices
may then wrap around 2^64; their differences, which are all that counts, do not.

Source: Ahuja, Magnanti, Orlin 1993, §11.3-11.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .._kernels import compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]


class Tree(NamedTuple):
    """Of each node: its parent, its children as a doubly linked list (first, after, before; -1 is none), the flow of
    the arc to its parent, how many nodes its subtree has, its price."""

    parent: Ints
    first: Ints
    after: Ints
    before: Ints
    flow: Ints
    size: Ints
    price: Ints


def optimise(C: Ints, a: Ints, b: Ints, in_order: Callable[[Ints, Ints], Iterator[Ints]]) -> tuple[Ints, Ints, Ints]:
    """parent, flow to the parent and price of every node, rooted at the last column; `in_order` ranks arcs for a start."""
    m, n = C.shape
    left, arcs, shipped = np.concatenate([a, b]), np.empty((m + n - 1, 3), np.int64), 0
    for portion in in_order(C, left):
        shipped = _ship(portion, m, n, left, arcs, shipped)
    tree = Tree(*(np.full(m + n, -1) for _ in range(4)), *(np.zeros(m + n, np.int64) for _ in range(3)))
    _grow(C, arcs, tree)
    _pivot_all(C, tree)
    _root_at(tree, m + n - 1)
    return tree.parent, tree.flow, tree.price - tree.price[-1]


@compiled
def _ship(order: Any, m: int, n: int, left: Any, arcs: Any, shipped: int) -> int:
    """All that can go along each arc of `order`: each shipment exhausts one atom, the last one two, so the arcs span."""
    for k in order:
        i, j = k // n, m + k % n
        x = min(left[i], left[j])
        if x:
            left[i] -= x
            left[j] -= x
            arcs[shipped, 0], arcs[shipped, 1], arcs[shipped, 2] = i, j, x
            shipped += 1
    return shipped


@compiled
def _grow(C: Any, arcs: Any, t: Tree) -> None:
    """The tree of the arcs (row, column, flow), rooted at the last column."""
    m, n = C.shape
    N = m + n
    degree = np.zeros(N, np.int64)
    for e in range(N - 1):
        degree[arcs[e, 0]] += 1
        degree[arcs[e, 1]] += 1
    start = np.zeros(N + 1, np.int64)
    for v in range(N):
        start[v + 1] = start[v] + degree[v]
    fill, beside = start.copy(), np.empty(2 * N, np.int64)
    for e in range(N - 1):
        for v in arcs[e, :2]:
            beside[fill[v]] = e
            fill[v] += 1
    queue, end = np.empty(N, np.int64), 1
    queue[0] = N - 1
    for at in range(N):
        v = queue[at]
        for s in range(start[v], start[v + 1]):
            e = beside[s]
            w = arcs[e, 0] + arcs[e, 1] - v
            if w != t.parent[v]:
                t.parent[w], t.flow[w] = v, arcs[e, 2]
                t.price[w] = t.price[v] + (C[w, v - m] if w < m else -C[v, w - m])
                _adopt(w, v, t)
                queue[end] = w
                end += 1
    for at in range(N - 1, -1, -1):
        v = queue[at]
        t.size[v] += 1
        if t.parent[v] >= 0:
            t.size[t.parent[v]] += t.size[v]


@compiled
def _pivot_all(C: Any, t: Tree) -> None:
    """Pivot on the worst arc of one row after the other until a whole round finds none."""
    m, n = C.shape
    stack = np.empty(m + n, np.int64)
    i, idle = 0, 0
    while idle < m:
        f, worst = t.price[i], np.int64(0)
        row, minus_g = C[i], t.price[m:]
        for j in range(n):
            worst = min(worst, row[j] + minus_g[j] - f)
        idle += 1
        if worst < 0:
            j = 0
            while row[j] + minus_g[j] - f != worst:
                j += 1
            _pivot(i, m + j, worst, m, t, stack)
            idle = 0
        i = i + 1 if i + 1 < m else 0


@compiled
def _pivot(i: int, j: int, r: int, m: int, t: Tree, stack: Any) -> None:
    """Row i and column j become neighbours; the arc of the cycle that empties first is cut, the smaller part moves."""
    v, w, theta, cut, below_i = i, j, np.int64(0x7FFFFFFFFFFFFFFF), -1, True
    while v != w:
        if t.size[v] <= t.size[w]:
            if v < m and t.flow[v] < theta:
                theta, cut, below_i = t.flow[v], v, True
            v = t.parent[v]
        else:
            if w >= m and t.flow[w] < theta:
                theta, cut, below_i = t.flow[w], w, False
            w = t.parent[w]
    ancestor = v
    v = i
    while v != ancestor:
        t.flow[v] += -theta if v < m else theta
        v = t.parent[v]
    v = j
    while v != ancestor:
        t.flow[v] += theta if v < m else -theta
        v = t.parent[v]
    near, far, shift = (i, j, r) if below_i else (j, i, -r)
    total, held, above = len(t.parent), t.size[cut], t.parent[cut]
    _disown(cut, t, above)
    v = above
    while v >= 0:
        t.size[v] -= held
        v = t.parent[v]
    t.parent[cut] = -1
    if 2 * held > total:
        near, far, shift, held = far, near, -shift, total - held
    _reroot(near, held, t)
    t.parent[near], t.flow[near] = far, theta
    _adopt(near, far, t)
    v = far
    while v >= 0:
        t.size[v] += held
        v = t.parent[v]
    stack[0], top = near, 1
    while top:
        top -= 1
        v = stack[top]
        t.price[v] += shift
        v = t.first[v]
        while v >= 0:
            stack[top] = v
            top += 1
            v = t.after[v]


@compiled
def _reroot(v: int, total: int, t: Tree) -> None:
    """Turn the path from v to the root of its tree, of so many nodes, around."""
    new, x, below = -1, np.int64(0), np.int64(0)
    while v >= 0:
        old, carried, held = t.parent[v], t.flow[v], t.size[v]
        if old >= 0:
            _disown(v, t, old)
        if new >= 0:
            _adopt(v, new, t)
        t.parent[v], t.flow[v], t.size[v] = new, x, total - below
        new, x, below, v = v, carried, held, old


@compiled
def _adopt(v: int, new: int, t: Tree) -> None:
    eldest = t.first[new]
    t.after[v], t.before[v] = eldest, -1
    if eldest >= 0:
        t.before[eldest] = v
    t.first[new] = v


@compiled
def _disown(v: int, t: Tree, old: int) -> None:
    if t.before[v] >= 0:
        t.after[t.before[v]] = t.after[v]
    else:
        t.first[old] = t.after[v]
    if t.after[v] >= 0:
        t.before[t.after[v]] = t.before[v]


@compiled
def _root_at(t: Tree, v: int) -> None:
    """Turn the path from v to the root around, parents and flows only."""
    new, x = -1, np.int64(0)
    while v >= 0:
        old, carried = t.parent[v], t.flow[v]
        t.parent[v], t.flow[v] = new, x
        new, x, v = v, carried, old
