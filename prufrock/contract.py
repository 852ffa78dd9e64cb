"""A contract: what is computed. Signature, domain, and the conventions a subject must declare to be judged by them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Cases = "str | SearchStrategy[Any] | Callable[[], SearchStrategy[Any]]"


@dataclass(frozen=True)
class Contract:
    """What is computed, in NumPy terms.

    arguments    names of the call's arguments in order, each with its shape in words (see `shapes`); they are also
                 the fields of a case that make up the plain call
    outputs      names of what may be returned, the main output first, each with its shape in words
    conventions  the questions a subject may answer differently, each with the answers there are
    cases        where cases come from: a strategy, a function that makes one, or "module:name" beside the law pack
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
    if isinstance(source, str):
        module, _, name = source.partition(":")
        source = getattr(importlib.import_module(module, package=home), name)
    return source() if callable(source) and not hasattr(source, "filter") else source
