"""A device that is not the CPU, on a machine that has none: our code is judged there by the same laws.

A tensor of `elsewhere` holds one of the CPU, and does with it what it is asked for. What a graphics card would refuse it
refuses: operands of two devices, NumPy's view of its memory, a generator of another device. So the laws find what forgets
a device, on any machine. They say nothing about a card's own kernels or rounding: that is for reference[cuda].

    python -m properties.tests.elsewhere FAMILY [CASES]      every law of a family; prints what does not hold

It registers torch's spare backend, for the life of the process; hence a process of its own.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch.utils._python_dispatch import return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

from prufrock import catalogue
from prufrock.cells import cells_of
from prufrock.profile import QUICK
from prufrock.run import HouseFault, judge
from prufrock.show import verdict_text
from prufrock.subjects import Subject
from prufrock.verdict import Status

from ..subjects import own

DEVICE = "elsewhere"
MOVES = {"aten::_to_copy", "aten::copy_"}
TAKES_INDICES = {"aten::index", "aten::index_put", "aten::index_put_", "aten::_index_put_impl_"}
BASE: Any = torch.Tensor
MADE: Any = torch.Tensor._make_wrapper_subclass
GENERATOR: Any = torch.Generator
LIBRARY: Any = torch.library.Library("aten", "IMPL")  # type: ignore[no-untyped-call]
ALIASED: Any = return_and_correct_aliasing
MAKES = (
    torch.ops.aten.empty.memory_format,
    torch.ops.aten.empty_strided.default,
    torch.ops.aten.tril_indices.default,
    torch.ops.aten.triu_indices.default,
)


class Away(BASE):  # type: ignore[misc]
    """A tensor of the device, which holds one of the CPU."""

    held: torch.Tensor

    @staticmethod
    def __new__(cls, held: torch.Tensor) -> Any:
        return MADE(
            cls,
            held.size(),
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=f"{DEVICE}:0",
        )

    def __init__(self, held: torch.Tensor) -> None:
        self.held = held

    __torch_function__ = torch._C._disabled_torch_function_impl

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, *args, **(kwargs or {}))

    def tolist(self) -> Any:
        return self.held.tolist()

    def numpy(self, **_: Any) -> Any:
        raise TypeError(f"a tensor of {self.device} has no memory that NumPy sees")


class Generator(GENERATOR):  # type: ignore[misc]
    """One of the CPU that answers for either device."""

    def __new__(cls, device: Any = "cpu") -> Any:
        made: Any = super().__new__(cls, device="cpu")
        made.away = torch.device(device).type == DEVICE
        return made

    @property
    def device(self) -> torch.device:
        return torch.device(f"{DEVICE}:0" if self.away else "cpu")


def begin() -> None:
    """Register the device with torch."""
    _setup_privateuseone_for_python_backend(DEVICE)
    torch.Generator = Generator  # type: ignore[misc]
    for op in MAKES:
        LIBRARY.impl(op, partial(_run, op), "PrivateUse1")
    LIBRARY.impl("_copy_from", _copy, "PrivateUse1")


def _copy(source: torch.Tensor, target: torch.Tensor, non_blocking: bool = False) -> torch.Tensor:
    """What torch calls where it makes a tensor of a list of numbers."""
    _held(target).copy_(_held(source))
    return target


def _run(func: Any, *args: Any, **kwargs: Any) -> Any:
    """An operation of which a tensor is of the device, or whose result shall be."""
    name, device = func._schema.name, kwargs.get("device")
    tensors = [x for x in tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
    given = any(isinstance(x, Away) for x in tensors)
    away = given if device is None else torch.device(device).type == DEVICE
    if name not in MOVES:
        indexed = name in TAKES_INDICES and isinstance(args[0], Away)
        counted = [args[0]] if indexed else [x for x in tensors if x.ndim or isinstance(x, Away)]
        if len({x.device for x in counted}) > 1:
            raise RuntimeError(f"{func}: expected one device, got {[(*x.shape, str(x.device)) for x in counted]}")
    if device is not None:
        kwargs["device"] = torch.device("cpu")
    out = func(*tree_map(_held, args), **tree_map(_held, kwargs))
    if not away:
        return out
    made = tree_map(lambda x: Away(x) if isinstance(x, torch.Tensor) else x, out)
    return ALIASED(func, args, kwargs, made) if given else made


def _held(x: Any) -> Any:
    return x.held if isinstance(x, Away) else x


def broken(pattern: str, cases: int) -> Iterator[str]:
    """What does not hold of our own implementations in float64 with their tensors on the device; a line at the end."""
    near: Any = own._tensors

    def far(arguments: tuple[Any, ...], device: str) -> list[Any]:
        return [x.to(DEVICE) if isinstance(x, torch.Tensor) else x for x in near(arguments, device)]

    profile = replace(QUICK, cases=cases, seconds=300.0, hang=120.0)
    found: Counter[Status] = Counter()
    own._tensors = far
    for cell in cells_of(catalogue.laws_of(pattern), _ours()):
        verdict = judge(cell, profile, 0)
        if isinstance(verdict, HouseFault):
            yield verdict.message
            continue
        found[verdict.status] += 1
        if verdict.status not in (Status.HOLDS, Status.SKIPPED, Status.NOT_EXERCISED):
            yield verdict_text(verdict)
    if not found[Status.HOLDS]:
        yield f"{pattern}: nothing was judged"
    print(dict(found), file=sys.stderr)


def _ours() -> list[Subject]:
    """Each with its kernel at hand, where it has one: that must stand aside."""
    ours = [s for s in catalogue.subjects() if s.own and s.device == "cpu" and s.dtype == "float64"]
    names = {(s.contract.id, s.name) for s in ours}
    return [s for s in ours if (s.contract.id, own._with_kernel(s.name)) not in names]


if __name__ == "__main__":
    begin()
    torch.set_num_threads(1)
    lines = list(broken(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1))
    print(*lines, sep="\n\n")
    sys.exit(bool(lines))
