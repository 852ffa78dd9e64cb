"""Conjugate models: a posterior is prior times likelihood, whatever the names of its parameters. One contract a model.

    log p(θ) + Σ log p(x_i|θ) − log p(θ|x) = log p(x)  at every θ;   ∫ p(θ|x) dθ = 1;   p(x'|x) = ∫ p(x'|θ) p(θ|x) dθ

The quotient says that the density is proportional to the posterior, its integral that it is one: together they determine it. No
law speaks of parameters, so that an update that mixes them up has nowhere to hide, and no conjugacy is assumed by the truth,
which is a sum over θ (`oracles.conjugate`).

Symbols: prior[K] parameters as in `variational.density`, known[J], observations x[n], theta[m], new[r].
Source: Gelman et al., Bayesian Data Analysis, 3rd ed., ch. 2; Fink 1997; derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, Law, gap, law
from prufrock.tolerance import summation

from ..hygiene import cross_cutting, refusals
from ..oracles.conjugate import MODELS
from ..oracles.families import registry

if TYPE_CHECKING:
    from ..cases.conjugate import Conjugate

Array = NDArray[np.float64]
SOURCE = "Gelman et al., Bayesian Data Analysis, 3rd ed., ch. 2"


def contract(name: str) -> Contract:
    model = MODELS[name]
    return Contract(
        id=f"bayes.conjugate.{name}",
        says=f"posterior density of θ, {model.says.split(';')[0]}, and predictive density of the next observations",
        arguments={"prior": "K", "known": "J", "x": "N", "theta": "M", "new": "R"},
        outputs={"log_posterior": "M", "log_predictive": "R"},
        domain=f"θ is {model.says}; prior {model.prior} {registry()[model.prior].parameters}, known {model.known or 'nothing'}",
        cases=f"..cases.conjugate:usual({name})",
        source=SOURCE,
        home=__package__ or "",
    )


def given(case: Conjugate) -> tuple[Any, ...]:
    return case.prior, case.known, case.x, case.theta, case.new


def size(case: Conjugate) -> float:
    """Σ|summands| of prior and likelihood at the values of θ."""
    model = MODELS[case.model]
    prior = registry()[model.prior].size(case.prior, case.theta)
    with np.errstate(all="ignore"):
        like = np.abs(np.asarray(model.log_p(case.x[:, None], case.theta, *case.known)))
    like = np.where(np.isfinite(like), like, 0.0).sum(0)
    return float((prior + like).max() + 16.0 * len(case.x) * (1.0 + np.abs(np.log(np.abs(case.x) + 1.0)).max()))


def rounding(case: Conjugate, u: float) -> float:
    """T1 for sums over prior and data, and the quadrature's own error."""
    return float(summation(len(case.x) + 16, size(case), u)) + 1e-10


def laws(name: str) -> tuple[Contract, tuple[Law, ...]]:
    made, model = contract(name), MODELS[name]

    def bayes_quotient(update: Judged, case: Conjugate) -> Gap:
        """log p(θ) + Σ log p(x_i|θ) − log p(θ|x) is the same at every θ."""
        joint = model.log_joint(case.theta, case.prior, case.known, case.x)
        quotient = joint - update(*given(case))
        seen = np.isfinite(joint)
        effect = max(float(np.ptp(joint[seen])) if seen.any() else 0.0, 0.125)
        return gap(quotient[seen][1:], quotient[seen][0], allow=2 * rounding(case, update.u), effect=effect)

    def normalised(update: Judged, case: Conjugate) -> Gap:
        """∫ p(θ|x) dθ = 1."""
        theta, w = model.over(case.prior, case.x)
        near = registry()[model.prior].kind in ("above", "unit")
        kept = (np.abs(theta) < 1e12) & ((np.abs(theta) > 1e-12) | (not near))
        theta, w = theta[kept], w[kept]
        with np.errstate(all="ignore"):
            got = np.nansum(w * np.exp(update(case.prior, case.known, case.x, theta, case.new)))
            log_joint = model.log_joint(theta, case.prior, case.known, case.x)
            want = np.nansum(w * np.exp(log_joint - model.log_evidence(case.prior, case.known, case.x)))
        return gap(got, want, allow=2 * rounding(case, update.u) + 2 * abs(want - 1.0), effect=1.0)

    def predictive(update: Judged, case: Conjugate) -> Gap:
        """p(x'|x) = ∫ p(x'|θ) p(θ|x) dθ."""
        want = model.log_predictive(case.prior, case.known, case.x, case.new)
        got = update.full(*given(case)).log_predictive
        return gap(got, want, allow=4 * rounding(case, update.u), effect=1.0)

    found = [
        _law(
            made, bayes_quotient, "prior times likelihood over posterior is the same at every θ", KILLS, complete=True
        ),
        _law(made, normalised, "the posterior integrates to one", ("unnormalised", "density-itself"), complete=True),
    ]
    if name not in WITHOUT_PREDICTIVE:
        says = "what comes next is predicted by the posterior"
        kills = ("predicts-from-the-prior", "plug-in")
        found.append(_law(made, predictive, says, kills, needs=("log_predictive",)))
    return made, (
        *found,
        *cross_cutting(
            made, allow=lambda case, u: 2 * rounding(case, u), layouts=("counts-calls", "forgets-second-call")
        ),
        *refusals(made, {"nan-value": _nan}),
    )


KILLS = ("prior-forgotten", "first-observation-only", "data-twice")
WITHOUT_PREDICTIVE = (
    "inverse-gamma-gamma", "pareto-gamma", "weibull-inverse-gamma", "uniform-pareto", "von-mises", "hypergeometric-beta-binomial",
)  # fmt: skip


def _nan(case: Conjugate) -> tuple[Any, ...]:
    return case.prior, case.known, case.x, np.full_like(case.theta, np.nan), case.new


def _law(
    made: Contract, run: Any, says: str, kills: tuple[str, ...], *, needs: tuple[str, ...] = (), complete: bool = False
) -> Law:
    return law(
        made,
        says=says,
        source=SOURCE,
        kind="identity",
        rule="T1",
        needs=needs,
        kills=kills,
        complete=complete,
        name=run.__name__.replace("_", "-"),
    )(run)


MADE = {name: laws(name) for name in MODELS}
CONTRACTS = tuple(made for made, _ in MADE.values())
LAWS = tuple(one for _, found in MADE.values() for one in found)
