"""Our gradients through shapes."""

from __future__ import annotations

from typing import Any

from ..variational.generalized import generalized_gradient
from ..variational.generalized_dirichlet import generalized_dirichlet
from ..variational.rejection import rsvi_gamma
from .own import reference

FULL = {"standardisation": "full"}


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
)
