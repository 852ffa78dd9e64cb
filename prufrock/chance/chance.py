"""What a law asks of draws: means, inequalities between means, distributions, coverage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from prufrock.chance import features
from prufrock.chance.bets import Array
from prufrock.chance.check import Claim, Sampler, run
from prufrock.chance.result import Result
from prufrock.chance.seeds import key, stream
from prufrock.chance.spread import Bounded, Declared, Moments, Seen, Spread, covariance
from prufrock.gaps import Gap

LIMIT = 200_000
Delta = Callable[[Moments, Spread], Array]


class Chance:
    """Chance for one law on one case: every number drawn is a pure function of (root seed, law, case).

    A sampler is a function (seed, n) -> draws of shape (n,) or (n, d), independent of each other, and independent for
    different seeds. Each question returns a Gap that says what was found, what would have been found (`detects`), and
    how rarely correct code fails it. The j-th question of a case spends 6/(π²j²) of the case's alarm `alpha`.

    What is known of the spread decides what a failure proves:
        var=, cov=     bounds on variances or covariances under the claim: finite-sample, for any tails
        bounds=(lo,hi) of each draw: finite-sample
        tails="clt"    nothing is known: calibrated on measured laws, refused for discrete or rare draws
    What is to be found: rel= (of the mean), atol= (absolute), or sd= (in standard deviations).
    """

    def __init__(self, root: int, law: str, case: Any, alpha: float, limit: int = LIMIT) -> None:
        self.root, self.law, self.case, self.alpha, self.limit = root, law, case, alpha, limit
        self.results: list[Result] = []

    @cached_property
    def seeds(self) -> Iterator[int]:
        return stream(key(self.root, self.law, self.case))

    def mean(
        self,
        sampler: Sampler,
        expected: ArrayLike,
        *,
        rel: float | None = None,
        atol: ArrayLike | None = None,
        sd: float | None = None,
        var: ArrayLike | None = None,
        cov: ArrayLike | None = None,
        bounds: tuple[ArrayLike, ArrayLike] | None = None,
        tails: str = "",
        names: Sequence[str] = (),
        power: float = 0.99,
    ) -> Gap:
        """E x = expected, component by component."""
        mu = _vector(expected)
        spread = _spread(mu, var, cov, bounds, tails)
        return self._ask(sampler, Claim(mu, _delta(mu, rel, atol, sd), spread, _names(names, len(mu)), power=power))

    def mean_at_most(
        self,
        sampler: Sampler,
        bound: ArrayLike,
        *,
        rel: float | None = None,
        atol: ArrayLike | None = None,
        sd: float | None = None,
        var: ArrayLike | None = None,
        bounds: tuple[ArrayLike, ArrayLike] | None = None,
        tails: str = "",
        names: Sequence[str] = (),
        power: float = 0.99,
    ) -> Gap:
        """E x ≤ bound, component by component; what is to be found is an excess."""
        mu = _vector(bound)
        spread = _spread(mu, var, None, bounds, tails)
        claim = Claim(mu, _delta(mu, rel, atol, sd), spread, _names(names, len(mu)), True, power)
        return self._ask(sampler, claim)

    def same_mean(
        self,
        a: Sampler,
        b: Sampler,
        *,
        rel: float | None = None,
        atol: ArrayLike | None = None,
        sd: float | None = None,
        var: ArrayLike | None = None,
        tails: str = "",
        paired: bool = True,
        power: float = 0.99,
    ) -> Gap:
        """E a = E b, by their differences; paired draws share a seed (common noise). `rel` is of the mean of a seen
        in the pilot, `var` bounds the variance of the difference."""
        sampler, size = _difference(a, b, paired), _pilot_mean(a, self.seeds) if rel is not None else np.zeros(1)
        width = len(size) if rel is not None else np.asarray(sampler(next(self.seeds), 1)).size
        mu = np.zeros(width)
        delta = _delta(size, rel, None, None) if rel is not None else _delta(mu, None, atol, sd)
        return self._ask(sampler, Claim(mu, delta, _spread(mu, var, None, None, tails), _names((), width), power=power))

    def variance_at_most(
        self,
        a: Sampler,
        b: Sampler,
        *,
        ratio: float = 1.0,
        mean: float | None = None,
        paired: bool = True,
        detect: float = 1.25,
        power: float = 0.99,
    ) -> Gap:
        """Var a ≤ ratio · Var b, to be doubted where it is `detect` times as large; calibrated.

        By D = (a − μ)² − ratio (b − μ)², or with half squared differences of independent draws where the mean is
        not known. Ask for a margin (ratio 0.9 for "reduces") where b has the heavier tails: at exact equality they
        cost false alarms.
        """
        other = _spreads(b, mean)
        base = float(np.asarray(other(next(self.seeds), 1024)).mean())
        sampler = _difference(_spreads(a, mean), lambda seed, n: ratio * np.asarray(other(seed, n)), paired)
        delta = np.array([max((detect - 1.0) * ratio * base, np.finfo(float).tiny)])
        return self._ask(sampler, Claim(np.zeros(1), lambda *_: delta, Seen(), ("variance",), True, power))

    def distribution(
        self, sampler: Sampler, cdf: Callable[[Array], ArrayLike], *, detect: float = 0.1, power: float = 0.99
    ) -> Gap:
        """x ~ F with continuous cdf F, by ten features of F(x); finds a shift of one of them by `detect` standard
        deviations (a tail of 1 % where 0.1 % belongs, a scale off by a tenth)."""
        cov = features.pit_covariance()
        delta = np.full(len(cov), detect)
        claim = Claim(
            np.zeros(len(cov)),
            lambda *_: delta,
            covariance(cov),
            features.pit_names(),
            power=power,
            transform=lambda x: features.pit(np.asarray(cdf(x.reshape(-1)), np.float64)),
        )
        return self._ask(sampler, claim)

    def pmf(
        self, sampler: Sampler, probs: ArrayLike, *, pairs: bool = True, detect: float = 0.1, power: float = 0.99
    ) -> Gap:
        """P(x = k) = probs[k] for integer draws k, and (pairs) that successive draws are independent; finds a
        probability off by `detect` standard deviations of its indicator. A draw without probability fails at once."""
        p = _vector(probs)
        if (p < 0).any() or abs(p.sum() - 1.0) > 1e-9 or (p == 1).any():
            raise ValueError(f"probs: expected non-negative, of sum 1, none of them 1 (compare exactly), got {p}")
        names = [f"P({k})" for k in range(len(p))]
        table, chances = np.eye(len(p)), p
        if pairs:
            table, chances = features.pairs(p)
            names += [f"P({k}, {m})" for k in range(len(p)) for m in range(len(p))]
            sampler = _paired(sampler, len(p))
        mean = chances @ table
        cov = (table * chances[:, None]).T @ table - np.outer(mean, mean)
        live = np.flatnonzero(mean > 0)
        cov = cov[np.ix_(live, live)]
        var = np.diag(cov)
        claim = Claim(
            mean[live],
            lambda *_: detect * np.sqrt(var),
            covariance(cov),
            tuple(names[c] for c in live),
            power=power,
            table=table[:, live],
            possible=chances > 0,
        )
        return self._ask(sampler, claim)

    def covers(
        self,
        interval: Callable[[int, int], ArrayLike],
        truth: float,
        level: float,
        *,
        detect: float = 0.5,
        power: float = 0.99,
    ) -> Gap:
        """P(lo ≤ truth ≤ hi) ≥ level for intervals (n, 2); finds a miss rate larger by the share `detect`."""

        def missed(seed: int, n: int) -> Array:
            ends = np.asarray(interval(seed, n), np.float64)
            return np.asarray((truth < ends[:, 0]) | (ends[:, 1] < truth), np.float64)

        return self.mean_at_most(missed, 1.0 - level, rel=detect, bounds=(0.0, 1.0), names=("miss rate",), power=power)

    def _ask(self, sampler: Sampler, claim: Claim) -> Gap:
        alpha = self.alpha * 6.0 / (np.pi * (len(self.results) + 1)) ** 2
        found = replace(run(sampler, self.seeds, claim, alpha, self.limit), root=self.root, law=self.law)
        self.results.append(found)
        return found.gap()


def _vector(x: ArrayLike) -> Array:
    return np.atleast_1d(np.asarray(x, np.float64)).reshape(-1)


def _names(names: Sequence[str], d: int) -> tuple[str, ...]:
    if names and len(names) != d:
        raise ValueError(f"names: {len(names)} given, expected {d}")
    return tuple(names) if names else ("mean",) if d == 1 else tuple(f"[{c}]" for c in range(d))


def _delta(mu: Array, rel: float | None, atol: ArrayLike | None, sd: float | None) -> Delta:
    """The deviation that is to be found, by one of three measures."""
    if sum(x is not None for x in (rel, atol, sd)) != 1:
        raise ValueError("what is to be found: expected one of rel=, atol=, sd=")
    if sd is not None:
        return lambda past, spread: sd * np.sqrt(spread.coordinates(past))
    if rel is not None and not mu.all():
        raise ValueError("rel=: expected no component with mean 0; give atol= or sd=")
    size = rel * np.abs(mu) if rel is not None else np.broadcast_to(np.asarray(atol, np.float64), mu.shape)
    if not (size > 0).all():
        raise ValueError(f"what is to be found: expected positive sizes, got {size}")
    return lambda past, spread: size


def _spread(
    mu: Array, var: ArrayLike | None, cov: ArrayLike | None, bounds: tuple[ArrayLike, ArrayLike] | None, tails: str
) -> Spread:
    if sum([var is not None, cov is not None, bounds is not None, tails == "clt"]) != 1 or tails not in ("", "clt"):
        raise ValueError('spread: expected one of var=, cov=, bounds=(lo, hi), tails="clt"')
    if cov is not None:
        full = np.asarray(cov, np.float64)
        if full.shape != (len(mu), len(mu)):
            raise ValueError(f"cov: shape {list(full.shape)}, expected {[len(mu)] * 2}")
        _positive("the diagonal of cov", np.diag(full))
        return covariance(full)
    if var is not None:
        return Declared(_positive("var", np.broadcast_to(np.asarray(var, np.float64), mu.shape)))
    if bounds is not None:
        lo, hi = (np.broadcast_to(np.asarray(end, np.float64), mu.shape) - mu for end in bounds)
        if not ((lo < 0) & (hi > 0)).all():
            raise ValueError("bounds: expected lo < mean < hi; at an end no draw may differ, so compare exactly")
        return Bounded(lo, hi)
    return Seen()


def _positive(name: str, v: Array) -> Array:
    if not (np.isfinite(v).all() and (v > 0).all()):
        raise ValueError(f"{name}: expected finite positive variances, got {v}; compare constant draws exactly")
    return v


def _difference(a: Sampler, b: Sampler, paired: bool) -> Sampler:
    """a − b; without pairing b draws from seeds of its own."""

    def drawn(seed: int, n: int) -> Array:
        other = seed if paired else (seed ^ 0x2AAAAAAA)
        return np.asarray(a(seed, n), np.float64) - np.asarray(b(other, n), np.float64)

    return drawn


def _spreads(sampler: Sampler, mean: float | None) -> Sampler:
    """Draws of mean Var x: (x − μ)², or (x₁ − x₂)²/2."""

    def drawn(seed: int, n: int) -> Array:
        if mean is not None:
            return np.asarray((np.asarray(sampler(seed, n), np.float64) - mean) ** 2)
        x = np.asarray(sampler(seed, 2 * n), np.float64)
        return np.asarray(0.5 * (x[:n] - x[n:]) ** 2)

    return drawn


def _paired(sampler: Sampler, size: int) -> Sampler:
    """Successive draws (k, l) as the one number k·K + l; an impossible draw stays impossible."""

    def drawn(seed: int, n: int) -> Array:
        x = np.asarray(sampler(seed, 2 * n), np.float64).reshape(n, 2)
        bad = ((x < 0) | (x >= size) | (x != np.floor(x))).any(1)
        return np.asarray(np.where(bad, -1.0, x[:, 0] * size + x[:, 1]))

    return drawn


def _pilot_mean(sampler: Sampler, seeds: Iterator[int]) -> Array:
    return np.asarray(np.asarray(sampler(next(seeds), 1024), np.float64).reshape(1024, -1).mean(0))
