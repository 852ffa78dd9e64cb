"""Wrong smoothers: the recursions with one step left out, misread, one late or cut short, and careless arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject
from prufrock.subjects import checked

from ..latent.hmm import hmm, likelihood
from .careless import careless

Array = NDArray[Any]


class Smoothed(NamedTuple):
    gamma: Array
    log_z: Any
    xi: Array
    xi_sum: Array


Smoother = Callable[[Array, Array, Array], Smoothed]


def lse(x: Array, axis: Any = -1) -> Array:
    top = np.max(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0).astype(x.dtype)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.exp(x - top).sum(axis=axis)) + np.squeeze(top, axis))


def valid(log_pi: Array, log_A: Array, log_B: Array) -> None:
    K = len(log_pi)
    if log_A.shape != (K, K) or log_B.ndim != 2 or log_B.shape[1] != K or not len(log_B):
        raise ValueError(f"log_pi {log_pi.shape}, log_A {log_A.shape} and log_B {log_B.shape} do not fit")
    if any(np.isnan(x).any() or np.isposinf(x).any() for x in (log_pi, log_A, log_B)):
        raise ValueError("scores must be less than ∞ and not NaN")


def forward(log_pi: Array, log_A: Array, log_B: Array) -> Array:
    alpha = np.empty_like(log_B)
    alpha[0] = log_pi + log_B[0]
    for n in range(1, len(log_B)):
        alpha[n] = lse(alpha[n - 1][:, None] + log_A, 0) + log_B[n]
    return alpha


def backward(log_A: Array, log_B: Array, last: Array | None = None, late: int = 0, heard: bool = True) -> Array:
    beta = np.zeros_like(log_B)
    if last is not None:
        beta[-1] = last
    for n in range(len(log_B) - 2, -1, -1):
        frame = log_B[n + 1 - late] if heard else np.zeros_like(log_B[0])
        beta[n] = lse(log_A + frame + beta[n + 1])
    return beta


def combine(alpha: Array, beta: Array, log_A: Array, log_B: Array, log_z: Any = None) -> Smoothed:
    joint = alpha + beta
    each = lse(joint)[:, None]
    each = np.where(np.isfinite(each), each, 0.0).astype(alpha.dtype)
    pairs = alpha[:-1, :, None] + log_A + (log_B + beta)[1:, None, :]
    total = lse(pairs, (1, 2))[:, None, None] if len(pairs) else np.zeros((0, 1, 1), alpha.dtype)
    xi = np.exp(pairs - np.where(np.isfinite(total), total, 0.0).astype(alpha.dtype))
    return Smoothed(np.exp(joint - each), lse(alpha[-1]) if log_z is None else log_z, xi, xi.sum(axis=0))


def right(log_pi: Array, log_A: Array, log_B: Array) -> Smoothed:
    valid(log_pi, log_A, log_B)
    alpha = forward(log_pi, log_A, log_B)
    found = combine(alpha, backward(log_A, log_B), log_A, log_B)
    if np.isfinite(found.log_z):
        return found
    return Smoothed(found.gamma * 0, found.log_z, found.xi * 0, found.xi_sum * 0)


def _read(change: Callable[[Array, Array, Array], tuple[Array, Array, Array]]) -> Smoother:
    """The right answer to another question."""
    return lambda *x: right(*(np.ascontiguousarray(y) for y in change(*x)))


def _said(change: Callable[[Smoothed, tuple[Array, Array, Array]], Smoothed]) -> Smoother:
    """The right answer, misreported."""
    return lambda *x: change(right(*x), x)


def _behind(**wrong: Any) -> Smoother:
    """A wrong backward pass."""

    def run(log_pi: Array, log_A: Array, log_B: Array) -> Smoothed:
        valid(log_pi, log_A, log_B)
        alpha = forward(log_pi, log_A, log_B)
        return combine(alpha, backward(log_A, log_B, **wrong), log_A, log_B)

    return run


def _last_counts(log_pi: Array, log_A: Array, log_B: Array) -> Smoothed:
    valid(log_pi, log_A, log_B)
    last = -0.5 * np.arange(len(log_pi), dtype=log_B.dtype)
    return combine(forward(log_pi, log_A, log_B), backward(log_A, log_B, last), log_A, log_B)


def _without_emission(log_pi: Array, log_A: Array, log_B: Array) -> Smoothed:
    found = right(log_pi, log_A, log_B)
    pairs = forward(log_pi, log_A, log_B)[:-1, :, None] + log_A + backward(log_A, log_B)[1:, None, :]
    total = lse(pairs, (1, 2))[:, None, None] if len(pairs) else pairs[:, :1, :1]
    xi = np.exp(pairs - total)
    return found._replace(xi=xi, xi_sum=xi.sum(axis=0))


def scaled(log_pi: Array, log_A: Array, log_B: Array, floor: float = 0.0, rescale: bool = True) -> Smoothed:
    """In probabilities, each message divided by its sum once a frame (or never)."""
    valid(log_pi, log_A, log_B)
    pi, A = np.exp(log_pi), np.exp(log_A)
    top = log_B.max(axis=1) if rescale else np.zeros_like(log_B[:, 0])
    top = np.where(np.isfinite(top), top, 0.0).astype(log_B.dtype)
    B = np.exp(log_B - top[:, None])
    alpha, beta, log_z = np.empty_like(B), np.ones_like(B), top.sum()
    message = pi
    for n, frame in enumerate(B):
        new = message * frame
        new = np.where((new > 0) & (new < floor), floor, new).astype(B.dtype)
        size = new.sum() if rescale and new.sum() > 0 else B.dtype.type(1)
        with np.errstate(divide="ignore"):
            log_z = log_z + np.log(size if rescale and new.sum() > 0 else new.sum() if n == len(B) - 1 else size)
        alpha[n] = new / size
        message = alpha[n] @ A
    for n in range(len(B) - 2, -1, -1):
        new = A @ (B[n + 1] * beta[n + 1])
        beta[n] = new / new.sum() if rescale and new.sum() > 0 else new
    with np.errstate(divide="ignore"):
        logs = np.log(alpha), np.log(beta)
    found = combine(*logs, log_A, log_B, log_z)
    alive = bool(np.isfinite(lse(logs[0][-1])))
    return found if alive else Smoothed(found.gamma * 0, log_z - np.inf, found.xi * 0, found.xi_sum * 0)


def _transposes_if_three(log_pi: Array, log_A: Array, log_B: Array) -> tuple[Array, Array, Array]:
    return log_pi, log_A.T if len(log_pi) == 3 else log_A, log_B


def _floored(x: Array) -> Array:
    return np.asarray(np.maximum(x, np.asarray(np.log(1e-10), x.dtype)))


def _neighbours(log_pi: Array, log_A: Array, log_B: Array) -> tuple[Array, Array, Array]:
    """A band: from a state to itself and to its neighbours."""
    i = np.arange(len(log_pi))
    return log_pi, np.where(abs(i[:, None] - i) <= 1, log_A, -np.inf).astype(log_A.dtype), log_B


def _framed(x: Array, n: Any, value: Any) -> Array:
    out = x.copy()
    out[n] = value
    return out


def _normal(x: Array) -> Array:
    total = lse(x)[..., None]
    return (x - np.where(np.isfinite(total), total, 0.0)).astype(x.dtype)


def _single(*x: Array) -> Smoothed:
    found = right(*(y.astype(np.float32) for y in x))
    return Smoothed(*(np.asarray(y, x[0].dtype) for y in found))


def _mixed(g: Smoothed, x: tuple[Array, ...]) -> Smoothed:
    K = len(x[0])
    return g._replace(gamma=((1 - 1e-6) * g.gamma + 1e-6 / K).astype(g.gamma.dtype))


def _nan_if_impossible(g: Smoothed, x: tuple[Array, ...]) -> Smoothed:
    return g if np.isfinite(g.log_z) else Smoothed(g.gamma * np.nan, g.log_z * 0, g.xi * np.nan, g.xi_sum * np.nan)


def _hard(g: Smoothed, x: tuple[Array, ...]) -> Smoothed:
    return g._replace(gamma=np.eye(g.gamma.shape[1], dtype=g.gamma.dtype)[g.gamma.argmax(axis=1)])


def _sums(g: Smoothed, x: tuple[Array, ...]) -> Smoothed:
    """Each column of γ over the time the chain spends there."""
    total = g.gamma.sum(axis=0)
    return g._replace(gamma=g.gamma / np.where(total > 0, total, 1).astype(g.gamma.dtype))


def _conditional(g: Smoothed, x: tuple[Array, ...]) -> Smoothed:
    total = g.xi.sum(axis=2, keepdims=True)
    xi = g.xi / np.where(total > 0, total, 1).astype(g.xi.dtype)
    return g._replace(xi=xi, xi_sum=xi.sum(axis=0))


def _turned(g: Smoothed, x: tuple[Array, ...]) -> Smoothed:
    return g._replace(xi=g.xi.swapaxes(1, 2).copy(), xi_sum=g.xi_sum.T.copy())


def _scaled_by_frame(g: Smoothed, x: tuple[Array, ...]) -> Smoothed:
    return g._replace(gamma=g.gamma * np.exp(lse(x[2]))[:, None])


def _filtered(g: Smoothed, x: tuple[Array, ...]) -> Smoothed:
    gamma = np.exp(_normal(forward(*x)))
    return g._replace(gamma=gamma)


def _best_at_the_end(g: Smoothed, x: tuple[Array, ...]) -> Smoothed:
    return g._replace(log_z=forward(*x)[-1].max())


# What ends up in the likelihood is wrong for smoothers and for bare likelihoods alike.
OF_BOTH: dict[str, Smoother] = {
    "transposes-A": _read(lambda p, A, B: (p, A.T, B)),
    "forgets-pi": _read(
        lambda p, A, B: ((p * 0 if np.isfinite(p).all() else np.zeros_like(p)) - np.log(len(p)).astype(p.dtype), A, B)
    ),
    "forgets-first-frame": _read(lambda p, A, B: (p, A, _framed(B, 0, 0.0))),
    "steps-before-first-frame": _read(lambda p, A, B: (lse(p[:, None] + A, 0), A, B)),
    "best-path-at-the-end": _said(_best_at_the_end),
    "mean-over-frames": _said(lambda g, x: g._replace(log_z=g.log_z / g.gamma.dtype.type(len(g.gamma)))),
    "drops-last-frame": _said(lambda g, x: g._replace(log_z=right(*x[:2], x[2][:-1]).log_z) if len(x[2]) > 1 else g),
    "normalises-frames": _read(lambda p, A, B: (p, A, _normal(B))),
    "normalises-scores": _read(lambda p, A, B: (_normal(p), _normal(A), B)),
    "floors-zeros": _read(lambda p, A, B: (_floored(p), _floored(A), _floored(B))),
    "floors-messages": lambda p, A, B: scaled(p, A, B, floor=1e-15),
    "rescales-once-a-frame": scaled,
    "no-rescaling": lambda p, A, B: scaled(p, A, B, rescale=False),
    "single-inside": _single,
    "forgets-ninth-frame": _read(lambda p, A, B: (p, A, _framed(B, slice(8, 9), 0.0))),
    "only-neighbours": _read(_neighbours),
    "transposes-A-of-three": _read(_transposes_if_three),
    "first-state-is-special": _read(lambda p, A, B: (p, A, _framed(B, (0, 0), 0.0) if len(B) > 1 else B)),
    "nan-where-impossible": _said(_nan_if_impossible),
}

OF_POSTERIORS: dict[str, Smoother] = {
    "filters-only": _said(_filtered),
    "backward-without-emission": _behind(heard=False),
    "backward-one-late": _behind(late=1),
    "backward-ends-in-last-state": _last_counts,
    "transitions-without-emission": _without_emission,
    "transposed-transitions": _said(_turned),
    "conditional-transitions": _said(_conditional),
    "transitions-one-late": _said(lambda g, x: g._replace(xi=np.roll(g.xi, 1, axis=0))),
    "drops-last-transition": _said(lambda g, x: g._replace(xi_sum=g.xi[:-1].sum(axis=0))),
    "normalises-over-time": _said(_sums),
    "joint-for-posterior": _said(lambda g, x: g._replace(gamma=g.gamma * np.exp(g.log_z))),
    "frame-scaled-posterior": _said(_scaled_by_frame),
    "hard-posterior": _said(_hard),
    "smears-posterior": _said(_mixed),
    "repeats-last-but-one": _said(lambda g, x: g._replace(gamma=_framed(g.gamma, -1, g.gamma[-2:][0]))),
}

CONVENTIONS = {"scores": "free", "impossible": "zero"}


def _quietly(run: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(*x: Any) -> Any:
        with np.errstate(all="ignore"):
            return run(*x)

    return guarded


def _smoother(name: str, run: Smoother) -> Subject:
    made = Subject(name, hmm, _quietly(run), ("gamma", "log_z", "xi", "xi_sum"), CONVENTIONS, own=True)
    return checked(made)


def _likelihood(name: str, run: Smoother) -> Subject:
    return checked(Subject(name, likelihood, _quietly(lambda *x: run(*x).log_z), (), CONVENTIONS, own=True))


good, good_likelihood = _smoother("good", right), _likelihood("good", right)

MUTANTS = (
    *(_smoother(name, run) for name, run in (OF_BOTH | OF_POSTERIORS).items()),
    *(_likelihood(name, run) for name, run in OF_BOTH.items()),
    *careless(good),
    *careless(good_likelihood),
)
