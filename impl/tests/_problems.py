"""Random and degenerate transport problems, drawn from an explicit generator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

KINDS = ("normal", "ties", "assignment", "flat", "integer", "bare", "mixed", "repeated", "line")


def problems(seed: int, number: int) -> Iterator[tuple[str, Tensor, Tensor, Tensor]]:
    """Name, a, b, cost in float64, sizes 1 to 7."""
    rng = torch.Generator().manual_seed(seed)

    def integers(high: int, *shape: int) -> Tensor:
        return torch.randint(high, shape, generator=rng).double()

    for k in range(number):
        kind = KINDS[k % len(KINDS)]
        m, n = (int(x) + 1 for x in integers(7, 2))
        a, b = torch.rand(m, generator=rng).double() + 1e-3, torch.rand(n, generator=rng).double() + 1e-3
        cost = torch.randn(m, n, generator=rng).double()
        if kind == "ties":
            cost = integers(3, m, n)
        elif kind == "assignment":
            a, b, cost = torch.ones(m).double(), torch.ones(m).double(), integers(3, m, m)
        elif kind == "flat":
            cost = torch.zeros(m, n).double()
        elif kind == "integer":
            a, b, cost = integers(3, m) + 1, integers(3, n) + 1, integers(5, m, n) - 2
            a[-1] += (b.sum() - a.sum()).clamp_min(0)
            b[-1] += (a.sum() - b.sum()).clamp_min(0)
        elif kind == "bare":
            a[1:], b[:-1] = a[1:] * integers(2, m - 1), b[:-1] * integers(2, n - 1)
        elif kind == "mixed":
            cost = cost * 10 ** (integers(13, m, n) - 4)
        elif kind == "repeated":
            cost = cost[integers(m, m).long()][:, integers(n, n).long()]
        elif kind == "line":
            cost = (integers(4, m)[:, None] - integers(4, n)).abs()
        yield kind, a, b * (a.sum() / b.sum()), cost
