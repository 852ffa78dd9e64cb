"""Violations on record of conjugate-models: updates and predictions that Bayes' rule does not make."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from prufrock import Known

from .densities_known import witness

SCOPE = "conjugate-models>=0.10,<=0.14.0"
ASK = "from conjugate import distributions as D, models as M\n"


class Record(NamedTuple):
    """The laws broken, why, a case (prior, known, x, new; θ is 1, 2, 3 or thereabouts), and lines that show it."""

    laws: tuple[str, ...]
    reason: str
    prior: tuple[float, ...]
    known: tuple[float, ...]
    x: tuple[float, ...]
    lines: str


RECORDS: dict[str, tuple[Record, ...]] = {
    "exponential-gamma": (
        Record(
            ("bayes-quotient",),
            "updates the rate of an exponential as that of a Poisson: the sum goes to the shape, the number to the rate",
            (2.0, 3.0),
            (),
            (0.5, 2.0, 4.5),
            ASK + "found = M.exponential_gamma(x_total=7.0, n=3, prior=D.Gamma(2, 3))\n"
            "assert (found.alpha, found.beta) == (9.0, 6)  # want 2 + 3 and 3 + 7",
        ),
        Record(
            ("predictive",),
            "predicts with shape and scale of the Lomax distribution exchanged, from a posterior that is wrong already",
            (2.0, 3.0),
            (),
            (0.5, 2.0, 4.5),
            ASK + "found = M.exponential_gamma_predictive(distribution=D.Gamma(2, 3)).dist\n"
            "assert abs(found.pdf(0.0) - 2 / 3) > 0.5  # E[rate] = 2/3 is the density at 0",
        ),
    ),
    "poisson-gamma": (
        Record(
            ("predictive",),
            "predicts a total over n units as a negative binomial of shape n alpha; it is alpha, with odds beta to n",
            (2.0, 3.0),
            (3.0,),
            (1.0, 0.0),
            ASK + "found = M.poisson_gamma_predictive(distribution=D.Gamma(2, 3), n=3).dist\n"
            "assert abs(found.pmf(0) - 0.25) > 0.05  # E[exp(-3 rate)] = (3/6)^2",
        ),
    ),
    "geometric-beta": (
        Record(
            ("predictive",),
            "the beta-geometric mass is off by one: B(a + 1, b + x) for B(a + 1, b + x - 1), and does not add up to one",
            (2.0, 3.0),
            (),
            (0.0, 2.0),
            ASK + "found = M.geometric_beta_predictive(distribution=D.Beta(2, 3)).dist\n"
            "assert abs(found.pmf(1) - 0.4) > 0.1  # E[p] = 2/5",
        ),
    ),
    "von-mises": (
        Record(
            ("bayes-quotient", "normalised"),
            "the posterior leaves the cosines out of its concentration, and adds a and the cosine instead of multiplying",
            (0.5, 2.0),
            (1.5,),
            (0.25, 0.75),
            ASK + "import numpy as np\nprior = D.VonMisesKnownConcentration(a=1.0, b=0.0)\n"
            "found = M.von_mises_known_concentration(cos_total=2.0, sin_total=0.0, n=2, kappa=3.0, prior=prior)\n"
            "assert found.a == 0  # want 1 + 3 * 2",
        ),
    ),
    "hypergeometric-beta-binomial": (
        Record(
            ("bayes-quotient",),
            "the number of draws is overwritten by the population's size",
            (12.0, 2.0, 3.0),
            (12.0, 4.0),
            (1.0,),
            ASK + "prior = D.BetaBinomial(n=12, alpha=2, beta=3)\n"
            "few, many = (M.hypergeometric_beta_binomial(x_total=1, n=n, prior=prior) for n in (1, 11))\n"
            "assert few == many  # 1 of 1 or 1 of 11 is all the same",
        ),
    ),
}


def known(model: str) -> tuple[Known, ...]:
    return tuple(
        Known(law, record.reason, witness=_witness(model, record), scope=SCOPE, lines=record.lines)
        for record in RECORDS.get(model, ())
        for law in record.laws
    )


def _witness(model: str, record: Record) -> Callable[[], Any]:
    def case() -> Any:
        from ..cases.conjugate import Conjugate

        theta = (2.0, 5.0, 8.0) if model.startswith("hyper") else (0.25, 0.5, 0.875)
        new = (0.0, 2.0) if model in ("poisson-gamma", "geometric-beta") else (0.5, 2.0)
        return Conjugate(model, *(np.array(x) for x in (record.prior, record.known, record.x, theta, new)))

    return case


# The distributions' own densities.
DENSITIES: dict[str, tuple[tuple[str, ...], str, tuple[float, ...], tuple[float, ...], str]] = {
    "exponential": (
        ("closed-form", "far-tails"),
        "the rate of an exponential is taken for its scale",
        (2.0,),
        (1.0,),
        ASK + "assert D.Exponential(lam=4.0).dist.mean() == 4.0  # lam is documented as the rate",
    ),
    "uniform": (
        ("closed-form", "total-mass", "at-the-ends", "outside"),
        "the upper end of a uniform is taken for its length",
        (2.0, 2.25),
        (2.125, 2.25),
        ASK + "assert D.Uniform(low=2.0, high=3.0).dist.mean() == 3.5  # want 2.5",
    ),
    "log-normal": (
        ("closed-form", "total-mass", "far-tails"),
        "the mean of the logarithm shifts a log-normal instead of scaling it",
        (-1.0, 2.0),
        (2.0,),
        ASK + "assert D.LogNormal(mu=1.0, sigma=0.5).dist.median() == 2.0  # want e",
    ),
}


def known_density(family: str) -> tuple[Known, ...]:
    if family not in DENSITIES:
        return ()
    laws, reason, params, x, lines = DENSITIES[family]
    case = witness(family, params, x, (0.5,))
    return tuple(Known(law, reason, witness=case, scope=SCOPE, lines=lines) for law in laws)
