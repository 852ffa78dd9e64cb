"""Hidden Markov chains with a closed form: independent frames, a single frame, a single path.

    A_ij = π_j     log Z = Σ_n log Σ_i π_i B_ni,   γ_n(i) = π_i B_ni / Σ_k π_k B_nk     (a sample of a mixture)
    N = 1          the same for the one frame: Bayes' rule
    A a permutation, π one state     log Z = Σ_n log B_{n z_n},   γ_n one at z_n, along the only path

Symbols: π[K], A[K, K], B[N, K] and γ as in `hmm`.
Source: Bishop 2006, (1.82), (1.83), (9.13) and (9.14); derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prufrock import Gap, Judged, gap, law

from ..oracles.chains import log_sum_exp
from .hmm import hmm, log_z, on_both, rounding, scores

if TYPE_CHECKING:
    from ..cases.chains import Chain


@on_both(
    says="with rows of A all equal to π the frames are a sample of a mixture",
    source="Bishop 2006, (9.14)",
    kind="limit",
    rule="T2",
    code="HMM-07",
    cases="..cases.special_chains:independent",
    kills=("forgets-pi", "forgets-first-frame", "best-path-at-the-end"),
)
def likelihood_of_independent_frames(solve: Judged, chain: Chain) -> Gap:
    """A_ij = π_j  ⇒  log Z = Σ_n log Σ_i π_i B_ni."""
    want = float(log_sum_exp(chain.log_pi + chain.log_B).sum())
    return gap(log_z(solve, *scores(chain)), want, allow=rounding(solve, scores(chain)), effect=1.0)


@law(
    hmm,
    says="with rows of A all equal to π the posterior of a state is its responsibility in a mixture",
    source="Bishop 2006, (9.13)",
    kind="limit",
    rule="T2",
    code="HMM-07",
    cases="..cases.special_chains:independent",
    kills=("forgets-pi", "normalises-over-time"),
)
def responsibilities_of_independent_frames(solve: Judged, chain: Chain) -> Gap:
    """A_ij = π_j  ⇒  γ_n(i) = π_i B_ni / Σ_k π_k B_nk."""
    joint = chain.log_pi + chain.log_B
    want = np.exp(joint - log_sum_exp(joint)[:, None])
    return gap(solve(*scores(chain)), want, allow=rounding(solve, scores(chain)), effect=1.0)


@law(
    hmm,
    says="of one frame alone the posterior is Bayes' rule",
    source="Bishop 2006, (1.82)",
    kind="limit",
    rule="T2",
    code="HMM-07",
    kills=("forgets-pi", "forgets-first-frame", "steps-before-first-frame"),
)
def one_frame(solve: Judged, chain: Chain) -> Gap:
    """N = 1  ⇒  γ_1(i) = π_i B_1i / Σ_k π_k B_1k."""
    one = (chain.log_pi, chain.log_A, chain.log_B[:1])
    joint = chain.log_pi + chain.log_B[0]
    want = np.exp(joint - log_sum_exp(joint))[None]
    return gap(solve(*one), want, allow=rounding(solve, one), effect=1.0)


@on_both(
    says="of one frame alone the likelihood is its mean over the first state",
    source="Bishop 2006, (1.83)",
    kind="limit",
    rule="T2",
    code="HMM-07",
    kills=("forgets-pi", "forgets-first-frame", "steps-before-first-frame"),
)
def likelihood_of_one_frame(solve: Judged, chain: Chain) -> Gap:
    """N = 1  ⇒  Z = Σ_i π_i B_1i."""
    one = (chain.log_pi, chain.log_A, chain.log_B[:1])
    want = float(log_sum_exp(chain.log_pi + chain.log_B[0]))
    return gap(log_z(solve, *one), want, allow=rounding(solve, one), effect=1.0)


@on_both(
    says="a chain that can go but one way scores that way's frames",
    source="derived",
    kind="limit",
    rule="T2",
    code="HMM-13",
    cases="..cases.special_chains:clockwork",
    kills=("floors-zeros", "forgets-first-frame"),
)
def likelihood_of_clockwork(solve: Judged, chain: Chain) -> Gap:
    """A a permutation, π one state  ⇒  log Z = Σ_n log B_{n z_n} along the only path."""
    want = float(chain.log_B[np.arange(len(chain.log_B)), _only_path(chain)].sum())
    return gap(log_z(solve, *scores(chain)), want, allow=rounding(solve, scores(chain)), effect=1.0)


@law(
    hmm,
    says="a chain that can go but one way is on it for certain",
    source="derived",
    kind="limit",
    rule="T2",
    code="HMM-13",
    cases="..cases.special_chains:clockwork",
    kills=("floors-zeros", "smears-posterior"),
)
def posterior_of_clockwork(solve: Judged, chain: Chain) -> Gap:
    """A a permutation, π one state  ⇒  γ_n is one at z_n, 0 elsewhere."""
    want = np.eye(len(chain.log_pi))[_only_path(chain)]
    return gap(solve(*scores(chain)), want, allow=rounding(solve, scores(chain)), effect=1.0)


def _only_path(chain: Chain) -> NDArray[np.int64]:
    path = [int(np.argmax(chain.log_pi))]
    for _ in chain.log_B[1:]:
        path.append(int(np.argmax(chain.log_A[path[-1]])))
    return np.array(path)


CONTRACTS = ()
LAWS = (
    *likelihood_of_independent_frames,
    responsibilities_of_independent_frames,
    one_frame,
    *likelihood_of_one_frame,
    *likelihood_of_clockwork,
    posterior_of_clockwork,
)
