"""What the laws of estimators for normals share: integration over the noise, the declared scale, and rounding.

A subject says with respect to what the second half of its columns is the gradient, σ, log σ or σ²; one that does not
say is judged by the first half, ∂/∂μ. By the chain rule ∂/∂log σ = σ ∂/∂σ and ∂/∂σ² = (1/2σ) ∂/∂σ.

Rounding: f(z) carries an error of n·u·A(z), A(z) its magnitude (every summand taken for its absolute value) and n
its operations; the score carries one relative to (|z| + |μ|)/σ² and ((|z| + |μ|)²/σ² + 1)/σ, for z − μ may be taken
after a division. A mean over nodes of weights w_s so carries 8·n·u·Σ_s |w_s| A(z_s) |score|(z_s), by T1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from prufrock import Judged
from prufrock.tolerance import summation

from ..oracles import moments
from ..oracles.quadrature import normals

if TYPE_CHECKING:
    from ..cases.estimators import Normal

Array = NDArray[np.float64]

SCALES = ("sigma", "log-sigma", "variance")


class Sum(NamedTuple):
    """Noise eps[n, d], samples z[n, d] = μ + σ·eps and weights w[n]: E g(z) = w @ g(z) for what the rule is exact for."""

    eps: Array
    z: Array
    w: Array

    @property
    def size(self) -> Array:
        """|w|."""
        return np.abs(self.w)


def over_noise(case: Normal, degree: int) -> Sum:
    """A sum that is exact where the degree in each variable is at most `degree`."""
    eps, w = normals(len(case.mu), degree + 1)
    return Sum(eps, case.mu + case.sigma * eps, w)


def chain(subject: Judged, sigma: Array) -> Array:
    """∂(μ, σ)/∂(declared parameters), one factor a column; without a declaration only the columns of μ."""
    ones = np.ones(len(sigma))
    scale = subject.conventions.get("scale")
    if scale is None:
        return ones
    factors = {"sigma": ones, "log-sigma": sigma, "variance": 0.5 / sigma}
    return np.concatenate([ones, factors[scale]])


def slope(subject: Judged, f: Any, case: Normal) -> Array:
    """∇E f in the declared parameters, [P]."""
    found = [moments.slope_mean(f, case.mu, case.sigma), moments.slope_deviation(f, case.mu, case.sigma)]
    factor = chain(subject, case.sigma)
    return np.concatenate(found)[: len(factor)] * factor


def score(subject: Judged, case: Normal, z: Array) -> Array:
    """∇ log q(z) in the declared parameters, [S, P]."""
    away = (z - case.mu) / case.sigma
    both = np.concatenate([away / case.sigma, (away**2 - 1.0) / case.sigma], axis=1)
    factor = chain(subject, case.sigma)
    return both[:, : len(factor)] * factor


def score_size(subject: Judged, case: Normal, z: Array) -> Array:
    """The magnitude of the summands of `score`."""
    far = (np.abs(z) + np.abs(case.mu)) / case.sigma
    both = np.concatenate([far / case.sigma, (far**2 + 1.0) / case.sigma], axis=1)
    factor = chain(subject, case.sigma)
    return both[:, : len(factor)] * factor


def operations(f: Any) -> int:
    """How many roundings f(z), a score and their product are made of."""
    terms = len(getattr(f, "coefficients", ())) or len(getattr(f, "frequency", ()))
    return 12 + terms + getattr(f, "total_degree", 1)


def contributions_size(subject: Judged, f: Any, case: Normal, z: Array) -> Array:
    """A(z) |score|(z), [S, P]."""
    return np.asarray(f.magnitude(z)[:, None] * score_size(subject, case, z))


def rounding(subject: Judged, f: Any, case: Normal, over: Sum) -> Array:
    """T1 for w @ G, column by column."""
    size = over.size @ contributions_size(subject, f, case, over.z)
    return np.asarray(summation(operations(f), size, subject.u))
