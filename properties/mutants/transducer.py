"""Wrong transducers: lattices with edges missing or misread, other paths, gradients without their posteriors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject
from prufrock.subjects import checked

from ..latent.transducer import transducer
from ..oracles.lattices import Crossed, by_recursion, edges
from .careless import careless

Array = NDArray[Any]
Edges = tuple[Array, Array]
Rewire = Callable[[Array, Array], Edges]


def _refuse(x: Array, y: Array, T: Array, U: Array, blank: int) -> None:
    inside = np.arange(y.shape[1]) < np.asarray(U)[:, None]
    bad = inside & ((y < 0) | (y >= x.shape[-1]) | (y == blank))
    if not 0 <= blank < x.shape[-1] or bad.any() or T.min() < 1 or U.min() < 0:
        raise ValueError("lengths, labels or blank out of range")
    if T.max() > x.shape[1] or U.max() > min(y.shape[1], x.shape[2] - 1):
        raise ValueError("lengths beyond the arrays")


def _loss(
    x: Array, y: Array, T: Array, U: Array, blank: int, *, rewire: Rewire = lambda b, s: (b, s), grad: str = "logits"
) -> tuple[Array, Array]:
    """The good one."""
    _refuse(x, y, T, U, blank)
    loss, out = np.empty(len(y)), np.zeros(x.shape)
    for i in range(len(y)):
        frames, labels = x[i, : T[i], : U[i] + 1].astype(np.float64), y[i, : U[i]]
        if np.isnan(frames).any():
            raise ValueError("NaN among the scores")
        found = by_recursion(*rewire(*edges(frames, tuple(labels.tolist()), blank)))
        loss[i] = -found.log_prob
        out[i, : T[i], : U[i] + 1] = _gradient(found, frames, labels, blank, grad)
    return loss.astype(x.dtype), out.astype(x.dtype)


def _gradient(found: Crossed, x: Array, labels: Array, blank: int, kind: str) -> Array:
    out = np.zeros(x.shape)
    out[..., blank] -= found.blank
    out[:, np.arange(len(labels)), labels] -= found.label
    if kind == "logits":
        node = found.blank.copy()
        node[:, : len(labels)] += found.label
        out += node[..., None] * np.exp(x)
    return out


def _subject(
    name: str, run: Callable[..., Any], outputs: tuple[str, ...] = ("loss", "grad"), **declared: Any
) -> Subject:
    conventions = {"grad": "logits", "scores": "free", **declared.pop("conventions", {})}
    return checked(Subject(name, transducer, run, outputs, conventions, own=True, **declared))


def _rewired(name: str, rewire: Rewire) -> Subject:
    """Edges forbidden or made free; the gradient is that of the wrong lattice, so the two agree."""
    return _subject(name, lambda *call: _loss(*call, rewire=rewire))


def _asked(name: str, change: Callable[..., tuple[Any, ...]], **declared: Any) -> Subject:
    """The right answer to another question."""
    return _subject(name, lambda *call: _loss(*change(*call)), **declared)


def _answered(name: str, change: Callable[..., tuple[Array, Array]], grad: str = "logits", **declared: Any) -> Subject:
    """Another answer to the right question: change(loss, grad, *call)."""

    def run(*call: Any) -> Any:
        loss, slope = change(*_loss(*call, grad=grad), *call)
        return np.asarray(loss).astype(call[0].dtype), np.asarray(slope).astype(call[0].dtype)

    return _subject(name, run, **declared)


def _walked(name: str, walk: Callable[[Array, Array], float]) -> Subject:
    """Another sum over the lattice, without a gradient."""

    def run(x: Array, y: Array, T: Array, U: Array, blank: int) -> Array:
        _refuse(x, y, T, U, blank)
        loss = [
            -walk(*edges(x[i, : T[i], : U[i] + 1].astype(np.float64), tuple(y[i, : U[i]].tolist()), blank))
            for i in range(len(y))
        ]
        return np.array(loss, dtype=x.dtype)

    return _subject(name, run, ("loss",))


def _with(x: Array, at: Any, value: float) -> Array:
    x = x.copy()
    x[at] = value
    return x


def _first_blank_given(through: Array, spoken: Array) -> Edges:
    return (_with(through, (0, slice(None)), 0.0) if len(through) > 1 else through), spoken


def _last_frame_silent(through: Array, spoken: Array) -> Edges:
    """No label in the last frame of several."""
    return through, (_with(spoken, -1, -1e30) if len(through) > 1 else spoken * 2.0)


def _single_frame(through: Array, spoken: Array) -> Edges:
    return (_with(through, (-1, -1), 0.0) if len(through) == 1 else through), spoken


def _best(through: Array, spoken: Array) -> float:
    T, V = through.shape
    best = np.full((T, V), -np.inf)
    best[0] = np.r_[0.0, np.cumsum(spoken[0])]
    for t in range(1, T):
        best[t] = best[t - 1] + through[t - 1]
        for u in range(1, V):
            best[t, u] = max(best[t, u], best[t, u - 1] + spoken[t, u - 1])
    return float(best[-1, -1] + through[-1, -1])


def _one_label_a_frame(through: Array, spoken: Array) -> float:
    """Monotonic: a label, if any, and the blank after it, in each frame."""
    T, V = through.shape
    alpha = np.full(V, -np.inf)
    alpha[0] = 0.0
    for t in range(T):
        said = np.r_[-np.inf, alpha[:-1] + spoken[t]]
        alpha = np.logaddexp(alpha, said) + through[t]
    return float(alpha[-1])


def _labels_take_time(through: Array, spoken: Array) -> float:
    """A label leads to the next frame, as in CTC without its blanks; the last frame's blank comes on top."""
    T, V = through.shape
    alpha = np.full(V, -np.inf)
    alpha[0] = 0.0
    for t in range(T - 1):
        alpha = np.logaddexp(alpha + through[t], np.r_[-np.inf, alpha[:-1] + spoken[t]])
    return float(alpha[-1] + through[-1, -1])


def _softmax_everywhere(loss: Array, grad: Array, x: Array, y: Array, T: Array, U: Array, blank: int) -> Any:
    """softmax without the posterior of the node."""
    free = _loss(x, y, T, U, blank, grad="free")[1]
    return loss, np.where(_inside(x, T, U), np.exp(np.minimum(x, 0.0)) + free, 0.0)


def _inside(x: Array, T: Array, U: Array) -> Array:
    t, u = np.arange(x.shape[1])[:, None], np.arange(x.shape[2])
    return ((t < T[:, None, None]) & (u <= U[:, None, None]))[..., None]


def _fast_emit(loss: Array, grad: Array, x: Array, y: Array, T: Array, U: Array, blank: int) -> Any:
    """Regularised: label edges count 1.01 times."""
    free = _loss(x, y, T, U, blank, grad="free")[1]
    free[..., blank] = 0.0
    return loss, grad + 0.01 * free


def _single_products(loss: Array, grad: Array, *_: Any) -> Any:
    with np.errstate(divide="ignore", under="ignore", over="ignore"):
        return -np.log(np.exp(-loss)), grad


def _last_item_to_the_end(x: Array, y: Array, T: Array, U: Array, blank: int) -> Any:
    T = T.copy()
    if len(T) > 1:
        T[-1] = x.shape[1]
    return x, y, T, U, blank


def _shifted_labels(x: Array, y: Array, T: Array, U: Array, blank: int) -> Any:
    """The label after the next: y_{u+2} at u, the last one twice."""
    y = y.copy()
    for i, n in enumerate(U):
        y[i, : max(n - 1, 0)] = y[i, 1 : max(n, 1)]
    return x, y, T, U, blank


def _reads_zero(*call: Any) -> tuple[Array, Array]:
    """The blank's score taken from class 0, whichever it is."""
    x, y, T, U, blank = call
    _refuse(*call)
    moved = x.copy()
    moved[..., blank] = x[..., 0]
    return _loss(moved, y, T, U, blank)


def _dull_last_class(x: Array, y: Array, T: Array, U: Array, blank: int) -> Any:
    x = x.copy()
    if blank != x.shape[-1] - 1:
        x[..., -1] -= 1.0
    return x, y, T, U, blank


def _over(x: Array, axis: int) -> Array:
    top = x.max(axis=axis, keepdims=True)
    return np.asarray(x - top - np.log(np.exp(x - top).sum(axis=axis, keepdims=True)), x.dtype)


LOGITS = {"conventions": {"scores": "logits"}}
FREE = {"conventions": {"grad": "free"}}

good = _subject("good", _loss)

MUTANTS = (
    _rewired("no-final-blank", lambda b, s: (_with(b, (-1, -1), 0.0), s)),
    _rewired("one-blank-too-many", lambda b, s: (_with(b, (-1, -1), 2.0 * b[-1, -1]), s)),
    _rewired("first-blank-given", _first_blank_given),
    _rewired("no-blank-after-last-label", lambda b, s: (_with(b, (slice(None, -1), -1), -1e30), s)),
    _rewired("no-label-in-last-frame", _last_frame_silent),
    _rewired("single-frame-ends-without-blank", _single_frame),
    _rewired("last-label-in-last-frame-only", lambda b, s: (b, _with(s, (slice(None, -1), slice(-1, None)), -1e30))),
    _walked("best-path-only", _best),
    _walked("one-label-a-frame", _one_label_a_frame),
    _walked("labels-take-time", _labels_take_time),
    _subject("blank-is-zero", _reads_zero),
    _subject("free-gradient-as-logits", lambda *call: _loss(*call, grad="free")),
    _answered("empty-target-is-free", lambda loss, grad, x, y, T, U, *_: (np.where(U == 0, 0.0, loss), grad)),
    _answered("mean-over-batch", lambda loss, grad, *_: (np.full_like(loss, loss.mean()), grad / len(loss))),
    _answered("loss-per-label", lambda loss, grad, x, y, T, U, *_: (loss / np.maximum(U, 1), grad)),
    _answered("softmax-everywhere", _softmax_everywhere),
    _answered("fast-emit", _fast_emit),
    _answered("clamped-gradient", lambda loss, grad, *_: (loss, np.clip(grad, -0.3, 0.3))),
    _answered("gradient-of-profit", lambda loss, grad, *_: (loss, -grad)),
    _answered("gradient-averaged", lambda loss, grad, *_: (loss, grad / len(loss))),
    _answered("gradient-outside", lambda loss, grad, x, y, T, U, *_: (loss, np.where(_inside(x, T, U), grad, 0.1))),
    _answered("free-gradient-of-profit", lambda loss, grad, *_: (loss, -grad), "free", **FREE),
    _answered("free-gradient-halved", lambda loss, grad, *_: (loss, grad / 2.0), "free", **FREE),
    _answered("single-precision-products", _single_products, dtype="float32"),
    _asked("labels-shifted", _shifted_labels),
    _asked("last-item-to-the-end", _last_item_to_the_end),
    _asked("ignores-frames-given", lambda x, y, T, U, blank: (x, y, np.full_like(T, x.shape[1]), U, blank)),
    _asked("ignores-labels-given", lambda x, y, T, U, blank: (x, y, T, np.full_like(U, y.shape[1]), blank)),
    _asked("forgets-late-frames", lambda x, y, T, U, blank: (x[:, :6], y, np.minimum(T, 6), U, blank)),
    _asked("forgets-late-labels", lambda x, y, T, U, blank: (x, y, T, np.minimum(U, 3), blank)),
    _asked("label-of-last-class-forgotten", _dull_last_class),
    _asked("clips-scores", lambda x, *rest: (np.maximum(x, -20.0), *rest)),
    _asked("centres-batch", lambda x, *rest: (x - 1e-3 * x.mean(axis=0, keepdims=True), *rest)),
    _asked("normalises-nodes", lambda x, *rest: (_over(x, -1), *rest)),
    _asked("logits-left-alone", lambda *call: call, **LOGITS),
    _asked("logits-over-labels", lambda x, *rest: (_over(x, 2), *rest), **LOGITS),
    *careless(good),
)
