"""Wrong control variates and baselines: signs, means that are the sample's own, coefficients from the wrong samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject, subject

from ..variational.baseline import baseline
from ..variational.control_estimated import control_estimated
from ..variational.control_variates import control_variate
from .careless import careless

Array = NDArray[Any]


def _checked(W: Array, U: Array, *numbers: float) -> None:
    if W.shape[:1] != U.shape[:1] or not np.isfinite([W.sum(), U.sum(), *numbers]).all():
        raise ValueError(f"W has shape {W.shape}, U {U.shape}; or a number is not finite")


def _given(change: Callable[[Array, Array, float, float], Array]) -> Callable[..., Array]:
    def run(W: Array, U: Array, EU: float, a: float) -> Array:
        _checked(W, U, EU, a)
        return np.asarray(change(W, U, EU, a), W.dtype)

    return run


GIVEN: dict[str, Callable[[Array, Array, float, float], Array]] = {
    "minus-for-plus": lambda W, U, EU, a: W - a * (U - EU),
    "forgets-mean": lambda W, U, EU, a: W + a * U,
    "mean-of-the-sample": lambda W, U, EU, a: W + a * (U - U.mean()),
    "control-squared": lambda W, U, EU, a: W + a * (U - EU) ** 2,
    "absolute-control": lambda W, U, EU, a: W + a * np.abs(U - EU),
    "clips-coefficient": lambda W, U, EU, a: W + np.clip(a, -0.5, 0.5) * (U - EU),
    "coefficient-twice": lambda W, U, EU, a: W + 2 * a * (U - EU),
    "adds-control": lambda W, U, EU, a: W + (1 + a) * (U - EU),
    "centres-values": lambda W, U, EU, a: W - W.mean() + a * (U - EU),
    "half-precision": lambda W, U, EU, a: (W + a * (U - EU) + 1e-3).astype(np.float16) - 1e-3,
}


def _regression(W: Array, U: Array, source: str, centre: bool = True) -> tuple[Array, Array]:
    """Sums of products and of squares, one of each a sample."""
    S = len(W)
    keep = ~np.eye(S, dtype=bool) if source == "leave-one-out" else np.ones((S, S), bool)
    pairs = []
    for kept in keep:
        w, u = W[kept], U[kept]
        if centre:
            w, u = w - w.mean(), u - u.mean()
        still = np.ptp(U[kept]) == 0
        pairs.append((0.0 if still else w @ u, 0.0 if still else u @ u))
    cov, var = np.array(pairs).T
    return cov, var


def _estimated(
    coefficient: Callable[[Array, Array, Array, Array], Array],
    source: str,
    centre: bool = True,
    mean: Callable[[float], float] = lambda EU: EU,
) -> Callable[..., Array]:
    """coefficient(cov, var, W, U) is a_s."""

    def run(W: Array, U: Array, EU: float) -> Array:
        _checked(W, U, EU)
        if len(W) < 2:
            raise ValueError("one sample has no covariance")
        cov, var = _regression(W, U, source, centre)
        a = coefficient(cov, var, W, U)
        return np.asarray(W + a * (U - mean(EU)), W.dtype)

    return run


def _quotient(cov: Array, var: Array) -> Array:
    return -cov / np.where(var > 0, var, 1)


def _divides_by_nothing(W: Array, U: Array, EU: float) -> Array:
    """The plain quotient of sums from which the own term was subtracted: rounding over rounding."""
    _checked(W, U, EU)
    w, u, n = W - W.mean(), U - U.mean(), len(W)
    own = n / (n - 1)
    with np.errstate(all="ignore"):
        a = -((w * u).sum() - own * w * u) / ((u * u).sum() - own * u * u)
    return np.asarray(W + a * (U - EU))


ESTIMATED: dict[str, Callable[..., Array]] = {
    "minus-for-plus": _estimated(lambda c, v, W, U: -_quotient(c, v), "leave-one-out"),
    "other-source": _estimated(lambda c, v, W, U: _quotient(c, v), "same-sample"),
    "forgets-mean": _estimated(lambda c, v, W, U: _quotient(c, v), "leave-one-out", mean=lambda EU: 0.0),
    "divides-by-variance-of-values": _estimated(lambda c, v, W, U: -c / (W @ W + 1e-300), "leave-one-out"),
    "shares-first-coefficient": _estimated(lambda c, v, W, U: 0 * W + _quotient(c, v)[0], "leave-one-out"),
    "ridge": _estimated(lambda c, v, W, U: -c / (v + 1e-6), "leave-one-out"),
    "unit-when-still": _estimated(lambda c, v, W, U: np.where(v > 0, _quotient(c, v), -1), "leave-one-out"),
    "divides-by-nothing": _divides_by_nothing,
}
SAME_SAMPLE: dict[str, Callable[..., Array]] = {
    "half-the-coefficient": _estimated(lambda c, v, W, U: _quotient(c, v) / 2, "same-sample"),
    "uncentred": _estimated(lambda c, v, W, U: _quotient(c, v), "same-sample", centre=False),
}


def _compared(b: Callable[[Array], Array], after: Callable[[Array], Array] = np.asarray) -> Callable[..., Array]:
    """(W − b(W)) score, the scores changed by `after`."""

    def run(W: Array, score: Array) -> Array:
        _checked(W, score)
        if len(W) < 2:
            raise ValueError("one sample has no others")
        return np.asarray((W - b(W))[:, None] * after(score))

    return run


def _others(W: Array) -> Array:
    return np.asarray((W.sum() - W) / (len(W) - 1))


COMPARED: dict[str, Callable[..., Array]] = {
    "other-source": _compared(lambda W: W.mean() + 0 * W),
    "no-baseline": _compared(lambda W: 0 * W),
    "divides-by-samples": _compared(lambda W: W - (W - _others(W)) / len(W)),
    "median-for-mean": _compared(lambda W: np.array([np.median(np.delete(W, s)) for s in range(len(W))], W.dtype)),
    "best-for-mean": _compared(lambda W: W.max() + 0 * W),
    "half-the-baseline": _compared(lambda W: _others(W) / 2),
    "leaves-next-out": _compared(lambda W: np.roll(_others(W), -1)),
    "leaves-next-out-of-all": _compared(lambda W: (W.sum() - np.roll(W, -1)) / len(W)),
    "normalises-scores": _compared(_others, lambda s: s / np.abs(s).max()),
    "absolute-scores": _compared(_others, np.abs),
}
SAID_TO_BE_ALL = {
    "others-said-to-be-all": _compared(_others),
    "no-baseline-said-to-be-all": _compared(lambda W: 0 * W),
}
OTHERS, ALL = {"source": "leave-one-out"}, {"source": "same-sample"}


def _mutants(contract: Any, runs: dict[str, Callable[..., Array]], **declared: Any) -> tuple[Subject, ...]:
    return tuple(subject(name, contract=contract, **declared)(run) for name, run in runs.items())


good = subject("good", contract=control_variate)(_given(lambda W, U, EU, a: W + a * (U - EU)))
good_estimated = subject("good", contract=control_estimated, conventions=OTHERS)(
    _estimated(lambda c, v, W, U: _quotient(c, v), "leave-one-out")
)
good_baseline = subject("good", contract=baseline, conventions=OTHERS)(_compared(_others))

MUTANTS = (
    *_mutants(control_variate, {name: _given(change) for name, change in GIVEN.items()}),
    *careless(good, ("ignores-order",)),
    *_mutants(control_estimated, ESTIMATED, conventions=OTHERS),
    *_mutants(control_estimated, SAME_SAMPLE, conventions=ALL),
    *careless(good_estimated, ("ignores-order",)),
    *_mutants(baseline, COMPARED, conventions=OTHERS),
    *_mutants(baseline, SAID_TO_BE_ALL, conventions=ALL),
    *careless(good_baseline),
)
