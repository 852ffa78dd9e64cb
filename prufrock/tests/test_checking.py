from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from prufrock import Contract, Gap, HouseError, Judged, Known, Law, Status, check, gap, inconclusive, law, subject
from prufrock.profile import QUICK
from prufrock.subjects import as_subject


@dataclass(frozen=True)
class Numbers:
    x: np.ndarray


numbers = st.lists(st.integers(-5, 5), min_size=1, max_size=6).map(lambda xs: Numbers(np.array(xs, dtype=float)))
sums = Contract("test.sum", "the sum", {"x": "n"}, {"s": "", "count": ""}, "any", numbers, {"empty": ("zero", "error")})


def total(add: Judged, case: Numbers) -> Gap:
    return gap(add(case.x), case.x.sum(), allow=1e-12, effect=1.0)


def make(run: Any = total, **changes: Any) -> Law:
    return law(sums, says="a sum is the sum", source="derived", kind="oracle", rule="T1", **changes)(run)


def test_a_right_function_holds_and_its_cases_are_counted() -> None:
    verdict = check(make(), lambda x: x.sum())
    assert verdict.status is Status.HOLDS
    assert verdict.cases == verdict.conclusive == QUICK.cases
    assert verdict.require() is verdict
    assert {"python", "numpy", "prufrock"} <= set(verdict.versions)


def test_a_wrong_one_is_shown_its_smallest_counterexample() -> None:
    verdict = check(make(), lambda x: np.abs(x).sum())
    assert verdict.status is Status.VIOLATED
    assert verdict.counterexample is not None
    np.testing.assert_array_equal(verdict.counterexample.case.x, [-1.0])
    with pytest.raises(AssertionError, match=r"got 1, want -1"):
        verdict.require()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(np.zeros(2), "shape"), ("abc", "numbers were expected"), (None, "numbers were expected"), ((1, 2, 3), "shape")],
)
def test_a_wrong_kind_of_answer_is_a_violation(answer: Any, reason: str) -> None:
    verdict = check(make(), lambda x: answer)
    assert verdict.status is Status.VIOLATED
    assert reason in verdict.reason


def test_an_exception_of_the_subject_is_its_verdict_with_its_own_traceback() -> None:
    verdict = check(make(), lambda x: 1 / 0)
    assert verdict.status is Status.CRASHED
    assert "ZeroDivisionError" in verdict.traceback
    assert "prufrock/call.py" not in verdict.traceback


@pytest.mark.parametrize("bad", [lambda add, case: 1 / 0, lambda add, case: None])
def test_an_exception_of_the_law_is_ours(bad: Any) -> None:
    with pytest.raises(HouseError):
        check(make(bad, name="bad"), lambda x: x.sum())


def test_cases_that_cannot_tell_are_not_called_a_success() -> None:
    verdict = check(make(lambda add, case: inconclusive("too coarse"), name="mute"), lambda x: x.sum())
    assert verdict.status is Status.NOT_EXERCISED
    with pytest.raises(AssertionError):
        verdict.require()


def test_nobody_is_judged_by_what_was_not_declared() -> None:
    on_count = make(lambda add, case: gap(add.full(case.x).count, case.x.size, allow=0.0), name="c", needs=("count",))
    assert check(on_count, lambda x: x.sum()).reason == "returns no count"
    assert check(on_count, lambda x: (x.sum(), x.size), outputs=("s", "count")).status is Status.HOLDS
    on_empty = make(name="e", when={"empty": ("zero",)}, level="convention")
    assert "declares no convention" in check(on_empty, np.sum).reason
    assert "'error'" in check(on_empty, np.sum, conventions={"empty": "error"}).reason
    assert check(on_empty, np.sum, conventions={"empty": "zero"}).status is Status.HOLDS


def noting(calls: list[bytes]) -> Any:
    """The sum, with a note of every argument."""

    def run(x: np.ndarray) -> float:
        calls.append(x.tobytes())
        return float(x.sum())

    return run


def test_same_seed_same_counterexample_and_another_seed_other_cases() -> None:
    seen: dict[int, list[bytes]] = {}
    for run, seed in enumerate((3, 3, 4)):
        calls = seen.setdefault(run, [])
        check(make(), noting(calls), seed=seed)
    assert seen[0] == seen[1] != seen[2]


def test_what_else_is_imported_does_not_change_the_cases() -> None:
    import sys
    import types

    first: list[bytes] = []
    check(make(), noting(first))
    sys.modules["a_stranger"] = types.ModuleType("a_stranger")
    second: list[bytes] = []
    check(make(), noting(second))
    del sys.modules["a_stranger"]
    assert first == second


def test_a_subject_computes_in_its_own_dtype() -> None:
    verdict = check(make(), lambda x: x.sum() if x.dtype == np.float32 else np.nan, dtype="float32")
    assert verdict.status is Status.HOLDS


def test_arguments_are_the_subjects_own_copies() -> None:
    def greedy(x: np.ndarray) -> float:
        s = float(x.sum())
        x[...] = 99.0
        return s

    assert check(make(), greedy).status is Status.HOLDS


def on_record(run: Any) -> Any:
    known = Known("total", reason="adds absolute values", witness=lambda: Numbers(np.array([-2.0])), link="https://x.y")
    return subject("lib.add", contract=sums, known=(known,))(run)


def test_a_known_violation_stays_visible_and_fails_nothing() -> None:
    verdict = check(make(), on_record(lambda x: np.abs(x).sum()))
    assert verdict.status is Status.KNOWN
    assert verdict
    assert verdict.counterexample is not None


def test_a_known_violation_that_holds_again_fails_the_run() -> None:
    assert check(make(), on_record(np.sum)).status is Status.FIXED


def test_a_known_violation_out_of_scope_is_judged_like_any() -> None:
    made = on_record(np.sum)
    made = replace(made, known=tuple(replace(k, scope="numpy<1") for k in made.known))
    assert check(make(), made).status is Status.HOLDS


def test_absent_libraries_and_old_releases_are_skipped_with_the_reason() -> None:
    assert check(make(), replace(on_record(np.sum), requires="no-such-thing-here")).reason.endswith("not installed")
    assert "is needed" in check(make(), replace(on_record(np.sum), requires="numpy<1")).reason


def test_a_documented_domain_is_respected() -> None:
    short = subject("short", contract=sums, accepts=lambda x: len(x) == 1)(lambda x: x[0])
    assert check(make(), short).status is Status.HOLDS
    never = subject("never", contract=sums, accepts=lambda x: False)(np.sum)
    assert check(make(), never).status is Status.NOT_EXERCISED


def test_slow_subjects_are_undecided_not_praised() -> None:
    slow = replace(QUICK, seconds=0.0)
    assert check(make(), np.sum, profile=slow).status is Status.UNDECIDED


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"outputs": ("t",)}, "knows s, count"),
        ({"outputs": ("count",)}, "main output 's'"),
        ({"conventions": {"empty": "maybe"}}, "zero, error"),
        ({"dtype": "float8"}, "float64"),
    ],
)
def test_declarations_that_are_off_are_named(declared: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        as_subject(np.sum, sums, **declared)


def test_an_oracle_that_is_not_installed_is_a_reason_to_skip() -> None:
    def needs(add: Judged, case: Numbers) -> Gap:
        import no_such_oracle  # type: ignore[import-not-found]

        return gap(add(case.x), no_such_oracle.truth, allow=0.0)

    verdict = check(make(needs, name="absent"), np.sum)
    assert verdict.status is Status.SKIPPED
    assert "no_such_oracle" in verdict.reason
