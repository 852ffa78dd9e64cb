"""Published numbers, computed: the eight schools, the batters of 1970, and what a misprinted prior would have given.

The misprints are among the mutants; a posterior that follows one of them is told apart by the numbers below.
"""

from __future__ import annotations

import numpy as np
import pytest

from prufrock import catalogue

from ..cases import baseball, eight_schools
from ..mutants.shrinkage import POSTERIORS
from ..oracles import normal


def test_the_eight_schools_pool_to_7_7_with_variance_16_6() -> None:
    """Gelman et al., Bayesian Data Analysis, 3rd ed., §5.5: one observation after the other, from a flat prior."""
    subject = catalogue.subject("bayes.normal-posterior", "reference")
    if subject.absence():
        pytest.skip(subject.absence())
    y, error = eight_schools.effects()
    mu, tau_sq = np.zeros(()), np.asarray(np.inf)
    for i in range(8):
        mu, tau_sq, _ = subject.run(mu, tau_sq, np.asarray(error[i] ** 2), y[i : i + 1])
    assert round(float(mu), 1) == 7.7
    assert round(float(tau_sq), 1) == 16.6


def test_clemente_shrinks_from_400_to_294() -> None:
    """Efron & Morris 1977: the factor is .212 on averages (and .209 on their arcsines, 1975)."""
    subject = catalogue.subject("bayes.james-stein-mean", "reference")
    if subject.absence():
        pytest.skip(subject.absence())
    first, rest = baseball.averages()
    shrunk = subject.run(first, np.asarray(baseball.binomial_variance()))
    factor = (shrunk - shrunk.mean()) @ (first - first.mean()) / ((first - first.mean()) @ (first - first.mean()))
    assert round(factor, 3) == 0.212
    assert first[0] == 0.4
    assert round(shrunk[0], 3) == 0.294
    assert np.square(first - rest).sum() > 3.5 * np.square(shrunk - rest).sum()
    turned = baseball.arcsines(first)
    deviation = turned - turned.mean()
    assert (
        round((subject.run(turned, np.asarray(1.0)) - turned.mean()) @ deviation / (deviation @ deviation), 3) == 0.209
    )


MISPRINTS = (
    # ½ lost from the prior's exponent: its variance is halved.
    ("half-the-prior", (1.5, 1.0, 1.0, (3.0,)), (2.0, 1 / 3), (2.25, 0.5)),
    # θ − μ₀² for (θ − μ₀)².
    ("square-in-the-wrong-place", (3.0, 0.5, 2.0, (0.0, 2.0, 1.0, 1.0)), (0.5, 0.5), (2.0, 0.25)),
    # 1/τ₀² for μ₀/τ₀² in the mean.
    ("one-for-prior-mean", (3.0, 0.5, 2.0, (0.0, 2.0, 1.0, 1.0)), (1.0, 0.25), (2.0, 0.25)),
)


@pytest.mark.parametrize(("name", "numbers", "literal", "right"), MISPRINTS)
def test_misprinted_priors_are_told_apart(
    name: str,
    numbers: tuple[float, float, float, tuple[float, ...]],
    literal: tuple[float, float],
    right: tuple[float, float],
) -> None:
    mu0, tau0_sq, sigma_sq, y = numbers
    model = (np.asarray(mu0), np.asarray(tau0_sq), np.asarray(sigma_sq), np.array(y))
    np.testing.assert_allclose(POSTERIORS[name](*model), literal, rtol=1e-15)
    np.testing.assert_allclose(normal.posterior(*model), right, rtol=1e-15)
    np.testing.assert_allclose(normal.moments_by_quadrature(*model)[:2], right, rtol=1e-13)


def test_without_data_a_prior_mean_of_three_is_not_one() -> None:
    model = (np.asarray(3.0), np.asarray(0.5), np.asarray(2.0), np.zeros(0))
    assert float(POSTERIORS["one-for-prior-mean"](*model)[0]) == 1.0
    assert normal.posterior(*model)[0] == pytest.approx(3.0)


def test_with_a_prior_mean_of_one_nobody_would_have_noticed() -> None:
    model = (np.asarray(1.0), np.asarray(0.5), np.asarray(2.0), np.array([0.0, 2.0, 4.0]))
    assert POSTERIORS["one-for-prior-mean"](*model)[0] == pytest.approx(normal.posterior(*model)[0])


def test_the_noise_stays_while_the_posterior_narrows() -> None:
    """As n grows it is τ_n² that goes to zero, not σ²; the next observation stays as noisy as ever."""
    y = np.resize([0.0, 3.0], 4096)
    _, tau_sq = normal.posterior(2.0, 0.5, 2.0, y)
    assert tau_sq == pytest.approx(2.0 / 4096, rel=1e-3)
    predict = catalogue.subject("bayes.normal-predictive", "reference")
    if predict.absence():
        pytest.skip(predict.absence())
    _, variance = predict.run(np.asarray(2.0), np.asarray(0.5), np.asarray(2.0), y)
    assert float(variance) == pytest.approx(2.0, rel=1e-3)
