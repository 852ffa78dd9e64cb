"""dynamax's inference for hidden Markov models, in float64, with a transition matrix for every step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, Subject, subject

from ..latent.hmm import hmm, likelihood
from ..latent.viterbi import viterbi

Array = NDArray[Any]

RELEASE = "dynamax>=1.0"
LENGTHS = (12, 128)
SCOPE = "dynamax>=1.0,<=1.0.3"
CONVENTIONS = {"scores": "normalised", "impossible": "nan"}


def _chain(frames: list[list[float]]) -> Any:
    """States that nobody leaves."""
    from ..cases.chains import Chain

    K = len(frames[0])
    with np.errstate(divide="ignore"):
        return Chain(np.full(K, -np.log(K)), np.log(np.eye(K)), np.array(frames))


def _overtaken() -> Any:
    """Two states that are 38 and 40 nats behind the third, which cannot be in the second frame."""
    return _chain([[-40.0, -38.0, 0.0], [0.0, 0.0, -np.inf]])


def _silent() -> Any:
    return _chain([[0.0, 0.0], [-np.inf, -np.inf]])


ASK = (
    "import jax; jax.config.update('jax_enable_x64', True); from jax import numpy as np\n"
    "from dynamax.hidden_markov_model.inference import hmm_filter, hmm_smoother\n"
)


def _known(*laws: str) -> tuple[Known, ...]:
    clamped = Known(
        "",
        reason="filtered probabilities below 1e-15 are raised to 1e-15: what is 35 nats behind comes out wrong",
        witness=_overtaken,
        scope=SCOPE,
        lines=ASK + "frames = np.array([[-40.0, -38.0, 0.0], [0.0, 0.0, -np.inf]])\n"
        "found = hmm_smoother(np.full(3, 1 / 3), np.eye(3), frames)\n"
        "assert abs(found.smoothed_probs[1, 0] - 0.1192) > 0.3  # softmax(-40, -38)",
    )
    silent = Known(
        "impossible-frames",
        reason="where no state can emit a frame the log-likelihood is NaN (-inf less -inf), not -inf",
        witness=_silent,
        scope=SCOPE,
        lines=ASK + "frames = np.array([[0.0, 0.0], [-np.inf, -np.inf]])\n"
        "assert np.isnan(hmm_filter(np.full(2, 0.5), np.eye(2), frames).marginal_loglik)",
    )
    return (silent, *(replace(clamped, law=law) for law in laws))


_UNREACHED = Known(
    "",
    reason="probabilities of transitions at every step divide by those predicted: NaN for a state that no path reaches "
    "(their sum, for one matrix, is guarded)",
    scope=SCOPE,
    lines=ASK + "one = hmm_smoother(np.array([1.0, 0.0]), np.eye(2)[None], np.zeros((2, 2)))\n"
    "assert np.isnan(one.trans_probs[0, :, 1]).all()  # the chain stays in state 0",
)
UNREACHED = tuple(
    replace(_UNREACHED, law=law)
    for law in (
        "expected-transitions",
        "expected-transition-marginals",
        "posterior-of-transitions",
        "no-transition-where-forbidden",
        "transition-marginals",
        "entropy-identity",
        "entropy-identity-of-long-chains",
        "slope-in-all-scores",
    )
)
_ROUNDED_AWAY = Known(
    "",
    reason="a state predicted with less than 1e-8 counts as impossible in the backward pass (jnp.isclose to 0), even "
    "where the frame then speaks for it alone",
    scope=SCOPE,
    lines=ASK + "found = hmm_smoother(np.array([0.0, 1.0]), np.array([[1.0, 0.0], [1e-9, 1 - 1e-9]]), "
    "np.array([[0.0, 0.0], [0.0, -np.inf]]))\n"
    "assert np.isnan(found.smoothed_probs[0]).all()  # the first frame is certain to be state 1's",
)
ROUNDED_AWAY = tuple(
    replace(_ROUNDED_AWAY, law=law)
    for law in ("unseen-between", "posterior-of-long-chains", "no-posterior-where-forbidden")
)


def _asked(run: Callable[..., Any], log_pi: Array, log_A: Array, log_B: Array) -> Any:
    """run(π, A at every step, frames) of a round length, since every new length is compiled anew: after the last frame
    the chain stays where it is, and frames say nothing."""
    import jax
    from jax import numpy as jnp

    jax.config.update("jax_enable_x64", True)
    N, K = log_B.shape
    if log_A.shape != (K, K) or log_pi.shape != (K,) or not N:
        raise ValueError("jax would broadcast what does not fit")
    more = next((length for length in LENGTHS if length >= N), N) - N
    frames = np.concatenate([log_B, np.zeros((more, K))])
    steps = np.concatenate([np.tile(np.exp(log_A), (N - 1, 1, 1)), np.tile(np.eye(K), (more, 1, 1))])
    return run(*map(jnp.asarray, (np.exp(log_pi), steps, frames)))


def _smoother(name: str) -> Callable[..., Any]:
    def run(log_pi: Array, log_A: Array, log_B: Array) -> Any:
        from dynamax.hidden_markov_model import inference

        found, N = _asked(getattr(inference, name), log_pi, log_A, log_B), len(log_B)
        xi = np.asarray(found.trans_probs)[: N - 1]
        return np.asarray(found.smoothed_probs)[:N], np.asarray(found.marginal_loglik), xi, xi.sum(0)

    return run


def _filter(log_pi: Array, log_A: Array, log_B: Array) -> Any:
    from dynamax.hidden_markov_model import inference

    return np.asarray(_asked(inference.hmm_filter, log_pi, log_A, log_B).marginal_loglik)


def _mode(log_pi: Array, log_A: Array, log_B: Array) -> Any:
    from dynamax.hidden_markov_model import inference

    return np.asarray(_asked(inference.hmm_posterior_mode, log_pi, log_A, log_B))[: len(log_B)]


def _of(name: str) -> Subject:
    return subject(
        f"dynamax.{name}",
        contract=hmm,
        outputs=("gamma", "log_z", "xi", "xi_sum"),
        conventions=CONVENTIONS,
        requires=RELEASE,
        known=(
            *_known(*(f"{what}-of-{frames}" for what in ("posterior", "likelihood") for frames in BEHIND)),
            *UNREACHED,
            *(ROUNDED_AWAY if name == "hmm_smoother" else ()),
        ),
    )(_smoother(name))


BEHIND = ("peaked-frames", "the-fallen-behind")
LIKELIHOOD = _known(*(f"likelihood-of-{frames}" for frames in BEHIND))

SUBJECTS = (
    _of("hmm_smoother"),
    _of("hmm_two_filter_smoother"),
    subject("dynamax.hmm_filter", contract=likelihood, conventions=CONVENTIONS, requires=RELEASE, known=LIKELIHOOD)(
        _filter
    ),
    subject(
        "dynamax.hmm_posterior_mode",
        contract=viterbi,
        conventions={"scores": "normalised", "impossible": "any path"},
        requires=RELEASE,
    )(_mode),
)
