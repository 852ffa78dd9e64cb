"""Implicit derivatives of TensorFlow Probability's distributions, in JAX: −(∂F/∂θ)/q, and those of its samples."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, Subject, subject

from ..variational.implicit_beta import implicit_beta
from ..variational.implicit_mixture import NAMES, implicit_mixture
from ..variational.implicit_symmetric import implicit_student, implicit_von_mises
from .jax_implicit import COMMON, F64, by_cdf, dense, draws, elementwise, explicit, in_blocks, precision, witness

Array = NDArray[Any]
TFP, SCOPE = "tfp-nightly", "tfp-nightly<=0.26.0.dev20261027"


def _noise() -> Any:
    from ..cases.integrands import Polynomial
    from ..cases.shapes_of_noise import Standardised

    return Standardised(Polynomial((0.0, 0.5)), "beta", np.array([2.5, 1.0]), np.array([0.25]))


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
    *(
        Known(law, INTEGER, witness("BetaDraws", (0.3125,), (1.0,), (2.5,)), SCOPE, lines=BETAINC)
        for law in ("velocity", "eight-digits", "moving-quantile", "one-shape-more")
    ),
    Known("velocity-near-the-ends", INTEGER, witness("BetaDraws", (0.5,), (2.5,), (1.0,)), SCOPE, lines=BETAINC),
    Known("power-of-a-uniform", INTEGER, witness("BetaDraws", (0.0625,), (2.5,), (1.0,)), SCOPE, lines=BETAINC),
    Known("gradient", INTEGER, _noise, SCOPE, lines=BETAINC),
)

STUDENT = """import jax, numpy as np
from tensorflow_probability.substrates import jax as tfp
with jax.enable_x64(True):
    slope = jax.grad(lambda nu: tfp.distributions.StudentT(nu, np.float64(0.0), np.float64(1.0)).cdf(np.float64(1.0)))
    at, near = float(slope(np.float64(4.0))), float(slope(np.float64(4.000001)))
assert abs(at / near - 1) > 1e-3"""

STUDENT_KNOWN = tuple(
    Known(law, f"ν = 4, by betainc: {INTEGER}", witness("StudentDraws", (1.0,), (4.0,)), SCOPE, lines=STUDENT)
    for law in ("student-velocity", "student-quantile", "student-gradient", "eight-digits")
)

ANGLE_KNOWN = (
    Known(
        "angle-from-uniform",
        reason="the derivative of the distribution function with respect to a concentration of 0 is NaN",
        witness=witness("Angles", (0.5,), (1.0,)),
        scope=SCOPE,
        lines="""import jax, numpy as np
from tensorflow_probability.substrates import jax as tfp
with jax.enable_x64(True):
    slope = jax.grad(lambda k: tfp.distributions.VonMises(np.float64(0.0), k).cdf(np.float64(0.5)))
    assert np.isnan(slope(np.float64(0.0)))""",
    ),
    Known(
        "angle-velocity-far",
        reason="series and normal approximation have an absolute accuracy, nothing where the density is small",
        witness=witness("Angles", (-3.125,), (23.0,)),
        scope=SCOPE,
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
        witness=witness("Angles", (0.75,), (12.0,)),
        scope=SCOPE,
        lines="""import jax, numpy as np
from tensorflow_probability.substrates import jax as tfp
with jax.enable_x64(True):
    law = lambda k: tfp.distributions.VonMises(np.float64(0.0), k)
    z, k = np.float64(0.75), np.float64(12.0)
    dz = -float(jax.grad(lambda k: law(k).cdf(z))(k)) / float(law(k).prob(z))
assert abs(dz / -0.03367822351 - 1) > 1e-8""",
    ),
    Known("refuses-negative-parameter", reason="accepts it and returns a number: negative parameter", scope=SCOPE),
)

MIXTURE_KNOWN = (
    Known(
        "velocity-far-out",
        reason="where every density is 0 in floating point the derivatives are 0/0, NaN",
        witness=witness("MixtureDraws", (0.125,), (0.0,), (0.0,), (0.5,)),
        scope=SCOPE,
        lines="""import jax, numpy as np
from tensorflow_probability.substrates import jax as tfp
laws = tfp.distributions
def moved(mu):
    mixture = laws.MixtureSameFamily(laws.Categorical(np.zeros(2)), laws.Normal(mu, np.ones(2)), reparameterize=True)
    return mixture._reparameterize_sample(np.full(1, 60.0), mixture.event_shape)[0]
with jax.enable_x64(True):
    assert np.isnan(jax.grad(moved)(np.zeros(2))).all()  # not (1/2, 1/2)""",
    ),
    Known("refuses-negative-deviation", reason="accepts it and returns a number: negative deviation", scope=SCOPE),
)


def _student_density(z: Array, nu: Array) -> Any:
    from scipy import stats

    return stats.t.logpdf(z, nu)


def _angle_density(z: Array, kappa: Array) -> Any:
    return -2.0 * kappa * np.sin(z / 2.0) ** 2


def _beta_density(z: Array, alpha: Array, beta: Array) -> Any:
    from scipy import stats

    return stats.beta.logpdf(z, alpha, beta)


def _tfp() -> Any:
    from tensorflow_probability.substrates import jax as tfp

    return tfp


def _tfp_betainc() -> Any:
    betainc = _tfp().math.betainc
    law = _tfp().distributions.Beta
    return by_cdf(lambda z, a, b: betainc(a, b, z), lambda z, a, b: law(a, b).log_prob(z), 2)


def _tfp_student() -> Any:
    law = _tfp().distributions.StudentT
    return by_cdf(lambda z, nu: law(nu, 0.0, 1.0).cdf(z), lambda z, nu: law(nu, 0.0, 1.0).log_prob(z), 1)


def _tfp_von_mises() -> Any:
    law = _tfp().distributions.VonMises
    return by_cdf(lambda z, k: law(0.0, k).cdf(z), lambda z, k: law(0.0, k).log_prob(z), 1)


def _tfp_law(dist: str, theta: Any) -> Any:
    laws = _tfp().distributions
    if dist == "weibull":
        return laws.Weibull(theta[1], theta[0])
    if dist == "pareto":
        return laws.Pareto(theta[1], theta[0])
    name = {"lognormal": "LogNormal"}.get(dist, dist.capitalize())
    return getattr(laws, name)(*theta)


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
        with precision(dtype):
            return in_blocks(lambda x: compiled()(x, logits, mu, sigma), z)

    return run


SUBJECTS: tuple[Subject, ...] = (
    elementwise(
        "TFP.betainc",
        implicit_beta,
        _tfp_betainc,
        F64,
        TFP,
        ("d_alpha", "d_beta"),
        accepts=dense(_beta_density),
        accuracy=1e-8,
        known=BETAINC_KNOWN,
    ),
    elementwise(
        "TFP.StudentT",
        implicit_student,
        _tfp_student,
        F64,
        TFP,
        accepts=dense(_student_density),
        accuracy=1e-8,
        known=STUDENT_KNOWN,
    ),
    elementwise(
        "TFP.VonMises",
        implicit_von_mises,
        _tfp_von_mises,
        F64,
        TFP,
        accepts=dense(_angle_density),
        accuracy=1e-5,
        known=ANGLE_KNOWN,
    ),
    _tfp_mixture("TFP.MixtureSameFamily", F64),
    explicit("TFP.cdf", _tfp_law, (*COMMON, "kumaraswamy"), F64, TFP),
    draws("TFP", {"von-mises": _tfp_draw("VonMises", 0.0)}, "quantile", F64, TFP, 1e-5),
)
