"""hmmlearn's hidden Markov models, with both implementations of the recursions: posteriors, likelihoods, best paths.

Frame scores go in by the documented route for emissions of one's own: a subclass of BaseHMM whose log-likelihood of the
n-th observation is row n of log B. Observations of one sequence are the numbers of its frames.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, Subject, subject

from ..latent.hmm import hmm, likelihood
from ..latent.viterbi import viterbi

Array = NDArray[Any]

PATHS = {"scores": "normalised", "impossible": "any path"}
RELEASE = "hmmlearn>=0.3.3"
IMPLEMENTATIONS = {"log": "nan", "scaling": "raise"}

SCOPE = "hmmlearn>=0.3.3,<=0.3.3"


def _loud(law: str) -> Any:
    """One state, and a density of exp(768) at its second frame, once that has been lifted."""
    from ..cases.chains import Lifted

    lift = np.array([0.0, 768.0])
    frames = np.zeros(2) if "lift" in law else lift
    return Lifted(np.zeros(1), np.zeros((1, 1)), frames[:, None], lift)


UNSHIFTED = tuple(
    Known(
        f"{contract.id}.{law}",
        reason="likelihoods are exponentiated as they are: above 709 nats they overflow, and the score is inf or NaN",
        witness=partial(_loud, law),
        scope=SCOPE,
        lines="import numpy as np; from hmmlearn.hmm import GaussianHMM\n"
        "m = GaussianHMM(1, 'diag', implementation='scaling')\n"
        "m.startprob_, m.transmat_, m.means_ = np.ones(1), np.ones((1, 1)), np.zeros((1, 400))\n"
        "m.n_features, m.covars_ = 400, np.full((1, 400), 1e-4)\n"
        "assert np.isnan(m.score(np.zeros((2, 400))))  # 2949.0 with implementation='log'",
    )
    for contract, laws in (
        (
            hmm,
            (
                "posterior-of-the-fallen-behind",
                "likelihood-of-the-fallen-behind",
                "lift-of-frames-by-thousands",
                "posterior-under-lift-by-thousands",
            ),
        ),
        (likelihood, ("likelihood-of-the-fallen-behind", "lift-of-frames-by-thousands")),
    )
    for law in laws
)


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
    name, known = f"hmmlearn.{implementation}", UNSHIFTED if implementation == "scaling" else ()
    return (
        subject(
            name,
            contract=hmm,
            outputs=("gamma", "log_z", "xi_sum"),
            conventions=conventions,
            requires=RELEASE,
            known=known,
        )(_smoother(implementation)),
        subject(name, contract=likelihood, conventions=conventions, requires=RELEASE, known=known)(
            _scorer(implementation)
        ),
        subject(name, contract=viterbi, outputs=("path", "score"), conventions=PATHS, requires=RELEASE)(
            _decoder(implementation)
        ),
    )


SUBJECTS = tuple(made for item in IMPLEMENTATIONS.items() for made in _subjects(*item))
