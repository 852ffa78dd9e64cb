"""check(law, subject) -> Verdict: the heart. Pytest, the command line, benchmarks and reports are fronts over it."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from prufrock.call import OutsideDomain, Watch
from prufrock.contract import resolve_real
from prufrock.draws import HouseError
from prufrock.encode import digest
from prufrock.gaps import Gap
from prufrock.profile import QUICK, Profile
from prufrock.search import OracleAbsent, Search
from prufrock.statute import Law
from prufrock.subjects import Known, Subject, as_subject
from prufrock.verdict import Counterexample, Status, Verdict

ROOT_SEED = 0
FEW = 5  # conclusive cases without which a search cut short says nothing


def check(
    law: Law,
    subject: Subject | Callable[..., Any],
    *,
    profile: Profile = QUICK,
    seed: int = ROOT_SEED,
    watch: Watch | None = None,
    **declarations: Any,
) -> Verdict:
    """Judge one subject by one law.

    A bare function may be given with its declarations (outputs, conventions, dtype, accuracy, tensors) as keywords. An
    exception from the subject is its verdict; one from the law, the case or the oracle is raised as HouseError.
    """
    judged = as_subject(subject, law.contract, **declarations)
    start = time.perf_counter()
    verdict = Verdict(law.id, judged.name, Status.HOLDS, law.level, seed=seed, profile=profile.name)
    reason = judged.absence() or inapplicable(law, judged) or _unreal(law, profile)
    if reason:
        return replace(verdict, status=Status.SKIPPED, reason=reason)
    known = judged.known_for(law.id)
    # What is on record need not be made small again.
    hurried = replace(profile, shrink=0.0) if known is not None else profile
    search = Search(law, judged, hurried, seed, watch)
    try:
        if known is None:
            verdict = _outcome(search, verdict)
        elif known.witness is None:
            verdict = _on_record(_outcome(search, verdict), known)
        else:
            verdict = _recheck(search, known, known.witness(), verdict)
    except OracleAbsent as absent:
        return replace(verdict, status=Status.SKIPPED, reason=str(absent))
    return replace(verdict, versions=versions(judged), seconds=time.perf_counter() - start)


def inapplicable(law: Law, subject: Subject) -> str:
    """Why a law cannot speak about a subject, or ""."""
    lacking = [name for name in law.needs if not subject.declares(name)]
    if lacking:
        return f"returns no {' or '.join(lacking)}"
    for convention, answers in law.when.items():
        answer = subject.conventions.get(convention)
        if answer is None:
            return f"declares no convention {convention!r}"
        if answer not in answers:
            return f"its {convention} is {answer!r}, the law speaks of {' or '.join(map(repr, answers))}"
    return ""


def _unreal(law: Law, profile: Profile) -> str:
    """Why a law has nothing to say of real data, or ""."""
    if not profile.real or resolve_real(law.contract, law.cases, law.home) is not None:
        return ""
    return "has no cases from real data"


def recheck(
    law: Law,
    subject: Subject,
    case: Any,
    *,
    profile: Profile = QUICK,
    seed: int = ROOT_SEED,
    watch: Watch | None = None,
) -> Verdict:
    """Judge one given case, as a replay or real data does.

    A statistical law draws what it drew when the same seed and profile met the case.
    """
    search = Search(law, subject, profile, seed, watch)
    verdict = Verdict(law.id, subject.name, Status.HOLDS, law.level, cases=1, profile="one case", seed=seed)
    start = time.perf_counter()
    found = search.judge(case)
    verdict = replace(verdict, conclusive=int(isinstance(found, Gap) and found.conclusive))
    verdict = _describe(verdict, case, found, search.calls)
    return replace(verdict, versions=versions(subject), seconds=time.perf_counter() - start)


def versions(subject: Subject | None) -> dict[str, str]:
    """Releases of what was judged and of what judged it."""
    import platform

    import numpy as np

    from prufrock import __version__

    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "prufrock": __version__,
        **(subject.versions() if subject else {}),
    }


def _outcome(search: Search, verdict: Verdict) -> Verdict:
    search.run()
    verdict = replace(
        verdict,
        cases=search.cases,
        conclusive=search.conclusive,
        margin=search.margin,
        guarantee=search.guarantee,
    )
    if search.failure is not None:
        return _describe(verdict, *search.failure)
    if search.out_of_time and search.conclusive < FEW:
        return replace(verdict, status=Status.UNDECIDED, reason=f"time ran out after {search.conclusive} cases")
    if search.conclusive:
        return verdict
    why = f"none of {search.cases} cases was conclusive" if search.cases else "no case was in the subject's domain"
    why += f" ({search.mute})" if search.mute else ""
    return replace(verdict, status=Status.NOT_EXERCISED, reason=why)


def _on_record(verdict: Verdict, known: Known) -> Verdict:
    if not verdict.broken:
        return verdict
    return replace(verdict, status=Status.KNOWN, reason=known.reason, link=known.link, scope=known.scope)


def _recheck(search: Search, known: Known, case: Any, verdict: Verdict) -> Verdict:
    """A violation on record is shown on its witness; where that no longer breaks the law, it is fixed: say so."""
    try:
        found = search.judge(case)
    except OutsideDomain:
        return replace(verdict, status=Status.NOT_EXERCISED, reason="its witness is not in the subject's domain")
    shown = _describe(replace(verdict, cases=1, conclusive=1), case, found, search.calls)
    if shown.broken:
        return _on_record(shown, known)
    shown = replace(shown, link=known.link, scope=known.scope)
    return replace(shown, status=Status.FIXED, reason=f"on record, but its witness now passes: {known.reason}")


def _describe(verdict: Verdict, case: Any, found: Gap | Exception, calls: tuple[Any, ...]) -> Verdict:
    """The verdict on one case."""
    if isinstance(found, Gap):
        margin = max(verdict.margin, found.margin)
        conclusive = max(verdict.conclusive, int(found.conclusive))
        verdict = replace(verdict, margin=margin, conclusive=conclusive, guarantee=found.guarantee)
        if not found.broken:
            return verdict if found.conclusive else replace(verdict, status=Status.NOT_EXERCISED, reason=found.says)
        example = Counterexample(
            case,
            found.miss,
            found.allow,
            found.got,
            found.want,
            found.says,
            calls,
            found.certificate,
            found.evidence,
        )
        return _named(replace(verdict, status=Status.VIOLATED, reason=found.says, counterexample=example))
    example = Counterexample(case, float("inf"), 0.0, says=str(found), calls=calls)
    cause = found.__cause__
    if cause is None:
        return _named(replace(verdict, status=Status.VIOLATED, reason=str(found), counterexample=example))
    trace = "".join(traceback.format_exception(type(cause), cause, _inside(cause)))
    crashed = replace(verdict, status=Status.CRASHED, reason=str(found), counterexample=example, traceback=trace)
    return _named(crashed)


def _inside(error: BaseException) -> Any:
    """The traceback from the subject's own first frame on: ours is of no use to its author."""
    trace = error.__traceback__
    return trace.tb_next if trace is not None and trace.tb_next is not None else trace


def _named(verdict: Verdict) -> Verdict:
    example = verdict.counterexample
    assert example is not None
    return replace(verdict, counterexample_id=digest(verdict.law, verdict.subject, example.case))


__all__ = ["ROOT_SEED", "HouseError", "check", "inapplicable", "recheck"]
