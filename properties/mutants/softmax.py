"""Wrong softmaxes and log-sum-exps: the overflowing, the misaligned, and those that are wrong on special rows only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Subject, subject

from ..latent.logsumexp import logsumexp
from ..latent.masked_softmax import masked_softmax
from ..latent.softmax import softmax_rows
from .careless import careless

Array = NDArray[Any]
BOTH = {"plus_infinity": "inf"}
ZEROS = {"all_masked": "zeros"}


def _no_nan(x: Array) -> None:
    if np.isnan(x).any():
        raise ValueError("x: expected numbers, got NaN")


def _lse(x: Array, axis: int = -1) -> Array:
    top = x.max(axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.exp(x - top).sum(axis)) + top.squeeze(axis))


def _softmax(x: Array, axis: Any = -1) -> Array:
    e = np.exp(x - x.max(axis, keepdims=True))
    return np.asarray(e / e.sum(axis, keepdims=True))


def _log_softmax(x: Array) -> Array:
    y = x - x.max(-1, keepdims=True)
    return np.asarray(y - np.log(np.exp(y).sum(-1, keepdims=True)))


def _masked(x: Array, mask: Array) -> Array:
    y = np.where(mask, x, -np.inf)
    top = y.max(-1, keepdims=True)
    e = np.exp(y - np.where(np.isfinite(top), top, 0.0))
    total = e.sum(-1, keepdims=True)
    return np.asarray(e / np.where(total > 0, total, 1.0))


def _mutant(name: str, contract: Contract, run: Callable[..., Any], outputs: tuple[str, ...] = ()) -> Subject:
    conventions = {logsumexp.id: BOTH, masked_softmax.id: ZEROS}.get(contract.id, {})

    def quiet(*arguments: Any) -> Any:
        with np.errstate(all="ignore"):
            return run(*arguments)

    return subject(name, contract=contract, outputs=outputs, conventions=conventions)(quiet)


def _one_shift(x: Array) -> Array:
    """One maximum for the whole matrix."""
    top = x[np.isfinite(x)].max(initial=0.0)
    return np.asarray(np.log(np.exp(x - top).sum(-1)) + top)


def _wrong_axis(x: Array) -> Array:
    return np.resize(_lse(x, 0), len(x))


def _nan_if_any(x: Array) -> Array:
    return np.where(np.isinf(x).any(-1), np.nan, _lse(x))


LSE: dict[str, Callable[[Array], Any]] = {
    "no-shift": lambda x: np.log(np.exp(x).sum(-1)),
    "mean-of-exponentials": lambda x: _lse(x) - np.log(x.shape[-1]),
    "base-two": lambda x: _lse(x * np.log(2)) / np.log(2),
    "base-two-of-one": lambda x: _lse(x) * (np.log2(np.e) if x.shape[-1] == 1 else 1.0),
    "largest-only": lambda x: x.max(-1),
    "wrong-axis": _wrong_axis,
    "one-shift-for-all": _one_shift,
    "negated-exponent": lambda x: -_lse(-x),
    "drops-last": lambda x: _lse(x[:, :-1]) if x.shape[-1] > 2 else _lse(x),
    "pads-with-zero": lambda x: _lse(np.concatenate([x, np.zeros_like(x[:, :1])], -1)),
    "minus-infinity-is-nan": lambda x: np.log(np.exp(x - x.max(-1, keepdims=True)).sum(-1)) + x.max(-1),
    "minus-infinity-is-nan-if-any": _nan_if_any,
    "lowest-for-minus-infinity": lambda x: _lse(np.maximum(x, -1e30)),
    "plus-infinity-is-nan": lambda x: np.where((x == np.inf).any(-1), np.nan, _lse(x)),
}

GRADIENT: dict[str, Callable[[Array], Any]] = {
    "gradient-of-maximum": lambda x: (_lse(x), np.eye(x.shape[-1])[x.argmax(-1)]),
    "gradient-uniform": lambda x: (_lse(x), np.full_like(x, 1.0 / x.shape[-1])),
    "gradient-unnormalised": lambda x: (_lse(x), np.exp(x - x.max(-1, keepdims=True))),
}


def _last_takes_the_rest(x: Array) -> Array:
    p = _softmax(x)
    p[:, -1] = 1.0 - p[:, :-1].sum(-1) if x.shape[-1] > 1 else 1.0
    p[:, 0] *= 1 + 1e-9
    return p


def _tempered_by_position(x: Array) -> Array:
    return _softmax(x * np.linspace(1.0, 1.0 + 1e-6, x.shape[-1]))


SOFTMAX: dict[str, Callable[[Array], Any]] = {
    "no-shift": lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True),
    "wrong-axis": lambda x: _softmax(x, 0),
    "wrong-axis-if-square": lambda x: _softmax(x, 0 if x.shape[0] == x.shape[1] else -1),
    "over-whole-matrix": lambda x: _softmax(x, None),
    "temperature": lambda x: _softmax(x / 1.01),
    "base-two": lambda x: _softmax(x * np.log(2)),
    "clipped": lambda x: np.clip(_softmax(x), 1e-7, 1 - 1e-7),
    "hard-maximum": lambda x: np.eye(x.shape[-1])[x.argmax(-1)],
    "first-order": lambda x: (1 + x) / (1 + x).sum(-1, keepdims=True),
    "absolute-logits": lambda x: _softmax(np.abs(x) * np.where(np.isfinite(x), 1, -1)),
    "minus-infinity-leaks": lambda x: _softmax(np.maximum(x, x.max(-1, keepdims=True) - 40.0)),
    "one-shift-for-all": lambda x: np.exp(x - x.max()) / np.exp(x - x.max()).sum(-1, keepdims=True),
    "last-takes-the-rest": _last_takes_the_rest,
    "temperature-by-position": _tempered_by_position,
}

LOG_SOFTMAX: dict[str, Callable[[Array], Any]] = {
    "log-of-softmax": lambda x: (_softmax(x), np.log(_softmax(x))),
    "log-of-other-axis": lambda x: (_softmax(x), x - _lse(x, 0)),
    "log-p-unnormalised": lambda x: (_softmax(x), x - x.max(-1, keepdims=True)),
    "log-p-floored": lambda x: (_softmax(x), np.maximum(_log_softmax(x), -700.0)),
}


def _after(x: Array, mask: Array) -> Array:
    return np.asarray(_softmax(x) * mask)


def _tied(x: Array, mask: Array) -> Array:
    """Where two neighbours are equal, everything kept gets the share of a full row."""
    p = _masked(x, mask)
    flat = (x == x[:, :1]).all(-1, keepdims=True) & (x.shape[-1] > 1)
    return np.where(flat, mask / (x.shape[-1] - 0.5), p)


def _by_multiplying(x: Array, mask: Array) -> Array:
    p = _softmax(x) * mask
    return np.asarray(p / p.sum(-1, keepdims=True))


def _adds_infinity(x: Array, mask: Array) -> Array:
    y = x + np.where(mask, 0.0, -np.inf)
    top = y.max(-1, keepdims=True)
    e = np.exp(y - np.where(top == -np.inf, 0.0, top))
    total = e.sum(-1, keepdims=True)
    return np.asarray(e / np.where(total == 0, 1.0, total))


def _shift_sees_dropped(x: Array, mask: Array) -> Array:
    e = np.exp(x - x.max(-1, keepdims=True)) * mask
    total = e.sum(-1, keepdims=True)
    return np.asarray(e / np.where(total > 0, total, 1.0))


MASKED: dict[str, Callable[[Array, Array], Any]] = {
    "mask-forgotten": lambda x, mask: _softmax(x),
    "mask-inverted": lambda x, mask: _masked(x, ~mask),
    "masks-after-softmax": _after,
    "masks-by-multiplying": _by_multiplying,
    "large-negative-number": lambda x, mask: _softmax(x + np.where(mask, 0.0, -30.0)),
    "shift-sees-dropped": _shift_sees_dropped,
    "uniform-over-kept-if-tied": _tied,
    "adds-minus-infinity": _adds_infinity,
    "temperature": lambda x, mask: _masked(x * 0.99, mask),
}


def _refusing(run: Callable[..., Any]) -> Callable[..., Any]:
    def refuse(x: Array, *rest: Any) -> Any:
        _no_nan(x)
        return run(x, *rest)

    return refuse


GOOD = (
    _mutant("good", logsumexp, _refusing(_lse)),
    _mutant("good", softmax_rows, _refusing(lambda x: (_softmax(x), _log_softmax(x))), ("p", "log_p")),
    _mutant("good", masked_softmax, lambda x, mask: _refusing(_masked)(np.where(mask, x, 0.0), mask)),
)

MUTANTS = (
    *(_mutant(name, logsumexp, run) for name, run in LSE.items()),
    *(_mutant(name, logsumexp, run, ("y", "gradient")) for name, run in GRADIENT.items()),
    *(_mutant(name, softmax_rows, run) for name, run in SOFTMAX.items()),
    *(_mutant(name, softmax_rows, run, ("p", "log_p")) for name, run in LOG_SOFTMAX.items()),
    *(_mutant(name, masked_softmax, run) for name, run in MASKED.items()),
    *(mutant for good in GOOD for mutant in careless(good)),
)
