"""What the gate's thresholds are worth: pairs of equal trees, which must pass, and planted slow-downs, which must not.

A planted tree is this one with a function that does a tenth of its work twice: every tenth call of it is made twice. So
the slow-down is real work of the same kind, in time and in instructions, and it is the same in every run.
"""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .catalogue import modules
from .gate import BASE, HEAD, MORE, SLOWER, SUSPECT, Cell, cells, put

PLANTS = (
    ("transport.c_transform", "transport/c_transform.py", "c_transform"),
    ("transport.kantorovich", "transport/kantorovich.py", "solve"),
    ("transport.rubinstein", "transport/rubinstein.py", "solve"),
    ("transport.wasserstein_1d", "transport/wasserstein.py", "wasserstein_1d"),
    ("transport.bures", "transport/wasserstein.py", "gaussian"),
    ("transport.sinkhorn", "transport/sinkhorn.py", "solve"),
    ("transport.sinkhorn", "transport/sinkhorn.py", "_potentials"),
    ("transport.divergence", "transport/divergence.py", "sinkhorn_divergence"),
    ("latent.gmm", "latent/gmm.py", "fit"),
    ("latent.gmm", "latent/gmm.py", "_em"),
    ("latent.hmm", "latent/hmm.py", "posteriors"),
    ("latent.viterbi", "latent/hmm.py", "viterbi"),
    ("latent.baum_welch", "latent/baum_welch.py", "fit"),
    ("latent.baum_welch", "latent/baum_welch.py", "_estep"),
    ("latent.ctc", "latent/ctc.py", "loss"),
    ("latent.transducer", "latent/transducer.py", "loss_from_logits"),
    ("latent.decode", "latent/decode.py", "prefix_beam_search"),
    ("variational.gamma", "variational/implicit.py", "gamma"),
    ("bayes.shrinkage", "bayes/shrinkage.py", "log_evidence"),
    ("speech.frames", "speech/frames.py", "unstack_frames"),
)
TWICE = """

_once = {function}
_calls = 0


def {function}(*args, **kwargs):
    global _calls
    _calls += 1
    if _calls % 10 == 0:
        _once(*args, **kwargs)
    return _once(*args, **kwargs)
"""


@dataclass(frozen=True)
class Outcome:
    """One run of the gate."""

    what: str
    cells: Sequence[Cell]

    @property
    def closed(self) -> bool:
        """Whether the gate said slower."""
        return any(cell.slower for cell in self.cells)

    @property
    def closed_by_time(self) -> bool:
        """Whether it would have without valgrind."""
        return any(cell.time > SLOWER for cell in self.cells)

    @property
    def row(self) -> str:
        """A line of the table, with the worst cell of each measure."""
        time = max(cell.time for cell in self.cells)
        counts = [cell.instructions for cell in self.cells if cell.instructions is not None]
        counted = f"{max(counts):.3f}" if counts else ""
        verdict, alone = ("slower" if closed else "passes" for closed in (self.closed, self.closed_by_time))
        return f"| {self.what} | {time:.3f} | {counted} | {verdict} | {alone} |"


def page(number: int) -> str:
    """The Markdown page of so many runs of each kind."""
    equal = list(_equal(number))
    planted = list(_planted(number))
    rows = [f"| {what} | {each} | {alone} |" for what, each, alone in _summary(equal, planted)]
    return "\n".join(
        [
            "# The gate",
            "",
            f"Written by `prufrock bench --gate --trials {number}`; {platform.machine()}, Python "
            f"{platform.python_version()}. Thresholds: CPU time above {SUSPECT} is measured again and above {SLOWER} is "
            f"slower; instructions above {MORE} are. Equal pairs run all cells; planted ones (a function of the tree "
            "makes every tenth call twice) the cells of their workload.",
            "",
            "| | the gate | by CPU time alone |",
            "|---|---|---|",
            *rows,
            "",
            "Largest ratio of any cell, in each run:",
            "",
            "| run | time | instructions | the gate | by CPU time alone |",
            "|---|--:|--:|---|---|",
            *(outcome.row for outcome in [*equal, *planted]),
            "",
        ]
    )


def _summary(equal: Sequence[Outcome], planted: Sequence[Outcome]) -> Iterable[tuple[str, str, str]]:
    for what, outcomes, right in (("equal trees pass", equal, False), ("planted +10 % is slower", planted, True)):
        closed, by_time = (sum(o.closed is right for o in outcomes), sum(o.closed_by_time is right for o in outcomes))
        yield what, f"{closed} of {len(outcomes)}", f"{by_time} of {len(outcomes)}"


def _equal(number: int) -> Iterable[Outcome]:
    with tempfile.TemporaryDirectory() as folder:
        for side in (HEAD, BASE):
            put(Path("impl"), Path(folder) / side)
        for k in range(number):
            yield _told(Outcome(f"equal {k + 1}", cells(Path(folder), modules())))


def _planted(number: int) -> Iterable[Outcome]:
    for k in range(number):
        module, file, function = PLANTS[k % len(PLANTS)]
        with tempfile.TemporaryDirectory() as folder:
            for side in (HEAD, BASE):
                put(Path("impl"), Path(folder) / side)
            with (Path(folder) / HEAD / file).open("a", encoding="utf-8") as text:
                text.write(TWICE.format(function=function))
            yield _told(Outcome(f"{module}: {function}", cells(Path(folder), [module])))


def _told(outcome: Outcome) -> Outcome:
    print(outcome.row, flush=True)
    return outcome
