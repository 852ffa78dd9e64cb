"""Our gradients through shapes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..variational.generalized import generalized_gradient
from ..variational.generalized_dirichlet import generalized_dirichlet
from ..variational.implicit_beta import implicit_beta
from ..variational.implicit_dirichlet import implicit_dirichlet
from ..variational.implicit_explicit import implicit_explicit
from ..variational.implicit_gamma import implicit_gamma
from ..variational.implicit_mixture import NAMES, implicit_mixture
from ..variational.implicit_symmetric import implicit_student, implicit_von_mises
from ..variational.pathwise_draws import pathwise_draws
from ..variational.rejection import rsvi_gamma
from .own import impl, reference

FULL = {"standardisation": "full"}
IMPLICIT = "variational.implicit"
ACCURACY = 1e-10  # of score integrals on a few nodes


def _mixture(own: Any, *x: Any) -> Any:
    moved = own.normal_mixture(*x)
    return moved.mu, moved.sigma, moved.logits


def _cdf(dist: str) -> Callable[..., Any]:
    """Distribution functions of draws and parameters, entry by entry, as tensors."""
    import torch

    ndtr, sigmoid = torch.special.ndtr, torch.sigmoid
    functions: dict[str, Callable[..., Any]] = {
        "normal": lambda z, m, s: ndtr((z - m) / s),
        "lognormal": lambda z, m, s: ndtr((z.log() - m) / s),
        "cauchy": lambda z, m, s: ((z - m) / s).atan() / torch.pi + 0.5,
        "gumbel": lambda z, m, s: (-((m - z) / s).exp()).exp(),
        "logistic": lambda z, m, s: sigmoid((z - m) / s),
        "laplace": lambda z, m, s: 0.5 - 0.5 * (z - m).sign() * torch.expm1(-(z - m).abs() / s),
        "exponential": lambda z, rate: -torch.expm1(-rate * z),
        "weibull": lambda z, s, k: -torch.expm1(-((z / s) ** k)),
        "pareto": lambda z, m, a: 1 - (m / z) ** a,
        "kumaraswamy": lambda z, a, b: 1 - (1 - z**a) ** b,
    }
    return functions[dist]


def _explicit(own: Any, dist: str, z: Any, params: Any) -> Any:
    import torch

    return torch.stack(own.from_cdf(_cdf(dist), z, *params), 1)


def _draws(own: Any, dist: str, params: Any, seed: int, n: int) -> Any:
    """Gammas by rejection, betas as their shares, Student t by the chi-square; gammas that underflow are the least number."""
    import torch

    rejection, generator = impl("variational.rejection"), torch.Generator(params.device).manual_seed(seed)

    def gamma(alpha: float) -> Any:
        eps, u = rejection.sample(alpha, n, 1, generator=generator, dtype=params.dtype)
        z = rejection.gamma(torch.zeros_like, torch.zeros_like, alpha, eps, u).z
        return z.clamp_min(torch.finfo(z.dtype).tiny)

    if dist == "gamma":
        z = gamma(float(params[0]))
        return z, own.gamma(z, params[0])[:, None]
    if dist == "beta":
        g, h = gamma(float(params[0])), gamma(float(params[1]))
        z = g / (g + h)
        return z, torch.stack(list(own.beta(z, *params, rest=h / (g + h))), 1)
    normal = torch.empty(n, dtype=params.dtype, device=params.device).normal_(generator=generator)
    z = normal / (2 * gamma(float(params[0]) / 2) / params[0]).sqrt()
    return z, own.student(z, params[0])[:, None]


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
    *reference(implicit_gamma, IMPLICIT, lambda own, *x: own.gamma(*x), accuracy=ACCURACY, kernel=True),
    *reference(
        implicit_beta,
        IMPLICIT,
        lambda own, *x: tuple(own.beta(*x)),
        ("d_alpha", "d_beta"),
        accuracy=ACCURACY,
        kernel=True,
    ),
    *reference(implicit_student, IMPLICIT, lambda own, *x: own.student(*x), accuracy=ACCURACY),
    *reference(implicit_von_mises, IMPLICIT, lambda own, *x: own.von_mises(*x), accuracy=ACCURACY),
    *reference(
        implicit_dirichlet,
        IMPLICIT,
        lambda own, *x: own.dirichlet(*x),
        conventions={"velocity": "marginal"},
        accuracy=ACCURACY,
        kernel=True,
    ),
    *reference(implicit_mixture, IMPLICIT, _mixture, NAMES),
    *reference(implicit_explicit, IMPLICIT, _explicit),
    *(
        replace(made, accepts=lambda dist, *_: dist != "von-mises")
        for made in reference(
            pathwise_draws, IMPLICIT, _draws, ("z", "dz"), {"velocity": "quantile"}, accuracy=ACCURACY
        )
    ),
)
