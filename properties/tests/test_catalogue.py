"""The catalogue itself: names are unique, every law says where it comes from, and every law has teeth."""

from __future__ import annotations

from collections import Counter

import pytest

from prufrock import Law, Subject, catalogue
from prufrock.power import claimed, kills
from prufrock.tolerance import RULES

LAWS, MUTANTS = catalogue.laws(), catalogue.mutants()


def test_names_are_unique() -> None:
    assert not [name for name, n in Counter(law.id for law in LAWS).items() if n > 1]
    assert not [name for name, n in Counter((s.contract.id, s.name) for s in catalogue.subjects()).items() if n > 1]
    assert not [name for name, n in Counter((m.contract.id, m.name) for m in MUTANTS).items() if n > 1]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.id)
def test_every_law_is_fully_stated(law: Law) -> None:
    assert law.says
    assert law.source
    assert law.mathematics, "a law's docstring is its formula"
    assert law.rule in RULES
    assert law.contract in catalogue.contracts()
    assert len(set(law.kills)) >= 2, "every law names at least two mutants that it rejects"


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.id)
def test_every_law_kills_the_mutants_it_names(law: Law) -> None:
    alive = [mutant.name for mutant in claimed(law) if not kills(law, mutant)]
    assert not alive


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: f"{m.contract.id}-{m.name}")
def test_every_mutant_is_named_or_killed_by_some_law(mutant: Subject) -> None:
    mine = [law for law in LAWS if law.contract.id == mutant.contract.id]
    first = sorted(mine, key=lambda law: (mutant.name not in law.kills, not law.complete))
    assert any(kills(law, mutant) for law in first)


def test_every_contract_has_laws_and_subjects() -> None:
    for contract in catalogue.contracts():
        assert any(law.contract is contract for law in LAWS), contract.id
        assert any(s.contract is contract for s in catalogue.subjects()), contract.id


def test_every_known_violation_names_a_law_of_its_contract() -> None:
    ids = {law.id for law in LAWS}
    for subject in catalogue.subjects():
        for known in subject.known:
            assert known.law in ids or f"{subject.contract.id}.{known.law}" in ids, (subject.name, known.law)
            assert known.reason
            assert known.lines or known.witness is None, "a known violation comes with a few lines that show it"
