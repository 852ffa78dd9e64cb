"""Implicit derivatives in JAX: of jax.lax and jax.random, of NumPyro's and of TensorFlow Probability's distributions.

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

from ..variational.implicit_beta import implicit_beta
from ..variational.implicit_explicit import implicit_explicit
from ..variational.implicit_gamma import implicit_gamma
from ..variational.implicit_mixture import NAMES, implicit_mixture
from ..variational.implicit_symmetric import implicit_student, implicit_von_mises
from ..variational.pathwise_draws import pathwise_draws

Array = NDArray[Any]

JAX, NUMPYRO, TFP = "jax>=0.4.30", "numpyro>=0.15", "tfp-nightly"


def _precision(dtype: str) -> AbstractContextManager[Any]:
    import jax

    context: AbstractContextManager[Any] = jax.enable_x64(dtype == "float64")
    return context


SCOPE_JAX, SCOPE_TFP = "jax<=0.10.2", "tfp-nightly<=0.26.0.dev20261027"


def _case(name: str, *arrays: tuple[float, ...]) -> Callable[[], Any]:
    """A witness: the case of that name, one entry an argument."""

    def made() -> Any:
        from ..cases import shapes_of_draws

        return getattr(shapes_of_draws, name)(*(np.array(x) for x in arrays))

    return made


def _noise() -> Any:
    from ..cases.integrands import Polynomial
    from ..cases.shapes_of_noise import Standardised

    return Standardised(Polynomial((0.0, 0.5)), "beta", np.array([2.5, 1.0]), np.array([0.25]))


JAX_TAIL = Known(
    "velocity-in-the-tails",
    reason="far to the left of a large shape the derivative is too small by z/α of itself: 10 % at α = 1000, z = 100",
    witness=_case("GammaDraws", (100.0,), (1000.0,)),
    scope=SCOPE_JAX,
    lines="""import jax, numpy as np
with jax.enable_x64(True):
    dz = float(jax.lax.random_gamma_grad(np.float64(1000.0), np.float64(100.0)))
assert abs(dz / 0.255879102 - 1) > 0.05""",
)

INTEGER = (
    "the derivative of betainc with respect to a small integer shape is wrong, by all of it at α = 1: at an integer the "
    "power series of the value ends, that of its derivative does not, and the loop stops by the value's last term"
)

BETAINC = """import jax, numpy as np
from tensorflow_probability.substrates import jax as tfp
with jax.enable_x64(True):
    slope = jax.grad(lambda a: tfp.math.betainc(a, np.float64(2.5), np.float64(0.3125)))
    at, near = float(slope(np.float64(1.0))), float(slope(np.float64(1.000001)))
assert abs(at / near - 1) > 0.1"""

BETAINC_KNOWN = (
    Known("velocity", INTEGER, _case("BetaDraws", (0.3125,), (1.0,), (2.5,)), SCOPE_TFP, lines=BETAINC),
    Known("eight-digits", INTEGER, _case("BetaDraws", (0.3125,), (1.0,), (2.5,)), SCOPE_TFP, lines=BETAINC),
    Known("moving-quantile", INTEGER, _case("BetaDraws", (0.3125,), (1.0,), (2.5,)), SCOPE_TFP, lines=BETAINC),
    Known("one-shape-more", INTEGER, _case("BetaDraws", (0.3125,), (1.0,), (2.5,)), SCOPE_TFP, lines=BETAINC),
    Known("gradient", INTEGER, _noise, SCOPE_TFP, lines=BETAINC),
)

STUDENT = """import jax, numpy as np
from tensorflow_probability.substrates import jax as tfp
with jax.enable_x64(True):
    slope = jax.grad(lambda nu: tfp.distributions.StudentT(nu, np.float64(0.0), np.float64(1.0)).cdf(np.float64(1.0)))
    at, near = float(slope(np.float64(4.0))), float(slope(np.float64(4.000001)))
assert abs(at / near - 1) > 1e-3"""

STUDENT_KNOWN = tuple(
    Known(law, f"ν = 4, by betainc: {INTEGER}", _case("StudentDraws", (1.0,), (4.0,)), SCOPE_TFP, lines=STUDENT)
    for law in ("student-velocity", "student-quantile", "student-gradient", "eight-digits")
)

ANGLE_KNOWN = (
    Known(
        "angle-from-uniform",
        reason="the derivative of the distribution function with respect to a concentration of 0 is NaN",
        witness=_case("Angles", (0.5,), (1.0,)),
        scope=SCOPE_TFP,
        lines="""import jax, numpy as np
from tensorflow_probability.substrates import jax as tfp
with jax.enable_x64(True):
    slope = jax.grad(lambda k: tfp.distributions.VonMises(np.float64(0.0), k).cdf(np.float64(0.5)))
    assert np.isnan(slope(np.float64(0.0)))""",
    ),
    Known(
        "angle-velocity-far",
        reason="series and normal approximation have an absolute accuracy, nothing where the density is small",
        witness=_case("Angles", (-3.125,), (23.0,)),
        scope=SCOPE_TFP,
        lines="""import jax, numpy as np
from tensorflow_probability.substrates import jax as tfp
with jax.enable_x64(True):
    law = lambda k: tfp.distributions.VonMises(np.float64(0.0), k)
    z, k = np.float64(-3.125), np.float64(23.0)
    dz = -float(jax.grad(lambda k: law(k).cdf(z))(k)) / float(law(k).prob(z))
assert dz > 0.1  # not 0.0328""",
    ),
    Known(
        "eight-digits",
        reason="an approximation: a series of twenty terms up to a concentration of 10.5, a normal law beyond",
        witness=_case("Angles", (0.75,), (12.0,)),
        scope=SCOPE_TFP,
        lines="""import jax, numpy as np
from tensorflow_probability.substrates import jax as tfp
with jax.enable_x64(True):
    law = lambda k: tfp.distributions.VonMises(np.float64(0.0), k)
    z, k = np.float64(0.75), np.float64(12.0)
    dz = -float(jax.grad(lambda k: law(k).cdf(z))(k)) / float(law(k).prob(z))
assert abs(dz / -0.03367822351 - 1) > 1e-8""",
    ),
    Known("refuses-negative-parameter", reason="accepts it and returns a number: negative parameter", scope=SCOPE_TFP),
)

MIXTURE_KNOWN = (
    Known(
        "velocity-far-out",
        reason="where every density is 0 in floating point the derivatives are 0/0, NaN",
        witness=_case("MixtureDraws", (0.125,), (0.0,), (0.0,), (0.5,)),
        scope=SCOPE_TFP,
        lines="""import jax, numpy as np
from tensorflow_probability.substrates import jax as tfp
laws = tfp.distributions
def moved(mu):
    mixture = laws.MixtureSameFamily(laws.Categorical(np.zeros(2)), laws.Normal(mu, np.ones(2)), reparameterize=True)
    return mixture._reparameterize_sample(np.full(1, 60.0), mixture.event_shape)[0]
with jax.enable_x64(True):
    assert np.isnan(jax.grad(moved)(np.zeros(2))).all()  # not (1/2, 1/2)""",
    ),
    Known("refuses-negative-deviation", reason="accepts it and returns a number: negative deviation", scope=SCOPE_TFP),
)

BLOCK = 64


def _in_blocks(run: Callable[..., Any], *arguments: Array) -> tuple[Array, ...]:
    """run on 64 entries of each argument at a time, the last block filled up with its last entry."""
    size = len(arguments[0])
    padded = [np.concatenate([x, np.repeat(x[-1:], -size % BLOCK)]) for x in arguments]
    blocks = [run(*(x[i : i + BLOCK] for x in padded)) for i in range(0, len(padded[0]), BLOCK)]
    columns = zip(*(b if isinstance(b, tuple) else (b,) for b in blocks), strict=True)
    return tuple(np.concatenate([np.asarray(x) for x in column])[:size] for column in columns)


def _elementwise(
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
        with _precision(dtype):
            found = _in_blocks(compiled(), *arguments)
        return found if len(found) > 1 else found[0]

    return run


def _dense(log_density: Callable[..., Any]) -> Callable[..., bool]:
    """−(∂F/∂θ)/q is our own quotient: it is asked only where neither is too small a number."""
    return lambda *arguments: not ((found := log_density(*arguments)) < -300.0)[np.isfinite(found)].any()


def _gamma_density(z: Array, alpha: Array) -> Any:
    from scipy import stats

    return stats.gamma.logpdf(z, alpha)


def _student_density(z: Array, nu: Array) -> Any:
    from scipy import stats

    return stats.t.logpdf(z, nu)


def _angle_density(z: Array, kappa: Array) -> Any:
    return -2.0 * kappa * np.sin(z / 2.0) ** 2


def _beta_density(z: Array, alpha: Array, beta: Array) -> Any:
    from scipy import stats

    return stats.beta.logpdf(z, alpha, beta)


def _random_gamma_grad() -> Any:
    import jax

    return lambda z, alpha: jax.lax.random_gamma_grad(alpha, z)


def _igamma_grad_a() -> Any:
    import jax
    from jax.scipy.stats import gamma

    return lambda z, alpha: -jax.lax.igamma_grad_a(alpha, z) / gamma.pdf(z, alpha)


def _tfp() -> Any:
    from tensorflow_probability.substrates import jax as tfp

    return tfp


def _by_cdf(cdf: Callable[..., Any], log_prob: Callable[..., Any], parameters: int) -> Any:
    """−(∂F/∂θ)/q of functions of numbers (z, θ), entry by entry."""
    import jax
    import jax.numpy as jnp

    def one(z: Any, *theta: Any) -> Any:
        slopes = jax.grad(cdf, argnums=tuple(range(1, 1 + parameters)))(z, *theta)
        moved = tuple(-slope / jnp.exp(log_prob(z, *theta)) for slope in slopes)
        return moved if parameters > 1 else moved[0]

    return jax.vmap(one)


def _tfp_betainc() -> Any:
    betainc = _tfp().math.betainc
    law = _tfp().distributions.Beta
    return _by_cdf(lambda z, a, b: betainc(a, b, z), lambda z, a, b: law(a, b).log_prob(z), 2)


def _tfp_student() -> Any:
    law = _tfp().distributions.StudentT
    return _by_cdf(lambda z, nu: law(nu, 0.0, 1.0).cdf(z), lambda z, nu: law(nu, 0.0, 1.0).log_prob(z), 1)


def _tfp_von_mises() -> Any:
    law = _tfp().distributions.VonMises
    return _by_cdf(lambda z, k: law(0.0, k).cdf(z), lambda z, k: law(0.0, k).log_prob(z), 1)


def _explicit(
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

        return jax.jit(_by_cdf(cdf, log_prob, parameters))

    @subject(
        name,
        contract=implicit_explicit,
        dtype=dtype,
        requires=requires,
        accepts=lambda dist, *_: dist in known_laws,
    )
    def run(dist: str, z: Array, params: Array) -> Any:
        with _precision(dtype):
            columns = _in_blocks(compiled(dist, len(params)), z, *(np.full_like(z, p) for p in params))
            return np.stack(columns, axis=1)

    return run


def _numpyro_law(dist: str, theta: Any) -> Any:
    import numpyro.distributions as laws

    if dist == "weibull":
        return laws.Weibull(theta[0], theta[1])
    name = {"lognormal": "LogNormal"}.get(dist, dist.capitalize())
    return getattr(laws, name)(*theta)


def _tfp_law(dist: str, theta: Any) -> Any:
    laws = _tfp().distributions
    if dist == "weibull":
        return laws.Weibull(theta[1], theta[0])
    if dist == "pareto":
        return laws.Pareto(theta[1], theta[0])
    name = {"lognormal": "LogNormal"}.get(dist, dist.capitalize())
    return getattr(laws, name)(*theta)


COMMON = ("normal", "lognormal", "cauchy", "gumbel", "logistic", "laplace", "exponential", "weibull", "pareto")


DRAWS = 256


def _draws(
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
        with _precision(dtype):
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


def _tfp_draw(name: str, *more: float) -> Callable[..., Any]:
    def drawn(key: Any, n: int, theta: Any) -> Any:
        law = getattr(_tfp().distributions, name)
        arguments = (more[0] + 0 * theta[0], theta[0]) if name == "VonMises" else (*theta, *more)
        return law(*arguments).sample(seed=key)

    return drawn


def _tfp_mixture(name: str, dtype: str) -> Subject:
    """The reparameterized sample of MixtureSameFamily, given the sample."""

    @lru_cache(maxsize=1)
    def compiled() -> Any:
        import jax

        def moved(z: Any, logits: Any, mu: Any, sigma: Any) -> Any:
            laws = _tfp().distributions
            parts, weights = laws.Normal(mu, sigma), laws.Categorical(logits)
            mixture = laws.MixtureSameFamily(weights, parts, reparameterize=True)
            return mixture._reparameterize_sample(z[None], mixture.event_shape)[0]

        def one(z: Any, *theta: Any) -> Any:
            return jax.grad(moved, argnums=(2, 3, 1))(z, *theta)

        return jax.jit(jax.vmap(one, in_axes=(0, None, None, None)))

    @subject(name, contract=implicit_mixture, outputs=NAMES, dtype=dtype, requires=TFP, known=MIXTURE_KNOWN)
    def run(z: Array, logits: Array, mu: Array, sigma: Array) -> Any:
        with _precision(dtype):
            return _in_blocks(lambda x: compiled()(x, logits, mu, sigma), z)

    return run


F64, F32 = "float64", "float32"

SUBJECTS: tuple[Subject, ...] = (
    _elementwise("jax.random_gamma_grad", implicit_gamma, _random_gamma_grad, F64, JAX, known=(JAX_TAIL,)),
    _elementwise("jax.random_gamma_grad[float32]", implicit_gamma, _random_gamma_grad, F32, JAX),
    _elementwise("jax.igamma_grad_a", implicit_gamma, _igamma_grad_a, F64, JAX, accepts=_dense(_gamma_density)),
    _elementwise(
        "TFP.betainc",
        implicit_beta,
        _tfp_betainc,
        F64,
        TFP,
        ("d_alpha", "d_beta"),
        accepts=_dense(_beta_density),
        accuracy=1e-8,
        known=BETAINC_KNOWN,
    ),
    _elementwise(
        "TFP.StudentT",
        implicit_student,
        _tfp_student,
        F64,
        TFP,
        accepts=_dense(_student_density),
        accuracy=1e-8,
        known=STUDENT_KNOWN,
    ),
    _elementwise(
        "TFP.VonMises",
        implicit_von_mises,
        _tfp_von_mises,
        F64,
        TFP,
        accepts=_dense(_angle_density),
        accuracy=1e-5,
        known=ANGLE_KNOWN,
    ),
    _tfp_mixture("TFP.MixtureSameFamily", F64),
    _explicit("NumPyro.cdf", _numpyro_law, COMMON, F64, NUMPYRO),
    _explicit("TFP.cdf", _tfp_law, (*COMMON, "kumaraswamy"), F64, TFP),
    _draws("jax.random", {"gamma": _jax_random("gamma")}, "quantile", F64, JAX),
    _draws("NumPyro", {"gamma": _numpyro("Gamma")}, "quantile", F64, NUMPYRO),
    _draws("NumPyro[other]", {"student": _numpyro("StudentT"), "beta": _numpyro("Beta")}, "other", F64, NUMPYRO),
    _draws("TFP", {"von-mises": _tfp_draw("VonMises", 0.0)}, "quantile", F64, TFP, 1e-5),
)
