"""Laws that hold for every contract: nothing about mathematics, everything about trust.

A function that changes its arguments, answers the same question twice in two ways, reads memory in the order it lies
in, or turns NaN into a number, is wrong whatever it computes. Level `hygiene` is reported apart; determinism is not a
matter of taste and gates.

Symbols: x the arguments of the plain call, F the subject.
Source: derived; X-01 to X-06 of the catalogue.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from prufrock import Contract, Gap, Judged, Law, gap, holds_if, law, same
from prufrock.call import OutsideDomain, SubjectRaised, accepted, as_numbers
from prufrock.gaps import all_of

Corrupt = Callable[[Any], tuple[Any, ...]]


def cross_cutting(
    contract: Contract,
    *,
    reading: Callable[[Any, Any], Any] = lambda case, out: out,
    allow: Callable[[Any, float], float] | None = None,
    layouts: tuple[str, ...] = ("ignores-strides", "ignores-order"),
) -> tuple[Law, ...]:
    """X-01 to X-04 for a contract.

    reading  what of the main output is compared between two calls that may round differently (a plan's cost, say)
    allow    how far rounding may carry that reading, from the case and u; bitwise where it is not given
    layouts  careless mutants that the memory layout can show: without "ignores-order" where no argument has two axes
             (or each is symmetric), so that Fortran order is C order
    """

    def inputs_unchanged(subject: Judged, case: Any) -> Gap:
        """x before the call = x after it, byte for byte."""
        arguments = _typed(subject, contract.arguments_of(case))
        before = copy.deepcopy(arguments)
        _call(subject, arguments)
        pairs = [(x, y) for x, y in zip(before, arguments, strict=True) if isinstance(x, np.ndarray)]
        return all_of(*(same(after, kept, says="an argument after the call") for kept, after in pairs))

    def same_call_twice(subject: Judged, case: Any) -> Gap:
        """F(x) = F(x), byte for byte."""
        first, second = (np.asarray(subject(*contract.arguments_of(case))) for _ in range(2))
        return same(second, first, says="the second of two equal calls")

    def memory_layout(subject: Judged, case: Any) -> Gap:
        """F(x) does not depend on the strides of x."""
        plain = reading(case, subject(*contract.arguments_of(case)))
        worst = []
        arguments = _typed(subject, contract.arguments_of(case))
        arrays = [i for i, x in enumerate(arguments) if isinstance(x, np.ndarray) and x.ndim]
        # Backwards one at a time: whoever reads all of them backwards may be right by symmetry.
        relaying: list[tuple[str, Callable[[Any], Any], list[int]]] = [("Fortran order", np.asfortranarray, arrays)]
        relaying += [(f"negative strides of {list(contract.arguments)[i]}", _backwards, [i]) for i in arrays]
        for name, relaid, which in relaying:
            arguments = _typed(subject, contract.arguments_of(case))
            moved = tuple(relaid(x) if i in which else x for i, x in enumerate(arguments))
            got = reading(case, _main(subject, _call(subject, moved)).astype(np.float64))
            if allow is None:
                worst.append(same(np.asarray(got), np.asarray(plain), says=name))
            else:
                bound = allow(case, subject.u)
                worst.append(gap(got, plain, allow=bound, effect=_size(plain, bound), says=name))
        return all_of(*worst)

    def dtype_kept(subject: Judged, case: Any) -> Gap:
        """float32 in, float32 out: no silent widening or narrowing."""
        out = _main(subject, _call(subject, _typed(subject, contract.arguments_of(case))))
        fits = out.dtype == subject.dtype or out.dtype.kind != "f"
        return holds_if(fits, f"{out.dtype} out of {subject.dtype}", got=str(out.dtype), want=str(subject.dtype))

    return (
        _law(contract, inputs_unchanged, "X-01", "bitwise", "T0", ("writes-into-input", "sorts-in-place")),
        _law(contract, same_call_twice, "X-02", "bitwise", "T0", ("counts-calls", "forgets-second-call")),
        _law(contract, memory_layout, "X-03", "metamorphic", "T10", layouts),
        _law(contract, dtype_kept, "X-04", "hygiene", "T0", ("narrows", "returns-single")),
    )


def batch_independence(
    contract: Contract,
    *,
    reading: Callable[[Any, Any], Any],
    allow: Callable[[Any, float], float],
    other: Callable[[Any], Any] | None = None,
) -> tuple[Law, ...]:
    """X-07, for subjects that declare batch = "leading": several problems at once, stacked along a new first axis.

    The batch is made of the case, of another case of the same shapes (relabelled, every axis reversed, where `other`
    does not make one), and of the case again; `reading` and `allow` are those of `cross_cutting`.
    """
    another = other or _relabelled

    def alone_as_in_batch(subject: Judged, case: Any) -> Gap:
        """F(x_1, x_2, x_3)_k = F(x_k)."""
        shown = (case, another(case), case)
        items = [_typed(subject, contract.arguments_of(one)) for one in shown]
        together = _main(subject, _call(subject, _stacked(items))).astype(np.float64)
        if together.shape[:1] != (3,):
            return holds_if(False, "one result an item", got=list(together.shape), want="a leading axis of 3")
        gaps = []
        for k, item in enumerate(items):
            alone = _main(subject, _call(subject, item)).astype(np.float64)
            bound, want = 2 * allow(shown[k], subject.u), reading(shown[k], alone)
            got = reading(shown[k], together[k])
            gaps.append(gap(got, want, allow=bound, effect=_size(want, bound), says=f"item {k}"))
        return all_of(*gaps)

    kills = ("answers-first-item", "mixes-items", "shifts-items")
    says = "a problem in a batch has the answer that it has alone"
    made = _law(contract, alone_as_in_batch, "X-07", "metamorphic", "T10", kills, says=says, batch=True)
    return (made,)


def _relabelled(case: Any) -> Any:
    fields = {f.name: getattr(case, f.name) for f in dataclasses.fields(case) if f.init}
    return dataclasses.replace(case, **{k: _reversed(v) for k, v in fields.items()})


def _reversed(x: Any) -> Any:
    return x[(slice(None, None, -1),) * x.ndim].copy() if isinstance(x, np.ndarray) and x.ndim else x


def _stacked(items: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    return tuple(np.stack(xs) if isinstance(xs[0], np.ndarray) else xs[0] for xs in zip(*items, strict=True))


def spoilt(contract: Contract, name: str, change: Callable[[Any], Any]) -> Corrupt:
    """The arguments of the plain call, the one called `name` changed."""

    def corrupt(case: Any) -> tuple[Any, ...]:
        return tuple(
            change(x) if n == name else x for n, x in zip(contract.arguments, contract.arguments_of(case), strict=True)
        )

    return corrupt


def refusals(contract: Contract, corruptions: dict[str, Corrupt]) -> tuple[Law, ...]:
    """X-05 and X-06: for each named corruption of a case's arguments, an error (or NaN), never a finite number."""
    return tuple(_refusal(contract, name, corrupt) for name, corrupt in corruptions.items())


def _refusal(contract: Contract, name: str, corrupt: Corrupt) -> Law:
    def refused(subject: Judged, case: Any) -> Gap:
        """F(corrupted x) raises or is NaN."""
        arguments = _typed(subject, corrupt(case))
        try:
            out = subject.quietly(lambda: subject.raw(*arguments))
        except SubjectRaised:
            return holds_if(True, name)
        values = _main(subject, out).astype(np.float64)
        return holds_if(bool(np.isnan(values).any()), f"{name}: accepted", got=values, want="an error, or NaN")

    code = "X-05" if "nan" in name else "X-06"
    says = f"{name.replace('-', ' ')} is refused: an error or NaN, never a number"
    mutants = ("answers-anything", "mends-input")
    return _law(contract, refused, code, "hygiene", "T0", mutants, f"refuses-{name}", says)


SAYS = {
    "inputs-unchanged": "a call leaves its arguments as they were",
    "same-call-twice": "the same call gives the same bytes",
    "memory-layout": "the order in which an argument lies in memory changes nothing",
    "dtype-kept": "the result has the floating dtype of the arguments",
}


def _law(
    contract: Contract,
    run: Callable[[Judged, Any], Gap],
    code: str,
    kind: Any,
    rule: str,
    kills: tuple[str, ...],
    name: str = "",
    says: str = "",
    batch: bool = False,
) -> Law:
    name = name or run.__name__.replace("_", "-")
    return law(
        contract,
        says=says or SAYS[name],
        source="derived",
        kind=kind,
        rule=rule,
        code=code,
        kills=kills,
        level="mathematical" if code == "X-02" else "convention" if batch else "hygiene",
        when={"batch": ("leading",)} if batch else None,
        name=name,
        effort=0.2 if name.startswith("refuses") else 0.5 if code != "X-07" else 1.0,
    )(run)


def _typed(subject: Judged, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments in the subject's dtype, fresh, and inside its domain."""
    typed = tuple(
        np.array(x, dtype=subject.dtype if x.dtype.kind == "f" else x.dtype) if isinstance(x, np.ndarray) else x
        for x in arguments
    )
    if not accepted(subject.subject, typed):
        raise OutsideDomain(subject.subject.name)
    return typed


def _call(subject: Judged, arguments: tuple[Any, ...]) -> Any:
    return subject.quietly(lambda: subject.raw(*arguments))


def _main(subject: Judged, out: Any) -> Any:
    names, main = subject.subject.outputs, subject.subject.contract.main
    return as_numbers(main, out if len(names) == 1 else out[names.index(main)])


def _backwards(x: Any) -> Any:
    return np.ascontiguousarray(x[(slice(None, None, -1),) * x.ndim])[(slice(None, None, -1),) * x.ndim]


def _size(plain: Any, bound: float) -> float:
    # Two calls of one subject on one input: any difference beyond rounding is conclusive.
    return max(float(np.max(np.abs(plain), initial=0.0)), 10.0 * bound)
