"""Samplers of NumPy, SciPy, torch, pyro and Python's own `random`, each by its own parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, Subject, subject

from ..variational.sampler import sampler

Array = NDArray[Any]

NUMPY: dict[str, Callable[[np.random.Generator, Array, int], Any]] = {
    "normal": lambda rng, p, n: rng.normal(p[0], p[1], n),
    "exponential": lambda rng, p, n: rng.exponential(1.0 / p[0], n),
    "gamma": lambda rng, p, n: rng.gamma(p[0], 1.0 / p[1], n),
    "uniform": lambda rng, p, n: rng.uniform(p[0], p[1], n),
    "beta": lambda rng, p, n: rng.beta(p[0], p[1], n),
    "laplace": lambda rng, p, n: rng.laplace(p[0], p[1], n),
    "gumbel": lambda rng, p, n: rng.gumbel(p[0], p[1], n),
    "logistic": lambda rng, p, n: rng.logistic(p[0], p[1], n),
    "lognormal": lambda rng, p, n: rng.lognormal(p[0], p[1], n),
    "weibull": lambda rng, p, n: p[0] * rng.weibull(p[1], n),
    "student": lambda rng, p, n: p[1] + p[2] * rng.standard_t(p[0], n),
    "cauchy": lambda rng, p, n: p[0] + p[1] * rng.standard_cauchy(n),
    "bernoulli": lambda rng, p, n: rng.binomial(1, p[0], n),
    "binomial": lambda rng, p, n: rng.binomial(int(p[0]), p[1], n),
    "poisson": lambda rng, p, n: rng.poisson(p[0], n),
    "geometric": lambda rng, p, n: rng.geometric(p[0], n) - 1,
    "categorical": lambda rng, p, n: rng.choice(len(p), n, p=p),
}


def numpy_draws(dist: str, params: Array, n: int, seed: int) -> Any:
    """NumPy's Generator; it takes scales, and counts trials up to the first success."""
    return NUMPY[dist](np.random.default_rng(seed), params, n)


def scaled_by_hand(*names: str) -> Callable[..., bool]:
    """A domain: valid parameters of distributions that the adapter itself scales, for they are never seen by the library."""

    def accepts(dist: str, params: Array, n: int, seed: int) -> bool:
        scales = params[1:] if dist == "student" else params
        return dist not in names or (bool((scales[-1:] > 0).all()) and not bool(np.isnan(params).any()))

    return accepts


def known(table: Any, *by_hand: str) -> Callable[..., bool]:
    """A domain: the distributions of the table, and those outside the contract, which are to be refused."""
    from_table = scaled_by_hand(*by_hand)
    elsewhere = set(NUMPY) - set(table)

    def accepts(dist: str, params: Array, n: int, seed: int) -> bool:
        return dist not in elsewhere and from_table(dist, params, n, seed)

    return accepts


def _scipy(dist: str, params: Array, n: int, seed: int) -> Any:
    """scipy.stats, drawn by `rvs`."""
    from scipy import stats

    p = [float(x) for x in params]
    made: dict[str, Callable[[], Any]] = {
        "normal": lambda: stats.norm(*p),
        "exponential": lambda: stats.expon(scale=1 / p[0]),
        "gamma": lambda: stats.gamma(p[0], scale=1 / p[1]),
        "uniform": lambda: stats.uniform(p[0], p[1] - p[0]),
        "beta": lambda: stats.beta(*p),
        "laplace": lambda: stats.laplace(*p),
        "gumbel": lambda: stats.gumbel_r(*p),
        "logistic": lambda: stats.logistic(*p),
        "lognormal": lambda: stats.lognorm(p[1], scale=np.exp(p[0])),
        "weibull": lambda: stats.weibull_min(p[1], scale=p[0]),
        "student": lambda: stats.t(*p),
        "cauchy": lambda: stats.cauchy(*p),
        "bernoulli": lambda: stats.bernoulli(p[0]),
        "binomial": lambda: stats.binom(int(p[0]), p[1]),
        "poisson": lambda: stats.poisson(p[0]),
        "geometric": lambda: stats.geom(p[0], loc=-1),
        "categorical": lambda: stats.rv_discrete(values=(np.arange(len(p)), p)),
    }
    return made[dist]().rvs(size=n, random_state=np.random.default_rng(seed))


RANDOM: dict[str, Callable[[Any, Array], float]] = {
    "normal": lambda r, p: r.gauss(p[0], p[1]),
    "exponential": lambda r, p: r.expovariate(p[0]),
    "gamma": lambda r, p: r.gammavariate(p[0], 1.0 / p[1]),
    "uniform": lambda r, p: r.uniform(p[0], p[1]),
    "beta": lambda r, p: r.betavariate(p[0], p[1]),
    "lognormal": lambda r, p: r.lognormvariate(p[0], p[1]),
    "weibull": lambda r, p: r.weibullvariate(p[0], p[1]),
}


def _terminates(dist: str, params: Array, n: int, seed: int) -> bool:
    """betavariate and gammavariate do not return from parameters that are NaN; nobody's run shall wait for them."""
    return known(RANDOM)(dist, params, n, seed) and not (dist in ("beta", "gamma") and bool(np.isnan(params).any()))


def _random(dist: str, params: Array, n: int, seed: int) -> Array:
    """The random module of the standard library, one number a call."""
    import random

    if n < 0:
        raise ValueError("the adapter's own loop would draw nothing")
    r, p = random.Random(seed), params.tolist()
    return np.array([RANDOM[dist](r, p) for _ in range(n)], np.float64)


TORCH: dict[str, Callable[[Any, Any], Any]] = {
    "normal": lambda d, p: d.Normal(p[0], p[1]),
    "exponential": lambda d, p: d.Exponential(p[0]),
    "gamma": lambda d, p: d.Gamma(p[0], p[1]),
    "uniform": lambda d, p: d.Uniform(p[0], p[1]),
    "beta": lambda d, p: d.Beta(p[0], p[1]),
    "laplace": lambda d, p: d.Laplace(p[0], p[1]),
    "gumbel": lambda d, p: d.Gumbel(p[0], p[1]),
    "lognormal": lambda d, p: d.LogNormal(p[0], p[1]),
    "weibull": lambda d, p: d.Weibull(p[0], p[1]),
    "student": lambda d, p: d.StudentT(p[0], p[1], p[2]),
    "cauchy": lambda d, p: d.Cauchy(p[0], p[1]),
    "bernoulli": lambda d, p: d.Bernoulli(p[0]),
    "binomial": lambda d, p: d.Binomial(int(p[0]), p[1]),
    "poisson": lambda d, p: d.Poisson(p[0]),
    "geometric": lambda d, p: d.Geometric(p[0]),
    "categorical": lambda d, p: d.Categorical(p),
}
LOGISTIC = {"logistic": lambda d, p: d.Logistic(p[0], p[1])}


def _torch(module: str, table: dict[str, Callable[[Any, Any], Any]]) -> Callable[..., Any]:
    """torch.distributions, or another module of the same classes; the generator is the global one, seeded and put back."""

    def run(dist: str, params: Array, n: int, seed: int) -> Any:
        import importlib

        import torch

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            made = table[dist](importlib.import_module(module), torch.from_numpy(np.ascontiguousarray(params)))
            return made.sample((n,)).numpy()

    return run


def _categories() -> Any:
    from ..cases.samplers import Sampled

    return Sampled("categorical", np.array([0.5, 0.375, 0.125]), 1, 0)


NO_DRAWS = Known(
    "none-and-one",
    reason="Categorical.sample((0,)) raises where every other distribution returns an empty tensor",
    witness=_categories,
    lines="""import torch
x = torch.distributions.Categorical(torch.tensor([0.5, 0.375, 0.125])).sample((0,))
assert x.shape != (0,)
""",
)

SUBJECTS: tuple[Subject, ...] = (
    subject(
        "NumPy.Generator",
        contract=sampler,
        requires="numpy>=1.26",
        conventions={"prefix": "yes"},
        accepts=scaled_by_hand("weibull", "student", "cauchy"),
    )(numpy_draws),
    subject("SciPy.rvs", contract=sampler, requires="scipy>=1.11", conventions={"prefix": "yes"})(_scipy),
    subject(
        "Python.random",
        contract=sampler,
        conventions={"prefix": "yes"},
        accepts=_terminates,
        known=(
            Known(
                "refuses-parameters-out-of-range",
                reason="gauss, lognormvariate, expovariate, uniform and weibullvariate take any sign of their parameters",
            ),
        ),
    )(_random),
    *(
        subject(
            f"{name}{'' if dtype == 'float64' else f'[{dtype}]'}",
            contract=sampler,
            requires=requires,
            dtype=dtype,
            accepts=known(table),
            known=(NO_DRAWS,),
        )(_torch(module, table))
        for name, module, requires, table in (
            ("torch.distributions", "torch.distributions", "torch>=2.4", TORCH),
            ("pyro.distributions", "pyro.distributions", "pyro-ppl>=1.9", TORCH | LOGISTIC),
        )
        for dtype in ("float64", "float32")
    ),
)
