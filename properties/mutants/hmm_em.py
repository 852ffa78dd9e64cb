"""Wrong steps of Baum-Welch, each for symbols, for points and for counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import lgamma
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Subject
from prufrock.subjects import checked

from ..latent.hmm_em import em_counts, em_points, em_symbols
from .baum_welch import cut, quietly, rows, tally
from .careless import careless
from .hmm import OF_BOTH, OF_POSTERIORS, Smoother, right

Array = NDArray[Any]


@dataclass(frozen=True)
class EStep:
    """What the M-step is given: γ end to end, Σ ξ, γ_1 of each sequence, the old parameters, the data."""

    gamma: Array
    steps: Array
    firsts: Array
    pi: Array
    A: Array
    theta: tuple[Array, ...]
    x: Array
    lengths: Array


@dataclass(frozen=True)
class Way:
    """How a step is made; each part may be made another way."""

    smoother: Smoother = right
    read: Callable[[EStep], EStep] = lambda e: e
    A: Callable[[EStep], Array] = lambda e: rows(e.steps)
    pi: Callable[[EStep], Array] = lambda e: e.firsts.mean(axis=0)
    emit: Callable[[EStep, tuple[Array, ...]], tuple[Array, ...]] = lambda e, found: found


def _fits(contract: Contract, pi: Array, A: Array, x: Array, lengths: Array) -> None:
    if lengths.sum() != len(x) or lengths.min() < 1:
        raise ValueError(f"{contract.id}: lengths {lengths} of {len(x)} frames")
    if not (np.allclose(A.sum(axis=1), 1, atol=1e-5) and np.isclose(pi.sum(), 1, atol=1e-5)):
        raise ValueError("pi and rows of A must have sum 1")


def log_B(contract: Contract, theta: tuple[Array, ...], x: Array) -> Array:
    if contract is em_symbols:
        return np.asarray(np.log(theta[0]).T[x])
    if contract is em_counts:
        rate = theta[0]
        table = x[:, None] * np.log(rate) - rate - np.array([lgamma(n + 1.0) for n in x])[:, None]
        return np.asarray(table.astype(rate.dtype))
    mu, Sigma = theta
    off = x[:, None] - mu
    squares = np.einsum("nki,nki->nk", off, np.linalg.solve(Sigma, off[..., None])[..., 0])
    norm = np.linalg.slogdet(Sigma)[1] + mu.dtype.type(mu.shape[1] * np.log(2 * np.pi))
    return np.asarray(-0.5 * (squares + norm)).astype(mu.dtype)


def best_emissions(contract: Contract, e: EStep) -> tuple[Array, ...]:
    if contract is em_symbols:
        return (rows(tally(e.gamma, e.x, e.theta[0].shape[1])),)
    N = e.gamma.sum(axis=0)
    share = (e.gamma / np.where(N > 0, N, 1)).astype(e.gamma.dtype)
    if contract is em_counts:
        return ((share.T @ e.x).astype(e.gamma.dtype),)
    mean = share.T @ e.x
    off = e.x[:, None] - mean
    return mean, np.einsum("nk,nki,nkj->kij", share, off, off).astype(mean.dtype)


def step(contract: Contract, way: Way) -> Callable[..., Any]:
    def run(pi: Array, A: Array, *rest: Any) -> Any:
        *theta, x, lengths = rest
        _fits(contract, pi, A, x, lengths)
        frames = log_B(contract, tuple(theta), x)
        found = [way.smoother(np.log(pi), np.log(A), frames[at]) for at in cut(lengths)]
        gammas = [one.gamma for one in found]
        steps = np.sum([one.xi_sum for one in found], axis=0)
        e = EStep(np.vstack(gammas), steps, np.stack([g[0] for g in gammas]), pi, A, tuple(theta), x, lengths)
        e = way.read(e)
        new = (way.A(e), way.pi(e), *way.emit(e, best_emissions(contract, e)))
        return tuple(np.asarray(y, pi.dtype) for y in new)

    return quietly(run)


def _divided_by_all_visits(e: EStep) -> Array:
    N = e.gamma.sum(axis=0)[:, None]
    return np.asarray(np.where(N > 0, e.steps / np.where(N > 0, N, 1), 1 / len(N)))


def _across_the_seam(e: EStep) -> Array:
    seams = [np.outer(e.gamma[at.start - 1], e.gamma[at.start]) for at in cut(e.lengths)[1:]]
    return rows(e.steps + sum(seams, np.zeros_like(e.steps)))


def _first_stays(e: EStep) -> Array:
    out = rows(e.steps)
    out[0] = np.eye(len(out))[0]
    return out


def _without_last_frames(e: EStep) -> EStep:
    """Emissions from frames that a step leads on from; a sequence of one frame is kept."""
    gamma = e.gamma.copy()
    for at in cut(e.lengths):
        gamma[at.stop - 1] *= 0 if at.stop - at.start > 1 else 1
    return replace(e, gamma=gamma)


def _starts_of_longer(e: EStep) -> Array:
    long = e.lengths > 1
    return np.asarray(e.firsts[long].mean(axis=0) if long.any() else e.pi)


def _faint_dropped(e: EStep, found: tuple[Array, ...]) -> tuple[Array, ...]:
    """The denominator is at least 10⁻⁵."""
    N = e.gamma.sum(axis=0)
    share = np.minimum(N / 1e-5, 1)
    return tuple(y * share.reshape(-1, *[1] * (y.ndim - 1)) for y in found)


def _about_old_means(e: EStep, found: tuple[Array, ...]) -> tuple[Array, ...]:
    mean, spread = found
    off = mean - e.theta[0]
    return mean, spread + off[:, :, None] * off[:, None, :]


def _about_the_origin(e: EStep, found: tuple[Array, ...]) -> tuple[Array, ...]:
    mean, spread = found
    return mean, spread + mean[:, :, None] * mean[:, None, :]


def _one_less(e: EStep, found: tuple[Array, ...]) -> tuple[Array, ...]:
    N = e.gamma.sum(axis=0)[:, None, None]
    return found[0], found[1] * N / np.maximum(N - 1, 0.5)


def _shrunk(e: EStep, found: tuple[Array, ...]) -> tuple[Array, ...]:
    """A prior for means of 0."""
    N = e.gamma.sum(axis=0)[:, None]
    return found[0] * N / (N + 1), found[1]


def _ridged(e: EStep, found: tuple[Array, ...]) -> tuple[Array, ...]:
    return found[0], found[1] + 1e-2 * np.eye(found[1].shape[1])


def _swapped(e: EStep, found: tuple[Array, ...]) -> tuple[Array, ...]:
    """The first state's emissions for the last, and the last's for the first."""
    at = np.arange(len(e.pi))
    at[[0, -1]] = at[[-1, 0]]
    return tuple(y[at] for y in found)


def _unlikely(e: EStep, found: tuple[Array, ...]) -> tuple[Array, ...]:
    """Symbols that are seldom, counts and points that are far."""
    if len(found) == 2:
        return found[0] + 8, found[1]
    return (rows(1 / (found[0] + 0.05)),) if found[0].ndim == 2 else (4 * found[0] + 8,)


def _nan_rows(e: EStep) -> Array:
    return rows(e.steps, "nan")


WRONG: dict[str, Way] = {
    "transposes-A": Way(smoother=OF_BOTH["transposes-A"], A=lambda e: rows(e.steps.T)),
    "filters-only": Way(smoother=OF_POSTERIORS["filters-only"]),
    "transitions-without-emission": Way(smoother=OF_POSTERIORS["transitions-without-emission"]),
    "hard-posterior": Way(smoother=OF_POSTERIORS["hard-posterior"]),
    "divides-by-all-visits": Way(A=_divided_by_all_visits),
    "step-across-the-seam": Way(A=_across_the_seam),
    "adds-one": Way(A=lambda e: rows(e.steps + 1)),
    "floors-steps": Way(A=lambda e: rows(np.maximum(e.steps, 1e-4))),
    "first-state-is-special": Way(smoother=OF_BOTH["first-state-is-special"]),
    "spreads-over-all-states": Way(pi=lambda e: 0.9 * e.firsts.mean(axis=0) + 0.1 / len(e.pi)),
    "first-state-stays": Way(A=_first_stays),
    "keeps-A": Way(A=lambda e: e.A),
    "nan-if-unvisited": Way(A=_nan_rows),
    "keeps-pi": Way(pi=lambda e: e.pi),
    "first-sequence-only": Way(pi=lambda e: e.firsts[0]),
    "visits-for-starts": Way(pi=lambda e: e.gamma.mean(axis=0)),
    "starts-of-longer-sequences": Way(pi=_starts_of_longer),
    "keeps-emissions": Way(emit=lambda e, found: e.theta),
    "forgets-last-frames": Way(read=_without_last_frames),
    "drops-the-faint": Way(emit=_faint_dropped),
    "emits-the-unlikely": Way(emit=_unlikely),
    "emits-the-unlikely-at-first": Way(emit=lambda e, found: _unlikely(e, e.theta)),
    "swaps-first-and-last-state": Way(emit=_swapped),
}

OF_POINTS: dict[str, Way] = {
    "about-the-old-means": Way(emit=_about_old_means),
    "about-the-origin": Way(emit=_about_the_origin),
    "divides-by-one-less": Way(emit=_one_less),
    "shrinks-to-the-origin": Way(emit=_shrunk),
    "adds-a-ridge": Way(emit=_ridged),
    "diagonal-only": Way(emit=lambda e, found: (found[0], found[1] * np.eye(found[1].shape[1]))),
}


def _made(contract: Contract, name: str, way: Way) -> Subject:
    more = {"covariance": "full"} if contract is em_points else {}
    outputs = tuple(contract.outputs)
    conventions = {"unvisited": "stochastic", **more}
    return checked(Subject(name, contract, step(contract, way), outputs, conventions, own=True))


GOOD = tuple(_made(contract, "good", Way()) for contract in (em_symbols, em_points, em_counts))

MUTANTS = (
    *(_made(contract, name, way) for contract in (em_symbols, em_points, em_counts) for name, way in WRONG.items()),
    *(_made(em_points, name, way) for name, way in OF_POINTS.items()),
    *(made for good in GOOD for made in careless(good)),
)
