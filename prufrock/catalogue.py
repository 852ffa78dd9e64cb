"""What there is to judge and to judge by: the law pack beside or inside this package, and other people's packages.

A pack is a package with a `catalogue` module that lists modules of laws, subjects and mutants (see `Pack`). Ours is
`properties` in a checkout and `prufrock.properties` in a wheel; others announce subjects by the entry-point group
`prufrock.subjects` (each entry point an iterable of Subject, or a function that returns one).
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prufrock.contract import Contract
    from prufrock.statute import Law
    from prufrock.subjects import Subject


class Unknown(LookupError):
    """No law, contract or subject by that name; the message lists what comes near."""


@cache
def pack() -> str:
    """The import name of our law pack."""
    if importlib.util.find_spec("prufrock.properties") is not None:
        return "prufrock.properties"
    beside = Path(__file__).resolve().parent.parent / "properties" / "catalogue.py"
    spec = importlib.util.find_spec("properties.catalogue") if beside.exists() else None
    if spec is None or spec.origin is None or Path(spec.origin).resolve() != beside:
        raise Unknown("law pack: neither prufrock.properties nor a checkout's properties/ can be imported")
    return "properties"


def _modules(kind: str) -> Iterator[ModuleType]:
    listing = importlib.import_module(f"{pack()}.catalogue")
    for name in getattr(listing, kind):
        yield importlib.import_module(f"{pack()}.{name}")


@cache
def laws() -> tuple[Law, ...]:
    return tuple(law for module in _modules("LAWS") for law in module.LAWS)


@cache
def contracts() -> tuple[Contract, ...]:
    return tuple(contract for module in _modules("LAWS") for contract in module.CONTRACTS)


@cache
def subjects() -> tuple[Subject, ...]:
    return tuple(s for module in _modules("SUBJECTS") for s in module.SUBJECTS) + tuple(_announced())


@cache
def mutants() -> tuple[Subject, ...]:
    return tuple(s for module in _modules("MUTANTS") for s in module.MUTANTS)


def contract(name: str) -> Contract:
    found = [c for c in contracts() if c.id == name]
    return found[0] if found else _unknown("contract", name, [c.id for c in contracts()])


def law(name: str) -> Law:
    """A law by its id, its catalogue code where that is unique, or its last part where that is."""
    for test in (
        lambda one: one.id == name,
        lambda one: one.id.rpartition(".")[2] == name,
        lambda one: one.code == name,
    ):
        found = [one for one in laws() if test(one)]
        if len(found) == 1:
            return found[0]
        if found:
            return _unknown("law", name, [one.id for one in found], "ambiguous")
    return _unknown("law", name, [one.id for one in laws()])


def laws_of(pattern: str) -> tuple[Law, ...]:
    """Laws of a family, a contract or a single id: "transport", "transport.kantorovich", "speech.frames.batch-tags"."""
    found = tuple(one for one in laws() if one.id == pattern or one.id.startswith(pattern + "."))
    return found or _unknown("law or contract", pattern, [c.id for c in contracts()])


def subjects_of(pattern: str) -> tuple[Subject, ...]:
    """Subjects by name or library: "POT", "POT.emd", "reference[float32]"; case does not matter."""
    wanted = pattern.casefold()
    found = tuple(
        s
        for s in subjects()
        if s.name.casefold() == wanted or s.name.casefold().startswith((wanted + ".", wanted + "["))
    )
    return found or _unknown("subject", pattern, sorted({s.name for s in subjects()}))


def subject(contract_id: str, name: str) -> Subject:
    found = [s for s in subjects() if s.contract.id == contract_id and s.name == name]
    return found[0] if found else _unknown("subject", name, [s.name for s in subjects() if s.contract.id == contract_id])


def mutants_of(contract_id: str) -> tuple[Subject, ...]:
    return tuple(m for m in mutants() if m.contract.id == contract_id)


def _announced() -> Iterable[Subject]:
    for entry in importlib.metadata.entry_points(group="prufrock.subjects"):
        made: Any = entry.load()
        yield from made() if callable(made) else made


def _unknown(what: str, name: str, known: list[str], why: str = "unknown") -> Any:
    import difflib

    near = difflib.get_close_matches(name, known, n=5, cutoff=0.4) or known[:8]
    raise Unknown(f"{why} {what} {name!r}; {'did you mean' if why == 'unknown' else 'one of'} {', '.join(near)}?")
