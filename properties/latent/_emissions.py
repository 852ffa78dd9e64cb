"""What laws of Baum-Welch need to know of each kind of emissions: symbols, points, and counts.

    E_km = Σ_n γ_n(k) [x_n = m] / N_k;   μ_k = Σ_n γ_n(k) x_n / N_k, Σ_k the covariance about it;
    λ_k = Σ_n γ_n(k) x_n / N_k;   N_k = Σ_n γ_n(k)

Each comes with a scale for its rounding. All states together tell what was seen: Σ_k N_k E_km counts the symbols,
Σ_k N_k μ_k and Σ_k N_k (Σ_k + μ_k μ_kᵀ) are the moments of the points (every form of covariance keeps the trace), and
Σ_k N_k λ_k is the sum of the counts. Of a state with N_k = 0 nothing is known.

Symbols: γ[N, K]; x[N] or [N, D]; E[K, M] | μ[K, D], Σ[K, D, D] | λ[K]; visits N_k.
Source: Bishop 2006, (13.20), (13.21) and (13.23); Zucchini and MacDonald 2009, (4.15).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Judged

from ..oracles.baum_welch import Expected, expected, moments, symbol_counts

Array = NDArray[np.float64]

SEEN = 1e-3  # visits of a state that laws look at
FAINT = 1e-12  # visits of the faintest one of which there is something to say


@dataclass(frozen=True)
class Kind:
    """A contract; log B under the old emissions; the emissions by their closed form, each with its scale."""

    contract: Contract
    log_B: Callable[[Any], Array]
    best: Callable[[Judged, Any, Array], dict[str, tuple[Array, float]]]
    told: Callable[[Any, Array, Any], tuple[Array, Array, float]]

    def given(self, case: Any) -> tuple[Any, ...]:
        return self.contract.arguments_of(case)

    def estep(self, case: Any) -> Expected:
        return expected(case.pi, case.A, self.log_B(case), case.lengths)

    def changed(self, case: Any, out: Any) -> Any:
        """The case with the parameters that were found."""
        return replace(case, **{name: getattr(out, name) for name in self.contract.outputs})


def symbols_best(solve: Judged, case: Any, gamma: Array) -> dict[str, tuple[Array, float]]:
    counts = symbol_counts(gamma, case.x, case.E.shape[1])
    return {"E": (counts / np.where(counts.sum(axis=1) > 0, counts.sum(axis=1), 1.0)[:, None], 1.0)}


def points_best(solve: Judged, case: Any, gamma: Array) -> dict[str, tuple[Array, float]]:
    mean, spread = moments(gamma, case.x)
    size, form, D = float(np.abs(case.x).max()) + 1.0, solve.conventions.get("covariance", "full"), case.x.shape[1]
    if form == "tied":
        spread = np.tile(np.einsum("k,kij->ij", gamma.sum(axis=0), spread) / len(gamma), (len(spread), 1, 1))
    if form == "diagonal":
        spread = spread * np.eye(D)
    if form == "spherical":
        spread = np.einsum("kii->k", spread)[:, None, None] / D * np.eye(D)
    return {"mu": (mean, size), "Sigma": (spread, size**2)}


def counts_best(solve: Judged, case: Any, gamma: Array) -> dict[str, tuple[Array, float]]:
    total = np.where(gamma.sum(axis=0) > 0, gamma.sum(axis=0), 1.0)
    return {"rate": (gamma.T @ case.x / total, float(case.x.max()) + 1.0)}


def symbols_told(case: Any, visits: Array, out: Any) -> tuple[Array, Array, float]:
    seen = np.bincount(case.x, minlength=case.E.shape[1]).astype(np.float64)
    alive = visits >= FAINT
    return visits[alive] @ out.E[alive], seen, 1.0


def points_told(case: Any, visits: Array, out: Any) -> tuple[Array, Array, float]:
    alive, X = visits >= FAINT, case.x
    second = out.Sigma + out.mu[:, :, None] * out.mu[:, None, :]
    told = np.einsum("k,kij->ij", visits[alive], second[alive])
    first = visits[alive] @ out.mu[alive]
    # Every form of covariance keeps the trace.
    size = 1.0 + float(np.abs(X).max()) ** 2 * X.shape[1]
    return np.r_[first, np.trace(told)], np.r_[X.sum(axis=0), np.square(X).sum()], size


def counts_told(case: Any, visits: Array, out: Any) -> tuple[Array, Array, float]:
    alive = visits >= FAINT
    return visits[alive] @ out.rate[alive], np.array(float(case.x.sum())), 1.0 + float(case.x.max())


def with_stranded_state(case: Any, kind: Kind) -> Any:
    """The case with one more state, a copy of the first, that nobody enters."""
    K = len(case.pi)
    A = np.zeros((K + 1, K + 1))
    A[:K, :K], A[K] = case.A, 1.0 / (K + 1)
    more = {
        name: np.concatenate([getattr(case, name), getattr(case, name)[:1]])
        for name in kind.contract.outputs
        if name not in ("pi", "A")
    }
    return replace(case, pi=np.r_[case.pi, 0.0], A=A, **more)
