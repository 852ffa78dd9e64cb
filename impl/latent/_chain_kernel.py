"""Dense chains with shared arcs as numba kernels: the messages of _scaled in ordinary numbers, and the best path.

One chain after the other, each step a row of K sums over contiguous memory; x_n is divided by its largest entry, as
in the plain recursion, and nothing beyond a chain's length is read.

Symbols: e, x, y, s [N, B, K]; A [K, K] from row i to column j; first [B, K]; size [N, B]; lengths [B].
Source: Rabiner 1989, §III.B, §V.A; _scaled and _lattice hold the conditions and conventions.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._kernels import compiled, fused, reordered
from .._vector_math import exp

BLOCK = 256  # steps


@compiled
def forward(e: Any, A: Any, first: Any, lengths: Any, x: Any, size: Any, tiny: Any) -> None:
    """x_1 = first ∘ e_1, x_n = (x_{n-1} A) ∘ e_n, divided by their sizes; x stays and sizes are 1 beyond the length."""
    N, B, K = e.shape
    for b in range(B):
        for n in range(N):
            if n >= lengths[b]:
                x[n, b] = x[n - 1, b]
                size[n, b] = 1
                continue
            row = x[n, b]
            if n == 0:
                for j in range(K):
                    row[j] = first[b, j] * e[n, b, j]
            else:
                _arrive(x[n - 1, b], A, e[n, b], row)
            size[n, b] = _divided(row, tiny)


@compiled
def backward(e: Any, At: Any, lengths: Any, y: Any, tiny: Any) -> None:
    """y_N = e_N, y_n = e_n ∘ (A y_{n+1}), divided by their sizes; At is A transposed, y is 0 beyond the length."""
    N, B, _ = e.shape
    for b in range(B):
        for n in range(N - 1, -1, -1):
            row = y[n, b]
            if n >= lengths[b]:
                row[:] = 0
                continue
            if n == lengths[b] - 1:
                row[:] = e[n, b]
            else:
                _arrive(y[n + 1, b], At, e[n, b], row)
            _divided(row, tiny)


@compiled
def pooled(
    nodes: Any,
    A: Any,
    At: Any,
    first: Any,
    lengths: Any,
    least: float,
    faint: float,
    careful: bool,
    backward: bool,
    room: Any,
    steps: Any,
    log_z: Any,
    kept: Any,
) -> None:
    """Of each chain log Z, γ in place of the log scores `nodes` [B, N, K], and Σ_b Σ_n x_nᵀ y_{n+1} / c_n: with
    b_n = A y_{n+1}, c_n = x_n · b_n and γ_n = x_n ∘ b_n / c_n. Sizes are powers of two, so that dividing by them loses
    nothing, and each is divided out one step later, so that no step waits for its own.

    e_n(j) = exp(node_n(j) − max node_n) is 0 below e^least. Not kept, and its nodes untouched, is a chain with an
    impossible step or some c_n below `faint`; if careful, also one with a possible score below `least` or a non-zero
    entry of a message below `faint`. Not backward: log Z alone. Room is [2, N, K], or [2, BLOCK, K] for that.
    """
    B, K = len(nodes), nodes.shape[2]
    e, x, held = room[0], room[1], room.shape[1]
    ahead, powers_of_e = np.empty((BLOCK, K), nodes.dtype), np.empty((3, BLOCK * K))
    back, y = np.empty(K, nodes.dtype), np.empty(K, nodes.dtype)
    for b in range(B):
        T, powers, p, off, fine = lengths[b], 0, 0, 0.0, True
        for n in range(T):
            if n % BLOCK == 0:
                part = nodes[b, n : min(n + BLOCK, T)]
                off += _exponentials(part, least, careful, e[n % held :], powers_of_e)
                if off == -math.inf:
                    break
            powers += p
            back[:] = first[b]
            p = math.frexp(_forth(x, n % held, n, A, e[n % held], math.ldexp(1.0, -p), back))[1]
            if careful:
                fine &= _faintest(x[n % held]) >= faint
        total = x[(T - 1) % held].sum()
        log_z[b] = off + powers * math.log(2.0) + math.log(total)
        kept[b] = fine and off > -math.inf and total >= faint
        if not backward or not kept[b]:
            continue
        own = np.zeros_like(A)
        back[:], y[:], p = 1, 0, 0
        for n in range(T - 1, -1, -1):
            if n < T - 1:
                product(y, At, back)
            i = n % BLOCK
            c, top = _back(x[n], e[n], math.ldexp(1.0, -p), back, y, ahead[i])
            p = math.frexp(top)[1]
            fine &= c >= faint
            if careful:
                fine &= _faintest(y) >= faint
            if i == 0:
                size = min(BLOCK, T - n)
                own += np.dot(x[n : n + size].T, ahead[:size])
        kept[b] = fine
        if fine:
            nodes[b, :T] = e[:T]
            nodes[b, T:] = 0
            steps += own


@reordered
def _forth(x: Any, row: int, n: int, A: Any, e: Any, scale: float, arrived: Any) -> Any:
    """x[row] = arrived ∘ e · scale, where x_{n-1} A arrives, or at first what is given; the largest entry.

    All in one, and by indices: slices and calls would take as long as the sums over a few states.
    """
    K, m, factor = len(arrived), (row - 1) % len(x), x.dtype.type(scale)
    if n > 0:
        arrived[:] = 0
        for i in range(0, K - K % 4, 4):
            a, b, c, d = x[m, i], x[m, i + 1], x[m, i + 2], x[m, i + 3]
            for j in range(K):
                arrived[j] += a * A[i, j] + b * A[i + 1, j] + c * A[i + 2, j] + d * A[i + 3, j]
        for i in range(K - K % 4, K):
            for j in range(K):
                arrived[j] += x[m, i] * A[i, j]
    top = x.dtype.type(0)
    for j in range(K):
        x[row, j] = arrived[j] * e[j] * factor
        top = max(top, x[row, j])
    return top


@reordered
def _back(x: Any, e: Any, scale: float, back: Any, y: Any, ahead: Any) -> tuple[Any, Any]:
    """c_n = x_n · back, and the largest entry of the new y: y_{n+1} / c_n goes ahead, y becomes back ∘ e_n · scale, and
    e_n becomes γ_n = x_n ∘ back / c_n."""
    factor = x.dtype.type(scale)
    c = x[0] * back[0]
    for j in range(1, len(x)):
        c += x[j] * back[j]
    inverse, top = 1 / c, x.dtype.type(0)
    for j in range(len(x)):
        ahead[j] = y[j] * inverse
        y[j] = back[j] * e[j] * factor
        e[j] = x[j] * back[j] * inverse
        top = max(top, y[j])
    return c, top


@fused
def _exponentials(nodes: Any, least: float, careful: bool, e: Any, room: Any) -> float:
    """e_n = exp(node_n − max node_n) for the first few n, and Σ_n max node_n; −∞ where a chain is not to be kept."""
    K, off = nodes.shape[1], 0.0
    size = len(nodes) * K
    z, power, out = room[0, :size], room[1, :size], room[2, :size]
    for n in range(len(nodes)):
        top = -math.inf
        for j in range(K):
            top = max(top, nodes[n, j])
        if not top > -math.inf:
            return -math.inf
        off += top
        for j in range(K):
            z[n * K + j] = nodes[n, j] - top
    exp(z, 0.0, least, power, out)
    for n in range(len(nodes)):
        for j in range(K):
            e[n, j] = out[n * K + j]
            if careful and -math.inf < z[n * K + j] < least:
                return -math.inf
    return off


@reordered
def _faintest(row: Any) -> Any:
    """The least non-zero entry."""
    least = row.dtype.type(math.inf)
    for j in range(len(row)):
        least = min(least, row[j] if row[j] > 0 else row.dtype.type(math.inf))
    return least


@compiled
def product(x: Any, A: Any, row: Any) -> None:
    """row = x A, four rows of A at a time: a third of the time of one by one."""
    whole = len(x) - len(x) % 4
    row[:] = 0
    for i in range(0, whole, 4):
        a, b, c, d = x[i], x[i + 1], x[i + 2], x[i + 3]
        for j in range(len(row)):
            row[j] += a * A[i, j] + b * A[i + 1, j] + c * A[i + 2, j] + d * A[i + 3, j]
    for i in range(whole, len(x)):
        for j in range(len(row)):
            row[j] += x[i] * A[i, j]


@compiled
def _arrive(x: Any, A: Any, e: Any, row: Any) -> None:
    """row = (x A) ∘ e."""
    product(x, A, row)
    for j in range(len(x)):
        row[j] *= e[j]


@compiled
def _divided(row: Any, tiny: Any) -> Any:
    """The largest entry, at least tiny, after the row was divided by it."""
    top = tiny
    for j in range(len(row)):
        top = max(top, row[j])
    for j in range(len(row)):
        row[j] /= top
    return top


@compiled
def best(nodes: Any, A: Any, first: Any, last: Any, lengths: Any, s: Any, score: Any, path: Any) -> None:
    """The best path's score and states (-1 beyond the length, and everywhere if no path is possible)."""
    B = nodes.shape[1]
    for b in range(B):
        T, total = lengths[b], 0.0
        path[:, b] = -1
        for n in range(T):
            row = s[n]
            if n == 0:
                row[:] = first[b] + nodes[0, b]
            else:
                _rise(s[n - 1], A, row)
                row += nodes[n, b]
            top = row.max()
            if top > -math.inf:
                total += top
                row -= top
        end = s[T - 1] + last[b]
        score[b] = total + end.max()
        if not score[b] > -math.inf:
            continue
        path[T - 1, b] = np.argmax(end)
        for n in range(T - 2, -1, -1):
            path[n, b] = _came_from(s[n], A, path[n + 1, b])


@compiled
def _rise(s: Any, A: Any, row: Any) -> None:
    """row_j = max_i s_i + A_ij, four rows of A at a time."""
    K = len(s)
    whole = K - K % 4
    row[:] = -math.inf
    for i in range(0, whole, 4):
        a, b, c, d = s[i], s[i + 1], s[i + 2], s[i + 3]
        for j in range(K):
            first, second = max(a + A[i, j], b + A[i + 1, j]), max(c + A[i + 2, j], d + A[i + 3, j])
            row[j] = max(row[j], max(first, second))
    for i in range(whole, K):
        for j in range(K):
            row[j] = max(row[j], s[i] + A[i, j])


@compiled
def _came_from(s: Any, A: Any, state: int) -> int:
    reached, highest = 0, s[0] + A[0, state]
    for i in range(1, len(s)):
        into = s[i] + A[i, state]
        if into > highest:
            reached, highest = i, into
    return reached
