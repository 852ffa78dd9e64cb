"""Look for a case that breaks a law: Hypothesis draws, steers and shrinks; this file keeps count and keeps time."""

from __future__ import annotations

import contextlib
import itertools
import math
import pickle
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from prufrock import draws
from prufrock.call import Call, Judged, OutsideDomain, SubjectMisbehaved, SubjectRaised, Watch, rounded
from prufrock.draws import HouseError
from prufrock.encode import size_of
from prufrock.gaps import GUARANTEES, Gap, weakest
from prufrock.profile import Profile
from prufrock.statute import Law
from prufrock.subjects import Subject

SHOWN = 3  # calls that are kept of a statistical law's: all are alike but for their seeds
FEWEST = 256  # pairs that the budget is split over at least
FUTILE = 10  # times as many cases as are wanted, after which no more are drawn for a subject that refuses most
MORE = 30  # cases in every batch after the first
LEAST = 90  # cases that are drawn for such a subject, even if few are wanted
OUTSIDE = 150  # cases, all refused, after which a search gives up


class OracleAbsent(BaseException):
    """An oracle wants a library that is not installed; a BaseException, so that it is not taken for a failure to shrink."""


class LawBroken(Exception):
    """The search found a case on which the gap is broken."""


class _OutOfTime(BaseException):
    """Stops Hypothesis between two cases; a BaseException, so that it is not taken for a failure to shrink."""


class Search:
    """One search. After `run`, `failure` is None or (case, Gap or exception, calls), the smallest found.

    seed  the root seed: cases follow from it and the law's id, random numbers from these and the case
    mute  why the first case that could not tell could not
    """

    def __init__(self, law: Law, subject: Subject, profile: Profile, seed: int, watch: Watch | None = None) -> None:
        self.law, self.subject, self.profile, self.seed = law, subject, profile, seed
        self.judged = Judged(subject, watch)
        self.watch = watch
        self.cases = self.conclusive = self.outside = 0
        self.margin = 0.0
        self.guarantee = GUARANTEES[0]
        self.mute = ""
        self.failure: tuple[Any, Gap | Exception, tuple[Call, ...]] | None = None
        self.out_of_time = False
        self._deadline = math.inf

    def run(self) -> None:
        """Judge case after case; stop at one that fails, and make it small."""
        from hypothesis import errors

        try:
            if self.profile.steer or not self._shared():
                self._steered()
        except (LawBroken, SubjectRaised, SubjectMisbehaved, errors.Flaky, errors.Unsatisfiable):
            pass
        except _OutOfTime:
            self.out_of_time = self.failure is None and self.cases > 0

    def _steered(self) -> None:
        """Hypothesis draws for this subject alone, with an eye on its margins."""
        import hypothesis

        def judge(case: Any) -> None:
            try:
                self._one(case)
            except OutsideDomain:
                if self.barren:
                    raise _OutOfTime from None
                hypothesis.reject()

        phases = ("generate", "target", "shrink") if self.profile.steer else ("generate", "shrink")
        self._explore(0, examples(self.law, self.profile, self.subject), phases, judge)

    def _shared(self) -> bool:
        """The cases that all subjects meet, and more of them where a subject's domain leaves some out; False where they
        cannot be copied."""
        wanted = examples(self.law, self.profile, self.subject)
        try:
            self._batch(0)
        except draws.Uncopyable:
            return False
        for turn, place, case in self._met():
            with contextlib.suppress(OutsideDomain, LawBroken, SubjectRaised, SubjectMisbehaved):
                self._one(pickle.loads(case))
            if self.failure is not None:
                if self.profile.shrink:
                    self._made_small(turn, place)
                break
            if self.cases == wanted or self.barren:
                break
        return True

    def _met(self) -> Iterator[tuple[int, int, bytes]]:
        """Turn, place in its batch, and case."""
        left = max(FUTILE * self._size(0), LEAST)
        for turn in itertools.count():
            drawn = self._batch(turn)
            for place, case in enumerate(drawn[:left]):
                yield turn, place, case
            left -= len(drawn)
            if left <= 0 or len(drawn) < self._size(turn):
                return

    def _batch(self, turn: int) -> tuple[bytes, ...]:
        return draws.batch(self.law, self.seed, turn, self._size(turn), self.profile.real)

    def _size(self, turn: int) -> int:
        """Cases in a batch: what the profile asks for, then larger ones: who needs more needs many."""
        first = examples(self.law, self.profile)
        return max(first, MORE) if turn else first

    def _made_small(self, turn: int, place: int) -> None:
        """Draw the same batch once more, past what is known to hold, and let Hypothesis shrink what fails."""
        held = iter(range(place))

        def judge(case: Any) -> None:
            if next(held, None) is None:
                with contextlib.suppress(OutsideDomain):
                    self._one(case)

        self._explore(turn, self._size(turn), ("generate", "shrink"), judge)

    def _explore(self, turn: int, number: int, phases: Sequence[str], judge: Callable[[Any], None]) -> None:
        draws.explore(self.law, self.seed, turn, number, self.profile.real, phases, judge)

    @property
    def barren(self) -> bool:
        """Whether so many cases were refused, and none met, that there is hardly one."""
        return self.outside > OUTSIDE and not self.cases

    @property
    def calls(self) -> tuple[Call, ...]:
        """Calls of the subject in the last case; of a statistical law's, the first few."""
        return tuple(self.judged.calls[: SHOWN if self.law.kind == "statistical" else None])

    def judge(self, case: Any) -> Gap | Exception:
        """The gap on one case, or the subject's own failure; anything else is a HouseError."""
        case = rounded(case, self.subject.dtype)
        self.judged.begin(self._chance(case))
        if self.watch:
            self.watch.case(case)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = self.law(self.judged, case)
        except (SubjectRaised, SubjectMisbehaved) as failure:
            return failure
        except OutsideDomain:
            raise
        except ModuleNotFoundError as error:
            raise OracleAbsent(f"its oracle needs {error.name}, which is not installed") from error
        except Exception as error:
            raise HouseError(f"{self.law.id} raised on its own: {type(error).__name__}: {error}") from error
        if not isinstance(found, Gap):
            raise HouseError(f"{self.law.id} returned {type(found).__name__}, not a Gap")
        if GUARANTEES.index(found.guarantee) > GUARANTEES.index(self.law.guarantee):
            raise HouseError(f"{self.law.id} declares guarantee={self.law.guarantee!r}, its gap is {found.guarantee}")
        return found

    def _chance(self, case: Any) -> Callable[[], Any] | None:
        if self.law.kind != "statistical":
            return None

        def ask() -> Any:
            from prufrock.chance import Chance

            return Chance(self.seed, self.law.id, case, alarm(self.law, self.subject, self.profile))

        return ask

    def _one(self, case: Any) -> None:
        if time.monotonic() > self._deadline:
            raise _OutOfTime
        first = self._deadline == math.inf
        try:
            found = self.judge(case)
        except OutsideDomain:
            self.outside += 1
            raise
        if first:
            # The clock starts after the first case, which may have imported a library.
            self._deadline = time.monotonic() + self.profile.seconds
        if isinstance(found, Gap) and not found.broken:
            if self.failure is None:
                self.cases += 1
                self.conclusive += found.conclusive
                self.mute = self.mute or ("" if found.conclusive else found.says)
                self.margin = max(self.margin, found.margin)
                self.guarantee = weakest((self.guarantee, found.guarantee))
            if self.profile.steer and found.conclusive and 0 < found.margin < math.inf:
                import hypothesis

                hypothesis.target(found.margin, label="margin")
            return
        if self.failure is None:
            self.cases += 1
            self.conclusive += 1
            self._deadline = time.monotonic() + self.profile.shrink
        if isinstance(found, Gap):
            self.margin = max(self.margin, found.margin)
        self._keep(rounded(case, self.subject.dtype), found)
        raise found if isinstance(found, Exception) else LawBroken(found.says)

    def _keep(self, case: Any, found: Gap | Exception) -> None:
        # Hypothesis ends on the smallest failing case, so the last one seen is it; when time runs out before,
        # the smallest seen so far stands.
        size = size_of(case)
        if self.failure is None or size <= size_of(self.failure[0]):
            self.failure = (case, found, self.calls)


def examples(law: Law, profile: Profile, subject: Subject | None = None) -> int:
    """How many cases of a law are drawn, and how many a subject meets."""
    return max(1, math.ceil(law.effort * (subject.share if subject else 1.0) * profile.cases))


def alarm(law: Law, subject: Subject, profile: Profile) -> float:
    """Probability that a correct subject fails a statistical law on one case.

    The budget of a run is shared by every pair of a statistical law and a subject that the catalogue holds (their
    number rounded up to a power of two, so that one law more does not change the others' draws), and by the cases.
    """
    return alarm_of(1) / examples(law, profile, subject)


def alarm_of(pairs: int) -> float:
    """Probability that any of so many pairs of a statistical law and a correct subject fails."""
    from prufrock import catalogue
    from prufrock.chance import RUN_BUDGET

    shares = max(FEWEST, 1 << max(catalogue.statistical_pairs() - 1, 0).bit_length())
    return RUN_BUDGET * pairs / shares
