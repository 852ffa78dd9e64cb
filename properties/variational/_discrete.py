"""Laws that score function estimators of all discrete variables share: unbiased by enumeration, linear, sample by sample.

A mean over q is the sum over all states, so nothing is left to chance. Rounding: f(z) carries n·u·A(z), A its magnitude;
the score one relative to its `size`, given by each contract with its own score.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, Law, gap, law
from prufrock.tolerance import summation

from ..cases.integrands import Multivariate
from ..oracles.moments_discrete import enumerated

Array = NDArray[np.float64]
SOURCE = "Williams 1992; Ranganath, Gerrish and Blei 2014, §2"


class Score(NamedTuple):
    """What is known of one contract's score: all functions of (…, rows of log-weights, parametrisation).

    slope        of (f, rows, wrt): ∇E f, shaped as one contribution
    size         of (z, rows, wrt): the magnitude of the score's summands, [S, …]
    information  of (rows, wrt): E s sᵀ of the flattened score s
    centred      parametrisations in which E s = 0
    """

    slope: Callable[[Any, Array, str], Array]
    size: Callable[[Array, Array, str], Array]
    information: Callable[[Array, str], Array]
    centred: tuple[str, ...]


def operations(f: Any) -> int:
    inner = getattr(f, "f", f)
    return 16 + len(inner.coefficients) + int(inner.total_degree)


def contributions_size(score: Score, f: Any, case: Any, z: Array, wrt: str) -> Array:
    """A(z) times the score's size, [S, …]."""
    size = score.size(z, case.rows, wrt)
    return np.asarray(f.magnitude(z).reshape(-1, *(1,) * (size.ndim - 1)) * size)


def score_laws(contract: Contract, score: Score) -> tuple[Law, ...]:
    """The laws, for a contract (f, logits, z) -> G with a convention "wrt"."""
    answers = contract.conventions["wrt"]
    says: dict[str, Any] = {"level": "convention", "when": {"wrt": answers}}

    def bound(case: Any, f: Any, z: Array, wrt: str, u: float) -> tuple[Array, float]:
        size = contributions_size(score, f, case, z, wrt)
        return np.asarray(summation(operations(f), size, u)), float(size.max())

    @law(
        contract,
        says="the mean of the contributions over all states is the gradient",
        source=SOURCE,
        kind="identity",
        rule="T1",
        code="SCO-03",
        complete=True,
        kills=("log-q-for-its-gradient", "wrong-sign", "forgets-centre", "half-precision", "other-parametrisation"),
        **says,
    )
    def gradient(estimate: Judged, case: Any) -> Gap:
        """Σ_z q(z) G(z) = ∇ Σ_z q(z) f(z)."""
        wrt = estimate.conventions["wrt"]
        every = enumerated(case.rows)
        allow, size = bound(case, case.f, every.z, wrt, estimate.u)
        got = np.tensordot(every.q, estimate(case.f, case.logits, every.z), 1)
        allow = np.tensordot(every.q, allow, 1)
        return gap(got, score.slope(case.f, case.rows, wrt), allow=allow, effect=size)

    @law(
        contract,
        says="contributions are linear in the integrand",
        source="derived",
        kind="metamorphic",
        rule="T10",
        code="SCO-03",
        complete=True,
        kills=("absolute-values", "squares-values"),
        **says,
    )
    def linear_in_integrand(estimate: Judged, case: Any) -> Gap:
        """G(f + c·g) = G(f) + c·G(g)."""
        wrt, sum_ = estimate.conventions["wrt"], case.f + case.g.times(case.c)
        G, H, K = (estimate(h, case.logits, case.z) for h in (case.f, case.g, sum_))
        allow, size = bound(case, sum_, case.z, wrt, estimate.u)
        return gap(K, G + case.c * H, allow=2.0 * allow, effect=size)

    @law(
        contract,
        says="each sample contributes by itself",
        source="derived",
        kind="metamorphic",
        rule="T10",
        code="X-07",
        complete=True,
        kills=("centres-values", "divides-by-samples", "shifts-samples"),
        **says,
    )
    def sample_by_sample(estimate: Judged, case: Any) -> Gap:
        """G(z_1, …, z_S)_s = G(z_s)."""
        alone = [estimate(case.f, case.logits, case.z[s : s + 1]) for s in range(len(case.z))]
        allow, size = bound(case, case.f, case.z, estimate.conventions["wrt"], estimate.u)
        return gap(estimate(case.f, case.logits, case.z), np.concatenate(alone), allow=2.0 * allow, effect=size)

    @law(
        contract,
        says="a sample at which the integrand is zero contributes nothing",
        source="derived",
        kind="identity",
        rule="T1",
        code="SCO-03",
        complete=True,
        kills=("baseline-of-one", "mean-as-baseline"),
        **says,
    )
    def nothing_from_nothing(estimate: Judged, case: Any) -> Gap:
        """f(z_s) = 0  ⇒  G_s = 0, for f(z) = (z_0 − z_s0) g(z)."""
        f = case.g.vanishing_at(float(case.z[0, 0]))
        allow, size = bound(case, f, case.z[:1], estimate.conventions["wrt"], estimate.u)
        return gap(estimate(f, case.logits, case.z)[:1], 0.0, allow=allow, effect=size)

    @law(
        contract,
        says="the score has mean zero",
        source="Ranganath, Gerrish and Blei 2014, §3.2",
        kind="identity",
        rule="T1",
        level="convention",
        when={"wrt": score.centred},
        code="SCO-02",
        kills=("forgets-centre", "log-q-for-its-gradient"),
    )
    def score_has_mean_zero(estimate: Judged, case: Any) -> Gap:
        """Σ_z q(z) c ∇ log q(z) = 0."""
        constant, every = _constant(case), enumerated(case.rows)
        allow, size = bound(case, constant, every.z, estimate.conventions["wrt"], estimate.u)
        got = np.tensordot(every.q, estimate(constant, case.logits, every.z), 1)
        return gap(got, 0.0, allow=np.tensordot(every.q, allow, 1), effect=size)

    @law(
        contract,
        says="the score's second moments are the information of Fisher",
        source="Lehmann and Casella 1998, §2.5; derived",
        kind="oracle",
        rule="T1",
        code="SCO-03",
        kills=("other-parametrisation", "forgets-centre", "baseline-of-one"),
        **says,
    )
    def information(estimate: Judged, case: Any) -> Gap:
        """Σ_z q(z) G Gᵀ = c² E ∇ log q ∇ log qᵀ for f = c."""
        wrt, constant, every = estimate.conventions["wrt"], _constant(case), enumerated(case.rows)
        G = estimate(constant, case.logits, every.z).reshape(len(every.q), -1)
        size = contributions_size(score, constant, case, every.z, wrt).reshape(len(every.q), -1)
        scale = size.T @ (every.q[:, None] * size)
        want = case.c**2 * score.information(case.rows, wrt)
        allow = summation(2 * operations(constant), scale, estimate.u)
        return gap(G.T @ (every.q[:, None] * G), want, allow=allow, effect=float(scale.max()))

    return gradient, linear_in_integrand, sample_by_sample, nothing_from_nothing, score_has_mean_zero, information


def _constant(case: Any) -> Multivariate:
    return Multivariate((case.c,), ((0,) * len(case.logits),))
