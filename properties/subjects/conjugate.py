"""conjugate-models: its updates and predictions, through the densities of the distributions that it returns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, Subject, subject

from ..bayes.conjugate import MADE
from ..bayes.shrinkage import normal_posterior
from ..bayes.shrinkage_evidence import normal_predictive
from ..bayes.shrinkage_mean import normal_shrinkage
from .conjugate_known import known
from .lax_variational import lax

Array = NDArray[Any]
RELEASE = "conjugate-models>=0.10"
BOTH = ("log_posterior", "log_predictive")

# What each model is called with, from the observations; and its prior from its parameters.
Update = Callable[[Any, Any, Array, Array, Array], tuple[Any, Any]]


def _binomial(M: Any, P: Any, prior: Array, known: Array, x: Array) -> tuple[Any, Any]:
    posterior = M.binomial_beta(n=known[0] * len(x), x=x.sum(), prior=P.Beta(*prior))
    return posterior, M.binomial_beta_predictive(n=known[0], distribution=posterior)


def _geometric(M: Any, P: Any, prior: Array, known: Array, x: Array) -> tuple[Any, Any]:
    posterior = M.geometric_beta(x_total=x.sum(), n=len(x), prior=P.Beta(*prior), one_start=False)
    return posterior, M.geometric_beta_predictive(distribution=posterior, one_start=False)


def _negative_binomial(M: Any, P: Any, prior: Array, known: Array, x: Array) -> tuple[Any, Any]:
    posterior = M.negative_binomial_beta(r=known[0], n=len(x), x=x.sum(), prior=P.Beta(*prior))
    return posterior, M.negative_binomial_beta_predictive(r=known[0], distribution=posterior)


def _poisson(M: Any, P: Any, prior: Array, known: Array, x: Array) -> tuple[Any, Any]:
    posterior = M.poisson_gamma(x_total=x.sum(), n=len(x), prior=P.Gamma(*prior))
    return posterior, M.poisson_gamma_predictive(distribution=posterior, n=known[0])


def _exponential(M: Any, P: Any, prior: Array, known: Array, x: Array) -> tuple[Any, Any]:
    posterior = M.exponential_gamma(x_total=x.sum(), n=len(x), prior=P.Gamma(*prior))
    return posterior, M.exponential_gamma_predictive(distribution=posterior)


def _gamma(M: Any, P: Any, prior: Array, known: Array, x: Array) -> tuple[Any, Any]:
    posterior = M.gamma_known_shape(x_total=x.sum(), n=len(x), alpha=known[0], prior=P.Gamma(*prior))
    return posterior, M.gamma_known_shape_predictive(distribution=posterior, alpha=known[0])


def _inverse_gamma(M: Any, P: Any, prior: Array, known: Array, x: Array) -> tuple[Any, Any]:
    total = (1.0 / x).sum()
    return M.inverse_gamma_known_rate(reciprocal_x_total=total, n=len(x), alpha=known[0], prior=P.Gamma(*prior)), None


def _pareto(M: Any, P: Any, prior: Array, known: Array, x: Array) -> tuple[Any, Any]:
    return M.pareto_gamma(n=len(x), ln_x_total=np.log(x).sum(), x_m=known[0], prior=P.Gamma(*prior)), None


def _weibull(M: Any, P: Any, prior: Array, known: Array, x: Array) -> tuple[Any, Any]:
    total = (x ** known[0]).sum()
    return M.weibull_inverse_gamma_known_shape(n=len(x), x_beta_total=total, prior=P.InverseGamma(*prior)), None


def _uniform(M: Any, P: Any, prior: Array, known: Array, x: Array) -> tuple[Any, Any]:
    return M.uniform_pareto(x_max=x.max(), n=len(x), prior=P.Pareto(*prior)), None


def _variance(M: Any, P: Any, prior: Array, known: Array, x: Array) -> tuple[Any, Any]:
    totals = {"x_total": x.sum(), "x2_total": (x**2).sum(), "n": len(x)}
    posterior = M.normal_known_mean(**totals, mu=known[0], prior=P.InverseGamma(*prior))
    return posterior, M.normal_known_mean_predictive(mu=known[0], distribution=posterior)


def _mean(M: Any, P: Any, prior: Array, known: Array, x: Array) -> tuple[Any, Any]:
    posterior = M.normal_known_variance(x_total=x.sum(), n=len(x), var=known[0], prior=P.Normal(*prior))
    return posterior, M.normal_known_variance_predictive(var=known[0], distribution=posterior)


def _von_mises(M: Any, P: Any, prior: Array, known: Array, x: Array) -> tuple[Any, Any]:
    totals = {"cos_total": np.cos(x).sum(), "sin_total": np.sin(x).sum(), "n": len(x)}
    before = P.VonMisesKnownConcentration(a=prior[1], b=prior[0])
    return M.von_mises_known_concentration(**totals, kappa=known[0], prior=before), None


def _hypergeometric(M: Any, P: Any, prior: Array, known: Array, x: Array) -> tuple[Any, Any]:
    before = P.BetaBinomial(n=prior[0], alpha=prior[1], beta=prior[2])
    return M.hypergeometric_beta_binomial(x_total=x.sum(), n=known[1], prior=before), None


def _log_density(made: Any, x: Array) -> Array:
    """By whichever name the distribution has it."""
    if hasattr(made, "log_likelihood"):
        return np.asarray(made.log_likelihood(x))
    found = made.dist
    for name in ("logpmf", "logpdf"):
        if hasattr(found, name) and (name == "logpdf" or hasattr(getattr(found, "dist", found), "logpmf")):
            return np.asarray(getattr(found, name)(x))
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(found.pmf(x) if hasattr(found, "pmf") else found.pdf(x)))


UPDATES: dict[str, tuple[str, Any]] = {
    "binomial-beta": ("binomial_beta", _binomial),
    "geometric-beta": ("geometric_beta", _geometric),
    "negative-binomial-beta": ("negative_binomial_beta", _negative_binomial),
    "poisson-gamma": ("poisson_gamma", _poisson),
    "exponential-gamma": ("exponential_gamma", _exponential),
    "gamma-gamma": ("gamma_known_shape", _gamma),
    "inverse-gamma-gamma": ("inverse_gamma_known_rate", _inverse_gamma),
    "pareto-gamma": ("pareto_gamma", _pareto),
    "weibull-inverse-gamma": ("weibull_inverse_gamma_known_shape", _weibull),
    "uniform-pareto": ("uniform_pareto", _uniform),
    "normal-inverse-gamma": ("normal_known_mean", _variance),
    "normal-normal": ("normal_known_variance", _mean),
    "von-mises": ("von_mises_known_concentration", _von_mises),
    "hypergeometric-beta-binomial": ("hypergeometric_beta_binomial", _hypergeometric),
}


def _run(update: Any, both: bool) -> Callable[..., Any]:
    def run(prior: Array, known: Array, x: Array, theta: Array, new: Array) -> Any:
        import conjugate.distributions as P
        import conjugate.models as M

        posterior, predictive = update(M, P, prior, known, x)
        return (
            (_log_density(posterior, theta), _log_density(predictive, new)) if both else _log_density(posterior, theta)
        )

    return run


def _subject(model: str, name: str, update: Any) -> Subject:
    both = any(law.needs for law in MADE[model][1])
    records: tuple[Known, ...] = known(model)
    return subject(
        f"conjugate-models.{name}",
        contract=MADE[model][0],
        outputs=BOTH if both else (),
        requires=RELEASE,
        known=records,
    )(_run(update, both))


@subject(
    "conjugate-models.normal_known_variance",
    contract=normal_posterior,
    outputs=("mu", "tau_sq"),
    conventions={"form": "precision"},
    requires=RELEASE,
    accepts=lambda mu0, tau0_sq, sigma_sq, y: len(y) > 0,
)
def normal_known_variance(mu0: Any, tau0_sq: Any, sigma_sq: Any, y: Array) -> Any:
    from conjugate.distributions import Normal
    from conjugate.models import normal_known_variance

    prior = Normal.from_mean_and_variance(mu0, tau0_sq)
    found = normal_known_variance(x_total=y.sum(), n=len(y), var=sigma_sq, prior=prior)
    return found.mu, found.sigma**2


@subject(
    "conjugate-models.normal_known_precision",
    contract=normal_posterior,
    outputs=("mu", "tau_sq"),
    requires=RELEASE,
    accepts=lambda mu0, tau0_sq, sigma_sq, y: len(y) > 0,
)
def normal_known_precision(mu0: Any, tau0_sq: Any, sigma_sq: Any, y: Array) -> Any:
    from conjugate.distributions import Normal
    from conjugate.models import normal_known_precision

    prior = Normal.from_mean_and_precision(mu0, 1.0 / tau0_sq)
    found = normal_known_precision(x_total=y.sum(), n=len(y), precision=1.0 / sigma_sq, prior=prior)
    return found.mu, found.sigma**2


@subject(
    "conjugate-models.normal_known_variance_predictive",
    contract=normal_predictive,
    outputs=("mean", "variance"),
    requires=RELEASE,
)
def normal_known_variance_predictive(mu0: Any, tau0_sq: Any, sigma_sq: Any, y: Array) -> Any:
    from conjugate.distributions import Normal
    from conjugate.models import normal_known_variance, normal_known_variance_predictive

    prior = Normal.from_mean_and_variance(mu0, tau0_sq)
    posterior = normal_known_variance(x_total=y.sum(), n=len(y), var=sigma_sq, prior=prior)
    found = normal_known_variance_predictive(var=sigma_sq, distribution=posterior)
    return found.mu, found.sigma**2


@subject("conjugate-models.normal_known_variance", contract=normal_shrinkage, requires=RELEASE)
def units(mu0: Array, tau0_sq: Array, sigma_sq: Array, y: Array) -> Any:
    """Arrays of priors and of observations are taken as they are."""
    from conjugate.distributions import Normal
    from conjugate.models import normal_known_variance

    prior = Normal.from_mean_and_variance(mu0, tau0_sq)
    return normal_known_variance(x_total=y, n=1, var=sigma_sq, prior=prior).mu


SUBJECTS = lax(
    (
        *(_subject(model, name, update) for model, (name, update) in UPDATES.items()),
        normal_known_variance,
        normal_known_precision,
        normal_known_variance_predictive,
        units,
    )
)
