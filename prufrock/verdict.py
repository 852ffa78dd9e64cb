"""What came of judging one subject by one law."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from prufrock.encode import encode


class Status(StrEnum):
    """The outcomes. Only the last five say something against anybody."""

    HOLDS = "holds"
    UNDECIDED = "undecided"
    NOT_EXERCISED = "not exercised"
    SKIPPED = "skipped"
    KNOWN = "known"
    FIXED = "fixed"
    VIOLATED = "violated"
    CRASHED = "crashed"
    TIMED_OUT = "timed out"


BROKEN = frozenset({Status.VIOLATED, Status.CRASHED, Status.TIMED_OUT, Status.FIXED})
TESTED = BROKEN | {Status.HOLDS, Status.KNOWN}


@dataclass(frozen=True)
class Counterexample:
    """One case on which a subject breaks a law, and everything needed to show it again."""

    case: Any
    miss: float
    allow: float
    got: Any = None
    want: Any = None
    says: str = ""
    calls: tuple[Any, ...] = ()
    certificate: Any = None
    evidence: Any = None


@dataclass(frozen=True)
class Verdict:
    """One cell of the table laws x subjects.

    cases       cases judged; `conclusive` of them could have told right from wrong
    margin      the worst miss/allow seen (at most 1 where the law holds)
    guarantee   what stands behind it: "exact", or of chance "finite-sample" or "calibrated"
    reason      why it was skipped, is known, crashed or stayed undecided
    """

    law: str
    subject: str
    status: Status
    level: str = "mathematical"
    reason: str = ""
    link: str = ""
    scope: str = ""
    cases: int = 0
    conclusive: int = 0
    margin: float = 0.0
    seed: int = 0
    seconds: float = 0.0
    profile: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    counterexample: Counterexample | None = None
    counterexample_id: str = ""
    traceback: str = ""
    guarantee: str = "exact"

    @property
    def broken(self) -> bool:
        return self.status in BROKEN

    @property
    def gates(self) -> bool:
        return self.level != "hygiene"

    def __bool__(self) -> bool:
        return not self.broken

    def require(self) -> Verdict:
        """The verdict itself, or an AssertionError that shows the counterexample.

        A law that was not exercised has not been kept either, and is refused too; a skipped one is for the caller.
        """
        if self.broken or self.status in (Status.UNDECIDED, Status.NOT_EXERCISED):
            from prufrock.show import verdict_text

            raise AssertionError("\n" + verdict_text(self))
        return self


def to_json(verdict: Verdict) -> dict[str, Any]:
    """The verdict as the record `prufrock.verdict/1` (see schema.json)."""
    example = verdict.counterexample
    record: dict[str, Any] = {
        "schema": "prufrock.verdict/1",
        "law": verdict.law,
        "subject": verdict.subject,
        "status": verdict.status.value,
        "level": verdict.level,
        "cases": verdict.cases,
        "conclusive": verdict.conclusive,
        "margin": encode(verdict.margin),
        "guarantee": verdict.guarantee,
        "seed": verdict.seed,
        "seconds": round(verdict.seconds, 4),
        "profile": verdict.profile,
        "versions": dict(verdict.versions),
    }
    for name in ("reason", "link", "scope", "traceback", "counterexample_id"):
        if getattr(verdict, name):
            record[name] = getattr(verdict, name)
    if example is not None:
        record["counterexample"] = _example_json(example)
    return record


def _example_json(example: Counterexample) -> dict[str, Any]:
    from prufrock.gaps import Certificate

    made: dict[str, Any] = {
        "case": encode(example.case),
        "miss": encode(float(example.miss)),
        "allow": encode(float(example.allow)),
        "got": _number_or_array(example.got),
        "want": _number_or_array(example.want),
        "says": example.says,
        "calls": [
            {"arguments": [encode(a) for a in call.arguments], "outputs": encode(call.outputs)}
            for call in example.calls
        ],
    }
    if isinstance(example.certificate, Certificate):
        made["certificate"] = {
            "says": example.certificate.says,
            "arrays": {name: encode(array) for name, array in example.certificate.arrays.items()},
            "lines": list(example.certificate.lines),
        }
    if example.evidence is not None:
        made["chance"] = example.evidence.to_json()
    return made


def _number_or_array(value: Any) -> Any:
    try:
        return encode(value)
    except TypeError:
        return repr(value)


def from_json(record: Mapping[str, Any]) -> Verdict:
    """A verdict as it was written; the counterexample stays in its encoded form on disk and is not rebuilt here."""
    from prufrock.encode import decode

    names = ("law", "subject", "level", "reason", "link", "scope", "cases", "conclusive", "seed", "seconds", "profile")
    return Verdict(
        status=Status(record["status"]),
        margin=float(decode(record["margin"])),
        versions=record.get("versions", {}),
        traceback=record.get("traceback", ""),
        counterexample_id=record.get("counterexample_id", ""),
        guarantee=record.get("guarantee", "exact"),
        **{name: record[name] for name in names if name in record},
    )
