"""kl_divergence of torch and of NumPyro, from every family that they know to every other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject, subject

from ..cases.parameters import OTHERS
from ..variational.divergences import MADE
from .densities import NUMPYRO, TORCH
from .kl_known import known

Array = NDArray[Any]

# Pairs that a library leaves out.
TORCH_LACKS: dict[str, tuple[str, ...]] = {
    "exponential": ("laplace",),
    "gamma": ("laplace",),
    "pareto": ("laplace", "gumbel"),
    "uniform": ("laplace",),
    "beta": ("laplace", "gumbel"),
    "continuous-bernoulli": ("laplace", "gumbel", "beta", "gamma"),
    "gumbel": ("laplace",),
    "laplace": ("gumbel",),
    "bernoulli": ("binomial", "geometric"),
    "binomial": ("bernoulli", "poisson", "geometric"),
    "poisson": ("geometric",),
    "geometric": ("bernoulli", "binomial", "poisson"),
}
TORCH_FROM = tuple(name for name in OTHERS if name not in ("weibull", "kumaraswamy"))
NUMPYRO_KNOWS: dict[str, str] = {
    "normal": "normal",
    "beta": "beta",
    "categorical": "categorical",
    "gamma": "gamma",
    "weibull": "gamma",
    "kumaraswamy": "beta",
}


def _torch(name: str) -> Callable[..., Any]:
    def run(params: Array, other: str, other_params: Array) -> Any:
        import torch
        from torch import distributions as D

        def made(family: str, theta: Array) -> Any:
            x = torch.from_numpy(np.asarray(theta, order="C"))
            return D.Categorical(x) if family == "categorical" else getattr(D, TORCH[family][0])(*x)

        return D.kl_divergence(made(name, params), made(other, other_params)).numpy()

    return run


def _numpyro(name: str) -> Callable[..., Any]:
    def run(params: Array, other: str, other_params: Array) -> Any:
        import jax
        from numpyro import distributions as D

        jax.config.update("jax_enable_x64", True)

        def made(family: str, theta: Array) -> Any:
            x = jax.numpy.asarray(theta)
            return D.CategoricalProbs(x) if family == "categorical" else getattr(D, NUMPYRO[family][0])(*x)

        return np.asarray(D.kl_divergence(made(name, params), made(other, other_params)))

    return run


def _in_torch(name: str) -> Callable[..., bool]:
    """Documented: no binomial of more trials than p's own."""

    def accepts(params: Array, other: str, other_params: Array) -> bool:
        more = name == other == "binomial" and other_params[0] > params[0]
        return not more and other not in TORCH_LACKS.get(name, ())

    return accepts


def _in_numpyro(name: str) -> Callable[..., bool]:
    return lambda params, other, other_params: other == NUMPYRO_KNOWS[name]


def _subject(library: str, requires: str, name: str, run: Callable[..., Any], accepts: Any, dtype: str) -> Subject:
    bracket = "" if dtype == "float64" else f"[{dtype}]"
    return subject(
        f"{library}.kl_divergence.{name}{bracket}",
        contract=MADE[name][0],
        conventions={"ends": "limit"},
        dtype=dtype,
        requires=requires,
        accepts=accepts,
        known=known(library, name, dtype),
    )(run)


SUBJECTS = tuple(
    one
    for dtype in ("float64", "float32")
    for one in (
        *(_subject("torch", "torch>=2.4", name, _torch(name), _in_torch(name), dtype) for name in TORCH_FROM),
        *(
            _subject("numpyro", "numpyro>=0.13", name, _numpyro(name), _in_numpyro(name), dtype)
            for name in NUMPYRO_KNOWS
        ),
    )
)
