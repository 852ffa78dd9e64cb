"""Samplers of jax.random and numpyro, in single precision, from a key made of the seed.

Every new number of draws would compile anew, so that one of a few sizes is drawn and cut; where jax.random knows only the
standard form of a distribution, the adapter moves and scales it (and sees to it that the parameters are valid).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject, subject

from ..variational.sampler import sampler
from .samplers import LOGISTIC, TORCH, known

Array = NDArray[Any]

JAX: dict[str, Callable[[Any, Any, Array, Any], Any]] = {
    "normal": lambda r, key, p, shape: p[0] + p[1] * r.normal(key, shape),
    "exponential": lambda r, key, p, shape: r.exponential(key, shape) / p[0],
    "gamma": lambda r, key, p, shape: r.gamma(key, p[0], shape) / p[1],
    "uniform": lambda r, key, p, shape: r.uniform(key, shape, minval=p[0], maxval=p[1]),
    "beta": lambda r, key, p, shape: r.beta(key, p[0], p[1], shape),
    "laplace": lambda r, key, p, shape: p[0] + p[1] * r.laplace(key, shape),
    "gumbel": lambda r, key, p, shape: p[0] + p[1] * r.gumbel(key, shape),
    "logistic": lambda r, key, p, shape: p[0] + p[1] * r.logistic(key, shape),
    "weibull": lambda r, key, p, shape: r.weibull_min(key, p[0], p[1], shape),
    "student": lambda r, key, p, shape: p[1] + p[2] * r.t(key, p[0], shape),
    "cauchy": lambda r, key, p, shape: p[0] + p[1] * r.cauchy(key, shape),
    "bernoulli": lambda r, key, p, shape: r.bernoulli(key, p[0], shape).astype(int),
    "binomial": lambda r, key, p, shape: r.binomial(key, p[0], p[1], shape),
    "poisson": lambda r, key, p, shape: r.poisson(key, p[0], shape),
    "geometric": lambda r, key, p, shape: r.geometric(key, p[0], shape) - 1,
    "categorical": lambda r, key, p, shape: r.choice(key, len(p), shape, p=p),
}
NUMPYRO = TORCH | LOGISTIC  # the classes have the same names and arguments


def _cut(draw: Callable[[tuple[int]], Any], n: int) -> Array:
    """The first n of 4096, 65536, ... draws."""
    if n <= 0:
        return np.asarray(draw((n,)))
    size = 4096
    while size < n:
        size *= 16
    return np.asarray(draw((size,)))[:n]


def _jax(dist: str, params: Array, n: int, seed: int) -> Array:
    import jax

    key, p = jax.random.key(seed), np.asarray(params, np.float32)
    table = JAX[dist]
    with jax.enable_x64(False):
        return _cut(lambda shape: table(jax.random, key, p, shape), n)


def _numpyro(dist: str, params: Array, n: int, seed: int) -> Array:
    import jax
    import numpyro.distributions as d

    with jax.enable_x64(False), d.distribution.validation_enabled():
        made = NUMPYRO[dist](d, np.asarray(params, np.float32))
        return _cut(lambda shape: made.sample(jax.random.key(seed), shape), n)


def _valid(dist: str, params: Array, n: int, seed: int) -> bool:
    """jax.random checks no parameter: compiled code cannot raise, and it says so."""
    if not known(JAX)(dist, params, n, seed) or np.isnan(params).any():
        return False
    if dist == "uniform":
        return bool(params[0] < params[1])
    positive = {"student": (0, 2), **dict.fromkeys(("normal", "laplace", "gumbel", "logistic", "cauchy"), (1,))}
    return all(params[k] >= 0 for k in positive.get(dist, range(len(params))))


SUBJECTS: tuple[Subject, ...] = (
    subject("jax.random", contract=sampler, requires="jax>=0.4", dtype="float32", accepts=_valid, effort=0.5)(_jax),
    subject(
        "numpyro.distributions",
        contract=sampler,
        requires="numpyro>=0.15",
        dtype="float32",
        accepts=known(NUMPYRO),
        effort=0.5,
    )(_numpyro),
)
