"""Network simplex for the transportation problem, in exact integer arithmetic.

A basis of the constraints is a spanning tree of the m + n atoms; its flows P and potentials are fixed by the
masses and by f_i + g_j = C_ij on the tree's arcs. A pivot lets in an arc with reduced cost r = C_ij - f_i -
g_j < 0, sends the largest possible flow θ around the cycle it closes, drops the arc that ran empty and shifts
the potentials of the part it held by r. No negative r left: optimal, on all arcs.

Masses and costs first become integers on a binary grid 2^e, at least as fine as their own rounding (u times
the total mass, u times max |C|, for m + n < 500; it coarsens as 2^-61 (m + n)). Nothing is rounded after
that, so:
    nondegenerate  masses are a_i (m+1) + 1, b_j (m+1) and, at the tree's root, b_n (m+1) + m. A tree arc
                   parts k rows, 0 <= k <= m, and some columns from the root: its flow is ±k modulo m + 1, or,
                   if k = 0, the mass of a lone column. So no flow of any tree is zero, ties or not (Orden's
                   perturbation, made exact).
    termination    each pivot lowers the integer <C, P> by θ |r| >= 1, and <C, P> is bounded below.
    solution       the flow of the given masses is the perturbed one without its ±k: rounded down where it
                   runs to the root, up where it leaves it. Atoms without mass stay out of the tree;
                   c-transforms price them.
The start takes the arcs in the order of C_ij - mean_i C - mean_j C and ships all it can along each. Where numba is
installed, a kernel (_simplex_kernel) grows the tree and pivots.

Symbols:
    a [m], b [n], cost [m, n] -> plan [m, n], f [m], g [n], float64; at most m + n - 1 non-zeros in the plan.
    nodes 0..m-1 are rows, m..m+n-1 columns, the last one is the root; `price` is f on rows and -g on columns,
    so that a whole subtree shifts by one number.
Source: Ahuja, Magnanti, Orlin 1993, ch. 11; Orden 1956; Peyré & Cuturi 2019, §3.5.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .._kernels import has_kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

PORTION = 8  # arcs an atom that the start looks at before it drops exhausted atoms
BLOCK = 4096  # arcs priced at once, in about the time of one pivot


class Tree(NamedTuple):
    """A spanning tree: each node's parent, depth, children, price, and the flow of the arc to its parent."""

    parent: list[int]
    depth: list[int]
    flow: list[int]
    children: list[set[int]]
    price: NDArray[np.int64]


def transport(
    a: NDArray[np.float64], b: NDArray[np.float64], cost: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """An optimal vertex plan and optimal potentials, feasible on all atoms; b is scaled to the mass of a."""
    top = float(a.sum())
    A, exponent = _grid(a, top, 61 - (len(a) + 1).bit_length())
    B, _ = _grid(b * (top / b.sum()), top, 61 - (len(a) + 1).bit_length())
    B[B.argmax()] += A.sum() - B.sum()
    rows, columns = np.flatnonzero(A), np.flatnonzero(B)
    kept = cost if cost.shape == (len(rows), len(columns)) else cost[np.ix_(rows, columns)]
    top = max(float(kept.max()), -float(kept.min()))
    C, cost_exponent = _grid(kept, top, 62 - sum(cost.shape).bit_length())
    parent, flow, price = _optimised(C, *_perturbed(A[rows], B[columns]))

    plan, f, g = np.zeros(cost.shape), np.empty(len(a)), np.empty(len(b))
    i, j, x = _unperturbed(parent, flow, len(rows))
    plan[rows[i], columns[j]] = np.ldexp(x.astype(np.float64), exponent)
    price = np.ldexp(price.astype(np.float64), cost_exponent)
    f[rows], g[columns] = price[: len(rows)], -price[len(rows) :]
    if len(columns) < len(b):
        bare = np.flatnonzero(B == 0)
        g[bare] = (cost[np.ix_(rows, bare)] - f[rows, None]).min(0)
    if len(rows) < len(a):
        bare = np.flatnonzero(A == 0)
        f[bare] = (cost[bare] - g).min(1)
    return plan, f, g


def _grid(x: NDArray[np.float64], top: float, bits: int) -> tuple[NDArray[np.int64], int]:
    """Integers k and an exponent e with x = k 2^e up to 2^(e-1), where top < 2^(e + bits)."""
    exponent = int(np.frexp(top)[1]) - bits
    scaled = np.ldexp(x, -exponent)
    return np.rint(scaled, out=scaled).astype(np.int64), exponent


def _perturbed(A: NDArray[np.int64], B: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positive masses of equal sum, moved so that no partial sums agree."""
    m = len(A)
    a, b = A * (m + 1) + 1, B * (m + 1)
    b[-1] += m
    return a, b


def _unperturbed(
    parent: NDArray[np.int64], flow: NDArray[np.int64], m: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The tree's arcs (row, column), and their flows for the masses before `_perturbed`."""
    v, w, x = np.arange(len(parent) - 1), parent[:-1], flow[:-1]
    from_row = v < m
    whole = np.where(from_row, x // (m + 1), -(-x // (m + 1)))
    return np.where(from_row, v, w), np.where(from_row, w, v) - m, whole


def _optimised(
    C: NDArray[np.int64], a: NDArray[np.int64], b: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Parents, flows and prices of an optimal tree rooted at the last column."""
    if has_kernel():
        from . import _simplex_kernel

        return _simplex_kernel.optimise(C, a, b, _in_order)
    tree = _optimise(C, a, b)
    return np.array(tree.parent), np.array(tree.flow), tree.price


def _in_order(C: NDArray[np.int64], left: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Flat indices of the arcs in the order of C_ij - mean_i C - mean_j C, in portions: whoever ships along one
    portion lowers `left`, and arcs of atoms with nothing left do not come again."""
    m, n = C.shape
    interaction = C - C.mean(1, keepdims=True)
    interaction -= C.mean(0)
    rows, columns = np.arange(m), np.arange(n)
    while len(rows) and len(columns):
        few = min(interaction.size, PORTION * sum(interaction.shape)) - 1
        k = np.flatnonzero(interaction <= np.partition(interaction, few, axis=None)[few])
        i, j = np.divmod(k[interaction.ravel()[k].argsort(kind="stable")], len(columns))
        yield rows[i] * n + columns[j]
        stay, remain = left[rows] > 0, left[m + columns] > 0
        rows, columns, interaction = rows[stay], columns[remain], interaction[np.ix_(stay, remain)]


def _start(C: NDArray[np.int64], a: NDArray[np.int64], b: NDArray[np.int64]) -> Tree:
    """The greedy plan's tree: each shipment exhausts one atom, the last one two, so its arcs span."""
    m, n = C.shape
    left = np.concatenate([a, b])
    arcs: list[list[tuple[int, int]]] = [[] for _ in left]
    for k in chain.from_iterable(order.tolist() for order in _in_order(C, left)):
        i, j = k // n, m + k % n
        x = int(min(left[i], left[j]))
        if x:
            left[i] -= x
            left[j] -= x
            arcs[i].append((j, x))
            arcs[j].append((i, x))
    size = m + n
    tree = Tree([-1] * size, [0] * size, [0] * size, [set() for _ in left], np.zeros(size, np.int64))
    queue = [size - 1]
    for v in queue:
        for w, x in arcs[v]:
            if w != tree.parent[v]:
                tree.parent[w], tree.depth[w], tree.flow[w] = v, tree.depth[v] + 1, x
                tree.children[v].add(w)
                tree.price[w] = tree.price[v] + (C[w, v - m] if w < m else -C[v, w - m])
                queue.append(w)
    return tree


def _optimise(C: NDArray[np.int64], a: NDArray[np.int64], b: NDArray[np.int64]) -> Tree:
    """Pivot on the worst arc of one block of rows after the other until a whole round finds none."""
    m, n = C.shape
    tree = _start(C, a, b)
    f, minus_g = tree.price[:m, None], tree.price[m:]
    height = max(1, BLOCK // n)
    blocks = range(0, m, height)
    turn, idle = 0, 0
    while idle < len(blocks):
        top = blocks[turn]
        reduced = C[top : top + height] + minus_g
        reduced -= f[top : top + height]
        k = int(reduced.argmin())
        r = int(reduced.ravel()[k])
        turn, idle = (turn + 1) % len(blocks), idle + 1
        if r < 0:
            _pivot(tree, top + k // n, m + k % n, r, m)
            idle = 0
    return tree


def _pivot(tree: Tree, i: int, j: int, r: int, m: int) -> None:
    """Row i and column j become neighbours; the arc of the cycle that empties first is cut."""
    parent, depth, flow = tree.parent, tree.depth, tree.flow
    v, w, theta, cut = i, j, 1 << 63, -1
    while v != w:  # up to the common ancestor: flow sinks above rows on i's side, above columns on j's
        if depth[v] >= depth[w]:
            if v < m and flow[v] < theta:
                theta, cut, near, far, shift = flow[v], v, i, j, r
            v = parent[v]
        else:
            if w >= m and flow[w] < theta:
                theta, cut, near, far, shift = flow[w], w, j, i, -r
            w = parent[w]
    ancestor = v
    for v, sign in ((i, -theta), (j, theta)):
        while v != ancestor:
            flow[v] += sign if v < m else -sign
            v = parent[v]
    _hang(tree, near, far, cut, theta)
    tree.price[_subtree(tree, near)] += shift


def _hang(tree: Tree, v: int, new: int, cut: int, x: int) -> None:
    """Take the subtree below the cut arc, root it at v instead, and hang it from `new` with flow x."""
    parent, flow, children = tree.parent, tree.flow, tree.children
    while True:
        old = parent[v]
        children[old].remove(v)
        children[new].add(v)
        parent[v], flow[v], x = new, x, flow[v]
        if v == cut:
            return
        v, new = old, v


def _subtree(tree: Tree, v: int) -> list[int]:
    """The nodes of v's subtree, their depths set anew."""
    depth, children = tree.depth, tree.children
    depth[v] = depth[tree.parent[v]] + 1
    nodes = [v]
    for v in nodes:
        below = depth[v] + 1
        for w in children[v]:
            depth[w] = below
        nodes.extend(children[v])
    return nodes
