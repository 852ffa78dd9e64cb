"""Prufrock: the laws of mathematics that any implementation of an algorithm must obey, pointed at yours."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_WHERE = {
    "Certificate": "gaps",
    "Chance": "chance",
    "Contract": "contract",
    "Gap": "gaps",
    "HouseError": "draws",
    "Judged": "call",
    "Known": "subjects",
    "Law": "statute",
    "Profile": "profile",
    "StatGate": "chance",
    "Status": "verdict",
    "Subject": "subjects",
    "Verdict": "verdict",
    "all_of": "gaps",
    "at_most": "gaps",
    "check": "checking",
    "gap": "gaps",
    "holds_if": "gaps",
    "inconclusive": "gaps",
    "law": "statute",
    "laws": "plug",
    "same": "gaps",
    "subject": "subjects",
}

__all__ = [
    "Certificate",
    "Chance",
    "Contract",
    "Gap",
    "HouseError",
    "Judged",
    "Known",
    "Law",
    "Profile",
    "StatGate",
    "Status",
    "Subject",
    "Verdict",
    "__version__",
    "all_of",
    "at_most",
    "check",
    "gap",
    "holds_if",
    "inconclusive",
    "law",
    "laws",
    "same",
    "subject",
]


def __getattr__(name: str) -> Any:
    # Names are bound on first use, so that `import prufrock` and `prufrock --help` load nothing heavy.
    if name not in _WHERE:
        raise AttributeError(f"module 'prufrock' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"prufrock.{_WHERE[name]}"), name)
    globals()[name] = value
    return value


if TYPE_CHECKING:
    from prufrock.call import Judged
    from prufrock.chance import Chance, StatGate
    from prufrock.checking import check
    from prufrock.contract import Contract
    from prufrock.draws import HouseError
    from prufrock.gaps import Certificate, Gap, all_of, at_most, gap, holds_if, inconclusive, same
    from prufrock.plug import laws
    from prufrock.profile import Profile
    from prufrock.statute import Law, law
    from prufrock.subjects import Known, Subject, subject
    from prufrock.verdict import Status, Verdict
