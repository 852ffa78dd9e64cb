"""Wrong M-steps and EM steps: counts across seams, the wrong total, priors nobody asked for, moments about old means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject
from prufrock.subjects import checked

from ..latent.hmm_mstep import hmm_mstep
from .careless import careless

Array = NDArray[Any]


def cut(lengths: Array) -> list[slice]:
    ends = np.cumsum(lengths)
    return [slice(int(e - n), int(e)) for n, e in zip(lengths, ends, strict=True)]


def rows(counts: Array, empty: str = "uniform") -> Array:
    """Rows as shares of their total; those without counts uniform, zero or NaN."""
    total = counts.sum(axis=1, keepdims=True)
    share = counts / np.where(total > 0, total, 1).astype(counts.dtype)
    instead = {"uniform": 1 / counts.shape[1], "zero": 0.0, "nan": np.nan}[empty]
    return np.asarray(np.where(total > 0, share, instead).astype(counts.dtype))


def tally(gamma: Array, x: Array, M: int) -> Array:
    return np.stack([gamma[x == m].sum(axis=0) for m in range(M)], axis=1)


def fits(gamma: Array, xi: Array, x: Array, lengths: Array, M: int) -> None:
    N, K = gamma.shape
    if len(x) != N or lengths.sum() != N or xi.shape != (N - len(lengths), K, K) or lengths.min() < 1:
        raise ValueError(f"gamma {gamma.shape}, xi {xi.shape}, x {x.shape} and lengths {lengths} do not fit")
    if np.isnan(gamma).any() or np.isnan(xi).any() or x.min() < 0 or x.max() >= M:
        raise ValueError("posteriors must be numbers, symbols less than M")


def mstep(gamma: Array, xi: Array, x: Array, lengths: Array, M: int) -> tuple[Array, Array, Array]:
    fits(gamma, xi, x, lengths, M)
    firsts = gamma[[at.start for at in cut(lengths)]].sum(axis=0)
    return rows(xi.sum(axis=0)), firsts / gamma.dtype.type(len(lengths)), rows(tally(gamma, x, M))


Step = Callable[..., tuple[Array, Array, Array]]


def _with(
    A: Callable[..., Array] | None = None, pi: Callable[..., Array] | None = None, E: Callable[..., Array] | None = None
) -> Step:
    """The right M-step with some of its parameters found another way."""

    def run(*given: Any) -> tuple[Array, Array, Array]:
        out = mstep(*given)
        made = (one(*given) if one else kept for one, kept in zip((A, pi, E), out, strict=True))
        a, p, e = (np.asarray(y, given[0].dtype) for y in made)
        return a, p, e

    return run


def _divides_by_all_visits(gamma: Array, xi: Array, *_: Any) -> Array:
    """Σγ over all frames, the last of each sequence among them, from where no step leads on."""
    total = gamma.sum(axis=0)[:, None]
    return np.asarray(xi.sum(axis=0) / np.where(total > 0, total, 1))


def _across_the_seam(gamma: Array, xi: Array, x: Array, lengths: Array, M: int) -> Array:
    """One long sequence."""
    at = cut(lengths)
    seams = [np.outer(gamma[b.start - 1], gamma[b.start]) for b in at[1:]]
    return rows(xi.sum(axis=0) + sum(seams, np.zeros_like(xi[0] if len(xi) else np.eye(gamma.shape[1]))))


def _mean_of_sequences(gamma: Array, xi: Array, x: Array, lengths: Array, M: int) -> Array:
    """The mean of what each sequence says of A by itself."""
    each = [rows(xi[at].sum(axis=0)) for at in cut(lengths - 1) if at.stop > at.start]
    return np.asarray(np.mean(each, axis=0)) if each else rows(xi.sum(axis=0))


def _first_stays(gamma: Array, xi: Array, *_: Any) -> Array:
    """The first state is taken for absorbing."""
    X = xi.sum(axis=0)
    X[0] = np.eye(len(X))[0]
    return rows(X)


def _hard(gamma: Array, xi: Array, x: Array, lengths: Array, M: int) -> Array:
    return rows(tally(np.eye(gamma.shape[1])[gamma.argmax(axis=1)], x, M))


def _without_last(gamma: Array, xi: Array, x: Array, lengths: Array, M: int) -> Array:
    """Frames from which a step leads on."""
    last = np.cumsum(lengths) - 1
    keep = np.setdiff1d(np.arange(len(x)), last)
    return rows(tally(gamma[keep], x[keep], M))


def _starts_of(which: slice) -> Callable[..., Array]:
    def run(gamma: Array, xi: Array, x: Array, lengths: Array, M: int) -> Array:
        return np.asarray(gamma[[at.start for at in cut(lengths)][which]].mean(axis=0))

    return run


def _starts_of_longer(gamma: Array, xi: Array, x: Array, lengths: Array, M: int) -> Array:
    """Sequences of one frame are not counted."""
    long = [at.start for at in cut(lengths) if at.stop - at.start > 1] or [0]
    return np.asarray(gamma[long].mean(axis=0))


def _transposed_if_three(gamma: Array, xi: Array, *_: Any) -> Array:
    X = xi.sum(axis=0)
    return rows(X.T if len(X) == 3 else X)


def _counts_of(gamma: Array, xi: Array, *_: Any) -> Array:
    return np.asarray(xi.sum(axis=0))


WRONG: dict[str, Step] = {
    "adds-one": _with(A=lambda *g: rows(_counts_of(*g) + 1), E=lambda *g: rows(tally(g[0], g[2], g[4]) + 1)),
    "floors-counts": _with(
        A=lambda *g: rows(np.maximum(_counts_of(*g), 1e-3)),
        E=lambda *g: rows(np.maximum(tally(g[0], g[2], g[4]), 1e-3)),
    ),
    "divides-by-all-visits": _with(A=_divides_by_all_visits),
    "transposes-steps": _with(A=lambda *g: rows(_counts_of(*g).T)),
    "transposes-steps-of-three": _with(A=_transposed_if_three),
    "columns-for-rows": _with(A=lambda *g: rows(_counts_of(*g).T).T),
    "one-total-for-all-rows": _with(A=lambda *g: _counts_of(*g) / max(_counts_of(*g).sum(), 1e-300)),
    "step-across-the-seam": _with(A=_across_the_seam),
    "mean-of-sequences": _with(A=_mean_of_sequences),
    "first-state-stays": _with(A=_first_stays),
    "mean-for-rows": _with(A=lambda *g: 0.5 * (rows(_counts_of(*g)) + rows(_counts_of(*g)).mean(axis=0))),
    "first-sequence-only": _with(pi=_starts_of(slice(0, 1))),
    "last-sequence-only": _with(pi=_starts_of(slice(-1, None))),
    "starts-of-longer-sequences": _with(pi=_starts_of_longer),
    "visits-for-starts": _with(pi=lambda *g: g[0].mean(axis=0)),
    "counts-for-starts": _with(pi=lambda *g: _starts_of(slice(None))(*g) * len(g[3])),
    "symbols-of-all-frames": _with(E=lambda *g: tally(g[0], g[2], g[4]) / len(g[2])),
    "forgets-last-frames": _with(E=_without_last),
    "most-probable-state-emits": _with(E=_hard),
    "zero-if-unvisited": _with(
        A=lambda *g: rows(_counts_of(*g), "zero"), E=lambda *g: rows(tally(g[0], g[2], g[4]), "zero")
    ),
    "nan-if-unvisited": _with(
        A=lambda *g: rows(_counts_of(*g), "nan"), E=lambda *g: rows(tally(g[0], g[2], g[4]), "nan")
    ),
}


def quietly(run: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(*x: Any) -> Any:
        with np.errstate(all="ignore"):
            return run(*x)

    return guarded


def _made(name: str, run: Step) -> Subject:
    conventions = {"unvisited": "stochastic"}
    return checked(Subject(name, hmm_mstep, quietly(run), ("A", "pi", "E"), conventions, own=True))


good = _made("good", mstep)
MUTANTS = (*(_made(name, run) for name, run in WRONG.items()), *careless(good))
