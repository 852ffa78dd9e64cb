"""What chance promises: correct code passes, planted errors are found, nothing is drawn twice, all of it replays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from prufrock.chance import Chance, StatGate
from prufrock.chance.power import LAWS, ask

Array = NDArray[Any]
Sampler = Callable[[int, int], Array]
ALPHA = 1e-8


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def chance(case: object = 0, root: int = 0) -> Chance:
    return Chance(root, "a law", case, ALPHA)


def normal(mean: float = 0.0, sd: float = 1.0) -> Sampler:
    return lambda seed, n: rng(seed).normal(mean, sd, n)


def vectors(mean: Any, cov: Any) -> Sampler:
    root = np.linalg.cholesky(np.asarray(cov))
    return lambda seed, n: np.asarray(mean) + rng(seed).normal(size=(n, len(mean))) @ root.T


def codes(p: Any) -> Sampler:
    return lambda seed, n: rng(seed).choice(len(p), n, p=p)


MU, COV = np.array([1.0, -2.0, 0.5]), np.array([[1.0, 0.6, 0.0], [0.6, 2.0, 0.3], [0.0, 0.3, 0.5]])
P = np.array([0.5, 0.3, 0.15, 0.05])
N = stats.norm.cdf

Question = Callable[[Chance], Any]
RIGHT: dict[str, Question] = {
    "mean, variance declared": lambda c: c.mean(normal(3.0), 3.0, rel=0.05, var=1.0),
    "mean, bounded": lambda c: c.mean(lambda s, n: rng(s).random(n), 0.5, rel=0.05, bounds=(0, 1)),
    "mean, nothing declared": lambda c: c.mean(normal(3.0), 3.0, atol=0.1, tails="clt"),
    "vector, covariance declared": lambda c: c.mean(vectors(MU, COV), MU, sd=0.1, cov=COV),
    "vector, variances declared": lambda c: c.mean(vectors(MU, COV), MU, sd=0.1, var=np.diag(COV)),
    "vector, nothing declared": lambda c: c.mean(vectors(MU, COV), MU, sd=0.1, tails="clt"),
    "mean at most": lambda c: c.mean_at_most(normal(2.0), 2.0, atol=0.1, var=1.0),
    "mean far below": lambda c: c.mean_at_most(normal(-2.0), 2.0, atol=0.1, var=1.0),
    "same mean": lambda c: c.same_mean(normal(1.0), normal(1.0, 0.5), rel=0.05, tails="clt"),
    "variance at most": lambda c: c.variance_at_most(normal(0.0, 0.8), normal(), mean=0.0),
    "variance at most, mean unknown": lambda c: c.variance_at_most(normal(5.0, 0.8), normal(), paired=False),
    "distribution": lambda c: c.distribution(normal(), N),
    "pmf": lambda c: c.pmf(codes(P), P),
    "pmf alone": lambda c: c.pmf(codes(P), P, pairs=False),
    "pmf with an impossible value": lambda c: c.pmf(codes([0.5, 0.0, 0.5]), [0.5, 0.0, 0.5]),
    "covers": lambda c: c.covers(lambda s, n: normal()(s, n)[:, None] + [-1.96, 1.96], 0.0, 0.95),
}
WRONG: dict[str, tuple[Question, str]] = {
    "5 % off": (lambda c: c.mean(normal(3.15), 3.0, rel=0.05, var=1.0), "mean"),
    "bounded, off": (lambda c: c.mean(lambda s, n: rng(s).random(n) ** 1.2, 0.5, rel=0.05, bounds=(0, 1)), "mean"),
    "nothing declared": (lambda c: c.mean(normal(3.1), 3.0, atol=0.1, tails="clt"), "mean"),
    "one coordinate": (lambda c: c.mean(vectors(MU + np.array([0, 0, 0.15]), COV), MU, sd=0.1, cov=COV), "[2]"),
    "sign": (lambda c: c.mean(vectors(-MU, COV), MU, sd=0.1, cov=COV), ""),
    "all a little": (lambda c: c.mean(vectors(MU + 0.06, np.eye(3)), MU, sd=0.1, cov=np.eye(3)), "combination"),
    "more than at most": (lambda c: c.mean_at_most(normal(2.1), 2.0, atol=0.1, var=1.0), "mean"),
    "another mean": (lambda c: c.same_mean(normal(1.0), normal(1.06), rel=0.05, tails="clt", paired=False), "mean"),
    "more variance": (lambda c: c.variance_at_most(normal(0.0, 1.25), normal(), mean=0.0, paired=False), "variance"),
    "scale": (lambda c: c.distribution(normal(0.0, 1.15), N), ""),
    "t for normal": (lambda c: c.distribution(lambda s, n: rng(s).standard_t(5, n) * 0.6**0.5, N), ""),
    "a tail": (
        lambda c: c.distribution(lambda s, n: np.where(rng(s).random(n) < 0.01, -3.3, normal()(s, n)), N),
        "tail",
    ),
    "two swapped": (lambda c: c.pmf(codes(P[[0, 1, 3, 2]]), P), "P("),
    "each twice": (lambda c: c.pmf(lambda s, n: np.repeat(codes(P)(s, n), 2)[:n], P), "P("),
    "an impossible value": (lambda c: c.pmf(codes([0.5, 0.01, 0.49]), [0.5, 0.0, 0.5]), ""),
    "misses too often": (lambda c: c.covers(lambda s, n: normal()(s, n)[:, None] + [-1.6, 1.6], 0.0, 0.95), "miss"),
    "out of bounds": (lambda c: c.mean(normal(0.5), 0.5, rel=0.05, bounds=(0, 1)), ""),
    "nan": (lambda c: c.mean(lambda s, n: np.full(n, np.nan), 0.5, rel=0.05, var=1.0), ""),
}


@pytest.mark.parametrize("question", RIGHT.values(), ids=RIGHT)
def test_correct_code_passes(question: Question) -> None:
    for case in range(8):
        found = question(chance(case))
        assert found, found.says


@pytest.mark.parametrize(("question", "named"), WRONG.values(), ids=WRONG)
def test_planted_errors_are_found_and_named(question: Question, named: str) -> None:
    for case in range(8):
        found = question(chance(case))
        assert found.broken, found.says
        assert named in found.evidence.component


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
@pytest.mark.parametrize("spread", ["declared", "estimated"])
def test_a_wrong_mean_is_found_on_wild_laws(law: Any, spread: str) -> None:
    spread = "bounds" if law.bounds else spread
    assert all(ask(law, spread, 0.2, repetition, 0).status == "FAIL" for repetition in range(10))
    assert all(ask(law, spread, 0.0, repetition, 0).status == "pass" for repetition in range(10))


def test_a_flipped_sign_costs_a_thousand_draws_at_most() -> None:
    for law in LAWS[:5]:
        for spread in ("declared", "estimated"):
            results = [ask(law, spread, -2.0, repetition, 0) for repetition in range(20)]
            assert {result.status for result in results} == {"FAIL"}
            assert np.mean([result.draws for result in results]) < 1000


def test_no_seed_is_drawn_from_twice_and_the_whole_check_replays() -> None:
    seen: list[int] = []

    def spying(seed: int, n: int) -> Array:
        seen.append(seed)
        return normal(3.2)(seed, n)

    def once(root: int, case: object) -> Any:
        seen.clear()
        asked = chance(case, root)
        asked.mean(spying, 3.0, rel=0.05, tails="clt")
        asked.mean(spying, 3.0, rel=0.05, var=1.0)
        assert len(set(seen)) == len(seen)
        return asked.results, tuple(seen)

    first = once(0, (1.5, np.ones(2)))
    screens, confirms = first[0][0].stages[0], first[0][0].stages[1:]
    assert screens.outcome == "suspect"
    assert len(confirms) >= 3
    assert once(0, (1.5, np.ones(2))) == first
    assert not set(once(1, (1.5, np.ones(2)))[1]) & set(first[1])
    assert not set(once(0, (1.5, np.zeros(2)))[1]) & set(first[1])


@pytest.mark.parametrize(
    ("sampler", "reason"),
    [
        (lambda s, n: np.where(rng(s).random(n) < 1e-3, 1.0, 0.0), "do not vary|distinct values"),
        (lambda s, n: np.full(n, 2.0), "do not vary"),
        (lambda s, n: rng(s).poisson(2.0, n), "distinct values"),
        (lambda s, n: np.stack([rng(s).normal(size=n), rng(s).poisson(0.1, n)], 1), "component 1"),
    ],
)
def test_rare_or_discrete_draws_are_refused_unless_something_is_declared(sampler: Sampler, reason: str) -> None:
    d = 2 if "component" in reason else 1
    found = chance().mean(sampler, np.full(d, 2.0), rel=0.05, tails="clt")
    assert not found.broken
    assert not found.conclusive
    assert found.evidence.status == "REFUSED"
    with pytest.raises(AssertionError, match=reason):
        found.require()


def test_too_few_draws_are_not_called_a_pass() -> None:
    asked = Chance(0, "a law", 0, ALPHA, limit=500)
    found = asked.mean(normal(3.0), 3.0, rel=0.001, var=1.0)
    assert not found.broken
    assert not found.conclusive
    assert "too few" in found.says
    assert asked.results[0].draws == 500


def test_more_variance_than_declared_is_called_that() -> None:
    broken = 0
    for case in range(10):
        found = chance(case).mean(normal(0.0, 8.0), 0.0, atol=0.1, var=1.0)
        assert not found
        assert "variance bound broken: " in found.says
        broken += found.broken
    assert broken


def test_a_failure_says_what_was_found_and_what_would_have_been() -> None:
    found = chance().mean(normal(3.3), 3.0, rel=0.05, var=1.0)
    assert found.miss > found.allow
    assert (found.guarantee, found.want) == ("finite-sample", 3.0)
    assert found.got == pytest.approx(3.3, abs=0.1)
    result = found.evidence
    assert result.detectable == pytest.approx(0.15)
    assert result.log10_e >= 8.0
    assert result.alpha == pytest.approx(ALPHA * 6 / np.pi**2)
    assert abs(result.effect - 0.3) < 5 * result.error
    assert chance().mean(normal(3.3), 3.0, rel=0.05, tails="clt").guarantee == "calibrated"


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda c: c.mean(normal(), 1.0, var=1.0), "one of rel=, atol=, sd="),
        (lambda c: c.mean(normal(), 1.0, rel=0.1), "one of var=, cov=, bounds"),
        (lambda c: c.mean(normal(), 0.0, rel=0.1, var=1.0), "mean 0"),
        (lambda c: c.mean(normal(), 1.0, rel=0.1, var=0.0), "compare constant draws exactly"),
        (lambda c: c.mean(normal(), 1.0, rel=0.1, bounds=(1.0, 2.0)), "lo < mean < hi"),
        (lambda c: c.mean(lambda s, n: np.zeros(n + 1), 1.0, rel=0.1, var=1.0), "expected 64 rows"),
        (lambda c: c.mean(lambda s, n: np.zeros((n, 2)), 1.0, rel=0.1, var=1.0), "expected 1 components"),
        (lambda c: c.pmf(codes(P), [0.5, 0.6]), "of sum 1"),
    ],
)
def test_questions_that_make_no_sense_are_named(ask: Question, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ask(chance())


def test_a_gate_for_any_suite_splits_its_budget_and_keeps_to_it() -> None:
    gate = StatGate(budget=1e-4, checks=2, examples=5, root=7)
    assert gate.at("one").alpha == pytest.approx(1e-5)
    gate.at("one", case=(2.0,)).mean(normal(3.0), 3.0, rel=0.05, var=1.0).require()
    gate.at("two")
    with pytest.raises(ValueError, match="budget is spent"):
        gate.at("three")
    open_ended = StatGate(budget=1e-4)
    spent = sum(open_ended.at(str(j)).alpha for j in range(2000))
    assert 0.99e-4 < spent < 1e-4


def test_the_package_needs_numpy_alone() -> None:
    import subprocess
    import sys

    code = "import sys; from prufrock.chance import Chance; print({'scipy', 'hypothesis', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=True)
    assert done.stdout.strip() == "set()"


GATE = StatGate(checks=1, examples=10)


@settings(max_examples=10, derandomize=True, deadline=None, database=None)
@given(st.sampled_from((0.5, 1.0, 2.5, 8.0)), st.sampled_from((0.25, 3.0)))
def test_a_gate_serves_hypothesis(shape: float, scale: float) -> None:
    asked = GATE.at("gamma", case=(shape, scale))
    asked.distribution(lambda s, n: rng(s).gamma(shape, scale, n), stats.gamma(shape, scale=scale).cdf).require()


def test_a_failure_in_hypothesis_shrinks_and_is_not_flaky() -> None:
    seen: list[float] = []

    @settings(max_examples=10, derandomize=True, deadline=None, database=None)
    @given(st.integers(-4, 4))
    def wrong_below_zero(mean: int) -> None:
        seen.append(mean)
        wrong = mean + (0.3 if mean < 0 else 0.0)
        GATE.at("gamma", case=(mean,)).mean(normal(wrong), mean, atol=0.1, var=1.0).require()

    with pytest.raises(AssertionError, match="where -1 is demanded"):
        wrong_below_zero()
    assert seen[-1] == -1
