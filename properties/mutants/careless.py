"""Mutants for the laws that hold everywhere: a good subject made careless in one way each."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from prufrock import Subject


def careless(good: Subject, harmless: tuple[str, ...] = ()) -> tuple[Subject, ...]:
    """The good subject, wrong in the ways that no law of its own contract looks for.

    harmless  names of those that are right here: Fortran order is C order for arguments of one axis
    """
    changes: dict[str, Callable[..., Any]] = {
        "writes-into-input": _writes_into_input(good),
        "sorts-in-place": _sorts_in_place(good),
        "counts-calls": _counts_calls(good),
        "forgets-second-call": _forgets_second_call(good),
        "ignores-strides": _reads_memory(good, "A"),
        "ignores-order": _reads_memory(good, "F"),
        "narrows": lambda *x: _mapped(good, good.run(*x), lambda y: y.astype(np.float16)),
        "returns-single": lambda *x: _mapped(good, good.run(*x), lambda y: y.astype(np.longdouble)),
        "answers-anything": _answers_anything(good),
        "mends-input": _mends_input(good),
    }
    if "batch" in good.contract.conventions:
        good = replace(good, conventions={**good.conventions, "batch": "leading"})
        changes |= {name: _in_batches(good, pick) for name, pick in MIXED.items()}
    return tuple(
        replace(good, name=name, run=run, own=True, known=()) for name, run in changes.items() if name not in harmless
    )


MIXED: dict[str, Callable[[list[Any], int], Any]] = {
    "answers-first-item": lambda out, k: out[0],
    "mixes-items": lambda out, k: sum(out) / len(out),
    "shifts-items": lambda out, k: out[k - 1],
}


def _in_batches(good: Subject, pick: Callable[[list[Any], int], Any]) -> Callable[..., Any]:
    """Stacked problems one by one; the answers of each output are then picked wrongly."""

    def run(*arguments: Any) -> Any:
        words = good.contract.arguments.values()
        first, word = next((x, w) for x, w in zip(arguments, words, strict=True) if isinstance(x, np.ndarray))
        if first.ndim == len(word.split()):
            return good.run(*arguments)
        items = [tuple(x[k] if isinstance(x, np.ndarray) else x for x in arguments) for k in range(len(first))]
        outs = [good.run(*item) if len(good.outputs) > 1 else (good.run(*item),) for item in items]
        columns = [[np.asarray(x) for x in column] for column in zip(*outs, strict=True)]
        stacked = tuple(np.stack([pick(column, k) for k in range(len(items))]) for column in columns)
        return stacked if len(stacked) > 1 else stacked[0]

    return run


def _mapped(good: Subject, out: Any, change: Callable[[Any], Any]) -> Any:
    """`out` with its main output changed."""
    if len(good.outputs) == 1:
        return change(np.asarray(out))
    at = good.outputs.index(good.contract.main)
    return tuple(change(np.asarray(x)) if i == at else x for i, x in enumerate(out))


def _writes_into_input(good: Subject) -> Callable[..., Any]:
    def run(*arguments: Any) -> Any:
        out = good.run(*arguments)
        for x in _arrays(arguments)[:1]:
            x[...] += 1
        return out

    return run


def _sorts_in_place(good: Subject) -> Callable[..., Any]:
    def run(*arguments: Any) -> Any:
        out = good.run(*arguments)
        for x in _arrays(arguments):
            x[...] = np.sort(x, axis=None)[::-1].reshape(x.shape)
        return out

    return run


def _counts_calls(good: Subject) -> Callable[..., Any]:
    calls = itertools.count(1)
    return lambda *x: _mapped(good, good.run(*x), lambda y: y + np.asarray(1e-9 * next(calls), y.dtype))


def _forgets_second_call(good: Subject) -> Callable[..., Any]:
    calls = itertools.count(1)
    return lambda *x: _mapped(good, good.run(*x), lambda y: y if next(calls) % 2 else -1 - y)


def _reads_memory(good: Subject, order: Any) -> Callable[..., Any]:
    """Take the buffer as it lies there, whatever the strides say."""

    def flat(x: Any) -> Any:
        if not isinstance(x, np.ndarray) or not x.ndim:
            return x
        if order == "F":
            return x.ravel(order="K").reshape(x.shape) if x.flags.f_contiguous else x
        base = x if x.base is None or x.base.size != x.size else x.base
        return np.asarray(base).ravel(order="K").reshape(x.shape)

    return lambda *x: good.run(*(flat(y) for y in x))


def _answers_anything(good: Subject) -> Callable[..., Any]:
    def run(*arguments: Any) -> Any:
        try:
            return good.run(*arguments)
        except Exception:
            zeros = tuple(np.zeros(1) for _ in good.outputs)
            return zeros if len(zeros) > 1 else zeros[0]

    return run


def _mends_input(good: Subject) -> Callable[..., Any]:
    def run(*arguments: Any) -> Any:
        mended = tuple(_mended(x) for x in arguments)
        try:
            return good.run(*arguments)
        except Exception:
            try:
                return good.run(*mended)
            except Exception:
                return tuple(np.ones(1) for _ in good.outputs) if len(good.outputs) > 1 else np.ones(1)

    return run


def _mended(x: Any) -> Any:
    """Numbers without sign, NaN or infinity; functions and names as they are."""
    if isinstance(x, np.ndarray):
        return np.abs(np.nan_to_num(x))
    return abs(x) if isinstance(x, (int, float)) else x


def _arrays(arguments: tuple[Any, ...]) -> list[Any]:
    return [x for x in arguments if isinstance(x, np.ndarray) and x.size]
