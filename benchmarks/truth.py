"""The latent recursions in long double (64 bits of mantissa where the machine has them), for the errors alone.

Written for what they compute, not for speed, and from the definitions: none of it is anybody's code that is measured.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Long = NDArray[np.longdouble]
Array = NDArray[Any]


def em(X: Array, pi: Array, mu: Array, Sigma: Array, steps: int) -> tuple[Array, Array, Array]:
    """(π, μ, Σ) after so many steps of EM: from x - μ, in float64."""
    X, pi, mu, Sigma = (np.asarray(x, np.float64) for x in (X, pi, mu, Sigma))
    for _ in range(steps):
        joint = np.stack([np.log(w) + _log_normal(X - m, S) for w, m, S in zip(pi, mu, Sigma, strict=True)], axis=1)
        R = np.exp(joint - joint.max(1, keepdims=True))
        R /= R.sum(1, keepdims=True)
        mass = R.sum(0)
        pi, mu = mass / len(X), (R.T @ X) / mass[:, None]
        Sigma = np.stack([((X - m) * r[:, None]).T @ (X - m) / r.sum() for m, r in zip(mu, R.T, strict=True)])
    return pi, mu, Sigma


def _log_normal(off: Array, S: Array) -> Array:
    L = np.linalg.cholesky(S)
    z = np.linalg.solve(L, off.T)
    half_log_det = np.log(np.diagonal(L)).sum() + off.shape[1] / 2 * np.log(2 * np.pi)
    return np.asarray(-0.5 * (z**2).sum(0) - half_log_det)


def forward_backward(pi: Array, A: Array, log_B: Array, dtype: Any = np.longdouble) -> tuple[Array, Array, Array]:
    """(log Z [S], γ [S, T, K], Σ_t ξ [S, K, K]) of chains log_B [S, T, K], scaled at every step.

    A long double goes down to 1e-4932: what a step can lose is nothing here. float64 will do for chains that mix.
    """
    S, T, K = log_B.shape
    top = log_B.max(-1, keepdims=True)
    B = np.exp((log_B - top).astype(dtype))
    M: Array = A.astype(dtype)
    alpha: Array = np.empty((T, S, K), dtype)
    size: Array = np.empty((T, S, 1), dtype)
    step = pi.astype(dtype) * B[:, 0]
    for t in range(T):
        if t:
            step = (alpha[t - 1] @ M) * B[:, t]
        size[t] = step.sum(-1, keepdims=True)
        alpha[t] = step / size[t]
    beta: Array = np.ones((S, K), dtype)
    gamma: Array = np.empty((T, S, K), dtype)
    xi: Array = np.zeros((S, K, K), dtype)
    for t in range(T - 1, -1, -1):
        gamma[t] = alpha[t] * beta
        if t:
            ahead = B[:, t] * beta / size[t]
            xi += alpha[t - 1][:, :, None] * ahead[:, None, :]
            beta = ahead @ M.T
    log_Z = np.log(size)[..., 0].sum(0) + top[..., 0].astype(dtype).sum(1)
    return log_Z, gamma.swapaxes(0, 1), xi * M


def baum_welch(x: Array, pi: Array, A: Array, mu: Array, Sigma: Array, steps: int, dtype: Any) -> tuple[Array, ...]:
    """(π, A, μ, Σ) after so many steps from sequences x [S, T, D]."""
    D = x.shape[-1]
    flat = x.reshape(-1, D)
    for _ in range(steps):
        log_B = np.stack([_log_normal(flat - m, S) for m, S in zip(mu, Sigma, strict=True)], axis=1)
        _, gamma, xi = forward_backward(pi, A, log_B.reshape(*x.shape[:2], -1), dtype)
        pi, moves = gamma[:, 0].sum(0) / len(x), xi.sum(0)
        left = moves.sum(1, keepdims=True)
        A = np.where(left > 0, moves / np.where(left > 0, left, 1), A).astype(np.float64)
        pi, R = pi.astype(np.float64), gamma.reshape(len(flat), -1).astype(np.float64)
        mu = (R.T @ flat) / R.sum(0)[:, None]
        Sigma = np.stack([((flat - m) * r[:, None]).T @ (flat - m) / r.sum() for m, r in zip(mu, R.T, strict=True)])
    return pi, A, mu, Sigma


def viterbi(pi: Array, A: Array, log_B: Array) -> Array:
    """The best score of any path, [S]."""
    with np.errstate(divide="ignore"):
        log_A, best = np.log(A), np.log(pi) + log_B[:, 0]
    for t in range(1, log_B.shape[1]):
        best = (best[:, :, None] + log_A).max(1) + log_B[:, t]
    return np.asarray(best.max(1))


def path_score(pi: Array, A: Array, log_B: Array, path: Array) -> Array:
    """log p(x, z) of paths [S, T]."""
    with np.errstate(divide="ignore"):
        moves = np.log(A)[path[:, :-1], path[:, 1:]].sum(1)
        return np.asarray(np.log(pi)[path[:, 0]] + moves + np.take_along_axis(log_B, path[..., None], 2)[..., 0].sum(1))


def ctc(log_p: Array, y: Array) -> tuple[Long, Long]:
    """(-log p(y) [B], occupancy [T, B, C]), all lengths full, blank 0."""
    T, B, C = log_p.shape
    U = y.shape[1]
    spelt = np.zeros((B, 2 * U + 1), np.int64)
    spelt[:, 1::2] = y
    skip = np.zeros(spelt.shape, bool)
    skip[:, 3::2] = y[:, 1:] != y[:, :-1]
    x = np.take_along_axis(log_p.astype(np.longdouble), np.broadcast_to(spelt, (T, B, 2 * U + 1)), 2)

    def sweep(x: Long, skip: Array) -> Long:
        out = np.full((T, B, 2 * U + 1), -np.inf, np.longdouble)
        out[0, :, :2] = x[0, :, :2]
        for t in range(1, T):
            before, now = out[t - 1], out[t - 1].copy()
            now[:, 1:] = np.logaddexp(now[:, 1:], before[:, :-1])
            now[:, 2:] = np.logaddexp(now[:, 2:], np.where(skip[:, 2:], before[:, :-2], -np.inf))
            out[t] = now + x[t]
        return out

    back_skip = np.zeros_like(skip)
    back_skip[:, 2:] = skip[:, 2:][:, ::-1]
    with np.errstate(invalid="ignore"):
        alpha, beta = sweep(x, skip), sweep(x[::-1, :, ::-1], back_skip)[::-1, :, ::-1]
        log_Z = np.logaddexp(alpha[-1, :, -1], alpha[-1, :, -2])
        state = np.exp(alpha + beta - x - log_Z[:, None])
    state[~np.isfinite(state)] = 0
    occupancy = np.zeros((T, B, C), np.longdouble)
    for b in range(B):
        np.add.at(occupancy[:, b].T, spelt[b], state[:, b].T)
    return -log_Z, occupancy


def transducer(log_p: Array, y: Array) -> tuple[Long, Long]:
    """(-log p(y) [B], ∂(-log p) / ∂ logits [B, T, U+1, C]), all lengths full, blank 0."""
    B, T, W, _ = log_p.shape
    x = log_p.astype(np.longdouble)
    index = np.broadcast_to(y[:, None, :, None], (B, T, W - 1, 1))
    blank, label = x[..., 0], np.take_along_axis(x[:, :, :-1], index, 3)[..., 0]
    alpha, beta = np.full((2, B, T + 1, W), -np.inf, np.longdouble)
    alpha[:, 0, 0] = 0
    beta[:, T, W - 1] = 0
    for t in range(T):
        for u in range(W):
            if t:
                alpha[:, t, u] = alpha[:, t - 1, u] + blank[:, t - 1, u]
            if u:
                alpha[:, t, u] = np.logaddexp(alpha[:, t, u], alpha[:, t, u - 1] + label[:, t, u - 1])
    for t in range(T - 1, -1, -1):
        for u in range(W - 1, -1, -1):
            beta[:, t, u] = beta[:, t + 1, u] + blank[:, t, u]
            if u < W - 1:
                beta[:, t, u] = np.logaddexp(beta[:, t, u], beta[:, t, u + 1] + label[:, t, u])
    log_Z = beta[:, 0, 0]
    by_blank = np.exp(alpha[:, :T] + blank + beta[:, 1:] - log_Z[:, None, None])
    by_label = np.exp(alpha[:, :T, :-1] + label + beta[:, :T, 1:] - log_Z[:, None, None])
    node = by_blank.copy()
    node[:, :, :-1] += by_label
    grad = node[..., None] * np.exp(x)
    grad[..., 0] -= by_blank
    taken = np.take_along_axis(grad[:, :, :-1], index, 3)
    np.put_along_axis(grad[:, :, :-1], index, taken - by_label[..., None], 3)
    return -log_Z, grad


def distance(found: Any, right: Array) -> float:
    """max |found - right| / max |right|, of tensors or arrays; infinite where not finite."""
    found = np.asarray(found.detach().cpu() if hasattr(found, "detach") else found)
    with np.errstate(invalid="ignore"):
        off = np.abs(found - right).max() / np.abs(right).max()
    return float(off) if np.isfinite(off) else float("inf")
