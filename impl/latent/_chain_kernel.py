"""Dense chains with shared arcs as numba kernels: the messages of _scaled in ordinary numbers.

One chain after the other, each step a row of K sums over contiguous memory; x_n is divided by its largest entry, as
in the plain recursion, and nothing beyond a chain's length is read.

Symbols: e, x, y [N, B, K]; A [K, K] from row i to column j; first [B, K]; size [N, B]; lengths [B].
Source: Rabiner 1989, §III.B, §V.A; _scaled and _lattice hold the conditions and conventions.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._kernels import compiled, fused, inlined, reordered
from .._vector_math import BIAS, MANTISSA, exp

BLOCK = 256  # steps
SHIFT, SHIFT_SINGLE = -1000, -120  # 2^-SHIFT is a number, whatever has died out


@reordered
def forward(e: Any, A: Any, first: Any, lengths: Any, x: Any, size: Any, tiny: Any) -> None:
    """x_1 = first ∘ e_1, x_n = (x_{n-1} A) ∘ e_n, divided by their sizes; x stays and sizes are 1 beyond the length."""
    N, B, K = e.shape
    arrived = np.empty(K, e.dtype)
    for b in range(B):
        np.positive(first[b], arrived)
        for n in range(lengths[b]):
            size[n, b] = _divided(arrived, e[n, b], tiny, x[n, b])
            _product(x[n, b], A, arrived)
        for n in range(lengths[b], N):
            np.positive(x[n - 1, b], x[n, b])
            size[n, b] = 1


@reordered
def backward(e: Any, At: Any, lengths: Any, y: Any, tiny: Any) -> None:
    """y_N = e_N, y_n = e_n ∘ (A y_{n+1}), divided by their sizes; At is A transposed, y is 0 beyond the length."""
    _, B, K = e.shape
    back = np.empty(K, e.dtype)
    for b in range(B):
        y[lengths[b] :, b] = 0
        back[:] = 1
        for n in range(lengths[b] - 1, -1, -1):
            _divided(back, e[n, b], tiny, y[n, b])
            _product(y[n, b], At, back)


@inlined
def _divided(arrived: Any, e: Any, tiny: Any, row: Any) -> Any:
    """row = arrived ∘ e, divided by its largest entry, at least tiny, which is returned."""
    top = tiny
    for j in range(len(row)):
        row[j] = arrived[j] * e[j]
        top = max(top, row[j])
    for j in range(len(row)):
        row[j] /= top
    return top


@inlined
def _product(x: Any, A: Any, row: Any) -> None:
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
    ahead, room_of_e = np.empty((BLOCK, K), nodes.dtype), np.empty((2, BLOCK * K))
    message, y = np.empty(K, nodes.dtype), np.empty(K, nodes.dtype)
    for b in range(B):
        T, powers, p, off, fine = lengths[b], 0, 0, 0.0, True
        np.positive(first[b], message)
        for n in range(0, T, BLOCK):
            size, at = min(BLOCK, T - n), n % held
            own_e, own_x = e[at : at + size], x[at : at + size]
            off += _exponentials(nodes[b, n : n + size], least, careful, own_e.reshape(size * K), room_of_e)
            if off == -math.inf:
                break
            applied, p = _forth(own_e, A, p, message, own_x)
            powers += applied
            fine &= not careful or _faintest(own_x) >= faint
        total = x[(T - 1) % held].sum()
        log_z[b] = off + powers * math.log(2.0) + math.log(total)
        kept[b] = fine and off > -math.inf and total >= faint
        if not backward or not kept[b]:
            continue
        own = np.zeros_like(A)
        message[:], y[:], p = 1, 0, 0
        for n in range((T - 1) // BLOCK * BLOCK, -1, -BLOCK):
            size = min(BLOCK, T - n)
            p, faintest = _back(x[n : n + size], e[n : n + size], At, careful, p, message, y, ahead)
            fine &= faintest >= faint
            own += np.dot(x[n : n + size].T, ahead[:size])
        kept[b] = fine
        if fine:
            np.positive(e[:T], nodes[b, :T])
            nodes[b, T:] = 0
            steps += own


@reordered
def _forth(e: Any, A: Any, p: int, arrived: Any, x: Any) -> tuple[int, int]:
    """x_n = arrived ∘ e_n / 2^p of a block, where x_{n-1} A arrives, or at first what is given, and 2^p is the size of
    x_{n-1}; the sum of these p, and the last one.

    All steps in one function: calls and their slices would take as long as the sums over a few states.
    """
    K, powers = len(arrived), 0
    number = np.empty(1)
    bits = number.view(np.int64)
    for n in range(len(e)):
        powers += p
        scale, top = x.dtype.type(_inverse_power(p, number, bits)), x.dtype.type(0)
        for j in range(K):
            x[n, j] = arrived[j] * e[n, j] * scale
            top = max(top, x[n, j])
        p = _size(top, SHIFT if x.itemsize == 8 else SHIFT_SINGLE, number, bits)
        _product(x[n], A, arrived)
    return powers, p


@reordered
def _back(x: Any, e: Any, At: Any, careful: bool, p: int, back: Any, y: Any, ahead: Any) -> tuple[int, Any]:
    """From the last n of a block to its first: c_n = x_n · back, y_{n+1} / c_n goes ahead, y becomes back ∘ e_n / 2^p,
    e_n becomes γ_n = x_n ∘ back / c_n, back becomes A y; p of the last y, and the least c or, if careful, entry of y.
    """
    K, faintest = len(back), x.dtype.type(math.inf)
    number = np.empty(1)
    bits = number.view(np.int64)
    for n in range(len(e) - 1, -1, -1):
        c = x[n, 0] * back[0]
        for j in range(1, K):
            c += x[n, j] * back[j]
        inverse, scale, top = 1 / c, x.dtype.type(_inverse_power(p, number, bits)), x.dtype.type(0)
        for j in range(K):
            ahead[n, j] = y[j] * inverse
            y[j] = back[j] * e[n, j] * scale
            e[n, j] = x[n, j] * back[j] * inverse
            top = max(top, y[j])
        p = _size(top, SHIFT if x.itemsize == 8 else SHIFT_SINGLE, number, bits)
        faintest = min(faintest, c)
        if careful:
            for j in range(K):
                faintest = min(faintest, y[j] if y[j] > 0 else faintest)
        _product(y, At, back)
    return p, faintest


@inlined
def _inverse_power(p: int, number: Any, bits: Any) -> Any:
    """2^−p, of which `bits` are those of `number`."""
    bits[0] = (BIAS - p) << MANTISSA
    return number[0]


@inlined
def _size(top: float, least: int, number: Any, bits: Any) -> Any:
    """The p >= least with 2^(p−1) <= top < 2^p."""
    number[0] = top
    return max((bits[0] >> MANTISSA) - BIAS + 1, least)


@fused
def _exponentials(nodes: Any, least: float, careful: bool, e: Any, room: Any) -> float:
    """e_n = exp(node_n − max node_n) for the first few n, and Σ_n max node_n; −∞ where a chain is not to be kept."""
    z, power = room[0, : len(e)], room[1, : len(e)]
    off: float = _levelled(nodes, z)
    if off > -math.inf:
        exp(z, 0.0, least, power, e)
        if careful and _some_faint(z, least):
            return -math.inf
    return off


@reordered
def _levelled(nodes: Any, z: Any) -> float:
    """z = node_n − max node_n, and Σ_n max node_n."""
    K, off = nodes.shape[1], 0.0
    for n in range(len(nodes)):
        top = nodes[n, 0]
        for j in range(1, K):
            top = max(top, nodes[n, j])
        if not top > -math.inf:
            return -math.inf
        off += top
        for j in range(K):
            z[n * K + j] = nodes[n, j] - top
    return off


@reordered
def _some_faint(z: Any, least: float) -> bool:
    """Whether some score, though possible, is below `least`."""
    found = 0
    for i in range(len(z)):
        found += (z[i] > -math.inf) & (z[i] < least)
    return found > 0


@reordered
def _faintest(x: Any) -> Any:
    """The least non-zero entry."""
    least = x.dtype.type(math.inf)
    for n in range(len(x)):
        for j in range(x.shape[1]):
            least = min(least, x[n, j] if x[n, j] > 0 else least)
    return least
