"""Control variates and baselines: lower variance by what is known of another mean.

    φ = W + a (U − EU),   E φ = E W for every fixed a,   Var φ = Var W + 2a Cov(W, U) + a² Var U

is least at a* = −Cov(W, U)/Var U, where Var φ = (1 − ρ²) Var W; it is below Var W iff a lies strictly between 0 and 2a*.

a* estimated from the sample it is used on makes φ biased; estimated for each s from the other samples it is independent
of U_s, so that E a_s (U_s − EU) = 0. A baseline b of the score function estimator, G = (W − b) ∇ log q, is the same with U
the score and a = −b: the mean of the sample shrinks the gradient by (S − 1)/S, the mean of the others leaves it alone.

Symbols:
    W, U   [S], paired values; EU the known mean of U
    score  [S, P], ∇_v log q at the samples
Source: Robert and Casella 2004, §4.4.2; Ranganath, Gerrish and Blei 2014, §3.2; Kool, van Hoof and Welling 2019.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from . import _samples

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor

SOURCES = ("leave-one-out", "same-sample")


class Controlled(NamedTuple):
    """Controlled values φ [S] and the coefficients a [S] behind them."""

    phi: Float[Tensor, "S"]
    a: Float[Tensor, "S"]


def control_variate(
    W: Float[Tensor, "S"], U: Float[Tensor, "S"], EU: float, a: float | None = None, source: str = "leave-one-out"
) -> Controlled:
    """φ = W + a (U − EU), with a given or estimated; a = 0 where U does not vary."""
    _samples.finite(W=W, U=U)
    _samples.shaped("S, S", W=W, U=U)
    for name, x in (("EU", EU), ("a", 0.0 if a is None else a)):
        if not -float("inf") < float(x) < float("inf"):
            raise ValueError(f"{name}: expected a finite number, got {x}")
    given = _coefficient(W, U, source) if a is None else torch.full_like(W, float(a))
    return Controlled(W + given * (U - EU), given)


def _coefficient(W: Float[Tensor, "S"], U: Float[Tensor, "S"], source: str) -> Float[Tensor, "S"]:
    """−Cov/Var over the sample, or for each s over the others: centred sums less n/(n−1) times the own term."""
    _samples.one_of("source", source, SOURCES)
    n = len(W)
    if n < 2:
        raise ValueError(f"W: expected at least 2 samples to estimate a from, got {n}")
    w, u = W - W.mean(), U - U.mean()
    own = n / (n - 1) if source == "leave-one-out" else 0.0
    total = (u * u).sum()
    cov, var = (w * u).sum() - own * w * u, total - own * u * u
    # What is left of a variance of zero after rounding, U being of one value or all but one of one value.
    grain = 4 * n * torch.finfo(U.dtype).eps
    still = (var <= grain * total) | (total <= n * (grain * U.abs().max()) ** 2)
    return torch.where(still, torch.zeros_like(var), -cov / torch.where(still, torch.ones_like(var), var))


def baseline(W: Float[Tensor, "S"], score: Float[Tensor, "S P"], source: str = "leave-one-out") -> Float[Tensor, "S P"]:
    """(W_s − b_s) score_s, b_s the mean of the others' W or of all."""
    _samples.finite(W=W, score=score)
    _samples.shaped("S, S P", W=W, score=score)
    _samples.one_of("source", source, SOURCES)
    n = len(W)
    if n < 2:
        raise ValueError(f"W: expected at least 2 samples to take a mean of, got {n}")
    centred = (W - W.mean()) * (n / (n - 1) if source == "leave-one-out" else 1.0)
    return centred[:, None] * score
