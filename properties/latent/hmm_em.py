"""One step of Baum-Welch on sequences of symbols, of points, and of counts.

    E-step   γ and ξ of every sequence s, under the old parameters
    M-step   π_i = Σ_s γ_s1(i) / S,   A_ij = X_ij / Σ_j X_ij,  X = Σ_s Σ_n ξ_sn,   and the emissions
             E_km = Σ_n γ_n(k) [x_n = m] / N_k;   μ_k = Σ_n γ_n(k) x_n / N_k, Σ_k the covariance about it;
             λ_k = Σ_n γ_n(k) x_n / N_k;   N_k = Σ_n γ_n(k)

No step leads from one sequence into the next, and sequences of one frame take part in all but A. That the likelihood
never falls is true and nearly useless as a test; what tells is the step itself, for which there is a closed form once γ
is known, and the sums that it conserves: the new emissions say of all frames together what was seen. Rows of states that
were not visited may be anything, so a law looks at states with N_k ≥ 10⁻³, one of them at fainter ones.

Each law is stated for the three kinds of emissions. Points have a common spherical covariance to start from, so that
every form of covariance (full, diagonal, spherical, tied) starts from the same model.

Symbols: π[K], A[K, K], E[K, M] | μ[K, D], Σ[K, D, D] | λ[K]; x[N] or [N, D] of S sequences end to end, lengths[S].
Source: Bishop 2006, §13.2.1 (13.18) to (13.23); Rabiner 1989, §III.C, §V.B; Zucchini and MacDonald 2009, §4.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, Law, at_most, gap, inconclusive, law
from prufrock.gaps import all_of
from prufrock.tolerance import log_domain, summation

from ..hygiene import cross_cutting, refusals
from ..oracles.baum_welch import Expected, cut, expected, log_counts, log_points, log_symbols, moments, symbol_counts

Array = NDArray[np.float64]

UNVISITED = ("stochastic", "zero", "nan")
DOMAIN = "π and rows of A on the simplex, zeros among them; sequences that are possible, of one frame or more each"


def _contract(name: str, says: str, emits: Mapping[str, str], x: str, cases: str, **more: Any) -> Contract:
    chain = {"pi": "K", "A": "K K"}
    return Contract(
        id=f"latent.{name}",
        says=says,
        arguments={**chain, **emits, "x": x, "lengths": "S"},
        outputs={"A": "K K", "pi": "K", **emits},
        domain=DOMAIN,
        cases=f"..cases.sequences:{cases}",
        source="Bishop 2006, §13.2.1",
        home=__package__,
        **more,
    )


em_symbols = _contract(
    "hmm-em-step",
    "the parameters of a hidden Markov chain of symbols after one step of Baum-Welch",
    {"E": "K M"},
    "N",
    "symbols",
    conventions={"unvisited": UNVISITED},
)
em_points = _contract(
    "hmm-em-step-gaussian",
    "the parameters of a hidden Markov chain of Gaussian points after one step of Baum-Welch",
    {"mu": "K D", "Sigma": "K D D"},
    "N D",
    "alike_points",
    conventions={"unvisited": UNVISITED, "covariance": ("full", "diagonal", "spherical", "tied")},
)
em_counts = _contract(
    "hmm-em-step-poisson",
    "the parameters of a hidden Markov chain of Poisson counts after one step of Baum-Welch",
    {"rate": "K"},
    "N",
    "counts",
    conventions={"unvisited": UNVISITED},
    real="..cases.earthquakes:series",
)

SEEN, FAINT = 1e-3, 1e-12


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


def _symbols_best(solve: Judged, case: Any, gamma: Array) -> dict[str, tuple[Array, float]]:
    counts = symbol_counts(gamma, case.x, case.E.shape[1])
    return {"E": (counts / np.where(counts.sum(axis=1) > 0, counts.sum(axis=1), 1.0)[:, None], 1.0)}


def _points_best(solve: Judged, case: Any, gamma: Array) -> dict[str, tuple[Array, float]]:
    mean, spread = moments(gamma, case.x)
    size, form, D = float(np.abs(case.x).max()) + 1.0, solve.conventions.get("covariance", "full"), case.x.shape[1]
    if form == "tied":
        spread = np.tile(np.einsum("k,kij->ij", gamma.sum(axis=0), spread) / len(gamma), (len(spread), 1, 1))
    if form == "diagonal":
        spread = spread * np.eye(D)
    if form == "spherical":
        spread = np.einsum("kii->k", spread)[:, None, None] / D * np.eye(D)
    return {"mu": (mean, size), "Sigma": (spread, size**2)}


def _counts_best(solve: Judged, case: Any, gamma: Array) -> dict[str, tuple[Array, float]]:
    total = np.where(gamma.sum(axis=0) > 0, gamma.sum(axis=0), 1.0)
    return {"rate": (gamma.T @ case.x / total, float(case.x.max()) + 1.0)}


def _symbols_told(case: Any, visits: Array, out: Any) -> tuple[Array, Array, float]:
    seen = np.bincount(case.x, minlength=case.E.shape[1]).astype(np.float64)
    alive = visits >= FAINT
    return visits[alive] @ out.E[alive], seen, 1.0


def _points_told(case: Any, visits: Array, out: Any) -> tuple[Array, Array, float]:
    alive, X = visits >= FAINT, case.x
    second = out.Sigma + out.mu[:, :, None] * out.mu[:, None, :]
    told = np.einsum("k,kij->ij", visits[alive], second[alive])
    first = visits[alive] @ out.mu[alive]
    # Every form of covariance keeps the trace.
    size = 1.0 + float(np.abs(X).max()) ** 2 * X.shape[1]
    return np.r_[first, np.trace(told)], np.r_[X.sum(axis=0), np.square(X).sum()], size


def _counts_told(case: Any, visits: Array, out: Any) -> tuple[Array, Array, float]:
    alive = visits >= FAINT
    return visits[alive] @ out.rate[alive], np.array(float(case.x.sum())), 1.0 + float(case.x.max())


KINDS = (
    Kind(em_symbols, lambda c: log_symbols(c.E, c.x), _symbols_best, _symbols_told),
    Kind(em_points, lambda c: log_points(c.mu, c.Sigma, c.x), _points_best, _points_told),
    Kind(em_counts, lambda c: log_counts(c.rate, c.x), _counts_best, _counts_told),
)


def on_all(
    kinds: tuple[Kind, ...] = KINDS, **declared: Any
) -> Callable[[Callable[[Judged, Any, Kind], Gap]], tuple[Law, ...]]:
    """One law, stated for symbols, points and counts (or for those of `kinds`)."""

    def make(body: Callable[[Judged, Any, Kind], Gap]) -> tuple[Law, ...]:
        def of(kind: Kind) -> Law:
            def run(solve: Judged, case: Any) -> Gap:
                return body(solve, case, kind)

            run.__name__, run.__doc__ = body.__name__, body.__doc__
            return law(kind.contract, **declared)(run)

        return tuple(of(kind) for kind in kinds)

    return make


def rounding(e: Expected, u: float) -> float:
    """T2 for the posteriors of all sequences, and T1 for the sums over them; relative to a probability."""
    return 2.0 * log_domain(e.extent, u) + float(summation(len(e.gamma), 1.0, u))


def emissions(solve: Judged, case: Any, kind: Kind, least: float, most: float = np.inf) -> Gap:
    """The emissions that were found against their closed form, of states with so many visits."""
    e, out = kind.estep(case), solve.full(*kind.given(case))
    visits = e.gamma.sum(axis=0)
    seen, gaps = (visits >= least) & (visits < most), []
    if not seen.any():
        return inconclusive("no state has so many visits")
    for name, (want, size) in kind.best(solve, case, e.gamma).items():
        allow = rounding(e, solve.u) * size
        gaps.append(gap(getattr(out, name)[seen], want[seen], allow=allow, effect=size, says=name))
    return all_of(*gaps)


@on_all(
    says="a step is as probable as it is frequent among the expected steps out of its state",
    source="Bishop 2006, (13.19)",
    kind="oracle",
    rule="T2",
    code="HMM-17",
    complete=True,
    kills=("step-across-the-seam", "divides-by-all-visits", "transposes-A"),
)
def steps_out_of_a_state(solve: Judged, case: Any, kind: Kind) -> Gap:
    """A_ij = X_ij / Σ_j X_ij, X = Σ_s Σ_n ξ_sn, where Σ_j X_ij ≥ 10⁻³."""
    e = kind.estep(case)
    total = e.steps.sum(axis=1, keepdims=True)
    left = total[:, 0] >= SEEN
    got, want = solve(*kind.given(case))[left], e.steps[left] / total[left]
    return gap(got, want, allow=2.0 * rounding(e, solve.u), effect=1.0) if left.any() else inconclusive("none is left")


@on_all(
    says="a chain begins in a state as often as its sequences do",
    source="Bishop 2006, (13.18); Rabiner 1989, (109)",
    kind="oracle",
    rule="T2",
    code="HMM-17",
    needs=("pi",),
    complete=True,
    kills=("first-sequence-only", "keeps-pi"),
)
def starts(solve: Judged, case: Any, kind: Kind) -> Gap:
    """π_i = Σ_s γ_s1(i) / S."""
    e = kind.estep(case)
    want = e.firsts / len(case.lengths)
    return gap(solve.full(*kind.given(case)).pi, want, allow=rounding(e, solve.u), effect=1.0)


@on_all(
    says="a state emits what was seen when it was visited",
    source="Bishop 2006, (13.20), (13.21) and (13.23); Zucchini and MacDonald 2009, (4.15)",
    kind="oracle",
    rule="T2",
    code="HMM-17",
    complete=True,
    kills=("keeps-emissions", "filters-only", "forgets-last-frames"),
)
def emissions_of_visited_states(solve: Judged, case: Any, kind: Kind) -> Gap:
    """E, or μ and Σ, or λ are the moments of x weighted by γ(k), where N_k ≥ 10⁻³."""
    return emissions(solve, case, kind, SEEN)


@on_all(
    says="a state that was hardly visited emits what was seen then, too",
    source="Bishop 2006, (13.20), (13.21) and (13.23)",
    kind="oracle",
    rule="T2",
    code="HMM-17",
    kills=("keeps-emissions", "drops-the-faint"),
)
def emissions_of_faint_states(solve: Judged, case: Any, kind: Kind) -> Gap:
    """E, or μ and Σ, or λ are the moments of x weighted by γ(k), where N_k ≥ 10⁻¹²."""
    if kind.contract is em_points and solve.conventions.get("covariance") == "tied":
        return emissions(solve, case, kind, SEEN)
    return emissions(solve, _faint(case), kind, FAINT)


@on_all(
    says="the emissions say of all frames together what was seen",
    source="derived (Σ_k N_k times the moments of state k are the moments of the data)",
    kind="identity",
    rule="T2",
    code="HMM-19",
    kills=("keeps-emissions", "forgets-last-frames"),
)
def what_was_seen(solve: Judged, case: Any, kind: Kind) -> Gap:
    """Σ_k N_k E_km = #{n : x_n = m};   Σ_k N_k μ_k = Σ x, Σ_k N_k tr(Σ_k + μ_k μ_kᵀ) = Σ |x|²;   Σ_k N_k λ_k = Σ x."""
    e, out = kind.estep(case), solve.full(*kind.given(case))
    got, want, size = kind.told(case, e.gamma.sum(axis=0), out)
    return gap(got, want, allow=2.0 * rounding(e, solve.u) * size * len(e.gamma), effect=size)


@on_all(
    says="one step never makes the sequences less likely",
    source="Bishop 2006, §9.4; Baum et al. 1970",
    kind="inequality",
    rule="T2",
    code="HMM-18",
    needs=("pi",),
    kills=("emits-the-unlikely", "emits-the-unlikely-at-first"),
)
def likelihood_climbs(solve: Judged, case: Any, kind: Kind) -> Gap:
    """log p(x | new) ≥ log p(x | old)."""
    old, new = kind.estep(case), kind.changed(case, solve.full(*kind.given(case)))
    if min(old.gamma.sum(axis=0).min(), old.steps.sum(axis=1).min()) < SEEN or _degenerate(new):
        return inconclusive("a state is hardly visited, or has collapsed on a point")
    climbed = kind.estep(new)
    allow = rounding(old, solve.u) + 2.0 * rounding(climbed, solve.u)
    return at_most(old.log_p, climbed.log_p, allow=allow, effect=1.0)


@on_all(
    says="the order of the sequences does not matter",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="HMM-19",
    needs=("pi",),
    kills=("first-sequence-only", "step-across-the-seam"),
)
def order_of_sequences(solve: Judged, case: Any, kind: Kind) -> Gap:
    """The parameters of the sequences in reverse order are the same."""
    parts = [case.x[at] for at in cut(case.lengths)[::-1]]
    back = replace(case, x=np.concatenate(parts), lengths=case.lengths[::-1].copy())
    return _alike(solve, kind, case, back)


@on_all(
    says="every sequence twice is every sequence once",
    source="derived (counts double, and so do their sums)",
    kind="metamorphic",
    rule="T10",
    code="HMM-19",
    needs=("pi",),
    kills=("adds-one", "step-across-the-seam"),
)
def sequences_twice(solve: Judged, case: Any, kind: Kind) -> Gap:
    """The parameters of the sequences and as many copies are the same."""
    both = replace(case, x=np.concatenate([case.x, case.x]), lengths=np.r_[case.lengths, case.lengths])
    return _alike(solve, kind, case, both)


@on_all(
    says="the names of the states do not matter",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="HMM-12",
    needs=("pi",),
    kills=("first-state-is-special", "first-state-stays"),
)
def renamed_states(solve: Judged, case: Any, kind: Kind) -> Gap:
    """Of states counted backwards, the parameters are the same, counted backwards."""
    named = {name: np.ascontiguousarray(getattr(case, name)[::-1]) for name in kind.contract.outputs}
    named["A"] = np.ascontiguousarray(case.A[::-1, ::-1])
    return _alike(solve, kind, case, replace(case, **named), backwards=True)


@on_all(
    kinds=(KINDS[0], KINDS[2]),
    says="what is impossible stays impossible",
    source="Rabiner 1989, §V.A (left-right models)",
    kind="identity",
    rule="T2",
    code="HMM-17",
    needs=("pi",),
    kills=("adds-one", "floors-steps"),
)
def zeros_stay(solve: Judged, case: Any, kind: Kind) -> Gap:
    """A_ij = 0 and Σ_j X_ij > 0  ⇒  A_ij = 0 after the step; π_i = 0 likewise."""
    e, out = kind.estep(case), solve.full(*kind.given(case))
    forbidden = (case.A == 0) & (e.steps.sum(axis=1, keepdims=True) >= SEEN)
    allow = rounding(e, solve.u)
    steps = gap(np.where(forbidden, out.A, 0.0), 0.0, allow=allow, effect=1.0, says="A")
    return all_of(steps, gap(np.where(case.pi == 0, out.pi, 0.0), 0.0, allow=allow, effect=1.0, says="π"))


@on_all(
    says="a state that nobody can reach changes nothing",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="HMM-11",
    needs=("pi",),
    kills=("adds-one", "spreads-over-all-states"),
)
def unreachable_state(solve: Judged, case: Any, kind: Kind) -> Gap:
    """π_k = 0 and A_ik = 0 for all i  ⇒  the parameters of the other states are those without k."""
    K, more = len(case.pi), _stranded(case, kind)
    out, e = solve.full(*kind.given(more)), kind.estep(case)
    visits, left = e.gamma.sum(axis=0) >= SEEN, e.steps.sum(axis=1) >= SEEN
    allow = 2.0 * (rounding(e, solve.u) + rounding(kind.estep(more), solve.u))
    plain = solve.full(*kind.given(case))
    A = gap(out.A[:K, :K][left], plain.A[left], allow=allow, effect=1.0, says="A")
    gaps = [A, gap(out.pi[:K], plain.pi, allow=allow, effect=1.0, says="π")]
    for name, (_, size) in kind.best(solve, case, e.gamma).items():
        got, want = getattr(out, name)[:K][visits], getattr(plain, name)[visits]
        gaps.append(gap(got, want, allow=allow * size, effect=size, says=name))
    return all_of(*gaps)


@on_all(
    says="a single state emits the sample itself",
    source="derived",
    kind="limit",
    rule="T1",
    code="HMM-17",
    needs=("pi",),
    kills=("keeps-emissions", "forgets-last-frames"),
)
def one_state(solve: Judged, case: Any, kind: Kind) -> Gap:
    """K = 1  ⇒  π = 1, A = 1, and E, or μ and Σ, or λ are the frequencies, the moments (divisor N), the mean of x."""
    first = {name: getattr(case, name)[:1] for name in kind.contract.outputs} | {"A": np.ones((1, 1)), "pi": np.ones(1)}
    if kind.contract is em_symbols:
        first["E"] = np.full_like(first["E"], 1.0 / first["E"].shape[1])
    one = replace(case, **first)
    out, e = solve.full(*kind.given(one)), kind.estep(one)
    certain = gap(np.r_[out.pi, out.A.ravel()], 1.0, allow=rounding(e, solve.u))
    return all_of(certain, emissions(solve, one, kind, SEEN))


@on_all(
    says="sequences of one frame are a sample of a mixture",
    source="Bishop 2006, (9.17), (9.19) and (9.22)",
    kind="limit",
    rule="T2",
    code="HMM-19",
    needs=("pi",),
    kills=("first-sequence-only", "starts-of-longer-sequences"),
)
def sequences_of_one_frame(solve: Judged, case: Any, kind: Kind) -> Gap:
    """N_s = 1 for all s  ⇒  π_k = N_k / N, and the emissions are those of a mixture's M-step."""
    pi = (case.pi + 1.0) / (1.0 + len(case.pi))
    even = replace(case, pi=pi, lengths=np.ones(len(case.x), np.int64))
    e = kind.estep(even)
    got = solve.full(*kind.given(even)).pi
    starts = gap(got, e.gamma.mean(axis=0), allow=rounding(e, solve.u), effect=1.0, says="π")
    return all_of(starts, emissions(solve, even, kind, SEEN))


@on_all(
    says="a sequence of one frame among longer ones counts in all but A",
    source="Rabiner 1989, (109) and (110)",
    kind="oracle",
    rule="T2",
    code="HMM-19",
    needs=("pi",),
    kills=("step-across-the-seam", "starts-of-longer-sequences"),
)
def one_frame_among_others(solve: Judged, case: Any, kind: Kind) -> Gap:
    """The first frame a sequence of its own: X = Σ_s Σ_n ξ_sn as without it, π and the emissions with it."""
    pi, n = (case.pi + 1.0) / (1.0 + len(case.pi)), case.lengths
    apart = replace(case, pi=pi, lengths=np.r_[1, n[0] - 1, n[1:]])
    e, out = kind.estep(apart), solve.full(*kind.given(apart))
    left, allow = e.steps.sum(axis=1) >= SEEN, 2.0 * rounding(e, solve.u)
    A = gap(out.A[left], e.steps[left] / e.steps[left].sum(axis=1, keepdims=True), allow=allow, effect=1.0, says="A")
    pis = gap(out.pi, e.firsts / len(apart.lengths), allow=allow, effect=1.0, says="π")
    return all_of(A, pis, emissions(solve, apart, kind, SEEN))


@on_all(
    says="rows of A are probabilities, of states that were never left too",
    source="derived (any point of the simplex maximises 0)",
    kind="limit",
    rule="T1",
    level="convention",
    code="HMM-17",
    when={"unvisited": ("stochastic",)},
    kills=("nan-if-unvisited", "divides-by-all-visits"),
)
def rows_of_unvisited_states(solve: Judged, case: Any, kind: Kind) -> Gap:
    """Σ_j A_ij = 1, A ≥ 0, a state nobody can reach among them."""
    stranded = _stranded(case, kind)
    A, e = solve(*kind.given(stranded)), kind.estep(stranded)
    sums = gap(A.sum(axis=1), 1.0, allow=rounding(e, solve.u))
    return all_of(sums, at_most(-A, 0.0, allow=0.0, effect=1.0))


@law(
    em_points,
    says="from covariances of any shape, means and full covariances are the moments of what was seen",
    source="Bishop 2006, (13.20) and (13.21)",
    kind="oracle",
    rule="T2",
    level="convention",
    code="HMM-17",
    when={"covariance": ("full",)},
    cases="..cases.sequences:points",
    kills=("about-the-old-means", "divides-by-one-less", "keeps-emissions"),
)
def full_moments(solve: Judged, case: Any) -> Gap:
    """μ_k = Σ_n γ_n(k) x_n / N_k, Σ_k = Σ_n γ_n(k) (x_n − μ_k)(x_n − μ_k)ᵀ / N_k, about the new mean."""
    return emissions(solve, case, KINDS[1], SEEN)


@law(
    em_points,
    says="where the points lie does not matter",
    source="derived (γ depends on x − μ alone)",
    kind="metamorphic",
    rule="T10",
    code="GMM-10",
    kills=("about-the-origin", "shrinks-to-the-origin"),
)
def shifted_points(solve: Judged, case: Any) -> Gap:
    """x + t and μ + t  ⇒  μ + t after the step, Σ as it was."""
    t, kind = 8.0 + 4.0 * np.arange(case.x.shape[1]), KINDS[1]
    there = replace(case, x=case.x + t, mu=case.mu + t)
    e, out, moved = kind.estep(case), solve.full(*kind.given(case)), solve.full(*kind.given(there))
    seen, size = e.gamma.sum(axis=0) >= SEEN, float(np.abs(there.x).max())
    allow = 2.0 * (rounding(e, solve.u) + rounding(kind.estep(there), solve.u))
    means = gap(moved.mu[seen], (out.mu + t)[seen], allow=allow * size, effect=size, says="mu")
    covariances = gap(moved.Sigma[seen], out.Sigma[seen], allow=allow * size**2, effect=size**2, says="Sigma")
    return all_of(means, covariances)


def _alike(solve: Judged, kind: Kind, case: Any, there: Any, backwards: bool = False) -> Gap:
    """The parameters found here and there, of states that were visited and left."""
    e, f = kind.estep(case), kind.estep(there)
    out, other = solve.full(*kind.given(case)), solve.full(*kind.given(there))
    turn: Any = slice(None, None, -1) if backwards else slice(None)
    visits, left = e.gamma.sum(axis=0) >= SEEN, e.steps.sum(axis=1) >= SEEN
    allow = 2.0 * (rounding(e, solve.u) + rounding(f, solve.u))
    A = gap(other.A[turn, turn][left], out.A[left], allow=allow, effect=1.0, says="A")
    gaps = [A, gap(other.pi[turn], out.pi, allow=allow, effect=1.0, says="π")]
    for name, (_, size) in kind.best(solve, case, e.gamma).items():
        got, want = (getattr(o, name)[t][visits] for o, t in ((other, turn), (out, slice(None))))
        gaps.append(gap(got, want, allow=allow * size, effect=size, says=name))
    return all_of(*gaps)


def _faint(case: Any) -> Any:
    """The case with its last state hard to enter: once in 2³⁰ times."""
    K, least = len(case.pi), 2.0**-30
    if K == 1:
        return case
    pi, A = (1.0 - least) * case.pi, (1.0 - least) * case.A
    if case.pi[-1] == 1.0 or np.any(case.A[:-1, -1] == 1.0):
        return case
    for x in (pi, A[:-1]):
        x[..., -1] = 0.0
        x /= x.sum(axis=-1, keepdims=True) / (1.0 - least)
        x[..., -1] = least
    A[-1] = case.A[-1]
    faint = replace(case, pi=pi, A=A)
    return faint if np.isfinite(_log_p(faint)) else case


def _log_p(case: Any) -> float:
    kind = next(k for k in KINDS if set(k.contract.arguments) <= set(vars(case)))
    return kind.estep(case).log_p


def _stranded(case: Any, kind: Kind) -> Any:
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


def _degenerate(case: Any) -> bool:
    numbers = [x for x in vars(case).values() if isinstance(x, np.ndarray) and x.dtype.kind == "f"]
    if any(not np.isfinite(x).all() for x in numbers):
        return True
    if hasattr(case, "Sigma"):
        return bool(np.linalg.eigvalsh(case.Sigma).min() < 1e-3)
    return bool(hasattr(case, "rate") and case.rate.min() <= 1e-6)


def _bad(kind: Kind) -> dict[str, Callable[[Any], tuple[Any, ...]]]:
    def with_(case: Any, **changes: Any) -> tuple[Any, ...]:
        return kind.given(replace(case, **changes))

    return {
        "lengths-that-do-not-add-up": lambda c: with_(c, lengths=c.lengths + 1),
        "negative-transitions": lambda c: with_(c, A=-c.A),
        "nan-transitions": lambda c: with_(c, A=np.full_like(c.A, np.nan)),
    }


def _hygiene(kind: Kind) -> tuple[Law, ...]:
    def allow(case: Any, u: float) -> float:
        return 4.0 * rounding(kind.estep(case), u)

    def of_visited(case: Any, A: Array) -> Array:
        return np.where(kind.estep(case).steps.sum(axis=1, keepdims=True) >= SEEN, A, 0.0)

    return (*cross_cutting(kind.contract, reading=of_visited, allow=allow), *refusals(kind.contract, _bad(kind)))


CONTRACTS = (em_symbols, em_points, em_counts)
LAWS = (
    *steps_out_of_a_state,
    *starts,
    *emissions_of_visited_states,
    *emissions_of_faint_states,
    *what_was_seen,
    *likelihood_climbs,
    *order_of_sequences,
    *sequences_twice,
    *renamed_states,
    *zeros_stay,
    *unreachable_state,
    *one_state,
    *sequences_of_one_frame,
    *one_frame_among_others,
    *rows_of_unvisited_states,
    full_moments,
    shifted_points,
    *(one for kind in KINDS for one in _hygiene(kind)),
)
