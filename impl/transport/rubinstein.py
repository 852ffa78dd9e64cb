"""Kantorovich-Rubinstein duality: for a metric cost one potential is enough.

    W_1(μ, ν) = max { <f, μ - ν> : f_i - f_j <= D_ij }

If D obeys the triangle inequality, g = -f is as good as any g, and mass that μ and ν share stays where it is.
So only the difference is transported, from S = {μ > ν} to T = {ν > μ}, with prices (φ, ψ), and
    f(x) = min_{j in T} D(x, x_j) - ψ_j
(McShane's extension of -ψ) is 1-Lipschitz on all points, equals φ on S and -ψ on T where mass moves, and
drops by D_ij along every arc of the plan. If D is no metric the right-hand side is the transport for its
shortest-path closure, less than the transport for D in general (for |x - y|² and 5 points: 0.167 < 0.237).

Symbols:
    mu, nu [n]  masses of equal sum on common points; metric D [n, n]; f [n]
Source: Villani 2009, Rmk 6.5; Santambrogio 2015, Prop. 3.1; McShane 1934.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from . import _inputs, _simplex

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor


class Potential(NamedTuple):
    """W_1 and a 1-Lipschitz f with <f, μ - ν> = W_1."""

    value: Float[Tensor, ""]
    f: Float[Tensor, "n"]


def solve(
    mu: Float[Tensor, "n"], nu: Float[Tensor, "n"], metric: Float[Tensor, "n n"], *, closure: bool = False
) -> Potential:
    """The distance and its potential, f_i - f_j <= D_ij for all pairs; no gradients.

    ValueError unless mu, nu are masses of equal sum and metric is one (`is_metric`). With closure=True any
    D >= 0 will do: its diagonal is ignored and its shortest paths, the largest (perhaps asymmetric) metric
    below it, take its place.
    """
    _inputs.measures(mu, nu, names=("mu", "nu"))
    _inputs.square("metric", metric)
    _inputs.alike(mu=mu, nu=nu, metric=metric)
    n = metric.shape[-1]
    if mu.shape != (n,) or nu.shape != (n,) or metric.ndim != 2:
        shapes = [_inputs.shape(x) for x in (mu, nu, metric)]
        raise ValueError(f"mu, nu, metric: expected shapes [n], [n], [n, n], got {', '.join(shapes)}")
    if not closure and not is_metric(metric):
        raise ValueError("metric: expected a zero diagonal, symmetry, triangles; closure=True takes any D >= 0")
    D = shortest_paths(metric.double()) if closure else metric.double()
    surplus = (mu.double() - nu.double()).detach()
    S, T = surplus > 0, surplus < 0
    if not (bool(S.any()) and bool(T.any())):
        return Potential(mu.new_zeros(()), torch.zeros_like(mu))
    problem = surplus[S], -surplus[T], D[S][:, T].detach()
    plan, _, psi = map(torch.from_numpy, _simplex.transport(*(x.cpu().numpy() for x in problem)))
    f = mcshane_extension(-psi.to(D), D[:, T].detach())
    return Potential((plan.to(D) * problem[2]).sum().to(metric), f.to(metric))


def mcshane_extension(f: Float[Tensor, "*B k"], distances: Float[Tensor, "*B n k"]) -> Float[Tensor, "*B n"]:
    """min_j f_j + D(x_i, x_j): the largest 1-Lipschitz function below f; f itself where f is 1-Lipschitz."""
    _inputs.floating("f", f, 1)
    _inputs.floating("distances", distances, 2)
    _inputs.alike(f=f, distances=distances)
    _inputs.finite("f", f)
    _inputs.finite("distances", distances)
    if f.shape[-1] != distances.shape[-1] or f.shape[-1] == 0:
        raise ValueError(f"distances: expected [..., n, {f.shape[-1]}], got shape {_inputs.shape(distances)}")
    return (distances + f[..., None, :]).amin(-1)


def is_metric(D: Float[Tensor, "n n"]) -> bool:
    """Zero diagonal, D >= 0, symmetry, triangle inequality up to 32 u max D; distinct points may coincide.

    The triangles say max_k |D_ik - D_jk| <= D_ij: as rows of D, points lie as far apart (Kuratowski's embedding).
    """
    _inputs.square("D", D)
    i, j = torch.triu_indices(len(D), len(D), 1, device=D.device)
    slack = 16 * torch.finfo(D.dtype).eps * float(D.abs().max()) if D.numel() else 0.0
    return (
        bool((D.diagonal() == 0).all())
        and bool((D >= 0).all())
        and bool(((D - D.T).abs() <= slack).all())
        and bool((torch.nn.functional.pdist(D, torch.inf) - D[i, j] <= slack).all())
    )


def shortest_paths(D: Float[Tensor, "n n"]) -> Float[Tensor, "n n"]:
    """The length of the shortest path from i to j through arcs of lengths D >= 0 (Floyd-Warshall, n³)."""
    _inputs.square("D", D)
    if bool((D < 0).any()):
        raise ValueError(f"D: expected non-negative lengths, got {float(D.min())}")
    D = D.clone().fill_diagonal_(0)
    for k in range(len(D)):
        D = torch.minimum(D, D[:, k, None] + D[k])
    return D
