"""Wrong best paths: greedy and pointwise ones, pointers off by one, ends and starts forgotten, scores of something else."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject
from prufrock.subjects import checked

from ..latent.viterbi import viterbi
from .careless import careless
from .hmm import lse, right, valid

Array = NDArray[Any]
Found = tuple[Array, Any]
Finder = Callable[[Array, Array, Array], Found]


def best(log_pi: Array, log_A: Array, log_B: Array, late: int = 0, last: Array | None = None) -> Found:
    """Viterbi's recursion.

    late  take the pointers of that many frames later
    last  what the states of the last frame gain
    """
    valid(log_pi, log_A, log_B)
    value, pointers = log_pi + log_B[0], []
    for row in log_B[1:]:
        arriving = value[:, None] + log_A
        pointers.append(arriving.argmax(axis=0))
        value = arriving.max(axis=0) + row
    state = int((value if last is None else value + last).argmax())
    path = [state]
    for n in range(len(pointers) - 1, -1, -1):
        state = int(pointers[min(n + late, len(pointers) - 1)][state])
        path.append(state)
    return np.array(path[::-1]), value.max()


def _read(change: Callable[[Array, Array, Array], tuple[Array, Array, Array]]) -> Finder:
    def run(*x: Array) -> tuple[Array, Any]:
        p, A, B = (np.ascontiguousarray(y) for y in change(*x))
        return best(p, A, B)

    return run


def _said(change: Callable[[Array, Any, tuple[Array, Array, Array]], Found]) -> Finder:
    return lambda *x: change(*best(*x), x)


def _greedy(log_pi: Array, log_A: Array, log_B: Array) -> Found:
    """The best next state, from each state to the next."""
    _, score = best(log_pi, log_A, log_B)
    path = [int((log_pi + log_B[0]).argmax())]
    for row in log_B[1:]:
        path.append(int((log_A[path[-1]] + row).argmax()))
    return np.array(path), score


def _pointwise(log_pi: Array, log_A: Array, log_B: Array) -> Found:
    """The most probable state of each frame, given all frames."""
    return right(log_pi, log_A, log_B).gamma.argmax(axis=1), best(log_pi, log_A, log_B)[1]


def _filtered(log_pi: Array, log_A: Array, log_B: Array) -> Found:
    """The end of the best path of each beginning."""
    ends = [best(log_pi, log_A, log_B[: n + 1])[0][-1] for n in range(len(log_B))]
    return np.array(ends), best(log_pi, log_A, log_B)[1]


def _multiplies(log_pi: Array, log_A: Array, log_B: Array) -> Found:
    """Probabilities, not logarithms: they underflow, and then the first state is as good as any."""
    valid(log_pi, log_A, log_B)
    pi, A, B = (np.exp(x) for x in (log_pi, log_A, log_B))
    value, pointers = pi * B[0], []
    for row in B[1:]:
        arriving = value[:, None] * A
        pointers.append(arriving.argmax(axis=0))
        value = arriving.max(axis=0) * row
    path = [int(value.argmax())]
    for pointer in reversed(pointers):
        path.append(int(pointer[path[-1]]))
    with np.errstate(divide="ignore"):
        return np.array(path[::-1]), np.log(value.max())


def _floored(*x: Array) -> Found:
    low = [np.maximum(y, np.asarray(np.log(1e-10), y.dtype)) for y in x]
    return best(low[0], low[1], low[2])


def _normalised(log_pi: Array, log_A: Array, log_B: Array) -> tuple[Array, Array, Array]:
    return log_pi - lse(log_pi), log_A - lse(log_A)[:, None], log_B


def _stays(path: Array, score: Any, x: tuple[Array, Array, Array]) -> Found:
    return np.r_[path[:-1], path[-2:][0]], score


def _second_frame_free(path: Array, score: Any, x: tuple[Array, Array, Array]) -> Found:
    """The second state by its frame alone."""
    return np.where(np.arange(len(path)) == 1, x[2][min(1, len(path) - 1)].argmax(), path), score


def _of_eight(log_pi: Array, log_A: Array, log_B: Array) -> Found:
    """Right for eight frames; those after them each by themselves."""
    path, score = best(log_pi, log_A, log_B)
    return np.r_[path[:8], log_B[8:].argmax(axis=1)], score


def _without_last(log_pi: Array, log_A: Array, log_B: Array) -> tuple[Array, Array, Array]:
    return log_pi, log_A, np.r_[log_B[:-1], 0 * np.isfinite(log_B[-1:]).astype(log_B.dtype)]


def _silent_first(log_pi: Array, log_A: Array, log_B: Array) -> tuple[Array, Array, Array]:
    """As if the first state were silent."""
    out = log_B.copy()
    out[:, 0] = 0.0
    return log_pi, log_A, out


def _leaning(log_pi: Array, log_A: Array, log_B: Array) -> tuple[Array, Array, Array]:
    """Ties broken towards the first states, with a heavy hand."""
    return log_pi, log_A, (log_B - np.arange(len(log_pi))).astype(log_B.dtype)


def _counting() -> Finder:
    """The first state moves on by one at every call."""
    calls = itertools.count(1)

    def run(log_pi: Array, log_A: Array, log_B: Array) -> Found:
        path, score = best(log_pi, log_A, log_B)
        path[0] = (path[0] + next(calls)) % len(log_pi)
        return path, score

    return run


WRONG: dict[str, Finder] = {
    "greedy": _greedy,
    "most-probable-states": _pointwise,
    "ends-of-beginnings": _filtered,
    "most-probable-frames": lambda *x: (x[2].argmax(axis=1), best(*x)[1]),
    "pointers-one-late": lambda p, A, B: best(p, A, B, late=1),
    "path-without-pi": lambda p, A, B: (best(np.zeros_like(p), A, B)[0], best(p, A, B)[1]),
    "score-without-pi": lambda p, A, B: best(np.zeros_like(p), A, B),
    "forgets-last-frame": _read(_without_last),
    "first-state-is-special": _read(_silent_first),
    "leans-to-the-first-states": lambda *x: (best(*_leaning(*x))[0], best(*x)[1]),
    "counts-calls": _counting(),
    "transposes-A": _read(lambda p, A, B: (p, A.T, B)),
    "normalises-scores": _read(_normalised),
    "floors-zeros": _floored,
    "multiplies-probabilities": _multiplies,
    "likelihood-for-score": _said(lambda path, score, x: (path, right(*x).log_z)),
    "mean-score": _said(lambda path, score, x: (path, score / score.dtype.type(len(path)))),
    "reversed-path": _said(lambda path, score, x: (path[::-1].copy(), score)),
    "stays-at-the-end": _said(_stays),
    "second-frame-by-itself": _said(_second_frame_free),
    "right-for-eight-frames": _of_eight,
    "counts-from-one": _said(lambda path, score, x: (path + 1, score)),
    "names-no-state": _said(lambda path, score, x: (np.where(np.arange(len(path)) == 0, -1, path), score)),
}

CONVENTIONS = {"scores": "free", "impossible": "any path"}


def _made(name: str, run: Finder) -> Subject:
    def guarded(*x: Any) -> Any:
        with np.errstate(all="ignore"):
            return run(*x)

    return checked(Subject(name, viterbi, guarded, ("path", "score"), CONVENTIONS, own=True))


good = _made("good", best)
MUTANTS = (*(_made(name, run) for name, run in WRONG.items()), *careless(good, harmless=("counts-calls",)))
