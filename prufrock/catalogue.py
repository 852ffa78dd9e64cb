"""What there is to judge and to judge by: the law pack beside or inside this package, and other people's packages.

A pack is a package with a `catalogue` module that lists modules of laws, subjects and mutants (see `Pack`). Ours is
`properties` in a checkout and `prufrock.properties` in a wheel; others announce subjects by the entry-point group
`prufrock.subjects` (each entry point an iterable of Subject, or a function that returns one).
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from collections.abc import Iterator
from fnmatch import fnmatchcase
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


@cache
def statistical_pairs() -> int:
    """How many pairs of a statistical law and a subject there are to judge."""
    ids = [one.contract.id for one in laws() if one.kind == "statistical"]
    return sum(ids.count(s.contract.id) for s in subjects())


def contract(name: str) -> Contract:
    found = [c for c in contracts() if c.id == name]
    if not found:
        raise Unknown(_complaint("contract", name, [c.id for c in contracts()]))
    return found[0]


def law(name: str) -> Law:
    """A law by its id, by its last part where that is unique, or by its catalogue code where that is."""
    if name in _by_id():
        return _by_id()[name]
    by_last_part = {one: one.id.rpartition(".")[2] for one in laws()}
    by_code = {one: one.code for one in laws()}
    for names in (by_last_part, by_code):
        found = [one for one, called in names.items() if called == name]
        if len(found) == 1:
            return found[0]
        if found:
            raise Unknown(_complaint("law", name, [one.id for one in found], "ambiguous"))
    raise Unknown(_complaint("law", name, list(_by_id())))


@cache
def _by_id() -> dict[str, Law]:
    return {one.id: one for one in laws()}


def laws_of(pattern: str) -> tuple[Law, ...]:
    """Laws of a family, a contract or a single id, or whose ids match a glob: "transport", "transport.kantorovich",
    "speech.frames.batch-tags", "*.inputs-unchanged"."""
    found = tuple(one for one in laws() if one.id.startswith(pattern + ".") or fnmatchcase(one.id, pattern))
    if not found:
        raise Unknown(_complaint("law or contract", pattern, [c.id for c in contracts()]))
    return found


def subjects_of(pattern: str) -> tuple[Subject, ...]:
    """Subjects by name or library: "POT", "POT.emd", "reference[float32]"; case does not matter."""
    wanted = pattern.casefold()
    begins = (wanted + ".", wanted + "[")
    found = tuple(s for s in subjects() if s.name.casefold() == wanted or s.name.casefold().startswith(begins))
    if not found:
        raise Unknown(_complaint("subject", pattern, sorted({s.name for s in subjects()})))
    return found


def subject(contract_id: str, name: str) -> Subject:
    found = _by_name().get((contract_id, name))
    if found is None:
        raise Unknown(_complaint("subject", name, [s.name for s in subjects() if s.contract.id == contract_id]))
    return found


@cache
def _by_name() -> dict[tuple[str, str], Subject]:
    return {(s.contract.id, s.name): s for s in subjects()}


def mutants_of(contract_id: str) -> tuple[Subject, ...]:
    return tuple(m for m in mutants() if m.contract.id == contract_id)


def _announced() -> Iterator[Subject]:
    for entry in importlib.metadata.entry_points(group="prufrock.subjects"):
        made: Any = entry.load()
        yield from made() if callable(made) else made


def _complaint(what: str, name: str, known: list[str], why: str = "unknown") -> str:
    import difflib

    near = difflib.get_close_matches(name, known, n=5, cutoff=0.4) or known[:8]
    return f"{why} {what} {name!r}; {'did you mean' if why == 'unknown' else 'one of'} {', '.join(near)}?"
