"""A cell: one law and one subject, named so that another process (or another day) can find both."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from prufrock import catalogue
from prufrock.statute import Law
from prufrock.subjects import Subject, as_subject, checked


@dataclass(frozen=True)
class Ref:
    """Where a subject is found: in the catalogue by name, or at `path` = "module:function" with its declarations."""

    contract: str
    name: str
    path: str = ""
    outputs: tuple[str, ...] = ()
    conventions: tuple[tuple[str, str], ...] = ()
    dtype: str = "float64"
    accuracy: float = 0.0
    tensors: str = ""

    def declared(self) -> Subject:
        """The subject at `path` with its declarations, checked; its function is named, not imported."""
        contract, conventions = catalogue.contract(self.contract), dict(self.conventions)
        made = Subject(self.name, contract, len, self.outputs, conventions, self.dtype, origin=self.path)
        return checked(replace(made, accuracy=self.accuracy, tensors=self.tensors))

    def load(self) -> Subject:
        if not self.path:
            return catalogue.subject(self.contract, self.name)
        return as_subject(
            load_path(self.path),
            catalogue.contract(self.contract),
            self.tensors,
            outputs=self.outputs,
            conventions=dict(self.conventions),
            dtype=self.dtype,
            accuracy=self.accuracy,
        )


@dataclass(frozen=True)
class Cell:
    law: str
    subject: Ref

    @property
    def key(self) -> tuple[str, str]:
        return self.law, self.subject.name


def cells_of(laws: Iterable[Law], subjects: Iterable[Subject]) -> list[Cell]:
    """Every pair of one contract, subject by subject."""
    laws = tuple(laws)
    return [
        Cell(law.id, Ref(subject.contract.id, subject.name))
        for subject in subjects
        for law in laws
        if law.contract.id == subject.contract.id
    ]


def cell_to_json(cell: Cell) -> dict[str, Any]:
    return asdict(cell)


def cell_from_json(record: Mapping[str, Any]) -> Cell:
    ref = dict(record["subject"])
    ref["outputs"] = tuple(ref["outputs"])
    ref["conventions"] = tuple((k, v) for k, v in ref["conventions"])
    return Cell(record["law"], Ref(**ref))


def load_path(path: str) -> Any:
    """The object at "module:attribute"; the errors name what is missing."""
    module, _, attribute = path.partition(":")
    if not module or not attribute:
        raise ValueError(f"subject {path!r}: expected module:function")
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and module.startswith(error.name):
            raise ValueError(f"subject {path!r}: no module named {error.name!r} on the import path") from None
        raise
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise ValueError(f"subject {path!r}: {module} has no {attribute!r}")
        found = getattr(found, part)
    return found
