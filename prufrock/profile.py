"""How hard to look: cases per law, time per law, patience with a hanging subject."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Profile:
    """Cases and seconds for one cell.

    seconds  after this long no further case is drawn
    shrink   seconds spent on making a counterexample small
    hang     seconds that one call of a foreign subject may take
    memory   GiB that a foreign subject's process may claim
    steer    whether the search climbs towards large miss/allow: worth it for thousands of cases. At a hundred it costs
             2.3 times as much and finds less (of transport's mutants 9 that drawing alone did not, missing 40)
    run      seconds after which a run over everything begins no further cell
    real     whether cases are taken from the contract's real data instead of being made up
    """

    name: str
    cases: int
    seconds: float
    shrink: float
    hang: float
    memory: float = 8.0
    steer: bool = False
    run: float | None = None
    real: bool = False


QUICK = Profile("quick", cases=10, seconds=3.0, shrink=4.0, hang=10.0, run=50.0)
CI = Profile("ci", cases=100, seconds=20.0, shrink=20.0, hang=20.0)
DEEP = Profile("deep", cases=2000, seconds=300.0, shrink=60.0, hang=60.0, steer=True)

REAL = "-real"
_MADE_UP = (QUICK, CI, DEEP)
_REAL = tuple(replace(profile, name=profile.name + REAL, real=True) for profile in _MADE_UP)

PROFILES = {profile.name: profile for profile in (*_MADE_UP, *_REAL)}
