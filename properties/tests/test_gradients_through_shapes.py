"""What sampling does not see: a dropped correction passes a mean at 5 % and fails the integral by orders of magnitude."""

import numpy as np
import pytest

from prufrock import catalogue
from prufrock.gaps import Gap
from prufrock.profile import QUICK
from prufrock.search import Search

from ..cases.integrands import Polynomial
from ..cases.shapes_of_noise import Kept

SQUARE = Polynomial((0.0, 0.0, 1.0))


def test_a_correction_dropped_at_alpha_1_7_dies_by_the_integral_alone() -> None:
    mutant = next(m for m in catalogue.mutants_of("variational.rsvi-gamma") if m.name == "correction-dropped")
    rng = np.random.default_rng(0)
    proposed, kept = rng.standard_normal(120_000), rng.random(120_000)
    d = 1.7 - 1.0 / 3.0
    v = np.maximum(1.0 + proposed / np.sqrt(9.0 * d), 1e-12)
    eps = proposed[np.log(kept) < proposed**2 / 2.0 + d - d * v**3 + 3.0 * d * np.log(v)][:100_000]
    g_rep, g_corr, *_ = mutant.run(SQUARE, SQUARE.derivative, 1.7, eps, np.zeros((len(eps), 0)))
    assert (g_rep + g_corr).mean() == pytest.approx(2 * 1.7 + 1, rel=0.05)
    found = _judged(
        "variational.rsvi-gamma", "gradient", "correction-dropped", Kept(SQUARE, 1.7, eps[:1], np.zeros((1, 0)))
    )
    assert found.miss == pytest.approx(0.0101 * 4.4, rel=0.01)
    assert found.miss > 1e8 * found.allow


def _judged(contract: str, law: str, mutant: str, case: object) -> Gap:
    subject = next(m for m in catalogue.mutants_of(contract) if m.name == mutant)
    found = Search(catalogue.law(f"{contract}.{law}"), subject, QUICK, 0).judge(case)
    assert isinstance(found, Gap)
    return found
