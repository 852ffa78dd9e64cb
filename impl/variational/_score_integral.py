"""How a quantile moves with a parameter: an integral of the score over a tail, on a few nodes.

u = F(z; θ) held fixed gives dz/dθ = −F_θ/q, and F_θ is an integral over either tail, as ∫ q ∂_θ log q = 0:

    dz/dθ = (1/q(z)) ∫_z^∞ ∂_θ log q(t) q(t) dt = −(1/q(z)) ∫_{−∞}^z ∂_θ log q(t) q(t) dt

The tail in which the score keeps its sign loses no digit. Take a chart t(s), t(0) = z, in which the density is
log-concave: q(t) t'(s) / q(z) t'(0) = e^{−φ(s)}, φ convex, φ(0) = 0. Then φ(r) = cut puts all of the tail but e^{−cut}
of it into [0, r], and there e^{−φ} is at its steepest e^{−cut·s/r}, at its flattest a shoulder: one rule of Gauss and
Legendre, its nodes drawn a little towards 0, serves every shape.

Source: Figurnov, Mohamed and Mnih 2018, eq (4) (dz/dθ = −F_θ/q); the rest derived.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

if TYPE_CHECKING:
    from torch import Tensor

    Derivative = Callable[..., tuple[Tensor, ...]]

CUT = {torch.float64: 28.0, torch.float32: 20.0}  # for 1e-10 and 3e-7, relative, with
FEW, MANY = {torch.float64: 18, torch.float32: 12}, {torch.float64: 22, torch.float32: 13}  # nodes: many for two bends
DRAWN = 0.8  # nodes at (e^{DRAWN v} − 1)/(e^{DRAWN} − 1), v Gauss-Legendre on [0, 1]
CHUNK = {"cpu": 2**14}  # as many columns of nodes as a cache holds
WIDE = 2**20


class Rule(NamedTuple):
    """∫_0^r g(s) ds = r Σ w_i g(r x_i): x [N, 1] in (0, 1), the rows w and w·x [2, N], and the cut it is made for."""

    x: Tensor
    w: Tensor
    cut: float

    def parabola(self, slope: Tensor, curvature: Tensor) -> Tensor:
        """The r > 0 at which slope·r + curvature·r²/2 = cut: the reach of a tail, to begin with."""
        return 2 * self.cut / (slope + torch.addcmul(2 * self.cut * curvature, slope, slope).sqrt())

    def closer(self, r: Tensor, phi: Tensor, slope: Tensor) -> Tensor:
        """A step of Newton towards φ(r) = cut, in log φ and log r, where φ bends least and no step leads below 0."""
        return r * (self.cut / phi).pow(phi / (r * slope))


@cache
def rule(nodes: int, cut: float, device: torch.device) -> Rule:
    """The rule in float64."""
    v, w = np.polynomial.legendre.leggauss(nodes)
    growth = np.exp(DRAWN * (v + 1) / 2)
    x = (growth - 1) / np.expm1(DRAWN)
    w = w / 2 * DRAWN * growth / np.expm1(DRAWN)
    return Rule(torch.tensor(x, device=device)[:, None], torch.tensor(np.stack([w, w * x]), device=device), cut)


def elementwise(derivative: Derivative, nodes: dict[torch.dtype, int], **arguments: Tensor) -> tuple[Tensor, ...]:
    """derivative(rule, *columns) on finite arguments broadcast, in float64, as many at a time as caches like; the rule has
    the nodes that results of their dtype need."""
    try:
        whole = torch.broadcast_tensors(*arguments.values())  # type: ignore[no-untyped-call]
    except RuntimeError:
        shapes = {name: list(x.shape) for name, x in arguments.items()}
        raise ValueError(f"{', '.join(shapes)}: expected shapes that broadcast, got {shapes}") from None
    like: Tensor = whole[0]
    with torch.no_grad():
        columns = [x.detach().reshape(-1).double() for x in whole]
        size, its_rule = CHUNK.get(like.device.type, WIDE), rule(nodes[like.dtype], CUT[like.dtype], like.device)
        parts = [derivative(its_rule, *chunk) for chunk in zip(*(x.split(size) for x in columns), strict=True)]
        return tuple(torch.cat(part).to(like.dtype).reshape(like.shape) for part in zip(*parts, strict=True))
