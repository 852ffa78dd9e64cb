"""Scripted noise: a subject that draws its own random numbers, run on a quadrature grid instead, unmodified.

    with scripted(4096) as script:                # points of a grid; call j gets coordinates of its own
        g = score_gradient(torch.distributions.Normal(mu, 1.0), f, 4096)    # torch: every random operation is answered
        x = sampler(rng=script.rng, n=4096)       # NumPy: pass the generator
    g.mean()                                      # an integral, up to O(1/n), where it was an average, up to O(1/√n)

Every draw is the quantile function of its distribution at a uniform number. The uniform numbers of the whole run are the
first n points of a Sobol sequence, moved to the middle of their cells: along one axis exactly the midpoints (k + ½)/n.
The axis of length n of whatever is drawn counts the points; each further entry has a Sobol coordinate of its own.

    with scripted([z, u]) as script:              # or: the j-th draw is these numbers, as they are

`script.draws` keeps what was asked in which order, and the answers. What cannot be answered raises `Unscripted`: a draw
without an axis of n points (a sampler that rejects and asks again), or a distribution that is not known here.

Source: Sobol 1967; inverse transform sampling.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]
Quantile = Callable[[Array], Array]


class Unscripted(Exception):
    """A draw that the script cannot answer."""


@dataclass(frozen=True)
class Draw:
    """One random call: what was asked, of which shape, and the answer."""

    name: str
    shape: tuple[int, ...]
    values: Array


class Script:
    """The answers, in the order in which they are asked for."""

    def __init__(self, points: int | Sequence[ArrayLike]) -> None:
        if isinstance(points, int) and points < 1:
            raise ValueError(f"points={points}: expected at least one, or the numbers of each draw")
        self._given = None if isinstance(points, int) else [np.asarray(x) for x in points]
        self._n = points if isinstance(points, int) else 0
        self._used = 0
        self.draws: list[Draw] = []

    @property
    def rng(self) -> Any:
        """A NumPy generator whose draws are scripted."""
        from prufrock.scripted_numpy import generator

        return generator(self)

    def answer(self, name: str, shape: tuple[int, ...], quantile: Quantile, last: bool = False) -> Array:
        """The next draw; `last` says that the points lie along the last axis where both ends would do."""
        shape = tuple(int(size) for size in shape)
        values = self._next(name, shape) if self._given is not None else quantile(self._uniform(name, shape, last))
        self.draws.append(Draw(name, shape, np.asarray(values)))
        return self.draws[-1].values

    def _next(self, name: str, shape: tuple[int, ...]) -> Array:
        assert self._given is not None
        at = len(self.draws)
        if at >= len(self._given):
            raise Unscripted(f"draw {at + 1}, {name} of shape {list(shape)}: {at} were given")
        if self._given[at].shape != shape:
            given = list(self._given[at].shape)
            raise Unscripted(f"draw {at + 1}, {name} of shape {list(shape)}: numbers of shape {given} were given")
        return self._given[at]

    def _uniform(self, name: str, shape: tuple[int, ...], last: bool) -> Array:
        axes = [axis for axis, size in enumerate(shape) if size == self._n]
        if not axes:
            raise Unscripted(f"draw {len(self.draws) + 1}, {name} of shape {list(shape)}: no axis of {self._n} points")
        axis = axes[-1] if last else axes[0]
        others = shape[:axis] + shape[axis + 1 :]
        width = math.prod(others)
        grid = _sobol(self._n, self._used, width)
        self._used += width
        return np.moveaxis(grid.reshape(self._n, *others), 0, axis)


def _sobol(n: int, start: int, width: int) -> Array:
    from scipy.stats import qmc

    whole = 1 << max(n - 1, 0).bit_length()  # SciPy warns of other sizes; a part of a sequence is one
    points = qmc.Sobol(start + width, scramble=False).random(whole)[:n, start:]
    return np.asarray(points + 0.5 / whole)


@contextmanager
def scripted(points: int | Sequence[ArrayLike]) -> Iterator[Script]:
    """Answer every random call inside: torch's wherever it is made, NumPy's through `script.rng`."""
    script = Script(points)
    try:
        import torch  # noqa: F401
    except ImportError:
        yield script
        return
    from prufrock.scripted_torch import answering

    with answering(script):
        yield script
