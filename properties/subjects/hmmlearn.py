"""hmmlearn's hidden Markov models, with both implementations of the recursions.

Frame scores go in by the documented route for emissions of one's own: a subclass of BaseHMM whose log-likelihood of the
n-th observation is row n of log B. Observations of one sequence are the numbers of its frames.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject, subject

from ..latent.hmm import hmm, likelihood
from ..latent.viterbi import viterbi

Array = NDArray[Any]

PATHS = {"scores": "normalised", "impossible": "any path"}
RELEASE = "hmmlearn>=0.3.3"
IMPLEMENTATIONS = {"log": "nan", "scaling": "raise"}


def framed(log_pi: Array, log_A: Array, log_B: Array, implementation: str) -> tuple[Any, Array]:
    """A model whose observations are frames 0 ... N-1 of log B."""
    from hmmlearn.base import BaseHMM

    class Framed(BaseHMM):  # type: ignore[misc]
        def _compute_log_likelihood(self, X: Array) -> Array:
            return np.asarray(log_B[X[:, 0]])

    model = Framed(n_components=len(log_pi), implementation=implementation)
    model.startprob_, model.transmat_ = np.exp(log_pi), np.exp(log_A)
    return model, np.arange(len(log_B))[:, None]


def _smoother(implementation: str) -> Callable[..., Any]:
    def run(log_pi: Array, log_A: Array, log_B: Array) -> Any:
        model, X = framed(log_pi, log_A, log_B, implementation)
        log_z, gamma = model.score_samples(X)
        with np.errstate(all="ignore"):
            counts, _ = model._do_estep(X, [len(X)])
        return gamma, log_z, counts["trans"]

    return run


def _scorer(implementation: str) -> Callable[..., Any]:
    def run(log_pi: Array, log_A: Array, log_B: Array) -> Any:
        model, X = framed(log_pi, log_A, log_B, implementation)
        return model.score(X)

    return run


def _decoder(implementation: str) -> Callable[..., Any]:
    def run(log_pi: Array, log_A: Array, log_B: Array) -> Any:
        model, X = framed(log_pi, log_A, log_B, implementation)
        score, path = model.decode(X)
        return path, score

    return run


def _subjects(implementation: str, impossible: str) -> tuple[Subject, ...]:
    conventions = {"scores": "normalised", "impossible": impossible}
    name = f"hmmlearn.{implementation}"
    return (
        subject(name, contract=hmm, outputs=("gamma", "log_z", "xi_sum"), conventions=conventions, requires=RELEASE)(
            _smoother(implementation)
        ),
        subject(name, contract=likelihood, conventions=conventions, requires=RELEASE)(_scorer(implementation)),
        subject(name, contract=viterbi, outputs=("path", "score"), conventions=PATHS, requires=RELEASE)(
            _decoder(implementation)
        ),
    )


SUBJECTS = tuple(made for item in IMPLEMENTATIONS.items() for made in _subjects(*item))
