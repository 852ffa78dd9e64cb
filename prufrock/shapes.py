"""Shapes as words: `"m n"` is an array with two axes, `""` a number, `"T*r B d"` a product that is known by then,
`"N-1 K"` one less.

`bind` reads sizes off the arguments of a call, `expected` turns the words of an output into a shape.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

ANY = "..."


def bind(words: Mapping[str, str], arguments: Sequence[Any]) -> dict[str, int]:
    """Sizes by name, from arguments given in the order of `words`; an integer argument binds its own name."""
    sizes: dict[str, int] = {}
    for (name, word), value in zip(words.items(), arguments, strict=False):
        if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
            sizes[name] = int(value)
        elif isinstance(value, np.ndarray) and word != ANY:
            for axis, size in zip(word.split(), value.shape, strict=False):
                sizes.setdefault(axis, size)
    for known in [key for key in sizes if "*" in key]:
        _divide(known, sizes)
    return sizes


def expected(word: str, sizes: Mapping[str, int]) -> tuple[int, ...] | None:
    """The shape that `word` stands for, or None where a size is unknown and nothing can be said."""
    if word == ANY:
        return None
    shape = []
    for axis in word.split():
        factors = [_size(f, sizes) for f in axis.split("*")]
        if any(f is None for f in factors):
            return None
        shape.append(prod(f for f in factors if f is not None))
    return tuple(shape)


def _size(factor: str, sizes: Mapping[str, int]) -> int | None:
    """3, N or N-1, never less than 0."""
    name, _, less = factor.partition("-")
    size = int(name) if name.isdigit() else sizes.get(name)
    return None if size is None else max(size - int(less or 0), 0)


def _divide(axis: str, sizes: dict[str, int]) -> None:
    """From r*d = 6 and r = 2 learn d = 3."""
    unknown = [f for f in axis.split("*") if f not in sizes]
    known = prod(sizes[f] for f in axis.split("*") if f in sizes)
    if len(unknown) == 1 and known and sizes[axis] % known == 0:
        sizes[unknown[0]] = sizes[axis] // known
