"""How our own implementations become the subject `reference`: in float64, in float32, and on a CUDA device.

They run in the process of the checker. Arrays become tensors without a copy where their layout allows it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from prufrock import Contract, Subject, subject
from prufrock.tensors import as_tensor

VARIANTS = (
    ("reference", "float64", "cpu"),
    ("reference[float32]", "float32", "cpu"),
    ("reference[cuda]", "float64", "cuda"),
)


def impl(name: str) -> Any:
    """A module of `impl`, which lies beside this pack in a checkout and in a wheel alike."""
    return importlib.import_module(f"{(__package__ or '').removesuffix('properties.subjects')}impl.{name}")


def _tensors(arguments: tuple[Any, ...], device: str) -> list[Any]:
    return [as_tensor(x, device) for x in arguments]


def _numpy(x: Any) -> Any:
    return x.cpu().numpy() if hasattr(x, "cpu") else x


def reference(
    contract: Contract,
    module: str,
    call: Callable[..., Any],
    outputs: tuple[str, ...] = (),
    conventions: Mapping[str, str] | None = None,
    variants: tuple[tuple[str, str, str], ...] = VARIANTS,
    accuracy: float = 0.0,
    kernel: bool = False,
    effort: float = 1.0,
) -> tuple[Subject, ...]:
    """`call(module, *tensors)` as a subject, once a dtype and device; it returns a tensor or a tuple of them.

    accuracy  the tolerance that an iteration stops at by default
    kernel    a numba kernel may serve: it is judged as reference.kernel beside the reading version, on the CPU
    effort    of the reading version, where it is much slower than its kernel
    """

    def on(device: str, fast: bool) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            with nullcontext() if fast else impl("_kernels").without_kernels():
                out = call(impl(module), *_tensors(arguments, device))
            return tuple(_numpy(x) for x in out) if isinstance(out, tuple) else _numpy(out)

        return run

    made = []
    for name, dtype, device in variants:
        for fast in (False, True) if kernel and device == "cpu" else (False,):
            one = subject(
                _with_kernel(name) if fast else name,
                contract=contract,
                outputs=outputs,
                conventions=conventions,
                dtype=dtype,
                requires="numba>=0.60" if fast else "torch>=2.4",
                accuracy=accuracy,
                own=True,
            )(on(device, fast))
            made.append(replace(one, device=device, effort=1.0 if fast else effort))
    return tuple(made)


def _with_kernel(name: str) -> str:
    head, bracket, rest = name.partition("[")
    return f"{head}.kernel{bracket}{rest}"


def called(way: str) -> tuple[tuple[str, str, str], ...]:
    """The variants of reference.way, an other way to the same."""
    return tuple((name.replace("reference", f"reference.{way}"), dtype, device) for name, dtype, device in VARIANTS)
