"""Look for a case that breaks a law: Hypothesis draws, steers and shrinks; this file keeps count and keeps time."""

from __future__ import annotations

import hashlib
import math
import time
import warnings
from collections.abc import Callable
from typing import Any

from prufrock.call import Call, Judged, OutsideDomain, SubjectMisbehaved, SubjectRaised, Watch, rounded
from prufrock.contract import resolve_cases, resolve_real
from prufrock.encode import size_of
from prufrock.gaps import GUARANTEES, Gap, weakest
from prufrock.profile import Profile
from prufrock.statute import Law
from prufrock.subjects import Subject

SHOWN = 3  # calls that are kept of a statistical law's: all are alike but for their seeds
FEWEST = 256  # pairs that the budget is split over at least
OUTSIDE = 150  # cases refused in a row, after which a law has nothing to say about a subject


class HouseError(Exception):
    """A law, a case or an oracle raised: our bug, never the subject's."""


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
        import hypothesis
        from hypothesis import HealthCheck, Phase, errors, settings

        phases = (Phase.generate, Phase.target, Phase.shrink) if self.profile.steer else (Phase.generate, Phase.shrink)
        strategy = self._house(self._strategy)

        @hypothesis.seed(case_seed(self.seed, self.law.id))
        @settings(
            max_examples=examples(self.law, self.subject, self.profile),
            phases=phases,
            database=None,
            deadline=None,
            derandomize=False,
            report_multiple_bugs=False,
            print_blob=False,
            suppress_health_check=list(HealthCheck),
            verbosity=hypothesis.Verbosity.quiet,
        )
        @hypothesis.given(strategy)
        def draw(case: Any) -> None:
            self._one(case)

        try:
            with _SameEverywhere():
                draw()
        except _OutOfTime:
            self.out_of_time = self.failure is None and self.cases > 0
        except (LawBroken, SubjectRaised, SubjectMisbehaved, errors.Flaky):
            pass
        except errors.Unsatisfiable:
            pass

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
        import hypothesis

        if time.monotonic() > self._deadline:
            raise _OutOfTime
        first = self._deadline == math.inf
        try:
            found = self.judge(case)
        except OutsideDomain:
            self.outside += 1
            if self.outside > OUTSIDE and not self.cases:
                raise _OutOfTime from None
            hypothesis.reject()
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

    def _strategy(self) -> Any:
        law = self.law
        if self.profile.real:
            return resolve_real(law.contract, law.cases, law.home)
        return resolve_cases(law.cases, law.home)

    def _house(self, run: Callable[[], Any]) -> Any:
        try:
            return run()
        except Exception as error:
            raise HouseError(f"cases of {self.law.id}: {type(error).__name__}: {error}") from error


def examples(law: Law, subject: Subject, profile: Profile) -> int:
    """How many cases of a law are drawn."""
    return max(1, math.ceil(law.effort * subject.share * profile.cases))


def alarm(law: Law, subject: Subject, profile: Profile) -> float:
    """Probability that a correct subject fails a statistical law on one case.

    The budget of a run is shared by every pair of a statistical law and a subject that the catalogue holds (their
    number rounded up to a power of two, so that one law more does not change the others' draws), and by the cases.
    """
    return alarm_of(1) / examples(law, subject, profile)


def alarm_of(pairs: int) -> float:
    """Probability that any of so many pairs of a statistical law and a correct subject fails."""
    from prufrock import catalogue
    from prufrock.chance import RUN_BUDGET

    shares = max(FEWEST, 1 << max(catalogue.statistical_pairs() - 1, 0).bit_length())
    return RUN_BUDGET * pairs / shares


def case_seed(root: int, law_id: str) -> int:
    """The seed of one law's cases: all subjects meet the same ones."""
    return int.from_bytes(hashlib.blake2b(f"{root}:{law_id}".encode(), digest_size=8).digest(), "big")


class _SameEverywhere:
    """Draw the same cases whatever else is imported.

    Hypothesis mixes in constants that it reads out of the modules which happen to be loaded. Two processes would then
    draw different cases from one seed, so the pool is emptied while we search.
    """

    def __enter__(self) -> None:
        from hypothesis.internal.conjecture import providers

        self._providers: Any = providers
        self._draw = getattr(providers.HypothesisProvider, "_maybe_draw_constant", None)
        if self._draw is not None:
            self._providers.HypothesisProvider._maybe_draw_constant = lambda *_, **__: None

    def __exit__(self, *_: object) -> None:
        if self._draw is not None:
            self._providers.HypothesisProvider._maybe_draw_constant = self._draw
