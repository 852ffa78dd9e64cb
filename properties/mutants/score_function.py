"""Wrong score function estimators for normals: the post's own (no gradient of log q), wrong scores, wrong baselines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject, subject

from ..variational.score_function import score_normal
from .careless import careless

Array = NDArray[Any]
Contributions = Callable[..., Array]


def _checked(f: Any, mu: Array, sigma: Array, z: Array) -> Array:
    """f(z), for arguments that are in order."""
    if mu.shape != sigma.shape or z.shape[1:] != mu.shape:
        raise ValueError(f"mu has shape {mu.shape}, sigma {sigma.shape}, z {z.shape}")
    if not all(np.isfinite(x).all() for x in (mu, sigma, z)) or (sigma <= 0).any():
        raise ValueError("a number that is not finite, or a deviation that is not positive")
    return np.asarray(f(z))


def _score(mu: Array, sigma: Array, z: Array) -> Array:
    eps = (z - mu) / sigma
    return np.concatenate([eps / sigma, (eps**2 - 1) / sigma], axis=1)


def _right(f: Any, mu: Array, sigma: Array, z: Array, partial: Any = None) -> Array:
    G = _checked(f, mu, sigma, z)[:, None] * _score(mu, sigma, z)
    return np.asarray(G if partial is None else G + partial(z))


def _log_q_for_its_gradient(f: Any, mu: Array, sigma: Array, z: Array) -> Array:
    """As the post prints it: E f log q."""
    log_q = -((z - mu) ** 2) / (2 * sigma**2) - np.log(sigma * np.sqrt(2 * np.pi))
    return np.asarray(_checked(f, mu, sigma, z)[:, None] * np.concatenate([log_q, log_q], axis=1))


def _wrong_sign(f: Any, mu: Array, sigma: Array, z: Array) -> Array:
    return -_right(f, mu, sigma, z)


def _forgets_centre(f: Any, mu: Array, sigma: Array, z: Array) -> Array:
    return _checked(f, mu, sigma, z)[:, None] * _score(0 * mu, sigma, z)


def _deviation_for_variance(f: Any, mu: Array, sigma: Array, z: Array) -> Array:
    """(z − μ)/σ: sigma read as the variance by one half of the code."""
    G = _right(f, mu, sigma, z)
    return np.concatenate([G[:, : len(mu)] * sigma, G[:, len(mu) :]], axis=1)


def _score_of_the_variance(f: Any, mu: Array, sigma: Array, z: Array) -> Array:
    G = _right(f, mu, sigma, z)
    return np.concatenate([G[:, : len(mu)], G[:, len(mu) :] / (2 * sigma)], axis=1)


def _log_sigma_for_sigma(f: Any, mu: Array, sigma: Array, z: Array) -> Array:
    G = _right(f, mu, sigma, z)
    return np.concatenate([G[:, : len(mu)], G[:, len(mu) :] * sigma], axis=1)


def _forgets_minus_one(f: Any, mu: Array, sigma: Array, z: Array) -> Array:
    """∂ log q/∂σ without the normalising constant of q."""
    G, y = _right(f, mu, sigma, z), f(z)[:, None]
    return np.concatenate([G[:, : len(mu)], G[:, len(mu) :] + y / sigma], axis=1)


def _first_sigma_for_all(f: Any, mu: Array, sigma: Array, z: Array) -> Array:
    G = _right(f, mu, sigma, z)
    return np.concatenate([G[:, : len(mu)], f(z)[:, None] * _score(mu, 0 * sigma + sigma[0], z)[:, len(mu) :]], axis=1)


def _centres_values(f: Any, mu: Array, sigma: Array, z: Array) -> Array:
    """The sample's own mean as a baseline."""
    y = _checked(f, mu, sigma, z)
    return np.asarray((y - y.mean())[:, None] * _score(mu, sigma, z))


def _mean_as_baseline(f: Any, mu: Array, sigma: Array, z: Array) -> Array:
    """f at the mean as a baseline: unbiased, no sample knows of another; but not linear's variance."""
    return np.asarray((_checked(f, mu, sigma, z) - f(mu[None]))[:, None] * _score(mu, sigma, z))


def _baseline_of_one(f: Any, mu: Array, sigma: Array, z: Array) -> Array:
    return (_checked(f, mu, sigma, z) - 1)[:, None] * _score(mu, sigma, z)


def _absolute_values(f: Any, mu: Array, sigma: Array, z: Array) -> Array:
    return np.abs(_checked(f, mu, sigma, z))[:, None] * _score(mu, sigma, z)


def _squares_values(f: Any, mu: Array, sigma: Array, z: Array) -> Array:
    return (_checked(f, mu, sigma, z) ** 2)[:, None] * _score(mu, sigma, z)


def _clips_values(f: Any, mu: Array, sigma: Array, z: Array) -> Array:
    """Rewards within ±1, as is done to Atari's."""
    return np.clip(_checked(f, mu, sigma, z), -1, 1)[:, None] * _score(mu, sigma, z)


def _halves_large_values(f: Any, mu: Array, sigma: Array, z: Array) -> Array:
    y = _checked(f, mu, sigma, z)
    return np.where(np.abs(y) > 100, y / 2, y)[:, None] * _score(mu, sigma, z)


def _divides_by_samples(f: Any, mu: Array, sigma: Array, z: Array) -> Array:
    """The estimate, spread over its samples, where contributions are asked for."""
    return _right(f, mu, sigma, z) / len(z)


def _shifts_samples(f: Any, mu: Array, sigma: Array, z: Array) -> Array:
    """f of one sample, the score of the next."""
    return np.roll(_checked(f, mu, sigma, z), 1)[:, None] * _score(mu, sigma, z)


def _half_precision(f: Any, mu: Array, sigma: Array, z: Array) -> Array:
    return _right(f, mu, sigma, z).astype(np.float16).astype(z.dtype)


def _forgets_moving_part(f: Any, mu: Array, sigma: Array, z: Array, partial: Any = None) -> Array:
    return _right(f, mu, sigma, z)


def _moving_part_times_score(f: Any, mu: Array, sigma: Array, z: Array, partial: Any = None) -> Array:
    G = _right(f, mu, sigma, z)
    return np.asarray(G if partial is None else G + partial(z) * _score(mu, sigma, z))


def _moving_part_twice(f: Any, mu: Array, sigma: Array, z: Array, partial: Any = None) -> Array:
    G = _right(f, mu, sigma, z)
    return np.asarray(G if partial is None else G + 2 * partial(z))


WRONG = (
    _log_q_for_its_gradient,
    _wrong_sign,
    _forgets_centre,
    _deviation_for_variance,
    _score_of_the_variance,
    _log_sigma_for_sigma,
    _forgets_minus_one,
    _first_sigma_for_all,
    _centres_values,
    _mean_as_baseline,
    _baseline_of_one,
    _absolute_values,
    _squares_values,
    _clips_values,
    _halves_large_values,
    _divides_by_samples,
    _shifts_samples,
    _half_precision,
    _forgets_moving_part,
    _moving_part_times_score,
    _moving_part_twice,
)
SCALE = {"scale": "sigma", "moving_integrand": "yes"}


def _mutant(run: Contributions) -> Subject:
    name = run.__name__.strip("_").replace("_", "-")
    moving = "yes" if "moving" in name else "no"
    return subject(name, contract=score_normal, conventions={**SCALE, "moving_integrand": moving})(run)


good = subject("good", contract=score_normal, conventions=SCALE)(_right)

MUTANTS = (*(_mutant(run) for run in WRONG), *careless(good))
