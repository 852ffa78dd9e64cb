"""Distributions of torch, pyro and NumPyro: log-density, distribution function, quantiles, moments, entropy of each family.

Supports are checked by torch and pyro themselves; NumPyro checks nothing unless asked to. Counts are handed over as floats.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, Subject, subject

from ..variational.families import MADE
from .densities_known import known
from .lax_variational import lax

Array = NDArray[Any]

LOG, CDF, QUANTILE, MOMENTS, ENTROPY = ("log_p",), ("cdf",), ("quantile",), ("mean", "variance"), ("entropy",)
ALL = (*LOG, *CDF, *QUANTILE, *MOMENTS, *ENTROPY)
NO_QUANTILE = (*LOG, *CDF, *MOMENTS, *ENTROPY)
NO_FUNCTION = (*LOG, *MOMENTS, *ENTROPY)
NO_ENTROPY = (*LOG, *CDF, *QUANTILE, *MOMENTS)
BARE = (*LOG, *MOMENTS)

# family -> (class, outputs); conventions of the ends: the documented support is closed ("limit") or not.
TORCH: dict[str, tuple[str, tuple[str, ...]]] = {
    "normal": ("Normal", ALL),
    "laplace": ("Laplace", ALL),
    "cauchy": ("Cauchy", ALL),
    "gumbel": ("Gumbel", NO_FUNCTION),
    "student-t": ("StudentT", NO_FUNCTION),
    "uniform": ("Uniform", ALL),
    "beta": ("Beta", NO_FUNCTION),
    "kumaraswamy": ("Kumaraswamy", ALL),
    "continuous-bernoulli": ("ContinuousBernoulli", ALL),
    "von-mises": ("VonMises", LOG),
    "log-normal": ("LogNormal", ALL),
    "half-normal": ("HalfNormal", ALL),
    "half-cauchy": ("HalfCauchy", ALL),
    "exponential": ("Exponential", ALL),
    "gamma": ("Gamma", NO_QUANTILE),
    "inverse-gamma": ("InverseGamma", NO_QUANTILE),
    "chi2": ("Chi2", NO_QUANTILE),
    "weibull": ("Weibull", ALL),
    "pareto": ("Pareto", ALL),
    "fisher-snedecor": ("FisherSnedecor", BARE),
    "generalized-pareto": ("GeneralizedPareto", ALL),
    "bernoulli": ("Bernoulli", NO_FUNCTION),
    "geometric": ("Geometric", NO_FUNCTION),
    "binomial": ("Binomial", NO_FUNCTION),
    "negative-binomial": ("NegativeBinomial", BARE),
    "poisson": ("Poisson", BARE),
    "categorical": ("Categorical", (*LOG, *ENTROPY)),
}
# What raises in its distribution function is judged without it above, and with it by itself.
TORCH_FUNCTIONS: dict[str, tuple[str, tuple[str, ...]]] = {"gumbel": ("Gumbel", (*LOG, *CDF, *QUANTILE))}
PYRO: dict[str, tuple[str, tuple[str, ...]]] = {
    "logistic": ("Logistic", ALL),
    "beta-binomial": ("BetaBinomial", BARE),
    "gamma-poisson": ("GammaPoisson", BARE),
}
NUMPYRO: dict[str, tuple[str, tuple[str, ...]]] = {
    "normal": ("Normal", ALL),
    "laplace": ("Laplace", ALL),
    "cauchy": ("Cauchy", ALL),
    "gumbel": ("Gumbel", NO_ENTROPY),
    "logistic": ("Logistic", ALL),
    "student-t": ("StudentT", ALL),
    "uniform": ("Uniform", ALL),
    "beta": ("Beta", ALL),
    "kumaraswamy": ("Kumaraswamy", BARE),
    "von-mises": ("VonMises", LOG),
    "log-normal": ("LogNormal", ALL),
    "half-normal": ("HalfNormal", NO_ENTROPY),
    "half-cauchy": ("HalfCauchy", NO_ENTROPY),
    "exponential": ("Exponential", ALL),
    "gamma": ("Gamma", ALL),
    "inverse-gamma": ("InverseGamma", ALL),
    "chi2": ("Chi2", ALL),
    "weibull": ("Weibull", NO_QUANTILE),
    "pareto": ("Pareto", ALL),
    "bernoulli": ("BernoulliProbs", NO_FUNCTION),
    "geometric": ("GeometricProbs", NO_FUNCTION),
    "binomial": ("BinomialProbs", BARE),
    "negative-binomial": ("NegativeBinomialProbs", (*LOG, *CDF, *MOMENTS)),
    "poisson": ("Poisson", (*LOG, *CDF, *MOMENTS)),
    "beta-binomial": ("BetaBinomial", BARE),
    "gamma-poisson": ("GammaPoisson", (*LOG, *CDF, *MOMENTS)),
    "categorical": ("CategoricalProbs", (*LOG, *ENTROPY)),
}
# Supports documented as open, at one end or both; and values or probabilities that are moved off 0 and 1 first.
OPEN = {
    "torch": ("inverse-gamma", "log-normal", "weibull", "fisher-snedecor", "uniform"),
    "numpyro": (
        "exponential",
        "gamma",
        "chi2",
        "inverse-gamma",
        "log-normal",
        "weibull",
        "half-normal",
        "half-cauchy",
        "pareto",
    ),
}
CLAMPED = {
    "torch": ("bernoulli", "binomial", "negative-binomial", "categorical"),
    "numpyro": ("kumaraswamy", "bernoulli", "binomial", "negative-binomial", "categorical", "geometric"),
}


def _by_torch(module: str, family: str, name: str, outputs: tuple[str, ...]) -> Callable[..., Any]:
    def run(*arguments: Any) -> Any:
        import importlib

        import torch

        *params, x, q = (torch.from_numpy(np.asarray(value, order="C")) for value in arguments)
        made = getattr(importlib.import_module(module), name)(*_ordered(family, module, params))
        found = _asked(made, x, q)
        return _returned([found[output]().numpy() for output in outputs])

    return run


def _by_jax(family: str, name: str, outputs: tuple[str, ...]) -> Callable[..., Any]:
    def run(*arguments: Any) -> Any:
        import jax
        import numpyro.distributions as D

        jax.config.update("jax_enable_x64", True)
        *params, x, q = (jax.numpy.asarray(value) for value in arguments)
        if family in ("binomial", "beta-binomial"):
            params[0] = params[0].astype(int)
        x = x.astype(int) if family == "categorical" and bool((x == x.round()).all()) else x
        made = getattr(D, name)(*_ordered(family, "numpyro", params))
        found = _asked(made, x, q)
        return _returned([np.asarray(found[output]()) for output in outputs])

    return run


def _asked(made: Any, x: Any, q: Any) -> dict[str, Callable[[], Any]]:
    """Every output by the names that torch and NumPyro give it."""
    return {
        "log_p": lambda: made.log_prob(x),
        "cdf": lambda: made.cdf(x),
        "quantile": lambda: made.icdf(q),
        "mean": lambda: made.mean,
        "variance": lambda: made.variance,
        "entropy": lambda: made.entropy(),
    }


def _ordered(family: str, module: str, params: list[Any]) -> list[Any]:
    """Parameters in the library's order."""
    if family == "beta-binomial" or (family == "binomial" and module == "numpyro"):
        return [*params[1:], params[0]]
    return params


def _returned(values: list[Any]) -> Any:
    return tuple(values) if len(values) > 1 else values[0]


def _subjects(
    library: str,
    requires: str,
    table: dict[str, tuple[str, tuple[str, ...]]],
    make: Callable[..., Any],
    part: str = "",
) -> tuple[Subject, ...]:
    """Each family in float64, and in float32 where that is not compiled anew for every shape."""
    found = []
    dtypes = (("float64", ""), ("float32", "[float32]")) if library != "numpyro" else (("float64", ""),)
    for family, (name, outputs) in table.items():
        for dtype, bracket in dtypes:
            records: tuple[Known, ...] = known(library, family, dtype, part)
            is_open, is_clamped = family in OPEN.get(library, ()), family in CLAMPED.get(library, ())
            ends = {"ends": "open" if is_open else "clamped" if is_clamped else "limit"}
            found.append(
                subject(
                    f"{library}.{name}{'.' + part if part else ''}{bracket}",
                    contract=MADE[family][0],
                    outputs=outputs,
                    conventions=ends,
                    dtype=dtype,
                    requires=requires,
                    known=records,
                )(make(family, name, outputs))
            )
    return tuple(found)


def _torch(family: str, name: str, outputs: tuple[str, ...]) -> Callable[..., Any]:
    return _by_torch("torch.distributions", family, name, outputs)


def _pyro(family: str, name: str, outputs: tuple[str, ...]) -> Callable[..., Any]:
    return _by_torch("pyro.distributions", family, name, outputs)


SUBJECTS = lax(
    (
        *_subjects("torch", "torch>=2.4", TORCH, _torch),
        *_subjects("torch", "torch>=2.4", TORCH_FUNCTIONS, _torch, "cdf"),
        *_subjects("pyro", "pyro-ppl>=1.8", PYRO, _pyro),
        *_subjects("numpyro", "numpyro>=0.13", NUMPYRO, _by_jax),
    )
)
