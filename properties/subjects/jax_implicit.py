"""Implicit derivatives in JAX: of jax.lax and jax.random, and of NumPyro's distributions; with what `tfp_implicit` needs too.

JAX compiles once a shape, so that draws go through in blocks of one size.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Known, Subject, subject

from ..variational.implicit_explicit import implicit_explicit
from ..variational.implicit_gamma import implicit_gamma
from ..variational.pathwise_draws import pathwise_draws

Array = NDArray[Any]

JAX, NUMPYRO = "jax>=0.4.30", "numpyro>=0.15"
SCOPE = "jax<=0.10.2"


def precision(dtype: str) -> AbstractContextManager[Any]:
    import jax

    context: AbstractContextManager[Any] = jax.enable_x64(dtype == "float64")
    return context


def witness(name: str, *arrays: tuple[float, ...]) -> Callable[[], Any]:
    """A witness: the case of that name, one entry an argument."""

    def made() -> Any:
        from ..cases import shapes_of_draws

        return getattr(shapes_of_draws, name)(*(np.array(x) for x in arrays))

    return made


JAX_TAIL = Known(
    "velocity-in-the-tails",
    reason="far to the left of a large shape the derivative is too small by z/α of itself: 10 % at α = 1000, z = 100",
    witness=witness("GammaDraws", (100.0,), (1000.0,)),
    scope=SCOPE,
    lines="""import jax, numpy as np
with jax.enable_x64(True):
    dz = float(jax.lax.random_gamma_grad(np.float64(1000.0), np.float64(100.0)))
assert abs(dz / 0.255879102 - 1) > 0.05""",
)

BLOCK = 64


def in_blocks(run: Callable[..., Any], *arguments: Array) -> tuple[Array, ...]:
    """run on 64 entries of each argument at a time, the last block filled up with its last entry."""
    size = len(arguments[0])
    padded = [np.concatenate([x, np.repeat(x[-1:], -size % BLOCK)]) for x in arguments]
    blocks = [run(*(x[i : i + BLOCK] for x in padded)) for i in range(0, len(padded[0]), BLOCK)]
    columns = zip(*(b if isinstance(b, tuple) else (b,) for b in blocks), strict=True)
    return tuple(np.concatenate([np.asarray(x) for x in column])[:size] for column in columns)


def elementwise(
    name: str,
    contract: Contract,
    make: Callable[[], Callable[..., Any]],
    dtype: str,
    requires: str,
    outputs: tuple[str, ...] = (),
    **declared: Any,
) -> Subject:
    """A subject out of a function of arrays of one shape; make() gives it, once jax may be imported."""

    @lru_cache(maxsize=1)
    def compiled() -> Any:
        import jax

        return jax.jit(make())

    @subject(name, contract=contract, dtype=dtype, requires=requires, outputs=outputs, **declared)
    def run(*arguments: Array) -> Any:
        with precision(dtype):
            found = in_blocks(compiled(), *arguments)
        return found if len(found) > 1 else found[0]

    return run


def dense(log_density: Callable[..., Any]) -> Callable[..., bool]:
    """−(∂F/∂θ)/q is our own quotient: it is asked only where neither is too small a number."""
    return lambda *arguments: not ((found := log_density(*arguments)) < -300.0)[np.isfinite(found)].any()


def _gamma_density(z: Array, alpha: Array) -> Any:
    from scipy import stats

    return stats.gamma.logpdf(z, alpha)


def _random_gamma_grad() -> Any:
    import jax

    return lambda z, alpha: jax.lax.random_gamma_grad(alpha, z)


def _igamma_grad_a() -> Any:
    import jax
    from jax.scipy.stats import gamma

    return lambda z, alpha: -jax.lax.igamma_grad_a(alpha, z) / gamma.pdf(z, alpha)


def by_cdf(cdf: Callable[..., Any], log_prob: Callable[..., Any], parameters: int) -> Any:
    """−(∂F/∂θ)/q of functions of numbers (z, θ), entry by entry."""
    import jax
    import jax.numpy as jnp

    def one(z: Any, *theta: Any) -> Any:
        slopes = jax.grad(cdf, argnums=tuple(range(1, 1 + parameters)))(z, *theta)
        moved = tuple(-slope / jnp.exp(log_prob(z, *theta)) for slope in slopes)
        return moved if parameters > 1 else moved[0]

    return jax.vmap(one)


def explicit(
    name: str, laws: Callable[[str, Any], Any], known_laws: tuple[str, ...], dtype: str, requires: str
) -> Subject:
    """−(∂F/∂θ)/q of a library's distributions, made by laws(dist, θ)."""

    @lru_cache(maxsize=64)
    def compiled(dist: str, parameters: int) -> Any:
        import jax

        def cdf(z: Any, *theta: Any) -> Any:
            return laws(dist, theta).cdf(z)

        def log_prob(z: Any, *theta: Any) -> Any:
            return laws(dist, theta).log_prob(z)

        return jax.jit(by_cdf(cdf, log_prob, parameters))

    @subject(
        name,
        contract=implicit_explicit,
        dtype=dtype,
        requires=requires,
        accepts=lambda dist, *_: dist in known_laws,
    )
    def run(dist: str, z: Array, params: Array) -> Any:
        with precision(dtype):
            columns = in_blocks(compiled(dist, len(params)), z, *(np.full_like(z, p) for p in params))
            return np.stack(columns, axis=1)

    return run


def _numpyro_law(dist: str, theta: Any) -> Any:
    import numpyro.distributions as laws

    if dist == "weibull":
        return laws.Weibull(theta[0], theta[1])
    name = {"lognormal": "LogNormal"}.get(dist, dist.capitalize())
    return getattr(laws, name)(*theta)


COMMON = ("normal", "lognormal", "cauchy", "gumbel", "logistic", "laplace", "exponential", "weibull", "pareto")
DRAWS = 256


def draws(
    name: str, laws: dict[str, Callable[..., Any]], velocity: str, dtype: str, requires: str, accuracy: float = 0.0
) -> Subject:
    """laws[dist](key, n, θ) draws; the derivative is that of the sum of all draws, each with a θ of its own."""

    @lru_cache(maxsize=64)
    def compiled(dist: str, parameters: int) -> Any:
        import jax

        def drawn(key: Any, *theta: Any) -> Any:
            z = laws[dist](key, DRAWS, theta)
            return z.sum(), z

        return jax.jit(jax.value_and_grad(drawn, argnums=tuple(range(1, 1 + parameters)), has_aux=True))

    @subject(
        name,
        contract=pathwise_draws,
        outputs=("z", "dz"),
        conventions={"velocity": velocity},
        dtype=dtype,
        requires=requires,
        accuracy=accuracy,
        accepts=lambda dist, *_: dist in laws,
    )
    def run(dist: str, params: Array, seed: int, n: int) -> Any:
        import jax

        z, dz = [], []
        with precision(dtype):
            theta = [np.full(DRAWS, p, dtype) for p in params]
            for key in jax.random.split(jax.random.PRNGKey(seed), -(-n // DRAWS)):
                (_, block), slopes = compiled(dist, len(params))(key, *theta)
                z.append(np.asarray(block))
                dz.append(np.stack([np.asarray(x) for x in slopes], axis=1))
        return np.concatenate(z)[:n], np.concatenate(dz)[:n]

    return run


def _jax_random(name: str) -> Callable[..., Any]:
    def drawn(key: Any, n: int, theta: Any) -> Any:
        import jax

        return getattr(jax.random, name)(key, *theta, shape=(n,), dtype=theta[0].dtype)

    return drawn


def _numpyro(name: str) -> Callable[..., Any]:
    def drawn(key: Any, n: int, theta: Any) -> Any:
        import numpyro.distributions as laws

        return getattr(laws, name)(*theta).sample(key)

    return drawn


F64, F32 = "float64", "float32"
SERIES = 2e-12  # they end by the terms of the value, not of its derivative: 7e-13 at α = 5/2, z = 5, by mpmath

SUBJECTS: tuple[Subject, ...] = (
    elementwise(
        "jax.random_gamma_grad", implicit_gamma, _random_gamma_grad, F64, JAX, accuracy=SERIES, known=(JAX_TAIL,)
    ),
    elementwise("jax.random_gamma_grad[float32]", implicit_gamma, _random_gamma_grad, F32, JAX),
    elementwise(
        "jax.igamma_grad_a", implicit_gamma, _igamma_grad_a, F64, JAX, accuracy=SERIES, accepts=dense(_gamma_density)
    ),
    explicit("NumPyro.cdf", _numpyro_law, COMMON, F64, NUMPYRO),
    draws("jax.random", {"gamma": _jax_random("gamma")}, "quantile", F64, JAX),
    draws("NumPyro", {"gamma": _numpyro("Gamma")}, "quantile", F64, NUMPYRO),
    draws("NumPyro[other]", {"student": _numpyro("StudentT"), "beta": _numpyro("Beta")}, "other", F64, NUMPYRO),
)
