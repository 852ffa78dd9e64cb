"""The few lines of every known violation run, and end in an assertion of the wrong result that they show."""

from __future__ import annotations

import warnings

import pytest

from prufrock import Known, Subject, catalogue
from prufrock.subjects import missing

ON_RECORD = [(s, known) for s in catalogue.subjects() for known in s.known]


@pytest.mark.parametrize(("subject", "known"), ON_RECORD, ids=lambda x: getattr(x, "law", None) or x.name)
def test_the_lines_of_a_known_violation_run(subject: Subject, known: Known) -> None:
    absent = missing(subject.requires) or (missing(known.scope) if known.scope else "")
    if absent:
        pytest.skip(absent)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(known.lines, f"<{subject.name}: {known.law}>", "exec"), {})
