"""The right CTC recursion, each of its rules a function that a mutant may replace.

    α_t(s) = e_t(s) (α_{t−1}(s) + α_{t−1}(s − 1) + α_{t−1}(s − 2) where s − 2 may be skipped to),   s over −, y_1, −, y_2, ..., −

and β likewise from the end; the occupancy of a class is Σ α β / p over the states that carry it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject
from prufrock.subjects import checked

from ..latent.ctc import ctc

Array = NDArray[Any]
Mask = NDArray[np.bool_]
GATE = -1e30


def may_skip(z: Array, blank: int) -> Mask:
    """Whether state s may be reached from s − 2: it is a label, and not the one before."""
    return np.asarray(np.r_[False, False, (z[2:] != blank) & (z[2:] != z[:-2])][: len(z)])


@dataclass(frozen=True)
class Rules:
    """The right recursion; a mutant replaces one of its rules."""

    skip: Callable[[Array, int], Mask] = may_skip
    start: Callable[[int], Mask] = lambda S: np.arange(S) < 2
    end: Callable[[int], Mask] = lambda S: np.arange(S) >= S - 2
    stay: Callable[[Array, int], Mask] = lambda z, blank: np.ones(len(z), bool)
    add: Any = np.logaddexp
    gather: Callable[[Array, Array, Array], Array] = lambda occ, z, gamma: _accumulated(occ, z, gamma)


def _accumulated(occupancy: Array, z: Array, gamma: Array) -> Array:
    np.add.at(occupancy.T, z, gamma.T)
    return occupancy


def _one(x: Array, y: Array, blank: int, rules: Rules) -> tuple[float, Array]:
    """Loss and occupancy[T, C] of one item; 0 where there is no path."""
    T, z = len(x), np.full(2 * len(y) + 1, blank)
    z[1::2] = y
    if not T:
        return (0.0 if not len(y) else np.inf), np.zeros_like(x)
    skip, stay, e = rules.skip(z, blank), rules.stay(z, blank), np.where(np.isfinite(x[:, z]), x[:, z], GATE)
    alpha, beta = np.full((2, T, len(z)), GATE)
    alpha[0] = np.where(rules.start(len(z)), e[0], GATE)
    beta[-1] = np.where(rules.end(len(z)), 0.0, GATE)
    for t in range(1, T):
        before = alpha[t - 1]
        alpha[t] = np.where(stay, before, GATE)
        alpha[t, 1:] = rules.add(alpha[t, 1:], before[:-1])
        alpha[t, 2:] = rules.add(alpha[t, 2:], np.where(skip[2:], before[:-2], GATE))
        alpha[t] += e[t]
        after = beta[T - t] + e[T - t]
        beta[T - 1 - t] = np.where(stay, after, GATE)
        beta[T - 1 - t, :-1] = rules.add(beta[T - 1 - t, :-1], after[1:])
        beta[T - 1 - t, :-2] = rules.add(beta[T - 1 - t, :-2], np.where(skip[2:], after[2:], GATE))
    ll = rules.add.reduce(np.where(rules.end(len(z)), alpha[-1], GATE))
    if ll < GATE / 2:
        return np.inf, np.zeros_like(x)
    return -float(ll), rules.gather(np.zeros_like(x), z, np.exp(np.minimum(alpha + beta - ll, 0.0)))


def refuse(x: Array, y: Array, T: Array, U: Array, blank: int) -> None:
    C = x.shape[-1]
    inside = np.arange(y.shape[1]) < np.asarray(U)[:, None]
    bad = inside & ((y < 0) | (y >= C) | (y == blank))
    if not 0 <= blank < C or bad.any() or min(T.min(), U.min()) < 0 or T.max() > len(x) or U.max() > y.shape[1]:
        raise ValueError("lengths, labels or blank out of range")


def ctc_loss(
    x: Array, y: Array, T: Array, U: Array, blank: int, *, rules: Rules = Rules(), grad: str = "logits"
) -> tuple[Array, Array]:
    """The good one."""
    refuse(x, y, T, U, blank)
    loss, out = np.empty(len(y)), np.zeros(x.shape)
    for b in range(len(y)):
        frames = x[: T[b], b].astype(np.float64)
        if np.isnan(frames).any():
            raise ValueError("NaN among the scores")
        loss[b], occupancy = _one(frames, y[b, : U[b]], blank, rules)
        share = np.exp(frames) if grad == "logits" and np.isfinite(loss[b]) else 0.0
        out[: T[b], b] = share - occupancy
    return loss.astype(x.dtype), out.astype(x.dtype)


def candidate(name: str, run: Callable[..., Any], **declared: Any) -> Subject:
    conventions = {"grad": "logits", "infeasible": "inf", "scores": "free", **declared.pop("conventions", {})}
    return checked(Subject(name, ctc, run, ("loss", "grad"), conventions, own=True, **declared))
