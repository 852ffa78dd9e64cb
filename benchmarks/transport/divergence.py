"""The Sinkhorn divergence and its gradient in the points, beside geomloss.

geomloss knows no tolerance but a rate of cooling; at `scaling` = 0.97 it comes nearest to what is asked of ours.
"""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from ..problems_transport import Array, Transport, clouds
from ..suite import ratio, speed
from ..workload import BOTH, Call, Ours, Peer, Workload

TOL = 1e-3
SWEEPS = 20_000


def ours(divergence: ModuleType, p: Transport, device: str) -> Call:
    import torch

    a, X, b, Y = (torch.from_numpy(x).to(device) for x in (p.a, p.X, p.b, p.Y))
    X = X.clone().requires_grad_()

    def call() -> Any:
        value = divergence.sinkhorn_divergence(a, X, b, Y, p.eps, tol=TOL)
        return value.detach(), torch.autograd.grad(value, X)[0]

    return call


def samples_loss(p: Transport, device: str) -> Call:
    """The cost is ‖x - y‖²/2 at the temperature blur²: ε = 2 blur², and twice the value."""
    import torch
    from geomloss import SamplesLoss

    loss = SamplesLoss("sinkhorn", p=2, blur=(p.eps / 2) ** 0.5, scaling=0.97, backend="tensorized")
    a, X, b, Y = (torch.from_numpy(x).to(device) for x in (p.a, p.X, p.b, p.Y))
    X = X.clone().requires_grad_()

    def call() -> Any:
        value = 2 * loss(a, X, b, Y)
        return value.detach(), torch.autograd.grad(value, X)[0]

    return call


def error(p: Transport, found: tuple[Any, Any]) -> float:
    value, gradient = (x.cpu().numpy() for x in found)
    S, G = truth(p)
    return float(max(abs(value - S) / S, np.abs(gradient - G).sum() / np.abs(G).sum()))


@lru_cache(maxsize=1)
def truth(p: Transport) -> tuple[float, Array]:
    """S and ∂S/∂X by plain symmetrised sweeps in the log domain, until nothing moves."""
    cross, grad_x = _entropic(p.a, p.X, p.b, p.Y, p.eps)
    self_a, grad_a = _entropic(p.a, p.X, p.a, p.X, p.eps)
    self_b, _ = _entropic(p.b, p.Y, p.b, p.Y, p.eps)
    return cross - (self_a + self_b) / 2, grad_x - grad_a


def _entropic(a: Array, X: Array, b: Array, Y: Array, eps: float) -> tuple[float, Array]:
    """OT_ε, which at the fixed point is <f, a> + <g, b>, and Σ_j P_ij 2 (x_i - y_j)."""
    from scipy.special import logsumexp

    C = ((X[:, None] - Y) ** 2).sum(-1) / eps
    log_a, log_b = np.log(a), np.log(b)
    f, g = np.zeros(len(a)), np.zeros(len(b))
    for _ in range(SWEEPS):
        f = -logsumexp(log_b + g - C, axis=1)
        new = -logsumexp((log_a + f)[:, None] - C, axis=0)
        done = np.abs(new - g).max() < 1e-12
        g = new
        if done:
            break
    P = np.exp(f[:, None] + g - C + log_a[:, None] + log_b)
    return eps * float(f @ a + g @ b), 2 * (P.sum(1)[:, None] * X - P @ Y)


WORKLOAD = Workload(
    "transport.divergence",
    "transport.divergence",
    cases={
        "12 x 10, eps = 0.3 mean C": lambda: clouds(12, 10, eps=0.3),
        "60 x 50, eps = 0.1 mean C": lambda: clouds(60, 50, eps=0.1),
        "500 x 400, eps = 0.05 mean C": lambda: clouds(500, 400, eps=0.05),
    },
    ours={"ours": Ours(ours)},
    peers={"geomloss": Peer(samples_loss, "geomloss", BOTH)},
    error=error,
    measures="relative error of value and gradient",
    gate="60 x 50, eps = 0.1 mean C",
    count="12 x 10, eps = 0.3 mean C",
)
Speed, Ratio = speed(WORKLOAD), ratio(WORKLOAD)
