"""Our optimal transport."""

from __future__ import annotations

from typing import Any

from ..transport.c_transform import c_transform
from ..transport.divergence import sinkhorn_divergence
from ..transport.gaussian import brenier_gaussian, bures
from ..transport.kantorovich import kantorovich, transport_cost
from ..transport.rubinstein import rubinstein
from ..transport.sinkhorn import sinkhorn
from ..transport.wasserstein import wasserstein
from ..transport.wasserstein_line import wasserstein_1d
from .own import impl, reference


def _sinkhorn(own: Any, a: Any, b: Any, cost: Any, eps: float) -> Any:
    found = own.solve(a, b, cost, eps)
    return (found.plan, found.f, found.g, own.value(a, b, cost, eps), found.marginal_error, found.iterations)


EXACT = {"vertex": "yes", "duals_on_zero_atoms": "yes", "mass": "any"}

SUBJECTS = (
    *reference(
        kantorovich,
        "transport.kantorovich",
        lambda own, *x: (*own.solve(*x), own.value(*x)),
        ("plan", "f", "g", "value"),
        EXACT,
    ),
    *reference(transport_cost, "transport.kantorovich", lambda own, *x: own.value(*x), (), {"mass": "any"}),
    *reference(c_transform, "transport.c_transform", lambda own, *x: own.c_transform(*x)),
    *reference(rubinstein, "transport.rubinstein", lambda own, *x: tuple(own.solve(*x)), ("value", "f")),
    *reference(
        wasserstein, "transport.wasserstein", lambda own, *x: own.wasserstein(*x), (), {"root": "yes"}
    ),
    *reference(
        wasserstein_1d, "transport.wasserstein", lambda own, *x: own.wasserstein_1d(*x), (), {"root": "yes"}
    ),
    *reference(bures, "transport.wasserstein", lambda own, *x: own.gaussian(*x), (), {"root": "yes"}),
    *reference(brenier_gaussian, "transport.wasserstein", lambda own, *x: own.brenier_map(*x)),
)
