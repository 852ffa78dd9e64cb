"""Real input: pairs of fifty digit images under W₁ and W₂. Drawn and real cases go through the same laws.

The four laws of the complete set prove a plan and its prices optimal on each problem, without an oracle. Every
eleventh problem is judged here; PRUFROCK_PROFILE=deep judges all 2450.
"""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

from prufrock import Status, catalogue
from prufrock.checking import check
from prufrock.gaps import Gap
from prufrock.profile import PROFILES, QUICK
from prufrock.search import Search

from ..cases import digits

STEP = 1 if os.environ.get("PRUFROCK_PROFILE") == "deep" else 11
PATIENT = replace(PROFILES["quick-real"], cases=8, seconds=300.0)
PROOF = ("marginals", "nonnegativity", "dual-feasibility", "strong-duality")


@pytest.mark.parametrize("law", PROOF)
@pytest.mark.parametrize("name", ["reference", "POT.emd"])
def test_every_pair_of_images_is_solved_and_proven_optimal(name: str, law: str) -> None:
    subject = catalogue.subject("transport.kantorovich", name)
    if subject.absence():
        pytest.skip(subject.absence())
    search = Search(catalogue.law(f"transport.kantorovich.{law}"), subject, QUICK, 0)
    for at in digits.pairs()[::STEP]:
        found = search.judge(digits.problem(*at))
        assert isinstance(found, Gap), (at, found)
        assert not found.broken, (at, found.miss, found.allow)
        assert found.conclusive, at


@pytest.mark.parametrize("law", [x.id for x in catalogue.laws_of("transport") if x.contract.real and x.gates])
def test_laws_hold_on_real_cases(law: str) -> None:
    one = catalogue.law(law)
    for subject in (s for s in catalogue.subjects() if s.contract is one.contract and s.name == "reference"):
        verdict = check(one, subject, profile=PATIENT)
        if verdict.status is Status.SKIPPED:
            pytest.skip(verdict.reason)
        verdict.require()


def test_the_images_are_those_that_scikit_learn_ships() -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    counts = datasets.load_digits().data[:50]
    np.testing.assert_allclose(digits.histograms(), counts / counts.sum(1, keepdims=True), rtol=1e-15)


def test_there_are_all_pairs_twice() -> None:
    assert len(digits.pairs()) == 50 * 49
