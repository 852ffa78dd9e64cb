"""A subject: what is judged. Our own code, a library behind a thin adapter, or a function written this morning."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from prufrock.contract import Contract
from prufrock.tolerance import roundoff

EXACT = 0.0
VARIANT = 0.5


@dataclass(frozen=True, eq=False)
class Known:
    """A violation on record: it stays visible, fails nothing, and fails the run on the day it no longer happens.

    law      id of the law, or its last part
    reason   what is wrong, in a sentence
    witness  makes a case on which the subject breaks the law; without one the law's own cases decide, and nothing is
             called fixed (for bad input that is accepted in every case)
    scope    requirement that says for which releases it was seen, such as "POT>=0.9,<=0.9.7.post1"; "" is any
    link     issue or documentation, where there is one
    lines    a few runnable lines that show it without prufrock
    """

    law: str
    reason: str
    witness: Callable[[], Any] | None = None
    scope: str = ""
    link: str = ""
    lines: str = ""

    def names(self, law_id: str, contract_id: str) -> bool:
        """Whether this is about that law of that contract."""
        return law_id in (self.law, f"{contract_id}.{self.law}")


@dataclass(frozen=True, eq=False)
class Subject:
    """A callable with what it declares about itself.

    outputs      the names of what it returns, in order, from the contract's outputs; one name means a bare value
    conventions  its answers to the contract's conventions; it is judged by no convention it does not declare
    dtype        the floating dtype it computes in; inputs are rounded to it before anybody sees them
    device       "cpu", or "cuda": skipped with that reason where torch sees no such device
    requires     a requirement such as "POT>=0.9"; where it is not installed the subject is skipped with that reason
    accuracy     relative error it declares beyond rounding (an iteration's, an approximation's)
    accepts      says of a call's arguments whether they are in its documented domain
    tensors      "", or the device on which a bare function was given torch tensors in place of arrays
    effort       share of a law's cases that it is worth: less for what takes long, and for variants of an entry point
    """

    name: str
    contract: Contract
    run: Callable[..., Any] = field(repr=False)
    outputs: tuple[str, ...] = ()
    conventions: Mapping[str, str] = field(default_factory=dict)
    dtype: str = "float64"
    requires: str = ""
    accuracy: float = EXACT
    accepts: Callable[..., bool] | None = field(default=None, repr=False)
    known: tuple[Known, ...] = field(default=(), repr=False)
    own: bool = False
    origin: str = ""
    device: str = "cpu"
    effort: float = 1.0
    tensors: str = ""

    @property
    def variant(self) -> bool:
        """An entry point of somebody's library with other options, by its brackets."""
        return "[" in self.name and not self.own

    @property
    def share(self) -> float:
        """Of a law's cases; a mistake of a variant alone shows in few."""
        return self.effort * (VARIANT if self.variant else 1.0)

    @property
    def u(self) -> float:
        return roundoff(self.dtype)

    def declares(self, output: str) -> bool:
        return output in self.outputs

    def known_for(self, law_id: str) -> Known | None:
        for known in self.known:
            if known.names(law_id, self.contract.id) and _in_scope(known.scope):
                return known
        return None

    def absence(self) -> str:
        """Why the subject cannot be judged here, or ""."""
        return missing(self.requires) or _no_device(self.device)

    def versions(self) -> dict[str, str]:
        """The release that is judged, as installed first on the import path."""
        name = requirement_name(self.requires)
        return {name: installed(name)} if name and not missing(self.requires) else {}


def subject(
    name: str,
    *,
    contract: Contract,
    outputs: tuple[str, ...] = (),
    conventions: Mapping[str, str] | None = None,
    dtype: str = "float64",
    requires: str = "",
    accuracy: float = EXACT,
    accepts: Callable[..., bool] | None = None,
    known: tuple[Known, ...] = (),
    own: bool = False,
    effort: float = 1.0,
) -> Callable[[Callable[..., Any]], Subject]:
    """Turn a function into a subject of `contract`, with its declarations."""

    def make(run: Callable[..., Any]) -> Subject:
        made = Subject(name, contract, run, outputs, conventions or {}, dtype, requires, accuracy, accepts, known, own)
        return checked(replace(made, effort=effort))

    return make


def checked(made: Subject) -> Subject:
    """The subject with its main output filled in, or a ValueError that names the declaration that is off."""
    contract = made.contract
    outputs = made.outputs or (contract.main,)
    unknown = [name for name in outputs if name not in contract.outputs]
    if unknown:
        raise ValueError(f"outputs {unknown}: {contract.id} knows {', '.join(contract.outputs)}")
    if contract.main not in outputs:
        raise ValueError(f"outputs {outputs}: the main output {contract.main!r} of {contract.id} is missing")
    for convention, answer in made.conventions.items():
        if answer not in contract.conventions.get(convention, ()):
            allowed = ", ".join(contract.conventions.get(convention, ())) or "nothing by that name"
            raise ValueError(f"convention {convention}={answer!r}: {contract.id} knows {allowed}")
    roundoff(made.dtype)
    return replace(made, outputs=outputs)


def as_subject(thing: Any, contract: Contract, tensors: str = "", **declarations: Any) -> Subject:
    """A subject, or a bare function taken as one; of torch tensors on a device (tensors.DEVICES) if `tensors` names it."""
    if isinstance(thing, Subject):
        return thing
    if not callable(thing):
        raise ValueError(f"subject {thing!r}: expected a function or a prufrock.Subject")
    name = getattr(thing, "__qualname__", type(thing).__qualname__)
    module = getattr(thing, "__module__", "")
    made = Subject(f"{module}:{name}" if module else name, contract, thing, origin=f"{module}:{name}", **declarations)
    if tensors:
        from prufrock.tensors import taken

        device = "cuda" if tensors == "cuda" else "cpu"
        made = replace(made, run=taken(thing, tensors), tensors=tensors, device=device, requires="torch>=2.4")
    return checked(made)


def requirement_name(requirement: str) -> str:
    if not requirement:
        return ""
    from packaging.requirements import Requirement

    return Requirement(requirement).name


@cache
def installed(name: str) -> str:
    """The release of a distribution that comes first on the import path, or ""; reading it takes milliseconds."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


@cache
def missing(requirement: str) -> str:
    """Why a requirement is not met by what is installed, or ""."""
    if not requirement:
        return ""
    from packaging.requirements import Requirement

    wanted = Requirement(requirement)
    version = installed(wanted.name)
    if not version:
        return f"{wanted.name} is not installed"
    if not wanted.specifier.contains(version, prereleases=True):
        return f"{wanted.name} {version} is installed, {requirement} is needed"
    return ""


def _no_device(device: str) -> str:
    if device == "cpu":
        return ""
    import torch

    return "" if torch.cuda.is_available() else f"no {device} device here"


def _in_scope(scope: str) -> bool:
    return not scope or not missing(scope)
