"""Kernels: compiled twins of readable recursions, used where numba is installed and never needed."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
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
    """The function in machine code, compiled on its first call with each set of types and kept on disk.

    Write np.positive(y, x) for x[:] = y: an array in place of another's numbers costs numba 4 s more, once a process.
    """
    return _kept(function)


def fused(function: Callable[..., Any]) -> Any:
    """The same, a product and a sum rounded once; sums stay in their order."""
    return _kept(function, fastmath={"contract"})


def reordered(function: Callable[..., Any]) -> Any:
    """The same where the order of sums and the sign of zero do not matter and no NaN comes: reductions by vectors."""
    return _kept(function, fastmath={"reassoc", "nnan", "nsz", "contract"})


def inlined(function: Callable[..., Any]) -> Any:
    """A part of other kernels, compiled with each of them: a call and its slices would cost as much as a short loop."""
    return import_module("numba").njit(inline="always")(function)


def _kept(function: Callable[..., Any], **options: Any) -> Any:
    """numba compiles again when a function's own file has changed; kernels call those of other files, too."""
    kernel = import_module("numba").njit(cache=True, error_model="numpy", **options)(function)
    index: Any = getattr(getattr(kernel, "_cache", None), "_cache_file", None)
    if hasattr(index, "_source_stamp"):
        index._source_stamp = (index._source_stamp, sources())
    return kernel


@cache
def sources() -> tuple[tuple[int, int], ...]:
    """Time and size of every file of kernels."""
    here = Path(__file__).parent
    files = (*sorted(here.rglob("_*kernel.py")), here / "_vector_math.py")
    return tuple((found.st_mtime_ns, found.st_size) for found in (path.stat() for path in files))
