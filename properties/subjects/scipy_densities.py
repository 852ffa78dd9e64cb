"""SciPy's distributions: log-density, distribution function, quantiles, moments and entropy of each family, in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, Subject, subject

from ..variational.families import MADE
from .densities_known import witness

Array = NDArray[Any]

ALL = ("log_p", "cdf", "quantile", "mean", "variance", "entropy")
CIRCLE = ("log_p", "entropy")

# family -> (name, how its parameters become SciPy's)
FAMILIES: dict[str, tuple[str, Callable[..., tuple[tuple[Any, ...], dict[str, Any]]]]] = {
    "normal": ("norm", lambda m, s: ((), {"loc": m, "scale": s})),
    "laplace": ("laplace", lambda m, s: ((), {"loc": m, "scale": s})),
    "cauchy": ("cauchy", lambda m, s: ((), {"loc": m, "scale": s})),
    "gumbel": ("gumbel_r", lambda m, s: ((), {"loc": m, "scale": s})),
    "logistic": ("logistic", lambda m, s: ((), {"loc": m, "scale": s})),
    "student-t": ("t", lambda df, m, s: ((df,), {"loc": m, "scale": s})),
    "uniform": ("uniform", lambda a, b: ((), {"loc": a, "scale": b - a})),
    "beta": ("beta", lambda a, b: ((a, b), {})),
    "von-mises": ("vonmises", lambda m, k: ((k,), {"loc": m})),
    "log-normal": ("lognorm", lambda m, s: ((s,), {"scale": np.exp(m)})),
    "half-normal": ("halfnorm", lambda s: ((), {"scale": s})),
    "half-cauchy": ("halfcauchy", lambda s: ((), {"scale": s})),
    "exponential": ("expon", lambda r: ((), {"scale": 1.0 / r})),
    "gamma": ("gamma", lambda a, r: ((a,), {"scale": 1.0 / r})),
    "inverse-gamma": ("invgamma", lambda a, b: ((a,), {"scale": b})),
    "chi2": ("chi2", lambda d: ((d,), {})),
    "weibull": ("weibull_min", lambda s, k: ((k,), {"scale": s})),
    "pareto": ("pareto", lambda s, a: ((a,), {"scale": s})),
    "fisher-snedecor": ("f", lambda d1, d2: ((d1, d2), {})),
    "generalized-pareto": ("genpareto", lambda m, s, k: ((k,), {"loc": m, "scale": s})),
    "bernoulli": ("bernoulli", lambda p: ((p,), {})),
    "geometric": ("geom", lambda p: ((p,), {"loc": -1})),
    "binomial": ("binom", lambda n, p: ((n, p), {})),
    "negative-binomial": ("nbinom", lambda r, p: ((r, 1.0 - p), {})),
    "poisson": ("poisson", lambda r: ((r,), {})),
    "beta-binomial": ("betabinom", lambda n, a, b: ((n, a, b), {})),
    "gamma-poisson": ("nbinom", lambda a, r: ((a, r / (1.0 + r)), {})),
}


def _run(name: str, translated: Callable[..., Any], outputs: tuple[str, ...]) -> Callable[..., Any]:
    def run(*arguments: Any) -> Any:
        from scipy import stats

        *params, x, q = arguments
        shapes, where = translated(*params)
        made = getattr(stats, name)(*shapes, **where)
        found = {
            "log_p": lambda: (made.logpmf if hasattr(made.dist, "logpmf") else made.logpdf)(x),
            "cdf": lambda: made.cdf(x),
            "quantile": lambda: made.ppf(q),
            "mean": lambda: made.mean(),
            "variance": lambda: made.var(),
            "entropy": lambda: made.entropy(),
        }
        return tuple(np.asarray(found[output](), np.float64) for output in outputs)

    return run


def _subject(family: str, name: str, translated: Callable[..., Any]) -> Subject:
    outputs = CIRCLE if family == "von-mises" else ALL
    made = MADE[family][0]
    called = f"SciPy.{name}" if family != "gamma-poisson" else f"SciPy.{name}[gamma-poisson]"
    return subject(
        called,
        contract=made,
        outputs=outputs,
        conventions={"ends": "limit"},
        requires="scipy>=1.11",
        accepts=_some_successes if family == "negative-binomial" else None,
        known={"generalized-pareto": (HEAVY,), "laplace": (UNDERFLOWS,)}.get(family, ()),
    )(_run(name, translated, outputs))


def _some_successes(r: Any, p: Any, x: Array, q: Array) -> bool:
    """Documented: n > 0."""
    return bool(r > 0)


UNDERFLOWS = Known(
    "far-tails",
    reason="logpdf is the logarithm of pdf, which underflows: -inf from 745 scales on",
    witness=witness("laplace", (0.0, 1.0), (1024.0,)),
    scope="scipy>=1.11,<=1.17.1",
    lines="import numpy as np; from scipy import stats\n"
    "with np.errstate(divide='ignore'):\n"
    "    assert stats.laplace.logpdf(1024.0) == -np.inf  # want -1024.7",
)
HEAVY = Known(
    "mean-and-variance",
    reason="the variance is NaN for a shape from 1/2 to 1, where it is infinite",
    witness=witness("generalized-pareto", (-1.0, 4.0, 0.75), (1.0,)),
    scope="scipy>=1.11,<=1.17.1",
    lines="import numpy as np; from scipy import stats\nassert np.isnan(stats.genpareto(0.75).var())  # want inf",
)


SUBJECTS = tuple(_subject(family, name, translated) for family, (name, translated) in FAMILIES.items())
