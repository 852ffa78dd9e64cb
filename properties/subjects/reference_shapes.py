"""Our gradients through shapes."""

from __future__ import annotations

from typing import Any

from ..variational.generalized import generalized_gradient
from ..variational.generalized_dirichlet import generalized_dirichlet
from ..variational.implicit_beta import implicit_beta
from ..variational.implicit_gamma import implicit_gamma
from ..variational.implicit_symmetric import implicit_student, implicit_von_mises
from ..variational.rejection import rsvi_gamma
from .own import reference

FULL = {"standardisation": "full"}
IMPLICIT = "variational.implicit"
ACCURACY = 1e-10  # of score integrals on a few nodes


def _generalized(own: Any, f: Any, df: Any, dist: str, params: Any, eps: Any) -> Any:
    return tuple(own.gradient(f, df, dist, params, eps))


SUBJECTS = (
    *reference(
        generalized_gradient,
        "variational.generalized",
        _generalized,
        ("g_rep", "g_corr", "z", "logq_eps", "h", "u"),
        FULL,
    ),
    *reference(
        generalized_dirichlet,
        "variational.generalized",
        lambda own, *x: tuple(own.dirichlet(*x)),
        ("g_rep", "g_corr", "z", "logq_eps"),
        FULL,
    ),
    *reference(
        rsvi_gamma,
        "variational.rejection",
        lambda own, *x: tuple(own.gamma(*x)),
        ("g_rep", "g_corr", "z", "log_pi", "log_accept"),
    ),
    *reference(implicit_gamma, IMPLICIT, lambda own, *x: own.gamma(*x), accuracy=ACCURACY),
    *reference(implicit_beta, IMPLICIT, lambda own, *x: tuple(own.beta(*x)), ("d_alpha", "d_beta"), accuracy=ACCURACY),
    *reference(implicit_student, IMPLICIT, lambda own, *x: own.student(*x), accuracy=ACCURACY),
    *reference(implicit_von_mises, IMPLICIT, lambda own, *x: own.von_mises(*x), accuracy=ACCURACY),
)
