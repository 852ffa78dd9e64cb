"""Kernels: compiled twins of readable recursions, used where numba is installed and never needed."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_wanted: ContextVar[bool] = ContextVar("kernels", default=True)


def has_kernel() -> bool:
    """Whether numba is there for kernels to run, and they are wanted."""
    return _wanted.get() and _installed()


@cache
def _installed() -> bool:
    return find_spec("numba") is not None


@contextmanager
def without_kernels() -> Iterator[None]:
    """The readable recursions alone, to be judged or timed beside their kernels."""
    before = _wanted.set(False)
    try:
        yield
    finally:
        _wanted.reset(before)


def compiled(function: Callable[..., Any]) -> Any:
    """The function in machine code, compiled on its first call with each set of types and kept on disk."""
    return import_module("numba").njit(cache=True, error_model="numpy")(function)


def fused(function: Callable[..., Any]) -> Any:
    """The same, a product and a sum rounded once; sums stay in their order."""
    return import_module("numba").njit(cache=True, error_model="numpy", fastmath={"contract"})(function)


def reordered(function: Callable[..., Any]) -> Any:
    """The same where the order of sums and the sign of zero do not matter and no NaN comes: reductions by vectors."""
    numba = import_module("numba")
    return numba.njit(cache=True, error_model="numpy", fastmath={"reassoc", "nnan", "nsz", "contract"})(function)
