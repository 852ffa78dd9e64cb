"""A device that is not the CPU, on a machine that has no other: code that forgets a device is found without one.

    from prufrock import elsewhere

    device = elsewhere.begin()        # for the life of the process
    mylib.loss(x.to(device))          # raises where a graphics card would

A tensor of the device holds one of the CPU, and does with it what it is asked for. What a graphics card would refuse it
refuses: operands of two devices, NumPy's view of its memory and, if asked to, generators of the CPU. A scalar of the CPU
may join in, and indices may come from there, as on a card. It says nothing about a card's own kernels and rounding.

torch knows the device as "lazy", a backend that is part of torch and does nothing unless it is asked to; its gradients
are computed in the thread that asks, so that no other must be ended with the process.
"""

from __future__ import annotations

import weakref
from functools import cache, partial
from typing import Any, ClassVar

import torch
from torch.utils._python_dispatch import return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map

NAME = "lazy"
MOVES = {"aten::_to_copy", "aten::copy_"}
TAKES_INDICES = {"aten::index", "aten::index_put", "aten::index_put_", "aten::_index_put_impl_"}
MAKES = (
    "arange",
    "arange.start",
    "arange.start_step",
    "empty.memory_format",
    "empty_strided",
    "eye",
    "eye.m",
    "linspace",
    "logspace",
    "randperm",
    "randperm.generator",
    "tril_indices",
    "triu_indices",
)
# What torch does not declare.
_Tensor: Any = torch.Tensor
_Generator: Any = torch.Generator
_aliased: Any = return_and_correct_aliasing
_Library: Any = torch.library.Library
_library = _Library("aten", "IMPL")


class Away(_Tensor):  # type: ignore[misc]
    """A tensor of the device, which holds one of the CPU."""

    held: torch.Tensor

    @staticmethod
    def __new__(cls, held: torch.Tensor) -> Any:
        return _Tensor._make_wrapper_subclass(
            cls,
            held.size(),
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=f"{NAME}:0",
        )

    def __init__(self, held: torch.Tensor) -> None:
        self.held = held

    __torch_function__ = torch._C._disabled_torch_function_impl

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, *args, **(kwargs or {}))

    def __repr__(self, **_: Any) -> str:
        return repr(self.held).removesuffix(")") + f", device='{self.device}')"

    def __format__(self, spec: str) -> str:
        return format(self.held, spec)

    def tolist(self) -> Any:
        return self.held.tolist()

    def numpy(self, **_: Any) -> Any:
        raise TypeError(f"a tensor of {self.device} has no memory that NumPy sees: .cpu() first")


class Generator(_Generator):  # type: ignore[misc]
    """One of the CPU that answers for either device."""

    refused: ClassVar = False  # where it is one of the CPU
    away: ClassVar[set[int]] = set()  # torch hands its operations the same generator as another object

    def __new__(cls, device: Any = "cpu") -> Any:
        made: Any = super().__new__(cls, device="cpu")
        if torch.device(device).type == NAME:
            cls.away.add(made._cdata)
            weakref.finalize(made, cls.away.discard, made._cdata)
        return made

    @property
    def device(self) -> torch.device:
        return torch.device(f"{NAME}:0" if self._cdata in self.away else "cpu")


def begin(generators: bool = False) -> torch.device:
    """The device; from now on torch makes tensors there.

    generators  refuse those of the CPU as well, as a card does. Not unless asked: a library that looks for the name
                "cuda" before it takes its card's generator would be refused here and right on a card.
    """
    Generator.refused |= generators
    return _device()


@cache
def _device() -> torch.device:
    torch.Generator = Generator  # type: ignore[misc]
    for name in MAKES:
        packet, _, overload = name.partition(".")
        op = getattr(getattr(torch.ops.aten, packet), overload or "default")
        _library.impl(name, partial(_run, op), "Lazy")
    _library.impl("_copy_from", _copy, "Lazy")
    return torch.device(f"{NAME}:0")


def _copy(source: torch.Tensor, target: torch.Tensor, non_blocking: bool = False) -> torch.Tensor:
    """What torch calls where it makes a tensor of a list of numbers."""
    _held(target).copy_(_held(source))
    return target


def _run(func: Any, *args: Any, **kwargs: Any) -> Any:
    """An operation of which a tensor is of the device, or whose result shall be."""
    name, device = func._schema.name, kwargs.get("device")
    tensors = [x for x in tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
    given = any(isinstance(x, Away) for x in tensors)
    away = given if device is None else torch.device(device).type == NAME
    if name not in MOVES:
        indexed = name in TAKES_INDICES and isinstance(args[0], Away)
        counted = [args[0]] if indexed else [x for x in tensors if x.ndim or isinstance(x, Away)]
        if len({x.device for x in counted}) > 1:
            found = ", ".join(f"{list(x.shape)} on {x.device}" for x in counted)
            raise RuntimeError(f"{func}: expected all tensors to be on the same device, got {found}")
    for x in (*args, *kwargs.values()) if away and Generator.refused else ():
        if isinstance(x, _Generator) and x._cdata not in Generator.away:
            raise RuntimeError(f"{func}: expected a generator of {NAME}, got one of the CPU")
    if device is not None:
        kwargs["device"] = torch.device("cpu")
    out = func(*tree_map(_held, args), **tree_map(_held, kwargs))
    if not away:
        return out
    made = tree_map(lambda x: Away(x) if isinstance(x, torch.Tensor) else x, out)
    found = _aliased(func, args, kwargs, made) if given else made
    for x in tensors:
        if isinstance(x, Away) and x.shape != x.held.shape:
            raise NotImplementedError(f"{func}: a tensor of {x.device} keeps its shape, {list(x.shape)}")
    return found


def _held(x: Any) -> Any:
    return x.held if isinstance(x, Away) else x
