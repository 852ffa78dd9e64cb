"""c-transforms: the best potential on one side given the other.

    φ^c_j = min_i C_ij - φ_i,      ψ^c̄_i = min_j C_ij - ψ_j

(φ, φ^c) is feasible, φ_i + φ^c_j <= C_ij, and no feasible ψ is larger anywhere: the dual price <φ, a> + <φ^c,
b> can only gain. Three transforms are one, φ^{c c̄ c} = φ^c. With C a metric, φ is 1-Lipschitz iff φ^c = -φ.
φ_i = -∞ masks atom i, which then never attains the minimum.

Symbols:
    phi [..., m], psi [..., n], cost [..., m, n]; the gradient of a minimum attained twice is shared evenly.
Source: Santambrogio 2015, §1.2; Peyré & Cuturi 2019, §5.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _inputs

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor


def c_transform(phi: Float[Tensor, "*B m"], cost: Float[Tensor, "*B m n"]) -> Float[Tensor, "*B n"]:
    """φ^c_j = min_i C_ij - φ_i; ValueError for NaN in phi, anything not finite in cost, or another length."""
    _check("phi", phi, cost, -2)
    return (cost - phi[..., :, None]).amin(-2)


def c_transform_bar(psi: Float[Tensor, "*B n"], cost: Float[Tensor, "*B m n"]) -> Float[Tensor, "*B m"]:
    """ψ^c̄_i = min_j C_ij - ψ_j; the same conditions."""
    _check("psi", psi, cost, -1)
    return (cost - psi[..., None, :]).amin(-1)


def _check(name: str, potential: Tensor, cost: Tensor, axis: int) -> None:
    _inputs.floating(name, potential, 1)
    _inputs.floating("cost", cost, 2)
    _inputs.alike(**{name: potential}, cost=cost)
    _inputs.no_nan(name, potential)
    _inputs.finite("cost", cost)
    if potential.shape[-1] != cost.shape[axis] or cost.shape[axis] == 0:
        raise ValueError(
            f"{name}: expected length {cost.shape[axis]} >= 1 to match cost {_inputs.shape(cost)}, "
            f"got shape {_inputs.shape(potential)}"
        )
    _inputs.lead({name: potential, "cost": cost}, {name: 1, "cost": 2})
