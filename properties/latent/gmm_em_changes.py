"""One step of EM for a Gaussian mixture under change: moved points, copies, other names, twins and idle components.

    θ'(TX + t, π, Tμ + t, TΣTᵀ) = (π', Tμ' + t, TΣ'Tᵀ)          θ'(X and X again) = θ'(X)

Identical components stay identical and share their mass as before: R splits as π does, and the means and covariances
are quotients in which the share cancels. A component with π_k = 0 has no responsibility, and never gets a coefficient.

Symbols: X [N, D], π [K], μ [K, D], Σ [K, D, D], w [N]; θ' = (π', μ', Σ'); T [D, D], t [D].
Source: Bishop 2006, §9.2.2; derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Gap, Judged, gap, holds_if, law
from prufrock.call import SubjectRaised
from prufrock.gaps import all_of

from ..oracles.mixtures import mstep, seen
from ._mixtures import form, linear, moments_of, within
from .gmm_em import PARAMETERS, WORDS, claimed, expected, gmm_em_step

if TYPE_CHECKING:
    from ..cases.mixtures import Mixture, Moved


@law(
    gmm_em_step,
    says="moved, stretched and sheared points give moved, stretched and sheared components",
    source="derived",
    kind="metamorphic",
    rule="T9",
    code="GMM-10",
    cases="..cases.mixtures:moved_overlapping",
    kills=("ridge", "means-shrunk"),
    **WORDS,
)
def affine_equivariance(step: Judged, case: Moved) -> Gap:
    """θ'(TX + t, π, Tμ + t, TΣTᵀ) = (π', Tμ' + t, TΣ'Tᵀ), T diagonal or a number where Σ is."""
    x, T = within(step, case), linear(step, case.T)
    X, pi, mu, Sigma, w = x
    y = (X @ T.T + case.t, pi, mu @ T.T + case.t, T @ Sigma @ T.T, w)
    kind, total = form(step), float(w.sum())
    here, there = step.full(*x), step.full(*y)
    want = moments_of(here.pi, here.mu @ T.T + case.t, T @ here.Sigma @ T.T, total)
    got = moments_of(there.pi, there.mu, there.Sigma, total)
    A, t = np.abs(T), np.abs(case.t)
    (_, one), (_, two) = expected(step, x), expected(step, y)
    first = one.first @ A.T + one.mass[:, None] * t
    second = A @ one.second @ A.T + first[:, :, None] * t + t[:, None] * first[:, None, :]
    allow = 4 * (second + two.second)
    allow = allow + allow.sum(0) if kind == "tied" else allow
    size = float(np.abs(mstep(y[0], np.ones((len(X), 1)), w)[2]).max()) * total
    return all_of(
        gap(got.mass, want.mass, allow=one.mass + two.mass, effect=total),
        gap(seen(got.second, kind), seen(want.second, kind), allow=seen(allow, kind), effect=size),
    )


@law(
    gmm_em_step,
    says="only ratios of weights matter",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="GMM-11",
    needs=PARAMETERS,
    kills=("bessel", "one-pseudo-point"),
)
def doubled_sample(step: Judged, case: Mixture) -> Gap:
    """θ'(X and X again) = θ'(X)."""
    x = within(step, case)
    twice = (np.concatenate([x[0], x[0]]), *x[1:4], np.concatenate([x[4], x[4]]))
    (_, one), (_, two) = expected(step, x), expected(step, twice)
    got, want = claimed(step, twice), claimed(step, x)
    allow, kind = one.second + two.second, form(step)
    allow = 4 * (allow + allow.sum(0))
    size = float(np.abs(mstep(x[0], np.ones((len(x[0]), 1)), x[4])[2]).max()) * float(x[4].sum())
    return all_of(
        gap(got.mass / 2, want.mass, allow=one.mass + two.mass, effect=float(x[4].sum())),
        gap(seen(got.second, kind) / 2, seen(want.second, kind), allow=seen(allow, kind), effect=size),
    )


@law(
    gmm_em_step,
    says="the order of components and of points is a matter of naming",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="GMM-12",
    needs=PARAMETERS,
    kills=("shuffles-coefficients", "last-component-kept"),
)
def naming(step: Judged, case: Mixture) -> Gap:
    """Reversing components and points reverses π', μ' and Σ'."""
    x = within(step, case)
    back = tuple(np.ascontiguousarray(a[::-1]) for a in x)
    (_, off), got, want = expected(step, x), claimed(step, back), claimed(step, x)
    size = float(np.abs(mstep(x[0], np.ones((len(x[0]), 1)), x[4])[2]).max()) * float(x[4].sum())
    allow, kind = 8 * (off.second + off.second.sum(0)), form(step)
    return all_of(
        gap(got.mass[::-1], want.mass, allow=2 * off.mass, effect=float(x[4].sum())),
        gap(seen(got.second[::-1], kind), seen(want.second, kind), allow=seen(allow, kind), effect=size),
    )


@law(
    gmm_em_step,
    says="twins stay twins, and share their mass as before",
    source="derived",
    kind="limit",
    rule="T10",
    code="GMM-14",
    needs=PARAMETERS,
    kills=("shuffles-coefficients", "pseudo-counts", "last-component-kept"),
)
def twins(step: Judged, case: Mixture) -> Gap:
    """The last component split into π/4 and 3π/4: π' is split alike, μ' and Σ' are the same."""
    X, pi, mu, Sigma, w = within(step, case)
    parted = np.concatenate([pi[:-1], pi[-1:] / 4, 3 * pi[-1:] / 4])
    x = (X, parted, *(np.concatenate([a, a[-1:]]) for a in (mu, Sigma)), w)
    got, (_, off) = claimed(step, x), expected(step, x)
    size = float(np.abs(mstep(X, np.ones((len(X), 1)), w)[2]).max()) * float(w.sum())
    allow, kind = 16 * (off.second[-1] + off.second.sum(0)), form(step)
    return all_of(
        gap(3 * got.mass[-2], got.mass[-1], allow=4 * off.mass[-1], effect=float(w.sum())),
        gap(3 * seen(got.second[-2], kind), seen(got.second[-1], kind), allow=seen(allow, kind), effect=size),
    )


@law(
    gmm_em_step,
    says="a component without coefficient never gets one",
    source="derived",
    kind="limit",
    rule="T9",
    level="convention",
    when={"empty": ("keep", "raises", "nan")},
    code="GMM-14",
    needs=PARAMETERS,
    cases="..cases.mixtures:with_idle_component",
    kills=("pseudo-counts", "uniform-start"),
)
def idle_component(step: Judged, case: Mixture) -> Gap:
    """π_K = 0 ⇒ π'_K = 0 and the others as without it; or an error, as declared; `keep` keeps μ_K."""
    x = within(step, case)
    if step.conventions["empty"] == "raises":
        try:
            step.quietly(lambda: step.raw(*(a.astype(step.dtype) for a in x)))
        except SubjectRaised:
            return holds_if(True, "raises")
        return holds_if(False, "an error was declared, none was raised")
    out, (want, off) = step.full(*x), expected(step, x)
    total = float(x[4].sum())
    # Keeping may pass through coordinates about another origin.
    still = 8 * step.u * (_size(x[0]) + np.abs(x[2][-1]))
    kept = [gap(out.mu[-1], x[2][-1], allow=still)] if step.conventions["empty"] == "keep" else []
    return all_of(
        gap(total * out.pi, want.mass, allow=off.mass * (np.arange(len(want.mass)) < len(want.mass) - 1), effect=total),
        gap(
            (total * out.pi[:, None] * out.mu)[:-1],
            want.first[:-1],
            allow=2 * off.first[:-1],
            effect=_size(x[0]) * total,
        ),
        *kept,
    )


def _size(x: Any) -> float:
    return max(float(np.abs(x).max()), 1e-30)


CONTRACTS = ()
LAWS = (
    affine_equivariance,
    doubled_sample,
    naming,
    twins,
    idle_component,
)
