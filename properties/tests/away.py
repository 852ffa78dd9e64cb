"""Our own implementations, judged by every law with their tensors on a device that is not the CPU (prufrock.elsewhere).

    python -m properties.tests.away PATTERN [CASES]      of a family, a contract or a law; prints what does not hold

In a process of its own, for the device stays with it.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch

from prufrock import catalogue, elsewhere
from prufrock.cells import cells_of
from prufrock.profile import QUICK
from prufrock.run import HouseFault, judge
from prufrock.show import verdict_text
from prufrock.subjects import Subject
from prufrock.verdict import Status

from ..subjects import own


def broken(pattern: str, cases: int) -> Iterator[str]:
    """What does not hold of them in float64, text by text; the numbers of verdicts go to stderr."""
    away, near = elsewhere.begin(generators=True), own._tensors

    def far(arguments: tuple[Any, ...], device: str) -> list[Any]:
        return [x.to(away) if isinstance(x, torch.Tensor) else x for x in near(arguments, device)]

    profile = replace(QUICK, cases=cases, seconds=300.0, hang=120.0)
    found: Counter[str] = Counter()
    own._tensors = far
    for cell in cells_of(catalogue.laws_of(pattern), _ours()):
        verdict = judge(cell, profile, 0)
        if isinstance(verdict, HouseFault):
            yield verdict.message
            continue
        found[verdict.status.value] += 1
        if verdict.status not in (Status.HOLDS, Status.SKIPPED, Status.NOT_EXERCISED):
            yield verdict_text(verdict)
    if not found[Status.HOLDS.value]:
        yield f"{pattern}: nothing was judged"
    print(dict(found), file=sys.stderr)


def _ours() -> list[Subject]:
    """Each with its kernel at hand, where it has one: that must stand aside."""
    ours = [s for s in catalogue.subjects() if s.own and s.device == "cpu" and s.dtype == "float64"]
    names = {(s.contract.id, s.name) for s in ours}
    return [s for s in ours if (s.contract.id, own._with_kernel(s.name)) not in names]


if __name__ == "__main__":
    torch.set_num_threads(1)
    texts = list(broken(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1))
    print(*texts, sep="\n\n")
    sys.exit(bool(texts))
