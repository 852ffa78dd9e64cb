"""Where cases come from: Hypothesis draws them, and what it drew for a law serves every subject.

A case costs more to draw than most subjects take to answer. So the cases of a law are drawn once in a run, a batch at
a time, and kept as pickles: each subject meets copies of its own. A batch is a run of Hypothesis in which nothing
fails; the run that makes a counterexample small (see `search`) draws the same up to the case that fails.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from prufrock.contract import resolve_cases, resolve_real
from prufrock.statute import Law

KEPT = 512  # batches
SHELVES = "PRUFROCK_DRAWN"  # names the folder in which the processes of a run leave what they drew


class HouseError(Exception):
    """A law, a case or an oracle raised: our bug, never the subject's."""


class Uncopyable(Exception):
    """The cases of a law cannot be pickled."""


@lru_cache(maxsize=KEPT)
def batch(law: Law, root: int, turn: int, number: int, real: bool) -> tuple[bytes, ...]:
    """At most `number` cases, pickled; fewer where there are no more different ones.

    root  the root seed
    turn  0, 1, ... for more and more cases
    """
    shelf = _shelf(law, f"{root} {turn} {number} {real}")
    if shelf is not None and shelf.exists():
        found: tuple[bytes, ...] = pickle.loads(shelf.read_bytes())
        return found
    drawn = _drawn(law, root, turn, number, real)
    if shelf is not None:
        with tempfile.NamedTemporaryFile(dir=shelf.parent, delete=False) as part:
            part.write(pickle.dumps(drawn))
        os.replace(part.name, shelf)
    return drawn


@contextlib.contextmanager
def shelves() -> Iterator[None]:
    """The processes that are started within share what they draw."""
    with tempfile.TemporaryDirectory(prefix="prufrock-") as folder:
        before, os.environ[SHELVES] = os.environ.get(SHELVES), folder
        try:
            yield
        finally:
            del os.environ[SHELVES]
            if before is not None:
                os.environ[SHELVES] = before


def _shelf(law: Law, batch: str) -> Path | None:
    """Where a batch lies that other processes need too; None for a law that they do not know, and after the run."""
    folder = Path(os.environ.get(SHELVES) or os.devnull)
    return folder / f"{law.id} {batch}" if folder.is_dir() and law in _in_catalogue() else None


@cache
def _in_catalogue() -> frozenset[Law]:
    from prufrock import catalogue

    return frozenset(catalogue.laws())


def _drawn(law: Law, root: int, turn: int, number: int, real: bool) -> tuple[bytes, ...]:
    from hypothesis.errors import Unsatisfiable

    cases: list[bytes] = []
    with contextlib.suppress(Unsatisfiable):
        explore(law, root, turn, number, real, ("generate",), lambda case: cases.append(_pickled(case)))
    return tuple(cases)


def explore(
    law: Law, root: int, turn: int, number: int, real: bool, phases: Sequence[str], judge: Callable[[Any], None]
) -> None:
    """Call `judge` on cases of a law, which raises where one fails, until Hypothesis is through with its phases."""
    import hypothesis

    @hypothesis.seed(case_seed(root, law.id, turn))
    @hypothesis.settings(
        max_examples=number,
        phases=[hypothesis.Phase[phase] for phase in phases],
        database=None,
        deadline=None,
        derandomize=False,
        report_multiple_bugs=False,
        print_blob=False,
        suppress_health_check=list(hypothesis.HealthCheck),
        verbosity=hypothesis.Verbosity.quiet,
    )
    @hypothesis.given(strategy(law, real))
    def draw(case: Any) -> None:
        judge(case)

    with _SameEverywhere():
        draw()


def strategy(law: Law, real: bool) -> Any:
    """The strategy of a law's cases."""
    try:
        return resolve_real(law.contract, law.cases, law.home) if real else resolve_cases(law.cases, law.home)
    except Exception as error:
        raise HouseError(f"cases of {law.id}: {type(error).__name__}: {error}") from error


def _pickled(case: Any) -> bytes:
    try:
        return pickle.dumps(case)
    except Exception as error:
        raise Uncopyable(str(error)) from error


def case_seed(root: int, law_id: str, turn: int = 0) -> int:
    """The seed of one law's cases: all subjects meet the same ones."""
    name = f"{root}:{law_id}:{turn}" if turn else f"{root}:{law_id}"
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")


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
