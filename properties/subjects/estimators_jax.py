"""TFP and NumPyro as gradient estimators, through JAX.

tfp.monte_carlo.expectation takes samples and log_prob and is differentiated; its mean is taken over one sample at a time, the
parameters being repeated once a sample, so that every contribution is seen. NumPyro gives log_prob, and both give transforms
that carry the noise: Shift and Scale, AffineTransform, LowerCholeskyAffine.

What is compiled cannot refuse a value, so parameters and states outside the documented domain are not asked for; NaN is.
TFP normalises what Categorical is given as probs (weights), NumPyro does not (probs, each free of the others).

JAX compiles once a shape: samples are repeated up to a power of four of them, and f(z), which the libraries only multiply
by, is taken beforehand.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Known, Subject, subject

from ..variational.pathwise_cholesky import pathwise_cholesky
from ..variational.reparameterization import pathwise_normal
from ..variational.score_bernoulli import score_bernoulli
from ..variational.score_categorical import score_categorical
from ..variational.score_function import score_normal
from ..variational.score_line import score_line
from .estimators_moving import MOVING

Array = NDArray[Any]
TFP, NUMPYRO = "tfp-nightly>=0.26.0.dev0", "numpyro>=0.15"


def _padded(x: Array) -> Array:
    """x and its first row again, up to a power of four of rows."""
    size = 4 ** int(np.ceil(np.log(max(len(x), 4)) / np.log(4) - 1e-9))
    return np.concatenate([x, np.repeat(x[:1], size - len(x), axis=0)])


def _once_a_sample(S: int, parameters: tuple[Array, ...]) -> tuple[Array, ...]:
    return tuple(np.broadcast_to(x, (S, *x.shape)).copy() for x in parameters)


def _distribution(library: str, family: str) -> Callable[..., Any]:
    """Parameters of one sample to a distribution."""
    if library == "tfp":
        import tensorflow_probability.substrates.jax.distributions as tfd

        def independent(q: Any) -> Any:
            return tfd.Independent(q, reinterpreted_batch_ndims=1)

        of_tfp: dict[str, Callable[..., Any]] = {
            "normal": lambda mu, sigma: tfd.MultivariateNormalDiag(mu, sigma),
            "bernoulli": lambda logits: independent(tfd.Bernoulli(logits=logits)),
            "bernoulli-probs": lambda p: independent(tfd.Bernoulli(probs=p)),
            "categorical": lambda logits: independent(tfd.Categorical(logits=logits)),
            "categorical-probs": lambda p: independent(tfd.Categorical(probs=p)),
            "exponential": tfd.Exponential,
            "gamma": tfd.Gamma,
            "laplace": tfd.Laplace,
            "uniform": lambda end: tfd.Uniform(0.0 * end, end),
            "pareto": lambda start, shape: tfd.Pareto(shape, start),
            "shifted-exponential": _shifted_tfp,
        }
        return of_tfp[family]
    import numpyro.distributions as D

    of_numpyro: dict[str, Callable[..., Any]] = {
        "normal": lambda mu, sigma: D.Normal(mu, sigma).to_event(1),
        "bernoulli": lambda logits: D.Bernoulli(logits=logits).to_event(1),
        "bernoulli-probs": lambda p: D.Bernoulli(probs=p).to_event(1),
        "categorical": lambda logits: D.Categorical(logits=logits).to_event(1),
        "categorical-probs": lambda p: D.Categorical(probs=p).to_event(1),
        "exponential": D.Exponential,
        "gamma": D.Gamma,
        "laplace": D.Laplace,
        "uniform": lambda end: D.Uniform(0.0, end),
        "pareto": D.Pareto,
        "shifted-exponential": lambda start, rate: D.TransformedDistribution(
            D.Exponential(rate), D.transforms.AffineTransform(start, 1.0)
        ),
    }
    return of_numpyro[family]


def _shifted_tfp(start: Any, rate: Any) -> Any:
    import tensorflow_probability.substrates.jax as tfp

    return tfp.distributions.TransformedDistribution(tfp.distributions.Exponential(rate), tfp.bijectors.Shift(start))


@cache
def _scores(library: str, family: str) -> Any:
    """(y, z, parameters once a sample) -> y ∇ log q(z), compiled once a shape."""
    import jax

    q = _distribution(library, family)

    def surrogate(parameters: Any, y: Any, z: Any) -> Any:
        def of_one(parameters: Any, y: Any, z: Any) -> Any:
            if library == "numpyro":
                return y * q(*parameters).log_prob(z)
            import tensorflow_probability.substrates.jax as tfp

            one = z[None]
            return tfp.monte_carlo.expectation(
                lambda _: y[None], one, q(*parameters).log_prob, use_reparameterization=False
            )

        return jax.vmap(of_one)(parameters, y, z).sum()

    return jax.jit(jax.grad(surrogate))


def _score(library: str, family: str, f: Any, z: Array, *parameters: Array, whole: bool = False) -> list[Array]:
    import jax

    y, at = _padded(f(z)), _padded(z)
    with jax.enable_x64(True):
        found = _scores(library, family)(_once_a_sample(len(at), parameters), y, at.astype(np.int64) if whole else at)
        return [np.asarray(g)[: len(z)] for g in found]


def _alike(z: Array, *parameters: Array) -> None:
    """JAX would broadcast, or clip an index, in silence inside what is compiled."""
    if any(x.shape[:1] != z.shape[1:] for x in parameters):
        raise ValueError(f"z has shape {z.shape}, parameters {[x.shape for x in parameters]}")


def _deviations(f: Any, mu: Array, sigma: Array, z: Array) -> bool:
    return not (sigma <= 0).any()


def _factors(df: Any, mu: Array, L: Array, eps: Array) -> bool:
    return not (np.diag(L) <= 0).any()


def _bits(f: Any, logits: Array, z: Array) -> bool:
    return bool(((z == 0) | (z == 1) | np.isnan(z)).all())


def _states(f: Any, logits: Array, z: Array) -> bool:
    return bool(((z >= 0) & (z < logits.shape[1]) & (z == z.round())).all())


def _rates(f: Any, family: str, params: Array, z: Array) -> bool:
    return not (params[-1] <= 0).any() and (family == "laplace" or not (z < 0).any())


@cache
def _paths(name: str) -> Any:
    """(parameters once a sample, eps, ∇f) -> their share of ∇f; and the samples alone."""
    import jax

    def sample(parameters: Any, eps: Any) -> Any:
        mu, scale = parameters
        if name.startswith("tfp"):
            import tensorflow_probability.substrates.jax.bijectors as tfb

            scaled = tfb.ScaleMatvecTriL(scale) if name == "tfp-cholesky" else tfb.Scale(scale)
            return tfb.Chain([tfb.Shift(mu), scaled]).forward(eps)
        from numpyro.distributions.transforms import AffineTransform, LowerCholeskyAffine

        return (LowerCholeskyAffine if name == "numpyro-cholesky" else AffineTransform)(mu, scale)(eps)

    def pulled(parameters: Any, eps: Any, slopes: Any) -> Any:
        return jax.vjp(lambda v: jax.vmap(sample)(v, eps), parameters)[1](slopes)[0]

    return jax.jit(jax.vmap(sample)), jax.jit(pulled)


def _path(name: str, df: Any, eps: Array, *parameters: Array) -> tuple[Array, Array, Array]:
    """Contributions to the mean and to the scale, and the samples."""
    import jax

    _alike(eps, *parameters)
    at = _padded(eps)
    v = _once_a_sample(len(at), parameters)
    with jax.enable_x64(True):
        sample, pulled = _paths(name)
        z = np.asarray(sample(v, at))
        by_mean, by_scale = pulled(v, at, df(z))
        return np.asarray(by_mean)[: len(eps)], np.asarray(by_scale)[: len(eps)], z[: len(eps)]


def _normal(library: str, name: str, requires: str) -> Subject:
    @subject(name, contract=score_normal, conventions={"scale": "sigma"}, requires=requires, accepts=_deviations)
    def run(f: Any, mu: Array, sigma: Array, z: Array) -> Array:
        _alike(z, mu, sigma)
        return np.concatenate(_score(library, "normal", f, z, mu, sigma), axis=1)

    return run


def _discrete(
    library: str, name: str, requires: str, contract: Contract, family: str, wrt: str, known: tuple[Known, ...] = ()
) -> Subject:
    inside = _bits if contract is score_bernoulli else _states

    @subject(name, contract=contract, conventions={"wrt": wrt}, requires=requires, accepts=inside, known=known)
    def run(f: Any, logits: Array, z: Array) -> Array:
        _alike(z, logits)
        if wrt == "logits":
            given = logits
        elif logits.ndim == 1:
            given = 1 / (1 + np.exp(-logits))
        else:
            weights = np.exp(logits - logits.max(axis=1, keepdims=True))
            given = weights / weights.sum(axis=1, keepdims=True)
        return _score(library, family, f, z, given, whole=logits.ndim == 2)[0]

    return run


def _line(library: str, name: str, requires: str) -> Subject:
    @subject(name, contract=score_line, requires=requires, accepts=_rates, known=MOVING[library])
    def run(f: Any, family: str, params: Array, z: Array) -> Array:
        return np.stack(_score(library, family, f, z, *params), axis=1)

    return run


def _pathwise(name: str, shown: str, requires: str) -> Subject:
    @subject(
        shown,
        contract=pathwise_normal,
        outputs=("G", "z"),
        conventions={"scale": "sigma", "path": "mu + sigma eps"},
        requires=requires,
        accepts=_deviations,
    )
    def run(df: Any, mu: Array, sigma: Array, eps: Array) -> Any:
        by_mean, by_scale, z = _path(name, df, eps, mu, sigma)
        return np.concatenate([by_mean, by_scale], axis=1), z

    return run


def _pathwise_cholesky(name: str, shown: str, requires: str, triangle: str) -> Subject:
    @subject(
        shown,
        contract=pathwise_cholesky,
        outputs=("G", "G_mu", "z"),
        conventions={"triangle": triangle, "path": "mu + L eps"},
        requires=requires,
        accepts=_factors,
    )
    def run(df: Any, mu: Array, L: Array, eps: Array) -> Any:
        by_mean, by_factor, z = _path(name, df, eps, mu, L)
        return by_factor, by_mean, z

    return run


def _nan_answered(made: str) -> Known:
    return Known(
        "refuses-nan-logit",
        reason="the gradient of log_prob at a parameter that is NaN is a number",
        scope="numpyro<=0.22.0",
        lines=f"""import jax, jax.numpy as jnp, numpyro.distributions as D
slope = jax.grad(lambda x: D.{made}.log_prob(1))(jnp.full(2, jnp.nan)[0])
assert jnp.isfinite(slope)""",
    )


NAN_BIT = {"tfp": (), "numpyro": (_nan_answered("Bernoulli(logits=x)"),)}
NAN_PROB = {"tfp": (), "numpyro": (_nan_answered("Categorical(probs=jnp.stack([x, x]))"),)}


def _all_of(library: str, shown: str, requires: str, triangle: str, probs: str) -> tuple[Subject, ...]:
    score = f"{shown}.expectation" if library == "tfp" else shown
    affine, factor = (
        ("Shift-Scale", "Shift-ScaleMatvecTriL") if library == "tfp" else ("AffineTransform", "LowerCholeskyAffine")
    )
    return (
        _normal(library, score, requires),
        _discrete(library, score, requires, score_bernoulli, "bernoulli", "logits", NAN_BIT[library]),
        _discrete(library, f"{score}[probs]", requires, score_bernoulli, "bernoulli-probs", "probs"),
        _discrete(library, score, requires, score_categorical, "categorical", "logits"),
        _discrete(
            library, f"{score}[probs]", requires, score_categorical, "categorical-probs", probs, NAN_PROB[library]
        ),
        _line(library, score, requires),
        _pathwise(library, f"{shown}.{affine}", requires),
        _pathwise_cholesky(f"{library}-cholesky", f"{shown}.{factor}", requires, triangle),
    )


SUBJECTS = (*_all_of("tfp", "TFP", TFP, "lower", "weights"), *_all_of("numpyro", "NumPyro", NUMPYRO, "full", "probs"))
