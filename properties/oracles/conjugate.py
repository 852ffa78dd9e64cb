"""Conjugate models by quadrature: prior, likelihood, and what follows from them without any conjugacy.

    p(θ|x) = p(θ) Π p(x_i|θ) / p(x),      p(x'|x) = ∫ p(x'|θ) p(θ|x) dθ

Densities of priors are those of `oracles.families`; likelihoods are written out below, and integrals over θ are sums over the
rule of the prior's family. θ is a probability, a rate, a scale or a variance, as each model says.

Source: Gelman et al., Bayesian Data Analysis, 3rd ed., ch. 2; Fink 1997.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._scipy import special
from .families import registry

Array = NDArray[np.float64]
LOG_2PI = float(np.log(2.0 * np.pi))


@dataclass(frozen=True)
class Model:
    """prior  the family of p(θ), its parameters in that family's order
    known  names of what else the likelihood is given
    log_p  (x, θ, *known) -> log p(x|θ), broadcast
    new    the same for what is predicted, where that differs
    counts whether x is a whole number
    says   what θ is
    """

    prior: str
    known: tuple[str, ...]
    log_p: Callable[..., Any]
    says: str
    counts: bool = False
    new: Callable[..., Any] | None = None

    def log_joint(self, theta: Array, prior: Array, known: Array, x: Array) -> Array:
        """log p(θ) + Σ log p(x_i|θ) at each θ."""
        with np.errstate(all="ignore"):
            like = np.asarray(self.log_p(x[:, None], theta, *known), np.float64) + 0.0 * theta
        before = registry()[self.prior].log_p(prior, theta)
        return np.asarray(np.where(before > -np.inf, before + like.sum(0), before))

    def over(self, prior: Array, x: Array) -> tuple[Array, Array]:
        """θ and weights for ∫ dθ, from where the data leave off if they bound θ from below."""
        if self.prior == "pareto":
            prior = np.array([max(prior[0], x.max(initial=0.0)), prior[1] + len(x)])
        rule = registry()[self.prior].rule(prior)
        return rule.x, rule.w

    def log_evidence(self, prior: Array, known: Array, x: Array) -> float:
        theta, w = self.over(prior, x)
        log_joint = self.log_joint(theta, prior, known, x)
        return float(special.logsumexp(np.where(np.isfinite(log_joint), log_joint, -np.inf), b=w))

    def log_predictive(self, prior: Array, known: Array, x: Array, new: Array) -> Array:
        """log p(x'|x) at each x'."""
        theta, w = self.over(prior, x)
        log_joint = self.log_joint(theta, prior, known, x)
        log_joint = np.where(np.isfinite(log_joint), log_joint, -np.inf)
        with np.errstate(all="ignore"):
            like = np.asarray((self.new or self.log_p)(new[:, None], theta, *known), np.float64)
        both = np.where(np.isnan(like), -np.inf, like) + log_joint
        return np.asarray(special.logsumexp(both, b=w, axis=1) - special.logsumexp(log_joint, b=w))


def _choose(n: Any, k: Any) -> Any:
    return special.gammaln(n + 1.0) - special.gammaln(k + 1.0) - special.gammaln(n - k + 1.0)


def _negative_binomial(x: Any, t: Any, r: float) -> Any:
    return (
        special.gammaln(x + r)
        - special.gammaln(x + 1.0)
        - special.gammaln(r)
        + special.xlogy(r, t)
        + special.xlog1py(x, -t)
    )


def _hypergeometric(x: Any, t: Any, N: float, draws: float) -> Any:
    possible = (x <= t) & (draws - x <= N - t)
    t = np.where(possible, t, x)
    found = _choose(t, x) + _choose(N - t, np.minimum(draws - x, N - t)) - _choose(N, draws)
    return np.where(possible, found, -np.inf)


MODELS = {
    "binomial-beta": Model(
        "beta",
        ("trials",),
        lambda x, t, n: _choose(n, x) + special.xlogy(x, t) + special.xlog1py(n - x, -t),
        "the probability of success; x successes in so many trials",
        counts=True,
    ),
    "geometric-beta": Model(
        "beta",
        (),
        lambda x, t: np.log(t) + special.xlog1py(x, -t),
        "the probability of success; x failures before it",
        counts=True,
    ),
    "negative-binomial-beta": Model(
        "beta", ("successes",), _negative_binomial, "the probability of success; x failures before so many", counts=True
    ),
    "poisson-gamma": Model(
        "gamma",
        ("exposure",),
        lambda x, t, _: special.xlogy(x, t) - t - special.gammaln(x + 1.0),
        "the rate of x events in a unit of time; new ones are counted over `exposure` units",
        counts=True,
        new=lambda x, t, e: special.xlogy(x, e * t) - e * t - special.gammaln(x + 1.0),
    ),
    "exponential-gamma": Model("gamma", (), lambda x, t: np.log(t) - t * x, "the rate of an exponential x"),
    "gamma-gamma": Model(
        "gamma",
        ("shape",),
        lambda x, t, a: a * np.log(t) + (a - 1.0) * np.log(x) - t * x - special.gammaln(a),
        "the rate of a gamma x of known shape",
    ),
    "inverse-gamma-gamma": Model(
        "gamma",
        ("shape",),
        lambda x, t, a: a * np.log(t) - special.gammaln(a) - (a + 1.0) * np.log(x) - t / x,
        "the scale of an inverse gamma x of known shape",
    ),
    "pareto-gamma": Model(
        "gamma",
        ("least",),
        lambda x, t, m: np.log(t) + t * np.log(m) - (t + 1.0) * np.log(x),
        "the exponent of a Pareto x from a known least value on",
    ),
    "weibull-inverse-gamma": Model(
        "inverse-gamma",
        ("shape",),
        lambda x, t, k: np.log(k / t) + (k - 1.0) * np.log(x) - x**k / t,
        "the scale to the power of the known shape of a Weibull x",
    ),
    "uniform-pareto": Model(
        "pareto", (), lambda x, t: np.where(x <= t, -np.log(t), -np.inf), "the upper end of a uniform x from 0"
    ),
    "normal-inverse-gamma": Model(
        "inverse-gamma",
        ("mean",),
        lambda x, t, m: -0.5 * (np.square(x - m) / t + np.log(t) + LOG_2PI),
        "the variance of a normal x of known mean",
    ),
    "normal-normal": Model(
        "normal",
        ("variance",),
        lambda x, t, v: -0.5 * (np.square(x - t) / v + np.log(v) + LOG_2PI),
        "the mean of a normal x of known variance; its prior by mean and deviation",
    ),
    "von-mises": Model(
        "von-mises",
        ("concentration",),
        lambda x, t, k: k * (np.cos(x - t) - 1.0) - LOG_2PI - np.log(special.i0e(k)),
        "the direction of a von Mises x of known concentration",
    ),
    "hypergeometric-beta-binomial": Model(
        "beta-binomial",
        ("population", "draws"),
        _hypergeometric,
        "how many of a population are marked; x of so many drawn are",
        counts=True,
    ),
}
