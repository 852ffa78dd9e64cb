"""torch's implicit derivatives: those behind Gamma, Beta and Dirichlet.rsample, and −(∂F/∂θ)/q of its distribution functions.

torch approximates on purpose (Jankowiak and Obermeyer 2018): the derivative of a gamma draw to 2e-3, of a beta draw to 1e-2,
for draws between the quantiles 10⁻⁴ and 1 − 10⁻⁴. Those are the accuracies declared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, Subject, subject

from ..variational.implicit_beta import implicit_beta
from ..variational.implicit_dirichlet import implicit_dirichlet
from ..variational.implicit_explicit import implicit_explicit
from ..variational.implicit_gamma import implicit_gamma
from ..variational.pathwise_draws import pathwise_draws

Array = NDArray[Any]

GAMMA, BETA = 2e-3, 1e-2
SCOPE = "torch>=2,<=2.13.0"
DOCUMENTED = "https://arxiv.org/abs/1806.01851"


def _gammas(z: float, alpha: float, size: int = 1) -> Callable[[], Any]:
    def made() -> Any:
        from ..cases.shapes_of_draws import GammaDraws

        return GammaDraws(np.full(size, z), np.full(size, alpha))

    return made


def _betas(z: float, alpha: float, beta: float) -> Callable[[], Any]:
    def made() -> Any:
        from ..cases.shapes_of_draws import BetaDraws

        return BetaDraws(np.array([z]), np.array([alpha]), np.array([beta]))

    return made


def _dirichlets() -> Any:
    from ..cases.shapes_of_draws import DirichletDraws

    return DirichletDraws(np.array([[0.25, 0.75]]), np.array([2.5, 8.0]))


def _accepted(what: str) -> Known:
    return Known(f"refuses-{what}", reason=f"{what.replace('-', ' ')}: a number comes back", scope=SCOPE)


def _gamma_lines(z: str, alpha: str, claim: str) -> str:
    return f"""import torch
z, alpha = torch.tensor({z}, dtype=torch.float64), torch.tensor({alpha}, dtype=torch.float64)
dz = float(torch._standard_gamma_grad(alpha, z))
assert {claim}"""


VANISHES = "where the density of a draw far to the left is 0 in floating point, so is the derivative, not (z/α)(ψ(α+1) − log z)"

GAMMA_KNOWN = (
    Known(
        "velocity-in-the-tails",
        reason="the error grows in both tails: 8 % at α = 1/8, z = 512, everything far to the left",
        witness=_gammas(512.0, 0.125),
        scope=SCOPE,
        lines=_gamma_lines("512.0", "0.125", "abs(dz / 14.60385402 - 1) > 0.05"),
    ),
    Known(
        "positive",
        reason=VANISHES,
        witness=_gammas(2.0**-9, 130.0),
        scope=SCOPE,
        lines=_gamma_lines("2.0**-9", "130.0", "dz == 0.0  # not 1.67e-4"),
    ),
    Known(
        "towards-zero",
        reason=VANISHES,
        witness=_gammas(2.0**-9, 23.0, size=2),
        scope=SCOPE,
        lines=_gamma_lines("2.0**-200", "8.0", "dz == 0.0  # not z (psi(9) - log z) / 8"),
    ),
    Known(
        "eight-digits",
        reason="an approximation, by design: its largest relative error between the quantiles 1e-4 and 1 - 1e-4 is 2e-3",
        witness=_gammas(2.921875, 8.0),
        scope=SCOPE,
        link=DOCUMENTED,
        lines=_gamma_lines("1.0", "1.0", "abs(dz / 1.17356301 - 1) > 1e-6  # gamma + e E1(1)"),
    ),
    _accepted("nan-shape"),
    _accepted("negative-draw"),
    _accepted("negative-shape"),
)

BETA_KNOWN = (
    Known(
        "velocity-near-the-ends",
        reason="the error grows in the tails: 17 % at the middle of the interval for α = 2.5, β = 130",
        witness=_betas(0.5, 2.5, 130.0),
        scope=SCOPE,
        lines="""import torch
x, a, b = torch.tensor([0.5, 0.5], dtype=torch.float64), 2.5, 130.0
dx = torch._dirichlet_grad(x, torch.tensor([a, b], dtype=torch.float64), torch.tensor([a + b] * 2, dtype=torch.float64))
assert abs(float(dx[0]) / 2 / 0.01359355 - 1) > 0.1""",
    ),
    Known(
        "eight-digits",
        reason="an approximation, by design: its largest relative error between the quantiles 1e-4 and 1 - 1e-4 is 9e-3",
        witness=_betas(0.25, 8.0, 2.5),
        scope=SCOPE,
        link=DOCUMENTED,
        lines="""import math, torch
x, a = torch.tensor([0.75, 0.25], dtype=torch.float64), torch.tensor([12.0, 1.0], dtype=torch.float64)
dx = float(torch._dirichlet_grad(x, a, a.sum().expand(2))[0]) * 0.25
assert abs(dx / (-0.75 * math.log(0.75) / 12.0) - 1) > 1e-5  # a power of a uniform""",
    ),
    _accepted("draw-beyond-one"),
    _accepted("negative-shape"),
)

DIRICHLET_KNOWN = (
    Known(
        "eight-digits",
        reason="an approximation, by design, as that of the beta law",
        witness=_dirichlets,
        scope=SCOPE,
        link=DOCUMENTED,
        lines=BETA_KNOWN[1].lines,
    ),
    _accepted("negative-shape"),
    _accepted("draw-beside-the-simplex"),
)


def _gamma(name: str, dtype: str) -> Subject:
    @subject(name, contract=implicit_gamma, dtype=dtype, requires="torch>=2", accuracy=GAMMA, known=GAMMA_KNOWN)
    def run(z: Array, alpha: Array) -> Any:
        import torch

        return torch._standard_gamma_grad(*(torch.from_numpy(np.array(x)) for x in (alpha, z))).numpy()

    return run


def _jacobian(z: Any, alpha: Any) -> Any:
    """dz_j/dα_i at given draws, by the backward pass of Dirichlet.rsample, row by row of the identity."""
    import torch
    from torch.distributions.dirichlet import _Dirichlet_backward

    backward: Callable[..., Any] = _Dirichlet_backward
    rows = [backward(z, alpha, unit.expand_as(z)) for unit in torch.eye(z.shape[-1], dtype=z.dtype)]
    return torch.stack(rows, -2)


def _beta(name: str, dtype: str) -> Subject:
    @subject(
        name,
        contract=implicit_beta,
        outputs=("d_alpha", "d_beta"),
        dtype=dtype,
        requires="torch>=2",
        accuracy=BETA,
        known=BETA_KNOWN,
    )
    def run(z: Array, alpha: Array, beta: Array) -> Any:
        import torch

        x, a, b = (torch.from_numpy(np.array(argument)) for argument in (z, alpha, beta))
        first = _jacobian(torch.stack([x, 1 - x], -1), torch.stack([a, b], -1))[:, 0]
        return first[:, 0].numpy(), first[:, 1].numpy()

    return run


def _dirichlet(name: str, dtype: str) -> Subject:
    @subject(
        name,
        contract=implicit_dirichlet,
        conventions={"velocity": "marginal"},
        dtype=dtype,
        requires="torch>=2",
        accuracy=BETA,
        known=DIRICHLET_KNOWN,
    )
    def run(z: Array, alpha: Array) -> Any:
        import torch

        x, a = (torch.from_numpy(np.array(argument)) for argument in (z, alpha))
        return _jacobian(x, a.expand_as(x)).numpy()

    return run


NAMES = {
    "normal": "Normal",
    "lognormal": "LogNormal",
    "cauchy": "Cauchy",
    "gumbel": "Gumbel",
    "laplace": "Laplace",
    "exponential": "Exponential",
    "weibull": "Weibull",
    "pareto": "Pareto",
    "kumaraswamy": "Kumaraswamy",
}


def _named(dist: str, *_: Any) -> bool:
    return dist in NAMES


def _cdf(name: str, dtype: str) -> Subject:
    @subject(name, contract=implicit_explicit, dtype=dtype, requires="torch>=2", accepts=_named)
    def run(dist: str, z: Array, params: Array) -> Any:
        import torch

        x = torch.from_numpy(np.array(z))
        theta = [torch.full_like(x, float(p)).requires_grad_() for p in params]
        law = getattr(torch.distributions, NAMES[dist])(*theta, validate_args=True)
        slopes = torch.autograd.grad(law.cdf(x).sum(), theta)
        return (-torch.stack(slopes, 1) / law.log_prob(x).exp()[:, None]).detach().numpy()

    return run


def _draws(name: str, laws: dict[str, str], velocity: str, dtype: str) -> Subject:
    @subject(
        name,
        contract=pathwise_draws,
        outputs=("z", "dz"),
        conventions={"velocity": velocity},
        dtype=dtype,
        requires="torch>=2",
        accuracy=BETA,
        accepts=lambda dist, *_: dist in laws,
    )
    def run(dist: str, params: Array, seed: int, n: int) -> Any:
        import torch

        theta = [torch.full((n,), float(p), dtype=getattr(torch, dtype), requires_grad=True) for p in params]
        rate = [torch.ones((), dtype=theta[0].dtype)] if dist == "gamma" else []
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            z = getattr(torch.distributions, laws[dist])(*theta, *rate).rsample()
        return z.detach().numpy(), torch.stack(torch.autograd.grad(z.sum(), theta), 1).numpy()

    return run


SUBJECTS = (
    _gamma("torch._standard_gamma_grad", "float64"),
    _gamma("torch._standard_gamma_grad[float32]", "float32"),
    _beta("torch.Beta", "float64"),
    _beta("torch.Beta[float32]", "float32"),
    _dirichlet("torch.Dirichlet", "float64"),
    _dirichlet("torch.Dirichlet[float32]", "float32"),
    _cdf("torch.cdf", "float64"),
    _cdf("torch.cdf[float32]", "float32"),
    _draws("torch.rsample", {"gamma": "Gamma", "beta": "Beta"}, "quantile", "float64"),
    _draws("torch.rsample[float32]", {"gamma": "Gamma", "beta": "Beta"}, "quantile", "float32"),
    _draws("torch.rsample[StudentT]", {"student": "StudentT"}, "other", "float64"),
)
