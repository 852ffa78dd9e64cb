"""Seeds as a pure function of what is judged: equal runs draw equal numbers, and no search can look for a lucky seed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

BITS = 31  # what every generator takes as a seed


def key(root: int, law: str, case: Any) -> bytes:
    """The key of one case under one law: blake2b(root seed, law id, canonical case)."""
    from prufrock.encode import encode

    text = json.dumps([root, law, encode(case)], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def stream(key: bytes) -> Iterator[int]:
    """Distinct seeds in [0, 2³¹), without end."""
    given: set[int] = set()
    count = 0
    while True:
        raw = hashlib.blake2b(count.to_bytes(8, "big"), key=key, digest_size=8).digest()
        seed = int.from_bytes(raw, "big") >> (64 - BITS)
        count += 1
        if seed not in given:
            given.add(seed)
            yield seed
