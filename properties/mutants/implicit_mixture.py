"""Wrong velocities of draws of mixtures of normals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from prufrock import Subject, subject

from ..cases.shapes_of_draws import MixtureDraws
from ..variational.implicit_mixture import NAMES, exact, implicit_mixture
from .careless import careless

Array = NDArray[Any]
Three = tuple[Array, Array, Array]


def _right(z: Array, logits: Array, mu: Array, sigma: Array) -> Three:
    if not (sigma > 0).all() or np.isnan(z).any() or np.isnan(logits).any():
        raise ValueError("outside the domain")
    found = exact(MixtureDraws(z, logits, mu, sigma), z)
    return found.d_mu.astype(z.dtype), found.d_sigma.astype(z.dtype), found.d_logits.astype(z.dtype)


def _changed(change: Callable[..., Three]) -> Callable[..., Three]:
    """change(x, weights, the right velocities)."""

    def run(z: Array, logits: Array, mu: Array, sigma: Array) -> Three:
        x = (z[:, None] - mu) / sigma
        return change(x, special.softmax(logits), _right(z, logits, mu, sigma))

    return run


def _nearest_component(x: Array, w: Array, right: Three) -> Three:
    """The draw belongs to the component that most likely gave it."""
    chosen = (right[0] == right[0].max(axis=1, keepdims=True)).astype(x.dtype)
    return chosen, chosen * x, right[2]


def _weights_for_responsibilities(x: Array, w: Array, right: Three) -> Three:
    return np.broadcast_to(w, x.shape).copy(), w * x, right[2]


def _responsibilities_squared(x: Array, w: Array, right: Three) -> Three:
    return right[0] ** 2, right[0] ** 2 * x, right[2]


def _plain(underflow: bool) -> Callable[..., Three]:
    """Densities and distribution functions as they are, not their logarithms; underflow says which of both is kept."""

    def run(z: Array, logits: Array, mu: Array, sigma: Array) -> Three:
        x, w = (z[:, None] - mu) / sigma, special.softmax(logits)
        parts = w * np.exp(-(x**2) / 2.0) / (sigma * np.sqrt(2.0 * np.pi))
        with np.errstate(all="ignore"):
            q = parts.sum(axis=1, keepdims=True)
            right = _right(z, logits, mu, sigma)
            if underflow:
                return parts / q, parts / q * x, right[2]
            F = special.ndtr(x)
            return right[0], right[1], -w * (F - (w * F).sum(axis=1, keepdims=True)) / q

    return run


BUGS: dict[str, Callable[..., Three]] = {
    "nearest-component": _changed(_nearest_component),
    "weights-for-responsibilities": _changed(_weights_for_responsibilities),
    "responsibilities-squared": _changed(_responsibilities_squared),
    "weights-only": _changed(lambda x, w, right: (right[0] * w, right[1], right[2])),
    "other-sign-of-logits": _changed(lambda x, w, right: (right[0], right[1], -right[2])),
    "deviation-forgotten": _changed(lambda x, w, right: (right[0], right[0], right[2])),
    "half-the-variance": _changed(lambda x, w, right: (right[0], right[1] / 2.0, right[2])),
    "cdf-not-centred": _changed(lambda x, w, right: (right[0], right[1], right[2] + w)),
    "mean-responsibilities": _changed(
        lambda x, w, right: (np.broadcast_to(right[0].mean(axis=0), x.shape).copy(), right[1], right[2])
    ),
    "sorts-draws": lambda z, *theta: _right(np.sort(z), *theta),
    "underflows": _plain(underflow=True),
    "one-minus-one": _plain(underflow=False),
}


def _mutant(name: str, run: Callable[..., Any]) -> Subject:
    return subject(name, contract=implicit_mixture, outputs=NAMES)(run)


good = _mutant("good", _right)

MUTANTS = (*(_mutant(name, run) for name, run in BUGS.items()), *careless(good, ("ignores-order",)))
