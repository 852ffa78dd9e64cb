"""The kill matrix: which laws reject which mutants. A law nobody dies by is idle; a mutant nobody kills is a hole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prufrock import catalogue
from prufrock.checking import ROOT_SEED, check, inapplicable
from prufrock.profile import Profile
from prufrock.statute import Law
from prufrock.subjects import Subject

# A counterexample is not made small: the answer is yes or no.
POWER = Profile("power", cases=40, seconds=120.0, shrink=0.0, hang=5.0)

Matrix = Mapping[tuple[str, str], bool | None]


def kills(law: Law, mutant: Subject, profile: Profile = POWER, seed: int = ROOT_SEED) -> bool:
    """Whether the law rejects the mutant."""
    return check(law, mutant, profile=profile, seed=seed).broken


def matrix(
    laws: Iterable[Law], mutants: Iterable[Subject], profile: Profile = POWER, seed: int = ROOT_SEED
) -> dict[tuple[str, str], bool | None]:
    """(law id, mutant name) -> killed, or None where the law cannot speak about the mutant."""
    mutants = tuple(mutants)
    return {
        (law.id, mutant.name): None if inapplicable(law, mutant) else kills(law, mutant, profile, seed)
        for law in laws
        for mutant in mutants
        if mutant.contract.id == law.contract.id
    }


def claimed(law: Law) -> tuple[Subject, ...]:
    """The mutants that a law says it rejects."""
    by_name = {mutant.name: mutant for mutant in catalogue.mutants_of(law.contract.id)}
    lost = [name for name in law.kills if name not in by_name]
    if lost:
        raise catalogue.Unknown(f"{law.id} claims to kill {lost}: no such mutant of {law.contract.id}")
    return tuple(by_name[name] for name in law.kills)
