"""Our shrinkage: of one normal mean by data, and of many by each other."""

from __future__ import annotations

from typing import Any

from ..bayes.james_stein import james_stein
from ..bayes.james_stein_mean import james_stein_mean
from ..bayes.shrinkage import normal_posterior
from ..bayes.shrinkage_evidence import normal_evidence, normal_predictive
from ..bayes.shrinkage_mean import normal_shrinkage
from .own import VARIANTS, reference


def _posterior(own: Any, *model: Any) -> Any:
    return (*own.posterior(*model), own.log_evidence(*model))


FORMS = ("compromise", "adjusted", "shrunk")
PRECISION = {"flat_prior": "yes", "form": "precision", "batch": "leading"}


def _form(name: str) -> Any:
    """Each of the three forms of one mean; the first goes without brackets."""
    variants = VARIANTS if name == FORMS[0] else ((f"reference[{name}]", "float64", "cpu"),)
    return reference(normal_shrinkage, "bayes.shrinkage", lambda own, *x: getattr(own, name)(*x), variants=variants)


def _towards(positive: bool) -> Any:
    """The positive part goes without brackets."""
    variants = VARIANTS if positive else (("reference[plain]", "float64", "cpu"),)
    kind = {"positive_part": "yes" if positive else "no"}

    def point(own: Any, y: Any, sigma_sq: Any, target: Any) -> Any:
        problem = (y, sigma_sq, target)
        return tuple(f(*problem, positive_part=positive) for f in (own.james_stein, own.risk_estimate))

    def mean(own: Any, y: Any, sigma_sq: Any) -> Any:
        return own.james_stein(y, sigma_sq, positive_part=positive)

    small, both = {"small": "unchanged"}, ("theta", "risk")
    return (
        *reference(james_stein, "bayes.james_stein", point, both, kind | small, variants=variants),
        *reference(james_stein_mean, "bayes.james_stein", mean, (), kind, variants=variants),
    )


SUBJECTS = (
    *reference(normal_posterior, "bayes.shrinkage", _posterior, ("mu", "tau_sq", "log_evidence"), PRECISION),
    *reference(normal_evidence, "bayes.shrinkage", lambda own, *x: own.log_evidence(*x)),
    *reference(normal_predictive, "bayes.shrinkage", lambda own, *x: tuple(own.predictive(*x)), ("mean", "variance")),
    *(one for name in FORMS for one in _form(name)),
    *_towards(positive=True),
    *_towards(positive=False),
)
