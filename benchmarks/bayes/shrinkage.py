"""log p(y) of normal data about a normal mean, by one-step predictions, beside SciPy's multivariate normal."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from .. import truth
from ..problems_variational import Measured, measured
from ..suite import ratio, speed
from ..workload import Call, Ours, Peer, Workload


def ours(shrinkage: ModuleType, p: Measured, device: str) -> Call:
    import torch

    y = torch.from_numpy(p.y).to(device)
    given = (torch.full_like(y[:, 0], x) for x in (p.mu0, p.tau0_sq, p.sigma_sq))
    mu0, tau0_sq, sigma_sq = given
    return lambda: shrinkage.log_evidence(mu0, tau0_sq, sigma_sq, y)


def scipy(p: Measured, device: str) -> Call:
    from scipy.stats import multivariate_normal

    n = p.y.shape[1]
    cov = p.sigma_sq * np.eye(n) + p.tau0_sq
    return lambda: multivariate_normal.logpdf(p.y, np.full(n, p.mu0), cov)


def error(p: Measured, found: Any) -> float:
    """By Sherman-Morrison: |Σ| = σ²ⁿ (1 + n τ²/σ²), Σ⁻¹ = (I - 11ᵀ τ²/(σ² + n τ²))/σ²."""
    off = p.y.astype(np.longdouble) - p.mu0
    n = p.y.shape[1]
    square = ((off**2).sum(1) - off.sum(1) ** 2 * p.tau0_sq / (p.sigma_sq + n * p.tau0_sq)) / p.sigma_sq
    log_det = n * np.log(2 * np.pi * p.sigma_sq) + np.log1p(n * p.tau0_sq / p.sigma_sq)
    return truth.distance(found, -(square + log_det) / 2)


WORKLOAD = Workload(
    "bayes.shrinkage",
    "bayes.shrinkage",
    cases={"20 x 10": lambda: measured(20, 10), "2000 x 200": lambda: measured(2000, 200)},
    ours={"ours": Ours(ours)},
    peers={"SciPy": Peer(scipy, "scipy")},
    error=error,
    measures="relative error",
    gate="2000 x 200",
    count="20 x 10",
)
Speed, Ratio = speed(WORKLOAD), ratio(WORKLOAD)
