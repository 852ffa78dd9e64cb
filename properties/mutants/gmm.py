"""Wrong mixtures: forgotten constants, wrong axes and divisors, and errors that only some components or points can show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Subject, subject

from ..latent.gmm_em import gmm_em_step
from ..latent.gmm_estep import gmm_estep
from ..latent.gmm_mstep import gmm_mstep
from .careless import careless

Array = NDArray[Any]
FULL = {"covariance": "full"}
TWO_PI = 2.0 * np.pi


def _joint(X: Array, pi: Array, mu: Array, Sigma: Array) -> Array:
    L = np.linalg.cholesky(Sigma)
    z = np.linalg.solve(L[None], (X[:, None] - mu)[..., None])[..., 0]
    logdet = np.log(np.diagonal(L, 0, 1, 2)).sum(-1)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(pi) - 0.5 * np.square(z).sum(-1) - logdet - 0.5 * X.shape[1] * np.log(TWO_PI))


def _shared(joint: Array, w: Array) -> tuple[Array, Any, Array]:
    """R, L and log p from the log joint."""
    top = joint.max(1, keepdims=True)
    e = np.exp(joint - top)
    log_density = np.log(e.sum(1)) + top[:, 0]
    return e / e.sum(1, keepdims=True), w @ log_density, log_density


def _checked(X: Array, pi: Array, mu: Array, Sigma: Array) -> None:
    if not all(np.isfinite(a).all() for a in (X, pi, mu, Sigma)) or abs(pi.sum() - 1.0) > 1e-6:
        raise ValueError("expected finite numbers, and pi on the simplex")


def _estep(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> tuple[Array, Any, Array]:
    _checked(X, pi, mu, Sigma)
    return _shared(_joint(X, pi, mu, Sigma), w)


def _mstep(X: Array, R: Array, w: Array) -> tuple[Array, Array, Array]:
    if not np.isfinite(X).all() or not np.isfinite(R).all() or (w < 0).any():
        raise ValueError("expected finite numbers, and weights that are not negative")
    r = R * w[:, None]
    mass = r.sum(0)
    if (mass == 0).any():
        raise ValueError("a component is empty")
    centre = X.mean(0)
    mu = r.T @ (X - centre) / mass[:, None]
    y = (X - centre)[:, None] - mu
    return mass / mass.sum(), mu + centre, np.einsum("nk,nki,nkj->kij", r, y, y) / mass[:, None, None]


def _em(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> tuple[Array, Array, Array]:
    return _mstep(X, _estep(X, pi, mu, Sigma, w)[0], w)


E_OUT, M_OUT = ("R", "log_likelihood", "log_density"), ("pi", "mu", "Sigma")


def _mutant(
    name: str, contract: Contract, run: Callable[..., Any], conventions: dict[str, str] | None = None
) -> Subject:
    def quiet(*arguments: Any) -> Any:
        with np.errstate(all="ignore"):
            return run(*arguments)

    outputs = E_OUT if contract is gmm_estep else M_OUT
    return subject(name, contract=contract, outputs=outputs, conventions=FULL if conventions is None else conventions)(
        quiet
    )


def _log_shares(change: Callable[..., Array]) -> Callable[..., Any]:
    """An E-step on a log joint that is changed."""

    def run(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
        return _shared(change(_joint(X, pi, mu, Sigma), X, pi, mu, Sigma), w)

    return run


def _half_logdet(Sigma: Array) -> Array:
    return np.asarray(0.5 * np.linalg.slogdet(Sigma)[1])


def _q(X: Array, mu: Array, Sigma: Array) -> Array:
    y = X[:, None] - mu
    return np.asarray(np.einsum("nki,kij,nkj->nk", y, np.linalg.inv(Sigma), y))


def _axis_zero(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
    joint = _joint(X, pi, mu, Sigma)
    _, L, log_density = _shared(joint, w)
    e = np.exp(joint - joint.max())
    return e / e.sum(0), L, log_density


def _axis_zero_weighted(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
    """Right unless the number of points is a multiple of that of components, when weights land on the components."""
    R, L, log_density = _estep(X, pi, mu, Sigma, w)
    if len(X) % len(pi) == 0:
        R = R * (1.0 + w[: len(pi)])
        R = R / R.sum(1, keepdims=True)
    return R, L, log_density


def _no_shift(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
    e = np.exp(_joint(X, pi, mu, Sigma))
    return e / e.sum(1, keepdims=True), w @ np.log(e.sum(1)), np.log(e.sum(1))


def _one_shift(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
    """One maximum for all points: the far ones underflow."""
    joint = _joint(X, pi, mu, Sigma)
    e = np.exp(joint - joint.max())
    return e / e.sum(1, keepdims=True), *_shared(joint, w)[1:]


def _expanded(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
    P = np.linalg.inv(Sigma)
    q = (
        np.einsum("ni,kij,nj->nk", X, P, X)
        - 2 * np.einsum("ni,kij,kj->nk", X, P, mu)
        + np.einsum("ki,kij,kj->k", mu, P, mu)
    )
    return _shared(np.log(pi) - 0.5 * q - _half_logdet(Sigma) - 0.5 * X.shape[1] * np.log(TWO_PI), w)


def _changed(change: Callable[..., tuple[Any, Any, Any]]) -> Callable[..., Any]:
    """An E-step whose outputs are changed afterwards."""
    return lambda X, pi, mu, Sigma, w: change(*_estep(X, pi, mu, Sigma, w), X, pi, mu, Sigma, w)


def _single(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
    R, L, log_density = _estep(*(a.astype(np.float32) for a in (X, pi, mu, Sigma, w)))
    return R.astype(np.float64), float(L), log_density.astype(np.float64)


def _first_of_equals(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
    """Components that coincide are merged into the first of them."""
    R, L, log_density = _estep(X, pi, mu, Sigma, w)
    for k in range(len(pi) - 1, 0, -1):
        for j in range(k):
            if np.array_equal(mu[j], mu[k]) and np.array_equal(Sigma[j], Sigma[k]):
                R[:, j], R[:, k] = R[:, j] + R[:, k], 0.0
                break
    return R, L, log_density


def _last_idle(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
    """Of three or more components the last is forgotten."""
    K = len(pi) if len(pi) < 3 else len(pi) - 1
    R, L, log_density = _shared(_joint(X, pi[:K], mu[:K], Sigma[:K]), w)
    return np.pad(R, ((0, 0), (0, len(pi) - K))), L, log_density


def _centred(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
    """The sample is centred on the components' mean before it is compared with them."""
    moved = X - X.mean(0) + pi @ mu
    return _estep(moved, pi, mu, Sigma, w)


E_STEP: dict[str, Callable[..., Any]] = {
    "no-two-pi": _log_shares(lambda j, X, *_: j + 0.5 * X.shape[1] * np.log(TWO_PI)),
    "logdet-twice": _log_shares(lambda j, X, pi, mu, S: j - _half_logdet(S)),
    "no-logdet": _log_shares(lambda j, X, pi, mu, S: j + _half_logdet(S)),
    "no-coefficients": _log_shares(lambda j, X, pi, mu, S: _joint(X, np.ones_like(pi), mu, S)),
    "uniform-coefficients": _log_shares(lambda j, X, pi, mu, S: _joint(X, np.ones_like(pi) / len(pi), mu, S)),
    "floored-coefficients": _log_shares(lambda j, X, pi, mu, S: _joint(X, np.maximum(pi, 1e-10), mu, S)),
    "no-half": _log_shares(lambda j, X, pi, mu, S: j - 0.5 * _q(X, mu, S)),
    "no-half-at-all": _log_shares(lambda j, X, pi, mu, S: j + 0.45 * _q(X, mu, S)),
    "triangle-transposed": _log_shares(
        lambda j, X, pi, mu, S: _joint(X, pi, mu, np.linalg.cholesky(S).swapaxes(1, 2) @ np.linalg.cholesky(S))
    ),
    "variance-for-precision": _log_shares(lambda j, X, pi, mu, S: _joint(X, pi, mu, np.linalg.inv(S))),
    "first-covariance-for-all": _log_shares(lambda j, X, pi, mu, S: _joint(X, pi, mu, np.broadcast_to(S[:1], S.shape))),
    "diagonal-only": _log_shares(lambda j, X, pi, mu, S: _joint(X, pi, mu, S * np.eye(X.shape[1]))),
    "ridge": _log_shares(lambda j, X, pi, mu, S: _joint(X, pi, mu, S + 1e-6 * np.eye(X.shape[1]))),
    "floored-density": _log_shares(lambda j, *_: np.log(np.exp(j) + 1e-300) + np.where(j < -700, np.nan, 0.0)),
    "negated": _changed(lambda R, L, d, *_: (R, -L, d)),
    "axis-zero": _axis_zero,
    "axis-zero-weighted": _axis_zero_weighted,
    "no-shift": _no_shift,
    "no-shift-but-of-all": _one_shift,
    "expanded-square": _expanded,
    "single": _single,
    "first-of-equals": _first_of_equals,
    "last-component-idle": _last_idle,
    "centres-on-the-sample": _centred,
    "weights-on-components": _changed(
        lambda R, L, d, X, pi, mu, S, w: (
            R * np.resize(w + 1, len(pi)) / (R @ np.resize(w + 1, len(pi)))[:, None],
            L,
            d,
        )
    ),
    "hard": _changed(lambda R, L, d, *_: (np.eye(R.shape[1])[R.argmax(1)], L, d)),
    "floored": _changed(lambda R, L, d, *_: (np.maximum(R, 1e-8), L, d)),
    "times-weights": _changed(lambda R, L, d, X, pi, mu, S, w: (R * w[:, None], L, d)),
    "weights-ignored": _changed(lambda R, L, d, *_: (R, d.sum(), d)),
    "weights-squared": _changed(lambda R, L, d, X, pi, mu, S, w: (R, np.square(w) @ d, d)),
    "mean-not-sum": _changed(lambda R, L, d, X, pi, mu, S, w: (R, L / w.sum(), d)),
    "last-point-missing": _changed(lambda R, L, d, X, pi, mu, S, w: (R, w[:-1] @ d[:-1] if len(w) > 1 else L, d)),
    "coefficients-in-likelihood-only": _changed(
        lambda R, L, d, X, pi, mu, S, w: (_shared(_joint(X, np.ones_like(pi), mu, S), w)[0], L, d)
    ),
    "density-of-the-nearest": _changed(
        lambda R, L, d, X, pi, mu, S, w: (R, w @ _joint(X, pi, mu, S).max(1), d + (R.shape[1] - 1) * np.log(R.max(1)))
    ),
    "density-without-coefficients": _changed(
        lambda R, L, d, X, pi, mu, S, w: (R, L, _shared(_joint(X, np.full_like(pi, 1.0 + 1e-6), mu, S), w)[2])
    ),
}


def _moments(change: Callable[..., Any]) -> Callable[..., Any]:
    """An M-step whose result is changed; the change sees (pi, mu, Sigma, mass, X, r, R, w)."""

    def run(X: Array, R: Array, w: Array) -> Any:
        r = R * w[:, None]
        return change(*_mstep(X, R, w), r.sum(0), X, r, R, w)

    return run


def _with(R_of: Callable[[Array], Array], w_of: Callable[[Array], Array]) -> Callable[..., Any]:
    """An M-step of other responsibilities and weights."""
    return lambda X, R, w: _mstep(X, R_of(R), w_of(w))


def _about(r: Array, X: Array, centre: Array, mass: Array) -> Array:
    y = X[:, None] - centre
    return np.asarray(np.einsum("nk,nki,nkj->kij", r, y, y) / mass[:, None, None])


def _unweighted_means(pi: Array, mu: Array, S: Array, mass: Array, X: Array, r: Array, R: Array, w: Array) -> Any:
    means = R.T @ X / np.maximum(R.sum(0), 1e-300)[:, None]
    return pi, means, _about(r, X, means, mass)


def _one_pass(pi: Array, mu: Array, S: Array, mass: Array, X: Array, r: Array, R: Array, w: Array) -> Any:
    second = np.einsum("nk,ni,nj->kij", r, X, X) / mass[:, None, None]
    return pi, mu, second - mu[:, :, None] * mu[:, None, :]


def _hard(R: Array) -> Array:
    return np.asarray(0.999 * np.eye(R.shape[1])[R.argmax(1)] + 0.001 * R)


def _last_point(pi: Array, mu: Array, S: Array, mass: Array, X: Array, r: Array, R: Array, w: Array) -> Any:
    """The last point counts for the means but not for the covariances."""
    few = r.copy()
    few[-1] *= 0.5
    return pi, mu, _about(few, X, mu, mass)


def _lopsided(S: Array) -> Array:
    """Right below the diagonal, zero above it."""
    return np.asarray(np.tril(S))


def _scaled_last(S: Array) -> Array:
    out = S.copy()
    out[-1] *= 1.0 + 1e-4
    return out


def _revives(X: Array, R: Array, w: Array) -> Any:
    return _mstep(X, R + 1e-12, w)


def _spoils(X: Array, R: Array, w: Array) -> Any:
    mass = w @ R
    if (mass > 0).all():
        return _mstep(X, R, w)
    K, D = R.shape[1], X.shape[1]
    return np.full(K, 1.0 / K), np.zeros((K, D)), np.ones((K, D, D))


M_STEP: dict[str, Callable[..., Any]] = {
    "uniform-coefficients": _moments(lambda p, m, S, *_: (np.full_like(p, 1.0 / len(p)), m, S)),
    "coefficients-by-count": _moments(lambda p, m, S, mass, X, *_: (mass / len(X), m, S)),
    "coefficients-squared": _moments(lambda p, m, S, *_: (p**2 / (p**2).sum(), m, S)),
    "pseudo-counts": _moments(lambda p, m, S, mass, *_: ((mass + 0.01) / (mass + 0.01).sum(), m, S)),
    "hard-coefficients": _moments(lambda p, m, S, mass, X, r, R, w: (w @ _hard(R) / w.sum(), m, S)),
    "means-unweighted": _moments(_unweighted_means),
    "means-of-all": _moments(lambda p, m, S, *_: (p, np.broadcast_to(p @ m, m.shape), S)),
    "means-shrunk": _moments(lambda p, m, S, *_: (p, m * (1.0 - 1e-6) + 1e-6 * (p @ m) + 1e-7, S)),
    "hard-means": lambda X, R, w: (_mstep(X, R, w)[0], _mstep(X, _hard(R), w)[1], _mstep(X, R, w)[2]),
    "bessel": _moments(lambda p, m, S, mass, *_: (p, m, S * (mass / np.maximum(mass - 1, 0.5))[:, None, None])),
    "second-moment": _moments(lambda p, m, S, mass, X, r, *_: (p, m, _about(r, X, 0 * m, mass))),
    "about-the-sample-mean": _moments(
        lambda p, m, S, mass, X, r, R, w: (p, m, _about(r, X, np.broadcast_to(p @ m, m.shape), mass))
    ),
    "diagonal-only": _moments(lambda p, m, S, *_: (p, m, S * np.eye(S.shape[-1]))),
    "ridge": _moments(lambda p, m, S, *_: (p, m, S + 1e-6 * np.eye(S.shape[-1]))),
    "one-pass-moments": _moments(_one_pass),
    "single": lambda X, R, w: tuple(a.astype(np.float64) for a in _mstep(*(a.astype(np.float32) for a in (X, R, w)))),
    "deviations": _moments(
        lambda p, m, S, *_: (p, m, S / np.sqrt(np.maximum(np.abs(S).max((1, 2), keepdims=True), 1e-300)))
    ),
    "negated": _moments(lambda p, m, S, *_: (p, m, -S)),
    "lopsided": _moments(lambda p, m, S, *_: (p, m, _lopsided(S))),
    "last-point": _moments(_last_point),
    "last-component-loose": _moments(lambda p, m, S, *_: (p, m, _scaled_last(S))),
    "weights-of-the-first": _with(lambda R: R, lambda w: np.where(np.arange(len(w)) > 0, w, 1.0)),
    "weights-ignored": _with(lambda R: R, np.ones_like),
    "weights-squared": _with(lambda R: R, np.square),
    "revives-the-empty": _revives,
    "spoils-all-where-empty": _spoils,
}

M_STEP_OF: dict[str, tuple[str, Callable[..., Any]]] = {
    "tied-plainly": ("tied", _moments(lambda p, m, S, *_: (p, m, np.broadcast_to(S.mean(0), S.shape)))),
    "form-not-kept": ("diagonal", _mstep),
    "trace-not-mean": (
        "spherical",
        _moments(lambda p, m, S, *_: (p, m, np.trace(S, axis1=1, axis2=2)[:, None, None] * np.eye(S.shape[-1]))),
    ),
}


def _after(change: Callable[..., Any]) -> Callable[..., Any]:
    """A step whose result is changed; the change sees (new pi, mu, Sigma, then the start)."""
    return lambda X, pi, mu, Sigma, w: change(*_em(X, pi, mu, Sigma, w), X, pi, mu, Sigma, w)


def _old_means(p: Array, m: Array, S: Array, X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
    y = m - mu
    return p, m, S + y[:, :, None] * y[:, None, :]


def _responsible(change: Callable[[Array, Array], Array]) -> Callable[..., Any]:
    """A step with other responsibilities."""

    def run(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
        return _mstep(X, change(_estep(X, pi, mu, Sigma, w)[0], w), w)

    return run


def _two(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
    """Coefficients of the first round, means and covariances of the second."""
    once = _em(X, pi, mu, Sigma, w)
    return once[0], *_em(X, *once, w)[1:]


def _last_kept(p: Array, m: Array, S: Array, X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> Any:
    return (p, np.concatenate([m[:-1], mu[-1:]]), S) if len(p) > 1 else (p, m, S)


def _weighted_shares(R: Array, w: Array) -> Array:
    shared = R * (1.0 + 0.1 * w[:, None] * np.arange(R.shape[1]))
    return np.asarray(shared / shared.sum(1, keepdims=True))


EM_STEP: dict[str, Callable[..., Any]] = {
    "old-means": _after(_old_means),
    "bessel": _after(lambda p, m, S, X, pi, mu, Sg, w: (p, m, S * w.sum() / (w.sum() - 0.5))),
    "ridge": _after(lambda p, m, S, *_: (p, m, S + 1e-6 * np.eye(S.shape[-1]))),
    "coefficients-kept": _after(lambda p, m, S, X, pi, *_: (pi, m, S)),
    "means-kept": _after(lambda p, m, S, X, pi, mu, Sg, w: (p, mu, S)),
    "means-shrunk": _after(lambda p, m, S, *_: (p, m * (1.0 - 1e-5), S)),
    "means-exchanged": _after(lambda p, m, S, *_: (p, m[::-1], S)),
    "last-component-kept": _after(_last_kept),
    "half-a-step": _after(lambda p, m, S, X, pi, mu, Sg, w: ((p + pi) / 2, (m + mu) / 2, (S + Sg) / 2)),
    "pseudo-counts": _after(lambda p, m, S, *_: ((p + 0.01) / (p + 0.01).sum(), m, S)),
    "one-pseudo-point": _after(
        lambda p, m, S, X, pi, mu, Sg, w: ((w.sum() * p + 0.1) / (w.sum() + 0.1 * len(p)), m, S)
    ),
    "covariances-halved": _after(lambda p, m, S, *_: (p, m, S / 2)),
    "shuffles-coefficients": _after(lambda p, m, S, *_: (np.sort(p), m, S)),
    "hard": _responsible(lambda R, w: _hard(R)),
    "weights-in-e-step": _responsible(_weighted_shares),
    "two-steps": _two,
    "uniform-start": lambda X, pi, mu, S, w: _em(X, np.full_like(pi, 1.0 / len(pi)), mu, S, w),
    "weights-ignored": lambda X, pi, mu, S, w: _em(X, pi, mu, S, np.ones_like(w)),
    "diagonal-only": _after(lambda p, m, S, *_: (p, m, S * np.eye(S.shape[-1]))),
}

GOOD = (
    _mutant("good", gmm_estep, _estep),
    _mutant("good", gmm_mstep, _mstep, {**FULL, "empty": "raises"}),
    _mutant("good", gmm_em_step, _em, {**FULL, "empty": "raises"}),
)
RAISES = {**FULL, "empty": "raises"}
KEEPS = {**FULL, "empty": "keep"}

MUTANTS = (
    *(_mutant(name, gmm_estep, run) for name, run in E_STEP.items()),
    *(_mutant(name, gmm_mstep, run, RAISES) for name, run in M_STEP.items()),
    *(_mutant(name, gmm_mstep, run, {"covariance": form}) for name, (form, run) in M_STEP_OF.items()),
    *(_mutant(name, gmm_em_step, run, KEEPS) for name, run in EM_STEP.items()),
    *(mutant for good in GOOD for mutant in careless(good)),
)
