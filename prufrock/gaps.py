"""How far off: what a law returns.

A law compares what a subject gave (`got`) with what the mathematics demands (`want`) and returns a `Gap`:

    miss    how far off, ≥ 0 (NaN counts as infinitely far)
    allow   how far rounding or chance may carry a correct subject
    effect  the size of the thing compared

A gap is *broken* when miss > allow, and *conclusive* when allow ≤ effect/10: a comparison that could not tell a value
from one ten per cent away proves nothing by passing, and is counted apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

SHARPNESS = 0.1


@dataclass(frozen=True)
class Certificate:
    """Evidence that a reader can check by hand: named arrays, and NumPy lines that speak about them.

    The lines may use the names of the case's fields, `out` (the subject's main output) and the arrays' own names.
    """

    says: str
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    lines: tuple[str, ...] = ()


GUARANTEES = ("exact", "finite-sample", "calibrated")  # from the strongest to the weakest


class Gap(NamedTuple):
    """One comparison: miss against allowance, beside the size of what was compared.

    guarantee  what stands behind the allowance: arithmetic ("exact"), a probability that holds for any number of draws
               ("finite-sample"), or one that was measured ("calibrated")
    evidence   what chance found, in full (a `prufrock.chance.Result`)
    """

    miss: float
    allow: float
    effect: float
    got: Any = None
    want: Any = None
    says: str = ""
    certificate: Certificate | None = None
    guarantee: str = "exact"
    evidence: Any = None

    def __bool__(self) -> bool:
        return not self.broken and self.conclusive

    def require(self) -> Gap:
        """The gap itself, or an AssertionError where it is broken or could not tell."""
        if not self:
            raise AssertionError(self.says or f"off by {self.miss:.3g} where {self.allow:.3g} is allowed")
        return self

    @property
    def broken(self) -> bool:
        return not self.miss <= self.allow

    @property
    def conclusive(self) -> bool:
        return self.allow <= SHARPNESS * self.effect

    @property
    def margin(self) -> float:
        """miss/allow: at most 1 where the law holds; 0/0 is 0, and anything beyond an allowance of 0 is infinite."""
        if self.allow > 0:
            return self.miss / self.allow if not math.isnan(self.miss) else math.inf
        return 0.0 if self.miss == 0 else math.inf


def gap(
    got: ArrayLike,
    want: ArrayLike,
    *,
    allow: ArrayLike,
    effect: float | None = None,
    says: str = "",
    certificate: Certificate | None = None,
) -> Gap:
    """got = want, entry by entry; of several entries the one furthest beyond its allowance speaks.

    Equal infinities agree. `effect` defaults to the largest finite |want|; give it where want may be all zero.
    """
    g, w, bound = np.broadcast_arrays(
        np.asarray(got, np.float64), np.asarray(want, np.float64), np.asarray(allow, np.float64)
    )
    if not g.size:
        return Gap(0.0, 0.0, 1.0, says=says)
    with np.errstate(invalid="ignore"):
        off = np.where(g == w, 0.0, np.abs(g - w))
    size = _largest(w) if effect is None else float(effect)
    return _worst(off, bound, g, w, size, says, certificate)


def at_most(
    left: ArrayLike,
    right: ArrayLike,
    *,
    allow: ArrayLike,
    effect: float | None = None,
    says: str = "",
    certificate: Certificate | None = None,
) -> Gap:
    """left ≤ right, entry by entry. `effect` defaults to the largest finite magnitude on either side."""
    lo, hi, bound = np.broadcast_arrays(
        np.asarray(left, np.float64), np.asarray(right, np.float64), np.asarray(allow, np.float64)
    )
    if not lo.size:
        return Gap(0.0, 0.0, 1.0, says=says)
    with np.errstate(invalid="ignore"):
        off = np.where(lo <= hi, 0.0, lo - hi)
    size = max(_largest(lo), _largest(hi)) if effect is None else float(effect)
    return _worst(off, bound, lo, hi, size, says, certificate)


def same(got: ArrayLike, want: ArrayLike, *, says: str = "") -> Gap:
    """got = want, bit for bit (NaN payloads and signs of zero included): the miss counts entries that differ."""
    g, w = np.asarray(got), np.asarray(want)
    if g.shape != w.shape or g.dtype != w.dtype:
        return Gap(
            math.inf, 0.0, 1.0, g, w, says or f"{g.dtype}{list(g.shape)} where {w.dtype}{list(w.shape)} was expected"
        )
    raw = [np.ascontiguousarray(x).reshape(-1).view(np.uint8).reshape(x.size, -1) for x in (g, w)] if g.size else []
    differs = (raw[0] != raw[1]).any(axis=1) if raw else np.zeros(1, bool)
    at = np.unravel_index(int(np.argmax(differs)), g.shape) if g.ndim and g.size else ()
    return _said(float(differs.sum()), 0.0, 1.0, g, w, at, says, None)


def holds_if(fact: bool, says: str, *, got: Any = None, want: Any = None) -> Gap:
    """A yes-or-no fact: miss 0 or 1 against an allowance of 0."""
    return Gap(0.0 if fact else 1.0, 0.0, 1.0, got, want, says)


def inconclusive(reason: str) -> Gap:
    """This case cannot tell right from wrong; it is counted apart."""
    return Gap(0.0, math.inf, 0.0, says=reason)


def all_of(*gaps: Gap) -> Gap:
    """The gap that speaks for several: the worst broken one, else the worst conclusive one, else any."""
    broken = [g for g in gaps if g.broken]
    conclusive = [g for g in gaps if g.conclusive]
    worst = max(broken or conclusive or list(gaps), key=lambda g: g.margin)
    return worst if worst.broken else worst._replace(guarantee=weakest(g.guarantee for g in gaps))


def weakest(guarantees: Iterable[str]) -> str:
    """The guarantee of several statements together."""
    return max(guarantees, key=GUARANTEES.index, default="exact")


def _largest(x: NDArray[np.float64]) -> float:
    finite = x[np.isfinite(x)]
    return float(np.abs(finite).max()) if finite.size else 1.0


def _worst(
    off: NDArray[np.float64],
    bound: NDArray[np.float64],
    got: NDArray[np.float64],
    want: NDArray[np.float64],
    effect: float,
    says: str,
    certificate: Certificate | None,
) -> Gap:
    off = np.where(np.isnan(off), math.inf, off)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(off == 0, 0.0, off / bound)
    at = np.unravel_index(int(np.argmax(ratio)), off.shape)
    # Where nothing misses, the widest allowance decides whether the comparison could have told anything.
    allow = float(bound[at]) if off[at] > 0 else float(bound.max())
    return _said(float(off[at]), allow, effect, got, want, at, says, certificate)


def _said(
    miss: float, allow: float, effect: float, got: Any, want: Any, at: Any, says: str, certificate: Certificate | None
) -> Gap:
    """A gap that names the entry it speaks of, and carries that entry alone."""
    where = f" at [{', '.join(str(int(i)) for i in at)}]" if miss and at else ""
    one, other = (got[at].item(), want[at].item()) if got.size else (None, None)
    return Gap(miss, allow, effect, one, other, f"{says}{where}".strip(), certificate)
