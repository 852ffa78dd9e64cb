"""The oracles of distributions against each other and against SciPy: masses, moments, entropies, functions, divergences.

Laws trust these sums; here they are held against closed forms that they do not use.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import digamma, gammaln

from ..cases.parameters import ENDS, USUAL
from ..oracles import ppca, stein
from ..oracles.conjugate import MODELS
from ..oracles.divergences import divergence
from ..oracles.families import registry
from ..subjects.scipy_densities import FAMILIES

ALL = [(name, params) for name, choices in USUAL.items() for params in choices]


@pytest.mark.parametrize(("name", "params"), ALL)
def test_every_density_integrates_to_one(name: str, params: tuple[float, ...]) -> None:
    _, _, mass = registry()[name].masses(np.array(params))
    assert mass.sum() == pytest.approx(1.0, abs=2e-12)


@pytest.mark.parametrize(("name", "params"), [(name, params) for name, params in ALL if name in FAMILIES])
def test_moments_and_entropies_are_scipys(name: str, params: tuple[float, ...]) -> None:
    family, theta = registry()[name], np.array(params)
    called, translated = FAMILIES[name]
    shapes, where = translated(*params)
    made = getattr(stats, called)(*shapes, **where)
    assert family.entropy(theta) == pytest.approx(float(made.entropy()), rel=1e-9, abs=1e-9)
    if family.kind == "circle":
        return
    mean, variance = family.moments(theta)
    if np.isfinite(mean):
        assert mean == pytest.approx(made.mean(), rel=1e-10, abs=1e-11)
    if np.isfinite(variance):
        assert variance == pytest.approx(made.var(), rel=1e-9)
    x = family.rule(theta).x[::37]
    x = x[np.abs(x) < 1e2]
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(family.cdf(x, *params), made.cdf(x), rtol=0, atol=1e-12)
        log_p = made.logpmf(x) if hasattr(made.dist, "logpmf") else made.logpdf(x)
    np.testing.assert_allclose(family.log_p(theta, x), log_p, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["bernoulli", "geometric", "binomial", "negative-binomial", "poisson"])
def test_parameters_at_their_ends_are_limits(name: str) -> None:
    """Moved a little inside, the density is nearly what it is at the end."""
    family = registry()[name]
    ends = {"p": (1e-9, 1.0 - 1e-9), "rate": (1e-9, np.inf), "r": (1e-9, np.inf)}
    for params in ENDS[name]:
        limits = [ends.get(parameter, (0.0, np.inf)) for parameter in family.parameters]
        inside = np.array([min(max(p, low), high) for p, (low, high) in zip(params, limits, strict=True)])
        x = family.rule(np.array(params)).x[:4]
        at, near = family.log_p(np.array(params), x), family.log_p(inside, x)
        np.testing.assert_allclose(np.exp(at), np.exp(near), atol=1e-7)


def test_divergences_in_closed_form() -> None:
    def of(p: str, a: tuple[float, ...], q: str, b: tuple[float, ...]) -> float:
        return divergence(p, np.array(a), q, np.array(b))[0]

    assert of("normal", (0.25, 2.0), "normal", (-3.0, 0.5)) == pytest.approx(
        np.log(0.25) + (4.0 + 3.25**2) / 0.5 - 0.5, rel=1e-13
    )
    assert of("exponential", (2.0,), "exponential", (0.5,)) == pytest.approx(np.log(4.0) + 0.25 - 1.0, rel=1e-13)
    a, r, b, s = 2.5, 3.0, 0.75, 0.5
    want = (a - b) * digamma(a) - gammaln(a) + gammaln(b) + b * np.log(r / s) + a * (s - r) / r
    assert of("gamma", (a, r), "gamma", (b, s)) == pytest.approx(want, rel=1e-12)
    assert of("uniform", (0.25, 0.75), "uniform", (0.0, 1.0)) == pytest.approx(np.log(2.0), rel=1e-13)
    gap = abs(0.25 + 3.0)
    want = np.log(0.5 / 2.0) + (2.0 * np.exp(-gap / 2.0) + gap) / 0.5 - 1.0
    assert of("laplace", (0.25, 2.0), "laplace", (-3.0, 0.5)) == pytest.approx(want, rel=1e-12)
    assert of("poisson", (2.5,), "poisson", (4.0,)) == pytest.approx(2.5 * np.log(2.5 / 4.0) + 1.5, rel=1e-12)
    want = np.log(((2.0 + 0.5) ** 2 + 3.25**2) / (4.0 * 2.0 * 0.5))
    assert of("cauchy", (0.25, 2.0), "cauchy", (-3.0, 0.5)) == pytest.approx(want, rel=1e-12)


def test_divergences_that_are_infinite() -> None:
    def infinite(p: str, a: tuple[float, ...], q: str, b: tuple[float, ...]) -> bool:
        return divergence(p, np.array(a), q, np.array(b))[0] == np.inf

    assert infinite("normal", (0.0, 1.0), "exponential", (1.0,))
    assert infinite("uniform", (0.0, 2.0), "beta", (2.0, 2.0))
    assert infinite("pareto", (1.0, 2.0), "normal", (0.0, 1.0))
    assert not infinite("pareto", (1.0, 2.5), "normal", (0.0, 1.0))
    assert infinite("pareto", (1.0, 1.0), "exponential", (1.0,))
    assert infinite("laplace", (0.0, 2.0), "gumbel", (0.0, 1.0))
    assert not infinite("laplace", (0.0, 1.0), "gumbel", (0.0, 2.0))
    assert infinite("poisson", (1.0,), "binomial", (50.0, 0.5))
    assert not infinite("poisson", (0.0,), "binomial", (5.0, 0.5))
    assert infinite("bernoulli", (0.5,), "bernoulli", (1.0,))
    assert not infinite("bernoulli", (0.0,), "bernoulli", (0.0,))


@pytest.mark.parametrize(
    ("model", "prior", "known", "x", "want"),
    [
        ("binomial-beta", (2.0, 3.0), (5.0,), (1.0, 4.0), stats.beta(7.0, 8.0)),
        ("poisson-gamma", (2.0, 3.0), (1.0,), (1.0, 4.0), stats.gamma(7.0, scale=1 / 5.0)),
        ("exponential-gamma", (2.0, 3.0), (), (0.5, 2.0), stats.gamma(4.0, scale=1 / 5.5)),
        ("normal-normal", (0.5, 2.0), (3.0,), (1.0, -2.0), stats.norm((0.125 - 1 / 3) / (0.25 + 2 / 3), (0.25 + 2 / 3) ** -0.5)),
        ("uniform-pareto", (2.0, 1.5), (), (1.0, 3.0), stats.pareto(3.5, scale=3.0)),
        ("weibull-inverse-gamma", (3.0, 2.0), (1.5,), (1.0, 4.0), stats.invgamma(5.0, scale=11.0)),
    ],
)  # fmt: skip
def test_posteriors_by_quadrature_are_the_textbooks(
    model: str, prior: tuple[float, ...], known: tuple[float, ...], x: tuple[float, ...], want: Any
) -> None:
    one, p, k, data = MODELS[model], np.array(prior), np.array(known), np.array(x)
    theta = np.array([0.125, 0.375, 0.75]) * (16.0 if model == "uniform-pareto" else 1.0)
    got = one.log_joint(theta, p, k, data) - one.log_evidence(p, k, data)
    np.testing.assert_allclose(got, want.logpdf(theta), rtol=1e-10, atol=1e-10)


def test_the_best_linear_model_is_the_best() -> None:
    x = np.array([[3.0, 0.5, -1.0], [-2.0, 1.0, 0.25], [0.5, -1.5, 2.0], [1.0, 2.0, 0.0], [-2.5, -2.0, -1.25]])
    W, offset, noise, mean = ppca.best_fit(x, 1)
    assert ppca.log_evidence(x, W, offset, noise).mean() == pytest.approx(mean, rel=1e-13)
    for move in (0.05, -0.05):
        assert ppca.log_evidence(x, W + move, offset, noise).mean() < mean
        assert ppca.log_evidence(x, W, offset, noise * (1.0 + move)).mean() < mean


@pytest.mark.parametrize("m", [3, 4, 7])
@pytest.mark.parametrize("delta", [0.0, 0.5, 3.0])
def test_the_risk_of_james_stein_by_quadrature_is_the_closed_form(m: int, delta: float) -> None:
    rule = stein.radial(m, delta)
    s = 1.0 - (m - 2.0) / rule.rho**2
    found = (rule.weight * (s**2 * rule.rho**2 - 2.0 * s * rule.rho * delta * rule.cosine + delta**2)).sum()
    assert rule.weight.sum() == pytest.approx(1.0, abs=1e-13)
    assert found == pytest.approx(stein.risk(m, delta), rel=1e-13)
    assert found < m
