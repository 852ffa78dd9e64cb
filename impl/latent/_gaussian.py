"""Gaussian log densities and weighted moments, the part that mixtures and hidden Markov models share.

    log N(x | μ, Σ) = -½ (|L⁻¹ (x - μ)|² + log |2πΣ|),  Σ = L Lᵀ            (log_density: exact, slower)
                    = <w(μ, Σ), φ(x)>,  φ(x) = [x_i x_j (i <= j), x, 1]     (weights, features: matrix products)

Σ_n r_nk φ(x_n) are also the moments of component k, so one matrix product evaluates K densities and another one
sums what the M-step needs. The expansion in φ cancels where |x - c| >> σ: the data must be centred, and `safe`
tells when the worst case Σ_ij |P_ij| |x_i| |x_j| (P = Σ⁻¹) leaves too few digits; then log_density it must be.

Symbols: X [N, D], mu [K, D], Sigma [K, D, D] whatever its structure, L its Cholesky factor; Xt [D, n] columns.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from .._kernels import has_kernel
from . import _inputs

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor

COVARIANCES = ("full", "tied", "diag", "spherical")
CHUNK = 1 << 18  # numbers in the columns of φ that stay in the cache
FEW = 64  # features, up to which kernels are faster than matrix products
CANCELLED = 1e-3  # a variance below this part of the second moment is summed again, about its own mean


def check(X: Float[Tensor, "N D"], mu: Float[Tensor, "K D"], Sigma: Float[Tensor, "K D D"]) -> None:
    """Finite data and parameters of matching shapes."""
    _inputs.floating("X", X, 2)
    _inputs.nonempty("X", X)
    _inputs.finite("X", X)
    _inputs.floating("mu", mu, 2)
    _inputs.floating("Sigma", Sigma, 3)
    _inputs.alike(X=X, mu=mu, Sigma=Sigma)
    _inputs.nonempty("mu", mu)
    _inputs.sized("mu", mu, (X.shape[1],))
    _inputs.sized("Sigma", Sigma, (len(mu), X.shape[1], X.shape[1]))
    _inputs.finite("mu", mu)


def cholesky(Sigma: Float[Tensor, "K D D"]) -> Float[Tensor, "K D D"]:
    """L with Σ = L Lᵀ; ValueError unless every Σ is finite, symmetric and positive definite."""
    _inputs.finite("Sigma", Sigma)
    scale = Sigma.diagonal(0, -2, -1).abs().amax(-1)
    skew = (Sigma - Sigma.mT).abs().amax((-2, -1))
    if bool((skew > 64 * torch.finfo(Sigma.dtype).eps * scale).any()):
        raise ValueError(f"Sigma: expected symmetric matrices, off by {float(skew.max()):.2e}")
    L, failed = torch.linalg.cholesky_ex(Sigma)
    if bool(failed.any()):
        which = failed.nonzero().flatten().tolist()
        raise ValueError(f"Sigma: expected positive definite matrices, component(s) {which} are not")
    return torch.as_tensor(L)


def log_density(
    X: Float[Tensor, "N D"],
    mu: Float[Tensor, "K D"],
    L: Float[Tensor, "K D D"],
    out: Float[Tensor, "N K"] | None = None,
) -> Float[Tensor, "N K"]:
    """log N(x_n | μ_k, L_k L_kᵀ), from x - μ."""
    half_log_det = L.diagonal(0, -2, -1).log().sum(-1) + X.shape[1] / 2 * math.log(2 * math.pi)
    rows = []
    for x in torch.split(X, max(1, (1 << 20) // mu.numel())):
        z = torch.linalg.solve_triangular(L, x.T - mu[..., None], upper=False)
        rows.append(-0.5 * z.square().sum(-2).T - half_log_det)
    return torch.cat(rows, out=out)


def features(Xt: Float[Tensor, "D n"], diagonal: bool, out: Float[Tensor, "F n"]) -> Float[Tensor, "F n"]:
    """φ of every column: products x_i x_j (i <= j; i = j only if diagonal), x, 1; the 1 is there already."""
    D = len(Xt)
    out[-1 - D : -1] = Xt
    if diagonal:
        torch.square(Xt, out=out[:D])
        return out
    row = 0
    for i in range(D):
        torch.mul(Xt[i:], Xt[i], out=out[row : row + D - i])
        row += D - i
    return out


def weights(
    mu: Float[Tensor, "K D"], L: Float[Tensor, "K D D"], log_weight: Float[Tensor, "K"], diagonal: bool
) -> Float[Tensor, "K F"]:
    """w with <w_k, φ(x)> = log weight_k + log N(x | μ_k, Σ_k)."""
    D = mu.shape[1]
    P = torch.cholesky_inverse(L)
    linear = (P @ mu[..., None])[..., 0]
    constant = log_weight - 0.5 * ((linear * mu).sum(-1) + D * math.log(2 * math.pi))
    constant = constant - L.diagonal(0, -2, -1).log().sum(-1)
    if diagonal:
        quadratic = -0.5 * P.diagonal(0, -2, -1)
    else:
        i, j = torch.triu_indices(D, D, device=mu.device)
        quadratic = P[:, i, j] * torch.where(i == j, -0.5, -1).to(P)
    return torch.cat([quadratic, linear, constant[:, None]], 1)


def columns(F: int) -> int:
    """How many columns of F features to take at a time."""
    return max(2048, CHUNK // F)


def reach(X: Float[Tensor, "N D"], centre: Float[Tensor, "D"]) -> Float[Tensor, "D"]:
    """The largest |x_i - c_i|."""
    if has_kernel() and X.is_cpu:
        from . import _gaussian_kernel

        top = torch.zeros_like(centre)
        _gaussian_kernel.reach(*(t.contiguous().numpy() for t in (X, centre, top)))
        return top
    return (X - centre).abs().amax(0)


def safe(reach: Float[Tensor, "D"], L: Float[Tensor, "K D D"], dtype: torch.dtype) -> bool:
    """Whether the expansion keeps half of the digits: u Σ_ij |P_ij| |x_i| |x_j| <= 4 √u for the largest |x_i|."""
    top = reach.to(L)
    worst = (torch.cholesky_inverse(L).abs() @ top) @ top
    return bool((worst * math.sqrt(torch.finfo(dtype).eps) <= 4).all())


def expected(S: Float[Tensor, "K F"], D: int, diagonal: bool) -> tuple[Tensor, Tensor, Tensor, bool]:
    """Mass, mean and covariance from Σ_n r_nk φ(x_n), and whether the covariances kept their digits."""
    mass = S[:, -1]
    mean, second = S[:, -1 - D : -1], S[:, : -1 - D]
    each = torch.where(mass > 0, mass, 1)[:, None]
    mean, second = mean / each, second / each
    if diagonal:
        M = torch.diag_embed(second)
    else:
        i, j = torch.triu_indices(D, D, device=S.device)
        M = S.new_zeros((len(S), D, D))
        M[:, i, j] = second
        M[:, j, i] = second
    Sigma = M - mean[:, :, None] * mean[:, None, :]
    diag, raw = Sigma.diagonal(0, -2, -1), M.diagonal(0, -2, -1)
    return mass, mean, Sigma, bool(((diag >= CANCELLED * raw) | (mass == 0)[:, None]).all())


def moments(
    X: Float[Tensor, "N D"], R: Float[Tensor, "N K"]
) -> tuple[Float[Tensor, "K"], Float[Tensor, "K D"], Float[Tensor, "K D D"]]:
    """Mass, mean and covariance (divisor: the mass) of each component, summed about its own mean."""
    mass = R.sum(0)
    share = R / torch.where(mass > 0, mass, 1)
    centre = X.mean(0)
    mean = centre + share.T @ (X - centre)
    spread = []
    for k in range(R.shape[1]):
        y = (X - mean[k]) * share[:, k, None].sqrt()
        spread.append(y.T @ y)
    return mass, mean, torch.stack(spread)


def density(
    X: Float[Tensor, "N D"],
    mu: Float[Tensor, "K D"],
    L: Float[Tensor, "K D D"],
    out: Float[Tensor, "N K"] | None = None,
) -> Float[Tensor, "N K"]:
    """log N(x_n | μ_k, L_k L_kᵀ), by the expansion in φ where it keeps the digits (and no gradient is wanted)."""
    centre = X.mean(0)
    if any(t.requires_grad for t in (X, mu, L)) or not safe(reach(X, centre), L, X.dtype):
        return log_density(X, mu, L, out)
    W = weights((mu - centre).double(), L.double(), mu.new_zeros(len(mu), dtype=torch.float64), False)
    out = X.new_empty((len(X), len(W))) if out is None else out
    if _by_kernel(X, W.shape[1]):
        from . import _gaussian_kernel

        room = out if out.dtype == W.dtype else W.new_empty((_gaussian_kernel.BLOCK, len(W)))
        given = (t.contiguous().numpy() for t in (X, centre.double(), W.T))
        _gaussian_kernel.densities(*given, room.numpy(), out.numpy())
        return out
    W = W.to(X)
    n = min(columns(W.shape[1]), len(X))
    room = X.new_ones((W.shape[1], n))
    for x, rows in zip(torch.split((X - centre).T.contiguous(), n, 1), torch.split(out, n), strict=True):
        rows.copy_((W @ features(x, False, room[:, : x.shape[1]])).T)
    return out


def quick_moments(
    X: Float[Tensor, "N D"], R: Float[Tensor, "N K"]
) -> tuple[Float[Tensor, "K"], Float[Tensor, "K D"], Float[Tensor, "K D D"]]:
    """`moments`, from the sums of φ where they keep the digits."""
    centre = X.mean(0)
    F = X.shape[1] * (X.shape[1] + 3) // 2 + 1
    S = torch.zeros((F, R.shape[1]), dtype=torch.float64, device=X.device)
    if _by_kernel(X, F):
        from . import _gaussian_kernel

        R = R.contiguous()
        room = R if R.dtype == S.dtype else S.new_empty((_gaussian_kernel.BLOCK, S.shape[1]))
        _gaussian_kernel.sums(*(t.contiguous().numpy() for t in (X, centre.double(), R, room, S)))
    else:
        n = min(columns(F), len(X))
        room = X.new_ones((F, n))
        for x, r in zip(torch.split((X - centre).T.contiguous(), n, 1), torch.split(R, n), strict=True):
            S += features(x, False, room[:, : len(r)]) @ r
    mass, mean, spread, kept = expected(S.T, X.shape[1], False)
    return (mass.to(X), (mean + centre).to(X), spread.to(X)) if kept else moments(X, R)


def _by_kernel(X: Tensor, F: int) -> bool:
    return has_kernel() and X.is_cpu and F <= FEW


def structured(
    Sigma: Float[Tensor, "K D D"], mass: Float[Tensor, "K"], covariance: str, reg: float
) -> Float[Tensor, "K D D"]:
    """The likeliest covariances of that structure, given the unrestricted ones, plus reg on the diagonal."""
    K, D = Sigma.shape[:2]
    eye = torch.eye(D, dtype=Sigma.dtype, device=Sigma.device)
    if covariance == "tied":
        Sigma = torch.einsum("k,kij->ij", mass / mass.sum(), Sigma).expand(K, D, D)
    elif covariance == "diag":
        Sigma = Sigma * eye
    elif covariance == "spherical":
        Sigma = Sigma.diagonal(0, -2, -1).mean(-1)[:, None, None] * eye
    return Sigma + reg * eye
