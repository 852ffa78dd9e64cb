"""Laws on the line whose quantiles are formulas: z = G(u; θ), so that ∂G/∂θ can be written down at z.

    normal(μ, σ)         z = μ + σ x                            1, x
    lognormal(μ, σ)      z = e^{μ + σ x}                        z, z x
    cauchy(m, γ)         z = m + γ x                            1, x
    gumbel(m, β)         z = m − β log(−log u)                  1, (z − m)/β
    logistic(m, s)       z = m + s logit u                      1, (z − m)/s
    laplace(m, b)        z = m ∓ b log …                        1, (z − m)/b
    exponential(λ)       z = −log(1−u)/λ                        −z/λ
    weibull(λ, k)        z = λ (−log(1−u))^{1/k}                z/λ, −z log(z/λ)/k
    pareto(m, α)         z = m (1−u)^{−1/α}                     z/m, −z log(z/m)/α
    kumaraswamy(a, b)    z = (1 − (1−u)^{1/b})^{1/a}            −z log z/a, z^{1−a} (1−z^a) log(1−z^a)/(ab)

Source: derived, each from its quantile function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._scipy import stats

Array = NDArray[np.float64]

LOCATION = ("normal", "cauchy", "gumbel", "logistic", "laplace")
POSITIVE = ("lognormal", "exponential", "weibull", "pareto")
DISTRIBUTIONS = (*LOCATION, *POSITIVE, "kumaraswamy")


def velocity(dist: str, z: Array, v: Array) -> Array:
    """∂G/∂θ at z, [S, P]."""
    if dist in LOCATION:
        columns = [np.ones_like(z), (z - v[0]) / v[1]]
    elif dist == "lognormal":
        columns = [z, z * (np.log(z) - v[0]) / v[1]]
    elif dist == "exponential":
        columns = [-z / v[0]]
    elif dist in ("weibull", "pareto"):
        columns = [z / v[0], -z * np.log(z / v[0]) / v[1]]
    else:
        power = z ** v[0]
        columns = [-z * np.log(z) / v[0], z ** (1.0 - v[0]) * (1.0 - power) * np.log1p(-power) / (v[0] * v[1])]
    return np.stack(columns, axis=1)


def quantile(dist: str, u: Array, v: Array) -> Array:
    """G(u; θ), for u up to ½."""
    if dist == "kumaraswamy":
        return np.asarray((-np.expm1(np.log1p(-u) / v[1])) ** (1.0 / v[0]))
    return np.asarray(scipy_law(dist, v).ppf(u))


def scipy_law(dist: str, v: Array) -> Any:
    """The same law from SciPy, which knows nothing of velocities."""
    made: dict[str, Callable[[], Any]] = {
        "normal": lambda: stats.norm(v[0], v[1]),
        "lognormal": lambda: stats.lognorm(v[1], scale=np.exp(v[0])),
        "cauchy": lambda: stats.cauchy(v[0], v[1]),
        "gumbel": lambda: stats.gumbel_r(v[0], v[1]),
        "logistic": lambda: stats.logistic(v[0], v[1]),
        "laplace": lambda: stats.laplace(v[0], v[1]),
        "exponential": lambda: stats.expon(scale=1.0 / v[0]),
        "weibull": lambda: stats.weibull_min(v[1], scale=v[0]),
        "pareto": lambda: stats.pareto(v[1], scale=v[0]),
    }
    return made[dist]()
