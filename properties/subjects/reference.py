"""The subject called `reference`: our own implementations, in float64, in float32, and on a CUDA device.

They run in the process of the checker. Arrays become tensors without a copy where their layout allows it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from prufrock import Contract, Subject, subject

from ..speech.frames import batch_major, frames
from ..transport.c_transform import c_transform
from ..transport.divergence import sinkhorn_divergence
from ..transport.gaussian import brenier_gaussian, bures
from ..transport.kantorovich import kantorovich, transport_cost
from ..transport.rubinstein import rubinstein
from ..transport.sinkhorn import sinkhorn
from ..transport.wasserstein import wasserstein
from ..transport.wasserstein_line import wasserstein_1d

VARIANTS = (("reference", "float64", "cpu"), ("reference[float32]", "float32", "cpu"), ("reference[cuda]", "float64", "cuda"))


def _impl(name: str) -> Any:
    """A module of `impl`, which lies beside this pack in a checkout and in a wheel alike."""
    return importlib.import_module(f"{(__package__ or '').removesuffix('properties.subjects')}impl.{name}")


def _tensors(arguments: tuple[Any, ...], device: str) -> list[Any]:
    import torch

    return [
        torch.from_numpy(np.ascontiguousarray(x)).to(device) if isinstance(x, np.ndarray) else x for x in arguments
    ]


def _numpy(x: Any) -> Any:
    return x.cpu().numpy() if hasattr(x, "cpu") else x


def reference(
    contract: Contract,
    module: str,
    call: Callable[..., Any],
    outputs: tuple[str, ...] = (),
    conventions: Mapping[str, str] | None = None,
    variants: tuple[tuple[str, str, str], ...] = VARIANTS,
) -> tuple[Subject, ...]:
    """`call(module, *tensors)` as a subject, once a dtype and device; it returns a tensor or a tuple of them."""

    def on(device: str) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            out = call(_impl(module), *_tensors(arguments, device))
            return tuple(_numpy(x) for x in out) if isinstance(out, tuple) else _numpy(out)

        return run

    made = []
    for name, dtype, device in variants:
        one = subject(
            name,
            contract=contract,
            outputs=outputs,
            conventions=conventions,
            dtype=dtype,
            requires="torch>=2.4",
            own=True,
        )(on(device))
        made.append(replace(one, device=device))
    return tuple(made)


def _sinkhorn(impl: Any, a: Any, b: Any, cost: Any, eps: float) -> Any:
    found = impl.solve(a, b, cost, eps)
    return (found.plan, found.f, found.g, impl.value(a, b, cost, eps), found.marginal_error, found.iterations)


EXACT = {"vertex": "yes", "duals_on_zero_atoms": "yes", "mass": "any"}

SUBJECTS = (
    *reference(
        kantorovich,
        "transport.kantorovich",
        lambda impl, *x: (*impl.solve(*x), impl.value(*x)),
        ("plan", "f", "g", "value"),
        EXACT,
    ),
    *reference(transport_cost, "transport.kantorovich", lambda impl, *x: impl.value(*x), (), {"mass": "any"}),
    *reference(c_transform, "transport.c_transform", lambda impl, *x: impl.c_transform(*x)),
    *reference(rubinstein, "transport.rubinstein", lambda impl, *x: tuple(impl.solve(*x)), ("value", "f")),
    *reference(
        wasserstein, "transport.wasserstein", lambda impl, *x: impl.wasserstein(*x), (), {"root": "yes"}
    ),
    *reference(
        wasserstein_1d, "transport.wasserstein", lambda impl, *x: impl.wasserstein_1d(*x), (), {"root": "yes"}
    ),
    *reference(bures, "transport.wasserstein", lambda impl, *x: impl.gaussian(*x), (), {"root": "yes"}),
    *reference(brenier_gaussian, "transport.wasserstein", lambda impl, *x: impl.brenier_map(*x)),
    *reference(frames, "speech.frames", lambda impl, y, r: impl.unstack_frames(y, r)),
    *reference(batch_major, "speech.frames", lambda impl, y, r: impl.unstack_frames(y, r, "batch-major")),
)
