"""The cost ‖x - y‖^p and the root (·)^(1/p), both with derivative 0 where they have none (coinciding points,
W = 0).

Distances come from differences: ‖x‖² - 2 x·y + ‖y‖² loses everything where the points are far from the origin
and close together ((1e4, 1), (1e4, 1.001) in float32: 0 for 1e-6).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor


def power_cost(X: Float[Tensor, "*B m d"], Y: Float[Tensor, "*B n d"], p: float) -> Float[Tensor, "*B m n"]:
    """‖x_i - y_j‖^p with the Euclidean norm, the full power and no factor."""
    distance = torch.cdist(X, Y, compute_mode="donot_use_mm_for_euclid_dist")
    return distance**p if p >= 1 else masked_power(distance, p)


def masked_power(x: Float[Tensor, "*S"], p: float) -> Float[Tensor, "*S"]:
    """x^p for x >= 0, with derivative 0 at x = 0."""
    return torch.where(x > 0, x, 1).pow(p).where(x > 0, 0)
