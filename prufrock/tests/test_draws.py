from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from prufrock import Contract, Gap, Judged, Law, Status, catalogue, check, draws, gap, law
from prufrock.profile import QUICK
from prufrock.subjects import as_subject


@dataclass(frozen=True)
class Numbers:
    x: np.ndarray


numbers = st.lists(st.integers(-5, 5), min_size=1, max_size=6).map(lambda xs: Numbers(np.array(xs, dtype=float)))
doubles = Contract("test.double", "twice as much", {"x": "n"}, {"y": "n"}, "any", numbers)


def twice(double: Judged, case: Numbers) -> Gap:
    return gap(double(case.x), case.x + case.x, allow=0.0, effect=1.0)


def make(run: Any = twice, cases: Any = numbers, name: str = "twice") -> Law:
    return law(doubles, says="twice", source="derived", kind="oracle", rule="T1", cases=cases, name=name)(run)


def right(x: np.ndarray) -> np.ndarray:
    return 2.0 * x


def test_a_law_that_changes_its_case_changes_it_for_nobody_else() -> None:
    seen: list[list[bytes]] = []

    def spoils(double: Judged, case: Numbers) -> Gap:
        seen[-1].append(case.x.tobytes())
        found = twice(double, case)
        case.x[:] = 99.0
        return found

    one = make(spoils)
    for _ in range(2):
        seen.append([])
        assert check(one, right).status is Status.HOLDS
    assert len(seen[0]) == QUICK.cases
    assert seen[0] == seen[1]


def test_cases_that_cannot_be_copied_are_drawn_for_each() -> None:
    @dataclass(frozen=True)
    class Local:
        x: np.ndarray

    local = numbers.map(lambda case: Local(case.x))
    assert check(make(cases=local), right).cases == QUICK.cases
    wrong = check(make(cases=local), np.abs)
    assert wrong.status is Status.VIOLATED
    assert wrong.counterexample is not None
    assert len(wrong.counterexample.case.x) == 1


def test_who_takes_few_meets_as_many_and_is_shown_a_small_one() -> None:
    def long(x: np.ndarray) -> bool:
        return len(x) >= 5

    narrow = as_subject(right, doubles, accepts=long)
    assert check(make(), narrow).cases == QUICK.cases
    wrong = check(make(), as_subject(lambda x: x if x[0] > 0 else 2.0 * x, doubles, accepts=long))
    assert wrong.counterexample is not None
    np.testing.assert_array_equal(wrong.counterexample.case.x, [1.0, 0.0, 0.0, 0.0, 0.0])
    assert check(make(), as_subject(right, doubles, accepts=lambda x: False)).status is Status.NOT_EXERCISED


def test_few_different_cases_are_met_once_each() -> None:
    three = st.sampled_from([1.0, 2.0, 3.0]).map(lambda x: Numbers(np.array([x])))
    assert check(make(cases=three), right).cases == 3


def test_processes_of_one_run_share_what_they_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    one = catalogue.laws_of("speech.frames")[0]
    with draws.shelves():
        draws.batch.cache_clear()
        first = draws.batch(one, 0, 0, 3, False)
        draws.batch.cache_clear()
        with monkeypatch.context() as patched:
            patched.setattr(draws, "_drawn", lambda *_: pytest.fail("drawn again"))
            assert draws.batch(one, 0, 0, 3, False) == first
        folder = os.environ[draws.SHELVES]
    draws.batch.cache_clear()
    monkeypatch.setenv(draws.SHELVES, folder)
    assert draws.batch(one, 0, 0, 3, False) == first
