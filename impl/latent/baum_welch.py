"""Baum-Welch: EM for hidden Markov models, over a list of sequences of any lengths.

    E-step   γ, ξ and log p(x^s) of every sequence s, under the old parameters
    M-step   π_i = Σ_s γ^s_1(i) / S,    A_ij = X_ij / Σ_j X_ij,  X = Σ_s Σ_n ξ^s_n,    emissions as in _emissions

The parameters decouple in Σ_s E[log p(x^s, z^s)]. Row i of A maximises Σ_j X_ij log A_ij subject to Σ_j A_ij = 1:
the Lagrangian is stationary where X_ij / A_ij = λ_i, hence λ_i = Σ_j X_ij, the expected number of steps out of i;
for π the multiplier is S, the number of sequences. A row without steps out (Σ_j X_ij = 0) is undetermined: it keeps
the old row, or is uniform where there is none. No transition leads from one sequence into the next. A mixture is
the model of sequences of length one.

Where the chain starts in its stationary distribution (start="stationary"), π = δ(A) ties π to A, and A maximises
Σ_ij X_ij log A_ij + Σ_i c_i log δ_i(A), c = Σ_s γ^s_1. As dδ = δ dA Z with Z = (I - A + 1)⁻¹, its stationary points
satisfy A_ij ∝_j X_ij + δ_i A_ij (v_j + t), v = Z (c / δ), for any t; iterated with the least t that keeps this
non-negative, as long as it climbs (any gain in the M-step keeps log p from falling).

Source: Rabiner 1989, §III.C, §V.B; Bishop 2006, §13.2.1 (13.18, 13.19); Zucchini & MacDonald 2009, §4.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from . import _gaussian, _inputs, _lattice, hmm
from ._emissions import Discrete, Emission, Gaussian, Poisson
from ._recursion import Lattice

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Annotated as Float
    from typing import Annotated as Int

    from torch import Tensor

__all__ = ["Discrete", "Emission", "Fit", "Gaussian", "Model", "Poisson", "fit", "log_likelihood", "mstep_chain"]

INNER = 50  # steps to the fixed point of a stationary start


class Model(NamedTuple):
    """π, A (row-stochastic) and what the states emit."""

    pi: Float[Tensor, "K"]
    A: Float[Tensor, "K K"]
    emission: Emission


class Fit(NamedTuple):
    """The model found, log p before the first and after every M-step (the last is its own), and whether it settled."""

    model: Model
    log_likelihoods: Float[Tensor, "steps"]
    converged: bool


class _Data(NamedTuple):
    """All observations, and the entries of the padded [S, T] lattice they belong to (None: all, in that order)."""

    X: Tensor
    lengths: list[int]
    place: Int[Tensor, "N"] | None


def fit(
    sequences: Tensor | Sequence[Tensor],
    model: Model,
    start: str = "free",
    tol: float = 1e-8,
    max_iter: int = 1000,
) -> Fit:
    """EM from a model, until log p gains < tol per observation; at most max_iter M-steps, exactly so many if tol = 0.

    start "free" estimates π, "stationary" ties it to A. ValueError for empty data, π or rows of A off the simplex by
    more than 1e-6, parameters of different K or dtype, observations the emission cannot make, log p = -∞. Detached.
    """
    _inputs.one_of("start", start, ("free", "stationary"))
    _inputs.number("tol", tol)
    _inputs.count("max_iter", max_iter, 0)
    data = _gathered(sequences, model)
    data = data._replace(X=data.X.detach())
    model = Model(model.pi.detach(), model.A.detach(), model.emission.detached())
    if start == "stationary":
        model = model._replace(pi=hmm.stationary(model.A))
    K = len(model.pi)  # memory of the size of the data is taken once: fresh memory costs what the work in it does
    log_B, room = model.pi.new_empty((len(data.X), K)), model.pi.new_empty((2, max(data.lengths), K))
    trace: list[Tensor] = []
    while True:
        last = len(trace) == max_iter
        scores = _scores(data, model, log_B)
        log_p, *expected = [_log_p(scores)] if last else _estep(data, scores, room)
        if not bool(log_p > -torch.inf):
            raise ValueError("model: expected one under which the sequences are possible, got log p = -inf")
        trace.append(log_p)
        converged = len(trace) > 1 and abs(float(trace[-1] - trace[-2])) < tol * len(data.X)
        if converged or last:
            return Fit(model, torch.stack(trace), converged)
        gamma, firsts, steps = expected
        emission = model.emission.reestimated(data.X, gamma)
        if start == "free":
            model = Model(firsts / firsts.sum(), _rows(steps, model.A), emission)
        else:
            A = _stationary_rows(firsts, steps, model.A)
            model = Model(hmm.stationary(A), A, emission)


def log_likelihood(sequences: Tensor | Sequence[Tensor], model: Model) -> Float[Tensor, ""]:
    """Σ_s log p(x^s), differentiable."""
    return _log_p(_scores(_gathered(sequences, model), model))


def sample(n: int, model: Model, generator: torch.Generator | None = None) -> tuple[Tensor, Int[Tensor, "n"]]:
    """One sequence of n observations, and its states."""
    z = hmm.sample_chain(n, model.pi, model.A, generator)
    return model.emission.sample(z, generator), z


def mstep_chain(
    gammas: Sequence[Float[Tensor, "N K"]],
    xis: Sequence[Float[Tensor, "N-1 K K"]],
    old: Float[Tensor, "K K"] | None = None,
) -> tuple[Float[Tensor, "K"], Float[Tensor, "K K"]]:
    """(π, A) from the posteriors of each sequence; rows never left are old's, or uniform."""
    if len(gammas) == 0 or len(gammas) != len(xis):
        raise ValueError(f"gammas, xis: expected as many of both, at least one, got {len(gammas)} and {len(xis)}")
    K = gammas[0].shape[-1]
    for gamma, xi in zip(gammas, xis, strict=True):
        _inputs.floating("gammas", gamma, 2)
        _inputs.floating("xis", xi, 3)
        _inputs.nonempty("gammas", gamma)
        _inputs.sized("gammas", gamma, (K,))
        _inputs.sized("xis", xi, (len(gamma) - 1, K, K))
        _inputs.nonnegative("gammas", gamma)
        _inputs.nonnegative("xis", xi)
    firsts = torch.stack([gamma[0] for gamma in gammas]).sum(0)
    steps = torch.stack([xi.sum(0) for xi in xis]).sum(0)
    return firsts / firsts.sum(), _rows(steps, torch.full_like(steps, 1 / K) if old is None else old)


def mstep_discrete(
    gammas: Sequence[Float[Tensor, "N K"]],
    xis: Sequence[Float[Tensor, "N-1 K K"]],
    xs: Sequence[Int[Tensor, "N"]],
    M: int,
) -> tuple[Float[Tensor, "K"], Float[Tensor, "K K"], Float[Tensor, "K M"]]:
    """(π, A, E) for symbols 0..M-1; rows of A never left, and of E never visited, are uniform."""
    _inputs.count("M", M)
    pi, A = mstep_chain(gammas, xis)
    X, gamma = _together(gammas, xs)
    emission = Discrete(gamma.new_full((gamma.shape[1], M), 1 / M))
    emission.log_prob(X)  # the checks
    return pi, A, emission.reestimated(X, gamma).E


def mstep_gaussian(
    gammas: Sequence[Float[Tensor, "N K"]],
    xis: Sequence[Float[Tensor, "N-1 K K"]],
    xs: Sequence[Float[Tensor, "N D"]],
    covariance: str = "full",
    reg: float = 0.0,
) -> tuple[Float[Tensor, "K"], Float[Tensor, "K K"], Float[Tensor, "K D"], Float[Tensor, "K D D"]]:
    """(π, A, μ, Σ), the covariances with divisor Σ_n γ_nk; states never visited get the moments of all points."""
    _inputs.one_of("covariance", covariance, _gaussian.COVARIANCES)
    _inputs.number("reg", reg)
    pi, A = mstep_chain(gammas, xis)
    X, gamma = _together(gammas, xs)
    _inputs.floating("xs", X, 2)
    _inputs.finite("xs", X)
    _, mean, spread = _gaussian.moments(X, torch.ones_like(gamma))
    found = Gaussian(mean, spread, covariance, reg).reestimated(X, gamma)
    return pi, A, found.mu, found.Sigma


def mstep_poisson(
    gammas: Sequence[Float[Tensor, "N K"]], xis: Sequence[Float[Tensor, "N-1 K K"]], xs: Sequence[Tensor]
) -> tuple[Float[Tensor, "K"], Float[Tensor, "K K"], Float[Tensor, "K"]]:
    """(π, A, λ); states never visited get the mean of all counts."""
    pi, A = mstep_chain(gammas, xis)
    X, gamma = _together(gammas, xs)
    every = Poisson(torch.ones_like(gamma[0])).reestimated(X, torch.ones_like(gamma))
    return pi, A, every.reestimated(X, gamma).rate


def _together(gammas: Sequence[Tensor], xs: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    if [len(x) for x in xs] != [len(gamma) for gamma in gammas]:
        raise ValueError(f"xs: expected lengths {[len(g) for g in gammas]}, got {[len(x) for x in xs]}")
    return torch.cat(list(xs)), torch.cat(list(gammas))


def _rows(steps: Float[Tensor, "K K"], old: Float[Tensor, "K K"]) -> Float[Tensor, "K K"]:
    mass = steps.sum(1, keepdim=True)
    return torch.where(mass > 0, steps / mass.where(mass > 0, 1), old)


def _stationary_rows(firsts: Float[Tensor, "K"], steps: Float[Tensor, "K K"], old: Float[Tensor, "K K"]) -> Tensor:
    """An A of larger Σ X log A + Σ γ_1 log δ(A) than the old one (zeros stay), by its fixed point, uphill only."""
    X, c = steps.double(), firsts.double()

    def gain(A: Tensor) -> float:
        return float(torch.xlogy(X, A).sum() + torch.xlogy(c, hmm.stationary(A)).sum())

    starts = [old.double(), _rows(X, old.double())]
    gains = [gain(A) for A in starts]
    A, best = (starts[1], gains[1]) if gains[1] > gains[0] else (starts[0], gains[0])
    for _ in range(INNER):
        delta = hmm.stationary(A)
        ratio = torch.where(c > 0, c / delta, 0)
        v = torch.linalg.solve(torch.eye(len(A)).to(A) - A + 1, ratio)
        new = _rows(X + delta[:, None] * A * (v - v.min()), A)
        better = gain(new)
        if not better > best + 1e-14 * abs(best):
            break
        A, best = new, better
    return A.to(old)


def _gathered(sequences: Tensor | Sequence[Tensor], model: Model) -> _Data:
    """The sequences end to end, with the checks of all that is known before the first E-step."""
    pi, A, emission = model
    hmm.check_chain(pi, A)
    emission.check()
    _inputs.alike(pi=pi, **{name: x for name, x in vars(emission).items() if isinstance(x, torch.Tensor)})
    if emission.states != len(pi):
        raise ValueError(f"emission: expected {len(pi)} states to match pi, got {emission.states}")
    xs = [sequences] if isinstance(sequences, torch.Tensor) else list(sequences)
    if not xs or any(not isinstance(x, torch.Tensor) or x.ndim == 0 or len(x) == 0 for x in xs):
        raise ValueError("sequences: expected at least one tensor, none of them empty")
    lengths = [len(x) for x in xs]
    if min(lengths) == max(lengths):
        return _Data(torch.cat(xs), lengths, None)
    place = [torch.arange(n) + s * max(lengths) for s, n in enumerate(lengths)]
    return _Data(torch.cat(xs), lengths, torch.cat(place).to(xs[0].device))


def _scores(data: _Data, model: Model, out: Tensor | None = None) -> Lattice:
    """The sequences side by side, nodes [T, S, K], each of them in one piece of memory, out's if all are of a length."""
    log_B, lengths = model.emission.log_prob(data.X, out), None
    S, T, K = len(data.lengths), max(data.lengths), log_B.shape[1]
    if data.place is not None:
        lengths = torch.tensor(data.lengths, device=log_B.device)
        log_B = log_B.new_zeros((S * T, K)).index_copy_(0, data.place, log_B)
    return Lattice(log_B.reshape(S, T, K).transpose(0, 1), model.A.log(), model.pi.log(), None, lengths)


def _log_p(scores: Lattice) -> Float[Tensor, ""]:
    return _lattice.log_partition(scores).sum(dtype=torch.float64).to(scores.nodes)


def _estep(data: _Data, scores: Lattice, room: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """log p of all, γ of every observation [N, K], Σ_s γ^s_1 and Σ_s Σ_n ξ^s_n."""
    log_Z, gamma, steps = _lattice.pooled_posteriors(scores, room)
    flat = gamma.transpose(0, 1).flatten(0, 1)
    found = flat if data.place is None else flat[data.place]
    return log_Z.sum(dtype=torch.float64).to(log_Z), found, gamma[0].sum(0), steps
