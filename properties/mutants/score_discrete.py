"""Wrong score function estimators for bits and categorical variables: wrong scores, parametrisations and baselines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Subject, subject

from ..variational.score_bernoulli import score_bernoulli
from ..variational.score_categorical import score_categorical
from .careless import careless

Array = NDArray[Any]
Values = Callable[[Array], Array]
Score = Callable[[Array, Array], Array]


def _checked(logits: Array, z: Array) -> None:
    if z.shape[1:] != logits.shape[:1]:
        raise ValueError(f"logits has shape {logits.shape}, z {z.shape}")
    top = logits.shape[1] - 1 if logits.ndim == 2 else 1
    if not np.isfinite(logits).all() or not ((z >= 0) & (z <= top) & (z == z.round())).all():
        raise ValueError("a logit that is not finite, or a state that is none")


def _softmax(logits: Array, axis: Any = -1) -> Array:
    weights = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return np.asarray(weights / weights.sum(axis=axis, keepdims=True))


def _hit(logits: Array, z: Array) -> Array:
    return np.asarray(z[:, :, None] == np.arange(logits.shape[1]), logits.dtype)


def _bit(logits: Array, z: Array) -> Array:
    return z - 1 / (1 + np.exp(-logits))


def _bit_probs(logits: Array, z: Array) -> Array:
    p = 1 / (1 + np.exp(-logits))
    return z / p - (1 - z) / (1 - p)


def _choice(logits: Array, z: Array) -> Array:
    return np.asarray(_hit(logits, z) - _softmax(logits))


def _choice_probs(logits: Array, z: Array) -> Array:
    return np.asarray(_hit(logits, z) / _softmax(logits))


def _choice_weights(logits: Array, z: Array) -> Array:
    return _choice_probs(logits, z) - 1


def _bit_log_q(logits: Array, z: Array) -> Array:
    return -np.log1p(np.exp(np.where(z > 0, -logits, logits)))


def _choice_log_q(logits: Array, z: Array) -> Array:
    return np.asarray(np.log((_hit(logits, z) * _softmax(logits)).sum(axis=2, keepdims=True)) + 0 * _hit(logits, z))


def _counts_ones_only(logits: Array, z: Array) -> Array:
    """∂ log q only where the bit is one."""
    return z * _bit(logits, z)


def _divides_by_probability(logits: Array, z: Array) -> Array:
    """∂p/∂ℓ ∂ log q/∂p: 0 · ∞ where p is 0 or 1."""
    p = 1 / (1 + np.exp(-logits))
    return (z / p - (1 - z) / (1 - p)) * p * (1 - p)


def _clamps_probabilities(logits: Array, z: Array) -> Array:
    return z - np.clip(1 / (1 + np.exp(-logits)), 1e-3, 1 - 1e-3)


def _exponentials_for_probabilities(logits: Array, z: Array) -> Array:
    """As if the logits were normalised."""
    return np.asarray(_hit(logits, z) - np.exp(logits))


def _softmax_over_all(logits: Array, z: Array) -> Array:
    return np.asarray(_hit(logits, z) - _softmax(logits, (0, 1)) * len(logits))


def _softmax_over_variables(logits: Array, z: Array) -> Array:
    return np.asarray(_hit(logits, z) - _softmax(logits, 0))


def _last_logit_is_zero(logits: Array, z: Array) -> Array:
    """A reference class: its column is not moved."""
    G = _choice(logits, z)
    G[:, :, -1] = 0
    return G


def _off_by_one_state(logits: Array, z: Array) -> Array:
    return np.asarray(_hit(logits, np.maximum(z - 1, 0)) - _softmax(logits))


def _same_logits_for_all(logits: Array, z: Array) -> Array:
    return np.asarray(_hit(logits, z) - _softmax(logits[:1]))


VALUES: dict[str, Values] = {
    "centres-values": lambda y: y - y.mean(),
    "baseline-of-one": lambda y: y - 1,
    "absolute-values": np.abs,
    "squares-values": np.square,
    "divides-by-samples": lambda y: y / len(y),
    "shifts-samples": lambda y: np.roll(y, 1),
}
BITS: dict[str, Score] = {
    "log-q-for-its-gradient": _bit_log_q,
    "wrong-sign": lambda logits, z: -_bit(logits, z),
    "forgets-centre": lambda logits, z: z + 0 * logits,
    "other-parametrisation": _bit_probs,
    "counts-ones-only": _counts_ones_only,
    "divides-by-probability": _divides_by_probability,
    "clamps-probabilities": _clamps_probabilities,
}
CHOICES: dict[str, Score] = {
    "log-q-for-its-gradient": _choice_log_q,
    "wrong-sign": lambda logits, z: -_choice(logits, z),
    "forgets-centre": _hit,
    "other-parametrisation": _choice_weights,
    "exponentials-for-probabilities": _exponentials_for_probabilities,
    "softmax-over-all": _softmax_over_all,
    "softmax-over-variables": _softmax_over_variables,
    "last-logit-is-zero": _last_logit_is_zero,
    "off-by-one-state": _off_by_one_state,
    "same-logits-for-all": _same_logits_for_all,
}


def _run(score: Score, values: Values = np.asarray, at_origin: bool = False) -> Callable[..., Array]:
    """f(z) times a score; at_origin: less f at the state of zeros, an unbiased baseline nobody asked for."""

    def run(f: Any, logits: Array, z: Array) -> Array:
        _checked(logits, z)
        y = values(f(z) - (f(0 * z) if at_origin else 0 * f(z)))
        return np.asarray(y.reshape(-1, *(1,) * logits.ndim) * score(logits, z))

    return run


def _mutants(contract: Contract, right: Score, wrong: dict[str, Score]) -> tuple[Subject, ...]:
    runs = {name: _run(score) for name, score in wrong.items()}
    runs |= {name: _run(right, values) for name, values in VALUES.items()}
    runs["half-precision"] = _run(lambda logits, z: right(logits, z).astype(np.float16).astype(z.dtype))
    runs["mean-as-baseline"] = _run(right, at_origin=True)
    logits = {"wrt": "logits"}
    made = [subject(name, contract=contract, conventions=logits)(run) for name, run in runs.items()]
    good = subject("good", contract=contract, conventions=logits)(_run(right))
    return (*made, *careless(good))


MUTANTS = (
    *_mutants(score_bernoulli, _bit, BITS),
    *_mutants(score_categorical, _choice, CHOICES),
    subject("free-probabilities", contract=score_categorical, conventions={"wrt": "weights"})(_run(_choice_probs)),
)
