"""A law: one sentence that is true of every correct implementation of a contract, and can be false of a wrong one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from prufrock.contract import Contract

Kind = Literal[
    "identity", "oracle", "inequality", "metamorphic", "limit", "gradient", "statistical", "bitwise", "hygiene"
]
STATISTICAL_EFFORT = 0.2  # 20 cases where others have 100: each draws thousands of numbers

Level = Literal["mathematical", "convention", "hygiene"]


@dataclass(frozen=True, eq=False)
class Law:
    """A plain function (subject, case) -> Gap, with what a reader needs to believe it.

    rule      the tolerance rule its allowance follows, T0 to T10 (see `tolerance`)
    needs     optional outputs without which it cannot speak
    when      conventions under which it speaks, each with the answers it accepts
    kills     mutants of its contract that it rejects; at least two before it is merged
    complete  one of a set that determines the output uniquely
    effort    share of a profile's cases that it is worth (bad input is refused always or never)
    guarantee the weakest that its gaps may have (see `gaps.Gap`)
    detects   of a statistical law: what it would find, in words
    """

    id: str
    contract: Contract
    run: Callable[[Any, Any], Any]
    says: str
    source: str
    kind: Kind
    rule: str
    level: Level = "mathematical"
    code: str = ""
    needs: tuple[str, ...] = ()
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kills: tuple[str, ...] = ()
    complete: bool = False
    effort: float = 1.0
    guarantee: str = "exact"
    detects: str = ""
    cases: Any = field(default=None, repr=False)
    home: str = ""

    def __call__(self, subject: Any, case: Any) -> Any:
        return self.run(subject, case)

    @property
    def gates(self) -> bool:
        """Whether breaking it fails a run; hygiene is reported apart."""
        return self.level != "hygiene"

    @property
    def mathematics(self) -> str:
        """The law in mathematical notation: its own docstring, or its module's."""
        return inspect.cleandoc(self.run.__doc__ or "")

    @property
    def derivation(self) -> str:
        module = inspect.getmodule(self.run)
        return inspect.cleandoc(module.__doc__ or "") if module else ""


def law(
    contract: Contract,
    *,
    says: str,
    source: str,
    kind: Kind,
    rule: str,
    kills: tuple[str, ...] = (),
    level: Level = "mathematical",
    code: str = "",
    needs: tuple[str, ...] = (),
    when: Mapping[str, tuple[str, ...]] | None = None,
    complete: bool = False,
    effort: float | None = None,
    guarantee: str = "",
    detects: str = "",
    cases: Any = None,
    name: str = "",
) -> Callable[[Callable[[Any, Any], Any]], Law]:
    """Turn a function of (subject, case) into a law of `contract`; its id is the contract's and its own name.

    A law of kind "statistical" asks `subject.chance`, says what it `detects`, and is "finite-sample" where its
    `guarantee` does not say "calibrated"; it is worth a fifth of the cases of others.
    """
    chancy = kind == "statistical"
    guarantee = guarantee or ("finite-sample" if chancy else "exact")
    if guarantee not in (("finite-sample", "calibrated") if chancy else ("exact",)):
        raise ValueError(
            f"guarantee={guarantee!r}: expected finite-sample or calibrated of a statistical law, else exact"
        )
    if chancy != bool(detects):
        raise ValueError("detects: expected of every statistical law (what it would find, in words), and of no other")
    for convention, answers in (when or {}).items():
        unknown = set(answers) - set(contract.conventions.get(convention, ()))
        if unknown:
            raise ValueError(f"when={{{convention!r}: ...}}: {contract.id} knows no answer {sorted(unknown)}")

    def make(run: Callable[[Any, Any], Any]) -> Law:
        own = name or run.__name__.replace("_", "-")
        return Law(
            id=f"{contract.id}.{own}",
            contract=contract,
            run=run,
            says=says,
            source=source,
            kind=kind,
            rule=rule,
            level=level,
            code=code,
            needs=needs,
            when=when or {},
            kills=kills,
            complete=complete,
            effort=(STATISTICAL_EFFORT if chancy else 1.0) if effort is None else effort,
            guarantee=guarantee,
            detects=detects,
            cases=contract.cases if cases is None else cases,
            home=contract.home if cases is None else _package(run),
        )

    return make


def _package(run: Callable[..., Any]) -> str:
    return str(run.__globals__.get("__package__") or "")
