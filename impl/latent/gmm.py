"""Gaussian mixtures by EM.

    p(x) = Σ_k π_k N(x | μ_k, Σ_k),      L = Σ_n w_n log p(x_n)
    E-step   R_nk = π_k N(x_n | μ_k, Σ_k) / p(x_n)                      (a softmax of the log joint)
    M-step   N_k = Σ_n w_n R_nk,   π_k = N_k / Σw,   μ_k = Σ_n w_n R_nk x_n / N_k,
             Σ_k = Σ_n w_n R_nk (x_n - μ_k)(x_n - μ_k)ᵀ / N_k           (the new μ_k, divisor N_k)

EM climbs F(R, θ) = Σ_nk w_n R_nk (log π_k N(x_n | μ_k, Σ_k) - log R_nk) <= L in R, then in θ; after an E-step
F = L, so the log-likelihoods that `fit` records never fall (with reg = 0).

π is the maximiser of Σ_k N_k log π_k on the simplex. Its Lagrangian, with λ for Σ_k π_k = 1 and ν_k >= 0 for
π_k >= 0, is stationary where N_k / π_k - λ + ν_k = 0. Times π_k, with ν_k π_k = 0: N_k = λ π_k; summed over k:
λ = Σ_k N_k = Σw, hence π_k = N_k / Σw. A component with N_k = 0 gets π_k = 0 and ν_k = Σw: there the stationary
equation without ν has no solution, and only the product with π_k saves the usual derivation.
Tied: Σ = Σ_k N_k Σ_k / Σw. Diagonal: the diagonals. Spherical: their means. L is unbounded (a Σ_k that shrinks on
one point), so a fit is a stationary point, and one that collapses is refused.

Symbols:
    X [N, D] points, weights [N] >= 0; pi [K], mu [K, D], Sigma [K, D, D] whatever the structure; R [N, K]
Source: Bishop 2006, §9.2-9.4 (9.13, 9.17, 9.19, 9.22); Neal & Hinton 1998 (F); Arthur & Vassilvitskii 2007.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch

from .._kernels import has_kernel
from . import _gaussian, _inputs
from ._semiring import log_sum_exp, softmax

if TYPE_CHECKING:
    from typing import Annotated as Float
    from typing import Annotated as Int

    from torch import Tensor


class Mixture(NamedTuple):
    """π, μ and Σ of K components."""

    pi: Float[Tensor, "K"]
    mu: Float[Tensor, "K D"]
    Sigma: Float[Tensor, "K D D"]


class Fit(NamedTuple):
    """The mixture found, L before the first and after every M-step (the last is its own), and whether L settled."""

    mixture: Mixture
    log_likelihoods: Float[Tensor, "steps"]
    converged: bool


def log_joint(
    X: Float[Tensor, "N D"], pi: Float[Tensor, "K"], mu: Float[Tensor, "K D"], Sigma: Float[Tensor, "K D D"]
) -> Float[Tensor, "N K"]:
    """log π_k + log N(x_n | μ_k, Σ_k), -∞ where π_k = 0; differentiable."""
    _gaussian.check(X, mu, Sigma)
    _inputs.floating("pi", pi, 1)
    _inputs.alike(X=X, pi=pi)
    _inputs.sized("pi", pi, (len(mu),))
    _inputs.simplex("pi", pi)
    return pi.log() + _gaussian.log_density(X, mu, _gaussian.cholesky(Sigma))


def log_prob(
    X: Float[Tensor, "N D"], pi: Float[Tensor, "K"], mu: Float[Tensor, "K D"], Sigma: Float[Tensor, "K D D"]
) -> Float[Tensor, "N"]:
    """log p(x_n), differentiable."""
    return torch.logsumexp(log_joint(X, pi, mu, Sigma), 1)


def estep(
    X: Float[Tensor, "N D"],
    pi: Float[Tensor, "K"],
    mu: Float[Tensor, "K D"],
    Sigma: Float[Tensor, "K D D"],
    weights: Float[Tensor, "N"] | None = None,
) -> tuple[Float[Tensor, ""], Float[Tensor, "N K"]]:
    """(L, R): the log-likelihood and the responsibilities, whose rows sum to 1.

    ValueError for a Σ_k that is not positive definite, π off the simplex by more than 1e-6, NaN, N = 0, shapes.
    """
    joint = log_joint(X, pi, mu, Sigma)
    log_p = log_sum_exp(joint, 1)
    if weights is not None:
        _check_weights(weights, X)
        log_p = log_p * weights
    return log_p.sum(dtype=torch.float64).to(X), softmax(joint, 1)


def mstep(
    X: Float[Tensor, "N D"],
    R: Float[Tensor, "N K"],
    weights: Float[Tensor, "N"] | None = None,
    covariance: str = "full",
    reg: float = 0.0,
    old: Mixture | None = None,
) -> Mixture:
    """The maximiser of F in θ, plus reg on the diagonals of Σ.

    An empty component (N_k = 0) has π_k = 0 and keeps μ_k, Σ_k of `old`; without `old` it is a ValueError. R is
    any non-negative matrix with rows that sum to 1. A covariance of few points may be singular: `estep` refuses it.
    """
    _inputs.one_of("covariance", covariance, _gaussian.COVARIANCES)
    _inputs.number("reg", reg)
    _inputs.floating("X", X, 2)
    _inputs.nonempty("X", X)
    _inputs.finite("X", X)
    _inputs.floating("R", R, 2)
    _inputs.nonempty("R", R)
    _inputs.alike(X=X, R=R)
    if len(R) != len(X):
        raise ValueError(f"R: expected {len(X)} rows to match X, got shape {_inputs.shape(R)}")
    _inputs.simplex("R", R)
    if weights is not None:
        _check_weights(weights, X)
        R = R * weights[:, None]
    return _mixture(*_gaussian.moments(X, R), covariance, reg, old)


def _mixture(mass: Tensor, mean: Tensor, spread: Tensor, covariance: str, reg: float, old: Mixture | None) -> Mixture:
    Sigma = _gaussian.structured(spread, mass, covariance, reg)
    empty = mass == 0
    if bool(empty.any()):
        if old is None:
            raise ValueError(f"R: component(s) {empty.nonzero().flatten().tolist()} have no mass; give `old` to keep")
        mean = torch.where(empty[:, None], old.mu, mean)
        if covariance != "tied":
            Sigma = torch.where(empty[:, None, None], old.Sigma, Sigma)
    return Mixture(mass / mass.sum(), mean, Sigma)


def fit(
    X: Float[Tensor, "N D"],
    start: int | Mixture,
    weights: Float[Tensor, "N"] | None = None,
    covariance: str = "full",
    reg: float = 0.0,
    tol: float = 1e-8,
    max_iter: int = 1000,
    generator: torch.Generator | None = None,
) -> Fit:
    """EM from a mixture, or from K components seeded by k-means++ with the generator, until L gains < tol Σw.

    At most max_iter M-steps; tol = 0 makes it exactly so many. ValueError where a Σ_k collapses (give reg > 0). Detached.
    """
    _inputs.number("tol", tol)
    _inputs.number("reg", reg)
    _inputs.count("max_iter", max_iter, 0)
    _inputs.one_of("covariance", covariance, _gaussian.COVARIANCES)
    _inputs.floating("X", X, 2)
    _inputs.nonempty("X", X)
    _inputs.finite("X", X)
    w = X.new_ones(len(X)) if weights is None else weights
    _check_weights(w, X)
    X, w = X.detach(), w.detach()
    mixture = seed(X, start, w, covariance, reg, generator) if isinstance(start, int) else Mixture(*start)
    log_joint(X[:1], *mixture)  # the checks
    mixture = Mixture(*(x.detach() for x in mixture))
    centre = (w @ X) / w.sum()
    reach, total = _gaussian.reach(X, centre), float(w.sum())
    mixture = mixture._replace(mu=mixture.mu - centre)
    trace: list[Tensor] = []
    converged = False
    while True:
        last = len(trace) == max_iter
        L, new = _em(X, centre, reach, w, mixture, covariance, reg, last)
        trace.append(L)
        converged = len(trace) > 1 and abs(float(trace[-1] - trace[-2])) < tol * total
        if converged or last:
            break
        mixture = new
    return Fit(mixture._replace(mu=mixture.mu + centre), torch.stack(trace), converged)


def _em(
    X: Tensor, centre: Tensor, reach: Tensor, w: Tensor, old: Mixture, covariance: str, reg: float, last: bool
) -> tuple[Tensor, Mixture]:
    """L, and the next mixture unless this is the last, both mixtures about the centre: by matrix products where they
    keep the digits, else by estep and mstep."""
    diagonal = covariance in ("diag", "spherical")
    exact = Mixture(*(x.double() for x in old))
    if not diagonal or bool((exact.Sigma.diagonal(0, -2, -1).diag_embed() == exact.Sigma).all()):
        cholesky = _gaussian.cholesky(exact.Sigma)
        for dtype in sorted({X.dtype, torch.float64}, key=lambda d: -torch.finfo(d).eps):
            if _gaussian.safe(reach, cholesky, dtype):
                W = _gaussian.weights(exact.mu, cholesky, exact.pi.log(), diagonal).to(dtype)
                L, S = _sums(X, centre, w, W, diagonal, last)
                if last:
                    return L.to(X), old
                mass, mean, spread, kept = _gaussian.expected(S, X.shape[1], diagonal)
                if kept:
                    new = _mixture(mass, mean, spread, covariance, reg, exact)
                    return L.to(X), Mixture(*(x.to(X) for x in new))
    Y = X - centre
    L, R = estep(Y, *old, weights=w)
    return L, old if last else mstep(Y, R, w, covariance, reg, old)


def _sums(X: Tensor, centre: Tensor, w: Tensor, W: Tensor, diagonal: bool, only_L: bool) -> tuple[Tensor, Tensor]:
    """L and Σ_n w_n R_nk φ(x_n − centre) in float64 (or L alone), one chunk at a time: products in the precision of W,
    R in that of the data."""
    L = torch.zeros((), dtype=torch.float64, device=X.device)
    S = torch.zeros(W.shape, dtype=torch.float64, device=X.device)
    lowest = 0.8 * math.log(torch.finfo(X.dtype).tiny)  # subnormal numbers would slow every product
    if X.is_cpu and has_kernel():
        from . import _mixture_kernel

        return L + _mixture_kernel.sums(X, centre, w, W, diagonal, lowest, only_L, S), S
    n = min(_gaussian.columns(W.shape[1]), len(X))
    room = W.new_ones((W.shape[1], n))
    for x, v in zip(torch.split(X, n), torch.split(w, n), strict=True):
        phi = _gaussian.features((x - centre).T.to(W).contiguous(), diagonal, out=room[:, : len(v)])
        joint = W @ phi
        top = joint.amax(0)
        joint = torch.threshold_(joint.sub_(top).to(X), lowest, -torch.inf).exp_()
        total = joint.sum(0)
        L += (v * (total.log() + top)).sum()
        if not only_L:
            S += joint.mul_(v / total).to(W) @ phi.T
    return L, S


def seed(
    X: Float[Tensor, "N D"],
    K: int,
    weights: Float[Tensor, "N"],
    covariance: str = "full",
    reg: float = 0.0,
    generator: torch.Generator | None = None,
) -> Mixture:
    """K clusters by k-means++ and ten Lloyd steps, on standardised axes, as a mixture of one common covariance."""
    _inputs.count("start", K)
    if generator is None:
        raise ValueError("generator: expected a torch.Generator for a random start, got None")
    centre = (weights @ X) / weights.sum()
    scale = ((weights @ (X - centre).square()) / weights.sum()).sqrt()
    Y = (X - centre) / scale.where(scale > 0, 1)
    chosen = [Y[torch.multinomial(weights, 1, generator=generator)]]
    distance = torch.full_like(weights, torch.inf)
    for _ in range(K - 1):
        distance = torch.minimum(distance, (Y - chosen[-1]).square().sum(1))
        p = distance * weights
        chosen.append(Y[torch.multinomial(p if bool(p.sum() > 0) else weights, 1, generator=generator)])
    means = torch.cat(chosen)
    for _ in range(10):
        R = torch.nn.functional.one_hot(torch.cdist(Y, means).argmin(1), K).to(X) * weights[:, None]
        mass = R.sum(0)
        means = torch.where(mass[:, None] > 0, (R.T @ Y) / mass.where(mass > 0, 1)[:, None], means)
    mass, mean, spread = _gaussian.moments(X, R)
    pooled = _gaussian.structured(spread, mass, "tied", reg)
    mean = torch.where(mass[:, None] > 0, mean, centre)
    return Mixture((mass + 1) / (mass + 1).sum(), mean, _gaussian.structured(pooled, mass + 1, covariance, 0.0))


def sample(
    n: int,
    pi: Float[Tensor, "K"],
    mu: Float[Tensor, "K D"],
    Sigma: Float[Tensor, "K D D"],
    generator: torch.Generator | None = None,
) -> tuple[Float[Tensor, "n D"], Int[Tensor, "n"]]:
    """n points and the components they came from."""
    _inputs.count("n", n, 0)
    log_joint(mu[:1], pi, mu, Sigma)  # the checks
    z = torch.multinomial(pi, n, replacement=True, generator=generator) if n else pi.new_zeros(0, dtype=torch.int64)
    noise = torch.randn((n, mu.shape[1]), generator=generator, dtype=mu.dtype, device=mu.device)
    return mu[z] + (_gaussian.cholesky(Sigma)[z] @ noise[..., None])[..., 0], z


def _check_weights(weights: Tensor, X: Tensor) -> None:
    _inputs.floating("weights", weights, 1)
    _inputs.alike(X=X, weights=weights)
    _inputs.sized("weights", weights, (len(X),))
    _inputs.nonnegative("weights", weights)
    if not bool(weights.sum() > 0):
        raise ValueError("weights: expected a positive sum, got 0")
