"""Hidden Markov models: posteriors, the best path, sampled paths, and the log-partition they all come from.

    p(x, z) = π_{z_1} Π_n A_{z_n z_{n+1}} Π_n B_n(z_n),       log Z = log Σ_z p(x, z)
    α_1 = π ∘ B_1,   α_{n+1} = (α_n A) ∘ B_{n+1},   Z = Σ_j α_N(j)
    γ_n(j) = P(z_n = j | x) = ∂ log Z / ∂ log B_n(j)
    ξ_n(i, j) = P(z_n = i, z_{n+1} = j | x),   Σ_n ξ_n = ∂ log Z / ∂ log A

The scores need not be normalised, and -∞ forbids. The recursion is _lattice's, in the log domain; where nothing
can underflow, its fast twin runs instead (_scaled). Baum-Welch, which fits π, A and the emissions, is in
baum_welch.

Symbols:
    log_pi [K], log_A [K, K] (from row i to column j), log_B [*B, N, K], all log scores in [-∞, ∞), one dtype
    gamma [*B, N, K], xi [*B, N - 1, K, K]; lengths [*B] in 1..N: what lies beyond has no influence, gamma and xi 0
Source: Rabiner 1989, §III; Bishop 2006, §13.2 (13.12-13.19, 13.33-13.43, 13.68).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from . import _inputs, _lattice
from ._recursion import Lattice, inside

if TYPE_CHECKING:
    from typing import Annotated as Float
    from typing import Annotated as Int

    from torch import Tensor


class Posteriors(NamedTuple):
    """log Z, P(z_n = j | x) and P(z_n = i, z_{n+1} = j | x), or the sums of these over n."""

    log_partition: Float[Tensor, "*B"]
    gamma: Float[Tensor, "*B N K"]
    xi: Float[Tensor, "*B N-1 K K"] | Float[Tensor, "*B K K"]


def posteriors(
    log_pi: Float[Tensor, "K"],
    log_A: Float[Tensor, "K K"],
    log_B: Float[Tensor, "*B N K"],
    lengths: Int[Tensor, "*B"] | None = None,
    each: bool = True,
) -> Posteriors:
    """(log Z, γ, ξ); all zero where no path is possible (log Z = -∞). Detached: differentiate `log_partition`.

    With each=False ξ is summed over the steps, which takes K times less memory. ValueError for N = 0, K that do not
    match, NaN or +∞.
    """
    log_Z, nodes, arcs = _lattice.posteriors(lattice(log_pi, log_A, log_B, lengths), each)
    return Posteriors(log_Z, nodes.movedim(0, -2), arcs.movedim(0, -3) if each else arcs)


def log_partition(
    log_pi: Float[Tensor, "K"],
    log_A: Float[Tensor, "K K"],
    log_B: Float[Tensor, "*B N K"],
    lengths: Int[Tensor, "*B"] | None = None,
) -> Float[Tensor, "*B"]:
    """log Z; its gradient is γ_1 in log π, Σ_n ξ_n in log A, γ in log B (0 where log Z = -∞)."""
    return _lattice.log_partition(lattice(log_pi, log_A, log_B, lengths))


def viterbi(
    log_pi: Float[Tensor, "K"],
    log_A: Float[Tensor, "K K"],
    log_B: Float[Tensor, "*B N K"],
    lengths: Int[Tensor, "*B"] | None = None,
) -> tuple[Float[Tensor, "*B"], Int[Tensor, "*B N"]]:
    """(max_z log p(x, z), a path that attains it); -1 beyond the lengths, and everywhere if no path is possible."""
    score, path = _lattice.best(lattice(log_pi, log_A, log_B, lengths))
    return score, path.movedim(0, -1)


def sample_posterior(
    log_pi: Float[Tensor, "K"],
    log_A: Float[Tensor, "K K"],
    log_B: Float[Tensor, "*B N K"],
    n: int = 1,
    generator: torch.Generator | None = None,
    lengths: Int[Tensor, "*B"] | None = None,
) -> Int[Tensor, "n *B N"]:
    """n independent paths from p(z | x); -1 as in `viterbi`."""
    _inputs.count("n", n)
    return _lattice.sample(lattice(log_pi, log_A, log_B, lengths), n, generator).movedim(1, -1)


def sample_chain(
    n: int, pi: Float[Tensor, "K"], A: Float[Tensor, "K K"], generator: torch.Generator | None = None
) -> Int[Tensor, "n"]:
    """States z_1 ... z_n of the chain itself."""
    _inputs.count("n", n)
    check_chain(pi, A)
    states = [int(torch.multinomial(pi, 1, generator=generator))]
    cumulative = A.cumsum(1) / A.sum(1, keepdim=True)
    uniform = torch.rand(n - 1, generator=generator, dtype=A.dtype, device=A.device)
    thresholds, draws, last = cumulative.tolist(), uniform.tolist(), len(pi) - 1
    for u in draws:
        row = thresholds[states[-1]]
        states.append(min(sum(c <= u for c in row), last))
    return torch.tensor(states, device=A.device)


def stationary(A: Float[Tensor, "K K"]) -> Float[Tensor, "K"]:
    """δ with δ A = δ, Σδ = 1, from δ (I - A + 1) = 1; differentiable. A must be irreducible."""
    one = torch.ones_like(A)
    return torch.as_tensor(torch.linalg.solve((torch.eye(len(A)).to(A) - A + one).T, one[0]))


def check_chain(pi: Float[Tensor, "K"], A: Float[Tensor, "K K"]) -> None:
    """π on the simplex and A row-stochastic, of one K."""
    _inputs.floating("pi", pi, 1)
    _inputs.floating("A", A, 2)
    _inputs.alike(pi=pi, A=A)
    _inputs.nonempty("pi", pi)
    _inputs.sized("A", A, (len(pi), len(pi)))
    _inputs.simplex("pi", pi)
    _inputs.simplex("A", A)


def lattice(log_pi: Tensor, log_A: Tensor, log_B: Tensor, lengths: Tensor | None = None) -> Lattice:
    """The chain as a lattice, time first; ValueError naming the argument that does not fit."""
    _inputs.floating("log_pi", log_pi, 1)
    _inputs.floating("log_A", log_A, 2)
    _inputs.floating("log_B", log_B)
    _inputs.alike(log_pi=log_pi, log_A=log_A, log_B=log_B)
    K = len(log_pi)
    _inputs.nonempty("log_pi", log_pi)
    _inputs.sized("log_A", log_A, (K, K))
    if log_B.ndim < 2 or log_B.shape[-1] != K or log_B.numel() == 0:
        raise ValueError(f"log_B: expected shape [..., N, {K}] with N >= 1, got {_inputs.shape(log_B)}")
    _inputs.log_scores("log_pi", log_pi)
    _inputs.log_scores("log_A", log_A)
    nodes = log_B.movedim(-2, 0)
    if lengths is None:
        _inputs.log_scores("log_B", log_B)
        return Lattice(nodes, log_A, log_pi)
    _inputs.lengths("lengths", lengths, tuple(log_B.shape[:-2]), log_B.shape[-2])
    if int(lengths.min()) == log_B.shape[-2]:
        lengths = None
    out = Lattice(nodes, log_A, log_pi, None, None if lengths is None else lengths.to(nodes.device).long())
    _inputs.log_scores("log_B", nodes[inside(out)])
    return out
