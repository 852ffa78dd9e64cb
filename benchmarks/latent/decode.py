"""CTC prefix beam search, beside fast-ctc-decode (Rust, float32, probabilities below a threshold cut off: set to 0)."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from ..problems_latent import Frames, speech
from ..suite import ratio, speed
from ..workload import CPU, Call, Ours, Peer, Workload

WIDTH = 16
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDE"


def ours(decode: ModuleType, p: Frames, device: str) -> Call:
    import torch

    log_p = torch.from_numpy(p.log_p)
    return lambda: list(decode.prefix_beam_search(log_p, width=WIDTH)[0].labels)


def fast_ctc_decode(p: Frames, device: str) -> Call:
    import fast_ctc_decode

    probabilities = np.exp(p.log_p).astype(np.float32)
    alphabet = "-" + LETTERS[: p.log_p.shape[1] - 1]

    def call() -> Any:
        text, _ = fast_ctc_decode.beam_search(probabilities, alphabet, WIDTH, 0.0)
        return [1 + LETTERS.index(letter) for letter in text]

    return call


def error(p: Frames, labels: Any) -> float:
    """How much likelier, in nats, the best labelling found here by a beam of 64 is, by torch's CTC loss."""
    import torch

    def cost(y: list[int]) -> float:
        x = torch.from_numpy(p.log_p)[:, None]
        lengths = torch.tensor([len(p.log_p)]), torch.tensor([len(y)])
        return float(torch.nn.functional.ctc_loss(x, torch.tensor([y]), *lengths, reduction="sum"))

    return max(0.0, cost(labels) - cost(best(p)))


@lru_cache(maxsize=1)
def best(p: Frames) -> list[int]:
    """Prefix beam search by the book, on probabilities, 64 wide."""
    beam: dict[tuple[int, ...], tuple[float, float]] = {(): (1.0, 0.0)}
    for row in np.exp(p.log_p).tolist():
        seen: dict[tuple[int, ...], list[float]] = {}
        for y, (b, n) in beam.items():
            here = seen.setdefault(y, [0.0, 0.0])
            here[0] += (b + n) * row[0]
            here[1] += n * row[y[-1]] if y else 0.0
            for k in range(1, len(row)):
                seen.setdefault((*y, k), [0.0, 0.0])[1] += (b if y and y[-1] == k else b + n) * row[k]
        kept = sorted(seen, key=lambda y: -sum(seen[y]))[:64]
        beam = {y: (seen[y][0], seen[y][1]) for y in kept}
    return list(next(iter(beam)))


WORKLOAD = Workload(
    "latent.decode",
    "latent.decode",
    cases={"T=20 V=8": lambda: speech(20, 8), "T=200 V=32": lambda: speech(200, 32)},
    ours={"ours": Ours(ours, CPU)},
    peers={"fast-ctc-decode": Peer(fast_ctc_decode, "fast_ctc_decode")},
    error=error,
    measures="nats that the best labelling known is likelier",
    gate="T=20 V=8",
    count="T=20 V=8",
)
Speed, Ratio = speed(WORKLOAD), ratio(WORKLOAD)
