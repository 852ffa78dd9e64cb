"""Chance inside a law: seeds follow from the example, verdicts carry a guarantee, records replay."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import strategies as st

from prufrock import Contract, Gap, HouseError, Judged, Law, Status, check, law
from prufrock.checking import recheck
from prufrock.emit import script
from prufrock.profile import CI, QUICK
from prufrock.search import alarm, examples
from prufrock.show import verdict_text
from prufrock.subjects import as_subject
from prufrock.verdict import from_json, to_json

SCHEMA = json.loads((Path(__file__).parents[1] / "schema.json").read_text())


@dataclass(frozen=True)
class Rate:
    rate: float


rates = st.integers(1, 40).map(lambda k: Rate(k / 8.0))
times = Contract("test.times", "waiting times", {"rate": "", "n": "", "seed": ""}, {"t": "n"}, "any", rates)


def statistical(run: Any, **changes: Any) -> Law:
    given: dict[str, Any] = {"kind": "statistical", "detects": "5 % of the mean", **changes}
    return law(times, says="the mean is 1/rate", source="derived", rule="T8", **given)(run)


def mean(draw: Judged, case: Rate) -> Gap:
    """E t = 1/rate."""
    return draw.chance.mean(lambda s, n: draw(case.rate, n, s), 1 / case.rate, rel=0.05, var=1 / case.rate**2)


def right(rate: float, n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).exponential(1 / rate, n)


def wrong(rate: float, n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).exponential(rate, n)


def test_a_right_sampler_holds_with_a_guarantee() -> None:
    verdict = check(statistical(mean), right, profile=CI)
    assert verdict.status is Status.HOLDS
    assert verdict.guarantee == "finite-sample"
    assert verdict.cases == verdict.conclusive == 20
    assert 0 < verdict.margin < 1
    assert "guarantee: finite-sample" in verdict_text(verdict)
    assert from_json(to_json(verdict)).guarantee == "finite-sample"


def test_a_wrong_one_is_shown_with_evidence_that_fits_the_schema_and_replays() -> None:
    one = statistical(mean)
    verdict = check(one, wrong, profile=CI, seed=5)
    assert verdict.status is Status.VIOLATED
    example = verdict.counterexample
    assert example is not None
    assert example.evidence.root == 5
    assert len(example.calls) <= 3
    record = json.loads(json.dumps(to_json(verdict)))
    jsonschema.validate(record, SCHEMA)
    assert record["counterexample"]["chance"]["status"] == "FAIL"
    assert "where chance allows" in verdict_text(verdict)
    again = recheck(one, as_subject(wrong, times), example.case, profile=CI, seed=5)
    assert again.counterexample is not None
    assert again.counterexample.evidence == example.evidence
    text = script(record, one, as_subject(wrong, times))
    assert "where chance allows" in text
    assert f"out_1 = subject({example.case.rate!r}, 64, " in text


def test_seeds_follow_from_root_law_and_case_alone() -> None:
    seen: dict[int, list[tuple[float, int]]] = {}
    for run, root in enumerate((3, 3, 4)):

        def noting(rate: float, n: int, seed: int, run: int = run) -> np.ndarray:
            seen.setdefault(run, []).append((rate, seed))
            return right(rate, n, seed)

        check(statistical(mean), noting, seed=root)
    assert seen[0] == seen[1]
    assert not {seed for _, seed in seen[0]} & {seed for _, seed in seen[2]}


def test_the_weakest_guarantee_is_declared_and_reported() -> None:
    def guessed(draw: Judged, case: Rate) -> Gap:
        return draw.chance.mean(lambda s, n: draw(case.rate, n, s), 1 / case.rate, rel=0.05, tails="clt")

    assert check(statistical(guessed, guarantee="calibrated"), right).guarantee == "calibrated"
    with pytest.raises(HouseError, match="its gap is calibrated"):
        check(statistical(guessed), right)


def test_what_is_refused_in_every_case_was_not_exercised() -> None:
    def guessed(draw: Judged, case: Rate) -> Gap:
        return draw.chance.mean(lambda s, n: np.floor(draw(case.rate, n, s)), 1.0, rel=0.05, tails="clt")

    few = Contract("test.few", "few", times.arguments, times.outputs, "any", st.just(Rate(3.0)))
    made = law(few, says="x", source="x", kind="statistical", rule="T8", guarantee="calibrated", detects="x")(guessed)
    verdict = check(made, right)
    assert verdict.status is Status.NOT_EXERCISED
    assert "distinct values" in verdict.reason


def test_only_statistical_laws_may_ask() -> None:
    with pytest.raises(HouseError, match="kind 'statistical'"):
        check(law(times, says="x", source="x", kind="oracle", rule="T1")(mean), right)
    with pytest.raises(ValueError, match="detects"):
        law(times, says="x", source="x", kind="statistical", rule="T8")
    with pytest.raises(ValueError, match="guarantee"):
        law(times, says="x", source="x", kind="oracle", rule="T1", guarantee="calibrated")


def test_the_budget_of_a_run_is_shared_by_laws_subjects_and_cases() -> None:
    one, subject = statistical(mean), as_subject(right, times)
    assert examples(one, CI, subject) == 20
    assert examples(one, QUICK, subject) == 2
    assert alarm(one, subject, CI) * 20 == pytest.approx(alarm(one, subject, QUICK) * 2)
    assert alarm(one, subject, CI) * 20 * 256 <= 1e-4
