"""CTC's recursion (ctc) as a numba kernel, on extended-range floats instead of logarithms.

A weight is m · 2^e with a float64 m and an int64 e, so that it neither over- nor underflows, and a sum is

    m 2^e + m' 2^e' = (m + m' 2^(e' - e)) 2^e,        e >= e'

one product by a tabled power in place of exp and log. Scores enter by e = [x / ln 2] and m = exp(x - e ln 2), by
Taylor's series to the 13th power, which misses 4e-18 of it on |x - e ln 2| <= ½ ln 2. A step multiplies m by 2^-½ to
3 · 2^½, so bringing it back to [½, 1) every SPAN = 16 steps keeps 2^-9 <= m < 2^34; and the table, 0 below 2^-1022,
loses nothing above 2^-979 of a sum. Zero has m = 0 and e = NONE, below all others.

The contract is the plain recursion's, one item after the other and none of its padding visited. Finite scores beyond
±LIMIT, whose exponents could outgrow NONE, are left to the plain recursion.

Source: derived; the recursion is Graves et al. 2006, eq (6)-(11).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from .._kernels import compiled
from .._vector_math import LN2_HIGH, LN2_LOW, LOG2_E

if TYPE_CHECKING:
    from typing import Annotated as Float
    from typing import Annotated as Int

    from torch import Tensor

SPAN, NONE, LIMIT = 16, -(1 << 56), 1e9
TOP, LAST = 64, 1086
TABLE = np.ldexp(1.0, TOP - np.arange(LAST + 1))  # 2^TOP ... and 0 in the place of 2^-1022
TABLE[LAST] = 0.0


def forward_backward(
    log_probs: Float[Tensor, "T B C"],
    y: Int[Tensor, "B U"],
    T_len: Int[Tensor, "B"],
    U_len: Int[Tensor, "B"],
    blank: int,
    wanted: bool,
) -> tuple[Float[Tensor, "B"], Float[Tensor, "T B C"]] | None:
    """log p(y) in float64 and, if wanted, the occupancy in the scores' dtype; None for a finite score beyond ±LIMIT."""
    x = log_probs.detach().contiguous()
    log_Z = torch.empty(len(y), dtype=torch.float64)
    occupancy = torch.zeros_like(x if wanted else x[:0])
    arrays = (z.numpy() for z in (x, y.contiguous(), T_len, U_len, log_Z, occupancy))
    return (log_Z, occupancy) if _batch(*arrays, blank, wanted) else None


@compiled
def _split(x: Any, m: Any, e: Any) -> bool:
    """exp x = m 2^e, elementwise."""
    fine = True
    for k in range(len(x)):
        s = float(x[k])
        fine &= abs(s) <= LIMIT or s == -math.inf
        s = max(min(s, LIMIT), -LIMIT)
        n = math.floor(s * LOG2_E + 0.5)
        r = (s - n * LN2_HIGH) - n * LN2_LOW
        p = 1 / 6227020800
        for c in (479001600, 39916800, 3628800, 362880, 40320, 5040, 720, 120, 24, 6, 2, 1, 1):
            p = p * r + 1 / c
        m[k] = p
        e[k] = int(n)
    for k in range(len(x)):
        if x[k] == -math.inf:
            m[k] = 0.0
            e[k] = NONE
    return fine


@compiled
def _sums(m: Any, e: Any, s_m: Any, s_e: Any, r_m: Any, r_e: Any, skip: Any) -> None:
    """s(u) = b(u) + n(u), and r(u) = n(u) + (s or b)(u-1); rows 0 and 1 of m, e are b and n."""
    for u in range(len(skip)):
        d = e[0, u] - e[1, u]
        high, low = (m[0, u], m[1, u]) if d >= 0 else (m[1, u], m[0, u])
        s_m[u] = high + low * TABLE[np.uint64(min(abs(d) + TOP, LAST))]
        s_e[u] = max(e[0, u], e[1, u])
    for u in range(1, len(skip)):
        from_m, from_e = (s_m[u - 1], s_e[u - 1]) if skip[u] else (m[0, u - 1], e[0, u - 1])
        d = e[1, u] - from_e
        high, low = (m[1, u], from_m) if d >= 0 else (from_m, m[1, u])
        r_m[u] = high + low * TABLE[np.uint64(min(abs(d) + TOP, LAST))]
        r_e[u] = max(e[1, u], from_e)


@compiled
def _emit(m: Any, e: Any, s_m: Any, s_e: Any, r_m: Any, r_e: Any, y: Any, p_m: Any, p_e: Any, blank: int) -> None:
    """b(u) = p(blank) s(u), n(u) = p(y_u) r(u)."""
    for u in range(len(y)):
        m[0, u] = s_m[u] * p_m[blank]
        e[0, u] = max(s_e[u] + p_e[blank], NONE)
    for u in range(1, len(y)):
        m[1, u] = r_m[u] * p_m[y[u]]
        e[1, u] = max(r_e[u] + p_e[y[u]], NONE)


@compiled
def _normalise(m: Any, e: Any) -> None:
    for i in range(2):
        for u in range(m.shape[1]):
            if m[i, u] > 0:
                m[i, u], n = math.frexp(m[i, u])
                e[i, u] += n


@compiled
def _product(m: Any, e: Any) -> Any:
    """m 2^e, where it is at most about 1."""
    return m * TABLE[np.uint64(min(max(TOP - e, 0), LAST))]


@compiled
def _spell(labels: Any, y: Any, skip: Any) -> None:
    """Labels from y[1] on, and which may follow their forerunner without a blank."""
    for u in range(1, len(y)):
        y[u] = labels[u - 1]
        skip[u] = u == 1 or y[u] != y[u - 1]


@compiled
def _batch(x: Any, labels: Any, T_len: Any, U_len: Any, log_Z: Any, occupancy: Any, blank: int, wanted: bool) -> bool:
    C, longest, most = x.shape[2], T_len.max() if len(T_len) else 0, labels.shape[1]
    M = np.zeros((longest + 1, 2, most + 1))
    E = np.full((longest + 1, 2, most + 1), NONE)
    s_m, r_m, p_m = np.zeros(most + 1), np.zeros(most + 1), np.zeros(C)
    s_e, r_e, p_e = np.zeros(most + 1, np.int64), np.zeros(most + 1, np.int64), np.zeros(C, np.int64)
    visits = np.zeros(C)
    for b in range(len(labels)):
        T, U = T_len[b], U_len[b]
        y, skip = np.zeros(U + 1, np.int64), np.ones(U + 1, np.bool_)
        _spell(labels[b, :U], y, skip)
        M[0], E[0] = 0.0, NONE
        M[0, 0, 0], E[0, 0, 0] = 1.0, 0
        for t in range(T):
            if not _split(x[t, b], p_m, p_e):
                return False
            _sums(M[t], E[t], s_m, s_e, r_m, r_e, skip)
            _emit(M[t + 1], E[t + 1], s_m, s_e, r_m, r_e, y, p_m, p_e, blank)
            if t % SPAN == SPAN - 1:
                _normalise(M[t + 1], E[t + 1])
        _sums(M[T], E[T], s_m, s_e, r_m, r_e, skip)
        z, top = s_m[U], s_e[U]
        log_Z[b] = math.log(z) + top * LN2_LOW + top * LN2_HIGH if z > 0 else -math.inf
        if not wanted or z == 0:
            continue
        _spell(labels[b, :U][::-1], y, skip)
        m, e = np.zeros((2, U + 1)), np.full((2, U + 1), NONE)
        m[0, 0], e[0, 0] = 1.0, 0
        for t in range(T - 1, -1, -1):
            _split(x[t, b], p_m, p_e)
            _sums(m, e, s_m, s_e, r_m, r_e, skip)
            visits[:] = 0
            for u in range(U + 1):
                visits[blank] += _product(M[t + 1, 0, U - u] * s_m[u], E[t + 1, 0, U - u] + s_e[u] - top)
            for u in range(1, U + 1):
                visits[y[u]] += _product(M[t + 1, 1, U + 1 - u] * r_m[u], E[t + 1, 1, U + 1 - u] + r_e[u] - top)
            total = visits.sum()
            for k in range(C):
                occupancy[t, b, k] = visits[k] / total
            _emit(m, e, s_m, s_e, r_m, r_e, y, p_m, p_e, blank)
            if t % SPAN == 0:
                _normalise(m, e)
    return True
