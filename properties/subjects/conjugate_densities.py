"""conjugate-models' distributions: each stands for one of SciPy's, which is where its parameters may go astray."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject, subject

from ..variational.families import MADE
from .conjugate_known import known_density

Array = NDArray[Any]

# family -> (class, how its parameters become the library's)
FAMILIES: dict[str, tuple[str, Callable[..., dict[str, Any]]]] = {
    "normal": ("Normal", lambda m, s: {"mu": m, "sigma": s}),
    "student-t": ("StudentT", lambda df, m, s: {"mu": m, "sigma": s, "nu": df}),
    "uniform": ("Uniform", lambda a, b: {"low": a, "high": b}),
    "beta": ("Beta", lambda a, b: {"alpha": a, "beta": b}),
    "von-mises": ("VonMises", lambda m, k: {"mu": m, "kappa": k}),
    "log-normal": ("LogNormal", lambda m, s: {"mu": m, "sigma": s}),
    "exponential": ("Exponential", lambda r: {"lam": r}),
    "gamma": ("Gamma", lambda a, r: {"alpha": a, "beta": r}),
    "inverse-gamma": ("InverseGamma", lambda a, b: {"alpha": a, "beta": b}),
    "weibull": ("Weibull", lambda s, k: {"beta": k, "theta": s**k}),
    "pareto": ("Pareto", lambda s, a: {"x_m": s, "alpha": a}),
    "bernoulli": ("Bernoulli", lambda p: {"p": p}),
    "binomial": ("Binomial", lambda n, p: {"n": n, "p": p}),
    "negative-binomial": ("NegativeBinomial", lambda r, p: {"n": r, "p": 1.0 - p}),
    "poisson": ("Poisson", lambda r: {"lam": r}),
    "beta-binomial": ("BetaBinomial", lambda n, a, b: {"n": n, "alpha": a, "beta": b}),
}


def _run(name: str, translated: Callable[..., dict[str, Any]]) -> Callable[..., Any]:
    def run(*arguments: Any) -> Any:
        from conjugate import distributions

        *params, x, _ = arguments
        made = getattr(distributions, name)(**translated(*params)).dist
        return np.asarray((made.logpmf if hasattr(made.dist, "logpmf") else made.logpdf)(x), np.float64)

    return run


def _subject(family: str, name: str, translated: Callable[..., dict[str, Any]]) -> Subject:
    return subject(
        f"conjugate-models.{name}",
        contract=MADE[family][0],
        requires="conjugate-models>=0.10",
        known=known_density(family),
    )(_run(name, translated))


SUBJECTS = tuple(_subject(family, name, translated) for family, (name, translated) in FAMILIES.items())
