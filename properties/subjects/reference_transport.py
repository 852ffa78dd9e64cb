"""Our optimal transport."""

from __future__ import annotations

from typing import Any

from ..transport.c_transform import c_transform
from ..transport.divergence import sinkhorn_divergence
from ..transport.gaussian import bures
from ..transport.gaussian_map import brenier_gaussian
from ..transport.kantorovich import kantorovich, transport_cost
from ..transport.rubinstein import rubinstein
from ..transport.sinkhorn import sinkhorn
from ..transport.sinkhorn_sweep import sweep
from ..transport.wasserstein import wasserstein
from ..transport.wasserstein_circle import circle
from ..transport.wasserstein_line import line
from .own import impl, reference


def _kantorovich(own: Any, *problem: Any) -> Any:
    return (*own.solve(*problem), own.value(*problem))


def _wasserstein(own: Any, a: Any, X: Any, b: Any, Y: Any, p: float) -> Any:
    """The distance, and the optimal plan behind it."""
    plan = impl("transport.kantorovich").solve(a, b, impl("transport._cost").power_cost(X, Y, p)).plan
    return own.wasserstein(a, X, b, Y, p), plan


def _circle(own: Any, a: Any, x: Any, b: Any, y: Any, p: float) -> Any:
    """W_p^p for the shorter of the two ways round."""
    apart = (x[..., :, None] - y[..., None, :]).abs() % 1
    return own.value(a, b, apart.minimum(1 - apart) ** p)


def _sinkhorn(own: Any, a: Any, b: Any, cost: Any, eps: float) -> Any:
    found = own.solve(a, b, cost, eps)
    return (found.plan, found.f, found.g, own.value(a, b, cost, eps), found.marginal_error, found.iterations)


def _sweep(own: Any, a: Any, b: Any, cost: Any, eps: float, g: Any) -> Any:
    f, after = own.sweep(a, b, cost, eps, g)
    return after, f


PRICED = ("plan", "f", "g", "value")
EXACT = {"vertex": "yes", "duals_on_zero_atoms": "yes", "mass": "any", "batch": "leading"}
ENTROPIC = ("plan", "f", "g", "value", "marginal_error", "iterations")
SINKHORN_TOL = 1e-8
KL = {"value": "regularised", "regulariser": "kl", "potentials": "product"}
ROOT = {"root": "yes"}

SUBJECTS = (
    *reference(kantorovich, "transport.kantorovich", _kantorovich, PRICED, EXACT, kernel=True),
    *reference(
        transport_cost, "transport.kantorovich", lambda own, *x: own.value(*x), (), {"mass": "any", "batch": "leading"}
    ),
    *reference(
        c_transform,
        "transport.c_transform",
        lambda own, *x: own.c_transform(*x),
        (),
        {"infinite_phi": "yes", "batch": "leading"},
    ),
    *reference(rubinstein, "transport.rubinstein", lambda own, *x: tuple(own.solve(*x)), ("value", "f")),
    *reference(wasserstein, "transport.wasserstein", _wasserstein, ("value", "plan"), ROOT),
    *reference(line, "transport.wasserstein", lambda own, *x: own.wasserstein_1d(*x), (), ROOT),
    *reference(circle, "transport.kantorovich", _circle),
    *reference(bures, "transport.wasserstein", lambda own, *x: own.gaussian(*x), (), ROOT),
    *reference(brenier_gaussian, "transport.wasserstein", lambda own, *x: own.brenier_map(*x)),
    *reference(sinkhorn, "transport.sinkhorn", _sinkhorn, ENTROPIC, KL, accuracy=SINKHORN_TOL, kernel=True, effort=0.5),
    *reference(sweep, "transport.sinkhorn", _sweep, ("g", "f"), {"batch": "leading"}),
    *reference(
        sinkhorn_divergence,
        "transport.divergence",
        lambda own, *x: own.sinkhorn_divergence(*x),
        (),
        {"kind": "regularised", "clamp": "no"},
        accuracy=SINKHORN_TOL,
        kernel=True,
        effort=0.5,
    ),
)
