"""Three lines in somebody else's test-suite: `@prufrock.laws("transport.kantorovich")` makes one pytest item a law."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from prufrock import catalogue
from prufrock.checking import ROOT_SEED, check
from prufrock.profile import PROFILES
from prufrock.statute import Law
from prufrock.verdict import Status, Verdict


@dataclass(frozen=True)
class BoundLaw:
    """A law with a profile and a seed, ready to judge."""

    law: Law
    profile: str = "quick"
    seed: int = ROOT_SEED

    @property
    def id(self) -> str:
        return self.law.id

    def check(self, subject: Any, **declarations: Any) -> Verdict:
        """Judge a function (with its declarations: outputs, conventions, dtype, accuracy, tensors) or a Subject.

        Where the law cannot speak about it (an output it does not return, a convention it does not declare), the
        pytest item is skipped with that reason.
        """
        verdict = check(self.law, subject, profile=PROFILES[self.profile], seed=self.seed, **declarations)
        if verdict.status is Status.SKIPPED:
            import pytest

            pytest.skip(verdict.reason)
        return verdict


def laws(pattern: str, *, profile: str = "quick", seed: int = ROOT_SEED, hygiene: bool = False) -> Callable[..., Any]:
    """Parametrize a test over the laws of a family, a contract or one law; its argument `law` is a BoundLaw.

    Laws of hygiene (memory layout, refusals of bad input...) are left out unless asked for.
    """
    import pytest

    if profile not in PROFILES:
        raise ValueError(f"profile {profile!r}: expected one of {', '.join(PROFILES)}")
    chosen = [law for law in catalogue.laws_of(pattern) if law.gates or hygiene]
    return pytest.mark.parametrize("law", [BoundLaw(law, profile, seed) for law in chosen], ids=[x.id for x in chosen])
