"""A contract: what is computed. Signature, domain, and the conventions a subject must declare to be judged by them."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


@dataclass(frozen=True, eq=False)
class Contract:
    """What is computed, in NumPy terms.

    arguments    names of the call's arguments in order, each with its shape in words (see `shapes`); they are also
                 the fields of a case that make up the plain call
    outputs      names of what may be returned, the main output first, each with its shape in words
    conventions  the questions a subject may answer differently, each with the answers there are
    cases        where cases come from: a strategy, a function that makes one, or "module:name" beside the law pack, or
                 "module:name(argument)" where name makes such a function
    real         the same for cases taken from real data, where there are any
    """

    id: str
    says: str
    arguments: Mapping[str, str]
    outputs: Mapping[str, str]
    domain: str
    cases: Any = field(repr=False)
    conventions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    source: str = ""
    home: str = ""
    real: Any = field(default=None, repr=False)

    @property
    def main(self) -> str:
        return next(iter(self.outputs))

    @property
    def signature(self) -> str:
        arguments = ", ".join(f"{name}[{word}]" if word else name for name, word in self.arguments.items())
        rest = [name for name in self.outputs if name != self.main]
        optional = f"   (optional outputs: {', '.join(rest)})" if rest else ""
        return f"({arguments}) -> {self.main}[{self.outputs[self.main]}]{optional}"

    def arguments_of(self, case: Any) -> tuple[Any, ...]:
        """The plain call's arguments, read off a case."""
        return tuple(getattr(case, name) for name in self.arguments)


def resolve_cases(source: Any, home: str) -> SearchStrategy[Any]:
    """The strategy behind a law's or a contract's `cases`; "module:name" is relative to the package `home`."""
    found = _found(source, home)
    strategy: SearchStrategy[Any] = found() if callable(found) and not hasattr(found, "filter") else found
    return strategy


def resolve_real(contract: Contract, cases: Any, home: str) -> SearchStrategy[Any] | None:
    """Real cases for a law that draws from `cases`, or None.

    A law on the contract's plain cases takes the real ones as they are. One that draws something more around a case
    (a second cost, a permutation) takes them where its function has a parameter `base`, the strategy it builds on.
    """
    if contract.real is None:
        return None
    base = resolve_cases(contract.real, contract.home)
    if cases is contract.cases:
        return base
    found = _found(cases, home)
    if not callable(found) or "base" not in inspect.signature(found).parameters:
        return None
    built: SearchStrategy[Any] = found(base=base)
    return built


def _found(source: Any, home: str) -> Any:
    if not isinstance(source, str):
        return source
    module, _, name = source.partition(":")
    name, _, argument = name.rstrip(")").partition("(")
    found = getattr(importlib.import_module(module, package=home), name)
    return found(argument) if argument else found
