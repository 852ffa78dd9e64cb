"""pomegranate's hidden Markov models, dense and sparse: posteriors, best paths, and one iteration of fit.

Its models may end: rows of the edges and of `ends` have sum 1 together. A chain without an end has ends = 1 (log 0),
which leaves the score of every path as it is; after a fit the rows of the edges are divided by what is left of them
once the probability of ending is taken off. The library computes in float32, whatever it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, Subject, subject

from ..latent.hmm import hmm, likelihood
from ..latent.hmm_em import em_counts, em_points, em_symbols
from ..latent.viterbi import viterbi

Array = NDArray[Any]

RELEASE = "pomegranate>=1.1"


def _tensor(x: Array) -> Any:
    import torch

    return torch.from_numpy(np.array(x, order="C"))


def _dense(pi: Array, A: Array, emissions: list[Any] | None = None) -> Any:
    from pomegranate.distributions import Categorical
    from pomegranate.hmm import DenseHMM

    states = emissions or [Categorical([[1.0]]) for _ in pi]
    return DenseHMM(states, _tensor(A), _tensor(pi), _tensor(np.ones_like(pi)), max_iter=1)


def _sparse(pi: Array, A: Array) -> Any:
    from pomegranate.distributions import Categorical
    from pomegranate.hmm import SparseHMM

    states = [Categorical([[1.0]]) for _ in pi]
    edges = [[states[i], states[j], float(A[i, j])] for i, j in zip(*np.nonzero(A), strict=True)]
    return SparseHMM(states, edges, _tensor(pi), _tensor(np.ones_like(pi)))


MODELS = {"DenseHMM": _dense, "SparseHMM": _sparse}


def _smoother(make: Callable[..., Any]) -> Callable[..., Any]:
    def run(log_pi: Array, log_A: Array, log_B: Array) -> Any:
        A = np.exp(log_A)
        model = make(np.exp(log_pi), A)
        steps, log_gamma, _, _, log_z = model.forward_backward(emissions=_tensor(log_B)[None])
        counts = steps[0].numpy()
        if counts.ndim == 1:
            counts, edges = np.zeros_like(A), counts
            counts[np.nonzero(A)] = edges
        return log_gamma[0].exp().numpy(), log_z[0].numpy(), counts

    return run


def _scorer(make: Callable[..., Any]) -> Callable[..., Any]:
    """What log_probability does with the forward messages, which take emissions where it takes none."""

    def run(log_pi: Array, log_A: Array, log_B: Array) -> Any:
        model = make(np.exp(log_pi), np.exp(log_A))
        messages = model.forward(emissions=_tensor(log_B)[None])
        return (messages[:, -1] + model.ends).logsumexp(1)[0].numpy()

    return run


def _finder(make: Callable[..., Any]) -> Callable[..., Any]:
    def run(log_pi: Array, log_A: Array, log_B: Array) -> Any:
        model = make(np.exp(log_pi), np.exp(log_A))
        return model.viterbi(emissions=_tensor(log_B)[None])[0].numpy()

    return run


def _fitted(pi: Array, A: Array, emissions: list[Any], x: Array, lengths: Array) -> tuple[Array, Array]:
    """A and π after one iteration; the emissions are changed in place."""
    ends = np.cumsum(lengths)
    sequences = [_tensor(x[end - n : end]) for n, end in zip(lengths, ends, strict=True)]
    if ends[-1] != len(x):
        raise ValueError(f"lengths {lengths} of {len(x)} frames")
    model = _dense(pi, A, emissions).fit(sequences)
    steps = model.edges.exp().numpy()
    return steps / steps.sum(axis=1, keepdims=True), model.starts.exp().numpy()


def _symbols(pi: Array, A: Array, E: Array, x: Array, lengths: Array) -> Any:
    from pomegranate.distributions import Categorical

    emissions = [Categorical(_tensor(row[None])) for row in E]
    steps, starts = _fitted(pi, A, emissions, x[:, None], lengths)
    return steps, starts, np.stack([one.probs[0].numpy() for one in emissions])


def _counts(pi: Array, A: Array, rate: Array, x: Array, lengths: Array) -> Any:
    from pomegranate.distributions import Poisson

    emissions = [Poisson(_tensor(one[None])) for one in rate]
    steps, starts = _fitted(pi, A, emissions, x[:, None].astype(rate.dtype), lengths)
    return steps, starts, np.stack([one.lambdas[0].numpy() for one in emissions])


def _points(form: str) -> Callable[..., Any]:
    def run(pi: Array, A: Array, mu: Array, Sigma: Array, x: Array, lengths: Array) -> Any:
        from pomegranate.distributions import Normal

        kind = "full" if form == "full" else "diag"
        covs = Sigma if form == "full" else np.einsum("kii->ki", Sigma)
        emissions = [Normal(_tensor(m), _tensor(c), kind) for m, c in zip(mu, covs, strict=True)]
        steps, starts = _fitted(pi, A, emissions, x, lengths)
        found = np.stack([one.covs.numpy() for one in emissions])
        found = found if form == "full" else found[:, :, None] * np.eye(x.shape[1], dtype=found.dtype)
        return steps, starts, np.stack([one.means.numpy() for one in emissions]), found

    return run


def _entered(log_pi: Array, log_A: Array, log_B: Array) -> bool:
    """Whether every state has a way in. SparseHMM.viterbi raises an IndexError where one has none."""
    return bool(np.isfinite(log_A).any(axis=0).all())


PATHS = {"scores": "normalised", "impossible": "any path"}


SCOPE = "pomegranate>=1.0,<=1.1.2"


def _two_states(log_A: Array, log_B: list[list[float]]) -> Any:
    from ..cases.chains import Chain

    return Chain(np.log([0.5, 0.5]), log_A, np.array(log_B))


def _overtaken() -> Any:
    """The second state is 192 nats ahead, and cannot be in the last frame."""
    with np.errstate(divide="ignore"):
        return _two_states(np.log(np.eye(2)), [[0.0, 192.0], [0.0, -np.inf]])


def _silent() -> Any:
    """No state can emit the second frame."""
    return _two_states(np.log(np.full((2, 2), 0.5)), [[0.0, 0.0], [-np.inf, -np.inf], [0.0, 0.0]])


def _single() -> Any:
    return _two_states(np.log(np.full((2, 2), 0.5)), [[0.0, 0.0], [0.0, 0.0]])


MODEL = (
    "import torch; from pomegranate.hmm import DenseHMM; from pomegranate.distributions import Categorical\n"
    "model = DenseHMM([Categorical([[1.0]]), Categorical([[1.0]])], {edges}, [0.5, 0.5], [1.0, 1.0])\n"
)
OVERTAKEN = tuple(
    Known(
        f"{contract.id}.{law}",
        reason="messages leave the log domain at every step: a state 104 nats behind is lost, though none else be left",
        witness=_overtaken,
        scope=SCOPE,
        lines=MODEL.format(edges="[[1.0, 0.0], [0.0, 1.0]]")
        + "frames = torch.tensor([[[0.0, 192.0], [0.0, -torch.inf]]])\n"
        "assert model.forward_backward(emissions=frames)[-1].item() == -torch.inf  # log 0.5",
    )
    for contract, law in (
        (hmm, "posterior-of-the-fallen-behind"),
        (hmm, "likelihood-of-the-fallen-behind"),
        (likelihood, "likelihood-of-the-fallen-behind"),
    )
)
NAN = tuple(
    Known(
        f"{contract.id}.impossible-frames",
        reason="where no state can emit a frame the log-likelihood is NaN (-inf less -inf), not -inf",
        witness=_silent,
        scope=SCOPE,
        lines=MODEL.format(edges="[[0.5, 0.5], [0.5, 0.5]]")
        + "frames = torch.tensor([[[0.0, 0.0], [-torch.inf, -torch.inf], [0.0, 0.0]]])\n"
        "assert model.forward_backward(emissions=frames)[-1].isnan().all()",
    )
    for contract in (hmm, likelihood)
)


def _short(laws: tuple[str, ...], witness: Callable[[], Any]) -> tuple[Known, ...]:
    return tuple(
        Known(
            law,
            reason="a sequence of one frame is an error: no transitions cannot be reshaped",
            witness=witness,
            scope=SCOPE,
            link="https://github.com/jmschrei/pomegranate/issues/1049",
            lines=MODEL.format(edges="[[0.5, 0.5], [0.5, 0.5]]") + "try:\n"
            "    model.forward_backward(emissions=torch.zeros(1, 1, 2))\n"
            "except RuntimeError as error:\n"
            "    assert 'cannot reshape' in str(error)\n"
            "else:\n"
            "    raise AssertionError('one frame is no error')",
        )
        for law in laws
    )


def _of_frames(name: str, make: Callable[..., Any]) -> tuple[Subject, ...]:
    full, conventions = f"pomegranate.{name}", {"scores": "normalised", "impossible": "nan"}
    short = _short(("one-frame", "likelihood-of-one-frame"), _single) if name == "DenseHMM" else ()
    return (
        subject(
            full,
            contract=hmm,
            outputs=("gamma", "log_z", "xi_sum"),
            conventions=conventions,
            dtype="float32",
            requires=RELEASE,
            known=(*OVERTAKEN, *NAN, *short),
        )(_smoother(make)),
        subject(
            full,
            contract=likelihood,
            conventions=conventions,
            dtype="float32",
            requires=RELEASE,
            known=(*OVERTAKEN, *NAN),
        )(_scorer(make)),
        subject(
            full,
            contract=viterbi,
            conventions=PATHS,
            dtype="float32",
            requires=RELEASE,
            accepts=_entered if name == "SparseHMM" else None,
        )(_finder(make)),
    )


def _two_frames(contract: Any) -> Any:
    """A sequence of two frames, which the laws cut in two."""
    from ..cases.sequences import Counts, Points, Symbols

    pi, A, lengths = np.full(2, 0.5), np.full((2, 2), 0.5), np.array([2])
    if contract is em_symbols:
        return Symbols(pi, A, np.full((2, 2), 0.5), np.array([0, 1]), lengths)
    if contract is em_counts:
        return Counts(pi, A, np.array([1.0, 2.0]), np.array([1, 3]), lengths)
    return Points(pi, A, np.zeros((2, 1)), np.ones((2, 1, 1)), np.array([[-1.0], [1.0]]), lengths)


def _step(name: str, contract: Any, run: Callable[..., Any], **more: str) -> Subject:
    return subject(
        f"pomegranate.DenseHMM.{name}",
        contract=contract,
        outputs=tuple(contract.outputs),
        conventions={"unvisited": "nan", **more},
        dtype="float32",
        requires=RELEASE,
        known=_short(("sequences-of-one-frame", "one-frame-among-others"), lambda: _two_frames(contract)),
    )(run)


SUBJECTS = (
    *(made for item in MODELS.items() for made in _of_frames(*item)),
    _step("Categorical", em_symbols, _symbols),
    _step("Poisson", em_counts, _counts),
    _step("Normal.full", em_points, _points("full"), covariance="full"),
    _step("Normal.diag", em_points, _points("diagonal"), covariance="diagonal"),
)
