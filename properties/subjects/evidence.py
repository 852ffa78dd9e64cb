"""The normal model with a normal prior as other libraries have it: a Gaussian process that is constant, a joint normal density."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import subject

from ..bayes.shrinkage import normal_posterior
from ..bayes.shrinkage_evidence import normal_evidence, normal_predictive
from .lax_variational import lax

Array = NDArray[Any]


def _mild(mu0: Any, tau0_sq: Any, sigma_sq: Any, y: Array) -> bool:
    """Some data, and variances between which a dense factorisation loses no digit to speak of."""
    return len(y) > 0 and bool(0.25 <= tau0_sq / sigma_sq <= 4.0)


def _process(mu0: Any, tau0_sq: Any, sigma_sq: Any, y: Array, noisy: bool) -> Any:
    """A Gaussian process with a constant kernel: every observation is one of the same value, plus noise."""
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, WhiteKernel

    kernel = ConstantKernel(float(tau0_sq), "fixed")
    if noisy:
        kernel = kernel + WhiteKernel(float(sigma_sq), "fixed")
    alpha = 1e-300 if noisy else float(sigma_sq)
    made = GaussianProcessRegressor(kernel, alpha=alpha, optimizer=None)
    made.fit(np.arange(float(len(y)))[:, None], y - mu0)
    mean, deviation = made.predict(np.array([[-1.0]]), return_std=True)
    return mu0 + mean[0], deviation[0] ** 2, made.log_marginal_likelihood_value_


@subject(
    "scikit-learn.GaussianProcessRegressor",
    contract=normal_posterior,
    outputs=("mu", "tau_sq", "log_evidence"),
    requires="scikit-learn>=1.4",
    accepts=_mild,
)
def gaussian_process(mu0: Any, tau0_sq: Any, sigma_sq: Any, y: Array) -> Any:
    return _process(mu0, tau0_sq, sigma_sq, y, noisy=False)


@subject(
    "scikit-learn.GaussianProcessRegressor",
    contract=normal_predictive,
    outputs=("mean", "variance"),
    requires="scikit-learn>=1.4",
    accepts=_mild,
)
def noisy_process(mu0: Any, tau0_sq: Any, sigma_sq: Any, y: Array) -> Any:
    return _process(mu0, tau0_sq, sigma_sq, y, noisy=True)[:2]


def _covariance(tau0_sq: Any, sigma_sq: Any, n: int) -> Array:
    return np.asarray(sigma_sq * np.eye(n) + tau0_sq * np.ones((n, n)))


@subject("SciPy.multivariate_normal", contract=normal_evidence, requires="scipy", accepts=_mild)
def scipy_joint(mu0: Any, tau0_sq: Any, sigma_sq: Any, y: Array) -> Any:
    from scipy import stats

    return stats.multivariate_normal(np.full(len(y), mu0), _covariance(tau0_sq, sigma_sq, len(y))).logpdf(y)


@subject("torch.MultivariateNormal", contract=normal_evidence, requires="torch>=2.4", accepts=_mild)
def torch_joint(mu0: Any, tau0_sq: Any, sigma_sq: Any, y: Array) -> Any:
    import torch

    mean, covariance = np.full_like(y, mu0), _covariance(tau0_sq, sigma_sq, len(y)).astype(y.dtype)
    made = torch.distributions.MultivariateNormal(torch.from_numpy(mean), torch.from_numpy(covariance))
    return made.log_prob(torch.from_numpy(np.asarray(y, order="C"))).numpy()  # type: ignore[no-untyped-call]


@subject("torch.LowRankMultivariateNormal", contract=normal_evidence, requires="torch>=2.4", accepts=_mild)
def torch_low_rank(mu0: Any, tau0_sq: Any, sigma_sq: Any, y: Array) -> Any:
    """One factor that all observations share, and their own noise."""
    import torch

    mean, factor, diagonal = (
        torch.from_numpy(x)
        for x in (np.full_like(y, mu0), np.full_like(y, np.sqrt(tau0_sq))[:, None], np.full_like(y, sigma_sq))
    )
    made = torch.distributions.LowRankMultivariateNormal(mean, factor, diagonal)
    return made.log_prob(torch.from_numpy(np.asarray(y, order="C"))).numpy()  # type: ignore[no-untyped-call]


@subject("numpyro.LowRankMultivariateNormal", contract=normal_evidence, requires="numpyro>=0.13", accepts=_mild)
def numpyro_low_rank(mu0: Any, tau0_sq: Any, sigma_sq: Any, y: Array) -> Any:
    import jax
    import numpyro.distributions as D

    jax.config.update("jax_enable_x64", True)
    factor, diagonal = np.full_like(y, np.sqrt(tau0_sq))[:, None], np.full_like(y, sigma_sq)
    return np.asarray(D.LowRankMultivariateNormal(np.full_like(y, mu0), factor, diagonal).log_prob(y))


SUBJECTS = lax((gaussian_process, noisy_process, scipy_joint, torch_joint, torch_low_rank, numpyro_low_rank))
