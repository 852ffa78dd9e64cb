"""What laws of Wasserstein distances on clouds and on a line share: the root, and a plan with its price.

A subject returns W_p ("root") or W_p^p. Everything is compared as W_p^p, because a root makes √u of u where the distance
vanishes: |x^r − y^r| ≤ |x − y|^r. A plan is optimal only if no cyclic exchange of targets among the pairs in use is
cheaper, Σ_k c(x_k, y_k) ≤ Σ_k c(x_k, y_σ(k)); exchanges of two and of three are looked at.

Symbols: a [m], b [n] masses; P [m, n] plan; C [m, n] = distance^p.
Source: Villani 2009, Def. 6.1 and Thm 5.10; Santambrogio 2015, Thm 1.38.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Gap, Judged, all_of, at_most, gap, inconclusive

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROOT = {"root": ("yes", "no")}


def powered(value: Any, p: float, root: str) -> float:
    """W_p^p, whatever was returned; a negative value stays negative."""
    return float(np.sign(value) * np.abs(value) ** (p if root == "yes" else 1.0))


def plan_is_priced(solve: Judged, out: Any, a: Any, b: Any, C: Any, p: float, allow: float) -> Gap:
    """P ≥ 0, P1 = a, Pᵀ1 = b, and ⟨P, C⟩ is the value returned."""
    u = solve.u * (len(a) + len(b)) * 8
    return all_of(
        at_most(-out.plan, 0.0, allow=u, effect=1.0, says="a negative entry"),
        gap(out.plan.sum(1), a, allow=u, effect=1.0, says="a row"),
        gap(out.plan.sum(0), b, allow=u, effect=1.0, says="a column"),
        gap(powered(out.value, p, solve.conventions["root"]), np.vdot(out.plan, C), allow=allow, says="the value"),
    )


def exchanges(plan: NDArray[np.float64], C: NDArray[np.float64], allow: float, u: float) -> Gap:
    """c-cyclical monotonicity of the support, by swaps of two and of three targets."""
    i, j = np.nonzero(plan > 64 * u)
    if len(i) < 2:
        return inconclusive("a single pair is in use")
    cross, own = C[i[:, None], j[None, :]], C[i, j]
    two = own[:, None] + own[None, :] - cross - cross.T
    three = two[:, :, None] * 0 + own[:, None, None] + own[None, :, None] + own[None, None, :]
    three = three - cross[:, :, None] - cross[None, :, :] - cross.T[:, None, :]
    top = max(float(two.max()), float(three.max()))
    return at_most(top, 0.0, allow=allow, effect=float(np.abs(C).max()), says="what an exchange of targets saves")
