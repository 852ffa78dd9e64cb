"""Scripts of cases that hold functions of their own: they need NumPy alone."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from prufrock import Contract, Gap, Judged, check, gap, law
from prufrock.emit import script
from prufrock.source import definitions
from prufrock.subjects import as_subject
from prufrock.verdict import to_json

SCALE = 2.0


@dataclass(frozen=True)
class Line:
    """f(x) = s·(a + b·x), s of this module."""

    coefficients: tuple[float, ...]

    def __call__(self, x: Any) -> Any:
        return SCALE * _horner(self.coefficients, x)


def _horner(coefficients: tuple[float, ...], x: Any) -> Any:
    return coefficients[0] + coefficients[1] * x


@dataclass(frozen=True)
class Integrated:
    f: Line
    x: np.ndarray


cases = st.integers(1, 3).map(lambda k: Integrated(Line((1.0, float(k))), np.array([0.5, np.inf])[:1]))
means = Contract("test.mean", "the mean of f over x", {"f": "", "x": "n"}, {"m": ""}, "any", cases)


@law(means, says="the mean is the mean", source="derived", kind="oracle", rule="T1")
def right(mean: Judged, case: Integrated) -> Gap:
    """Σ f(x)/n."""
    return gap(mean(case.f, case.x), np.mean(case.f(case.x)), allow=1e-12)


def wrong(f: Any, x: np.ndarray) -> float:
    return float(f(x).sum()) + 1.0


def test_a_script_defines_the_functions_of_its_case(tmp_path: Path) -> None:
    verdict = check(right, wrong)
    text = script(to_json(verdict), right, as_subject(wrong, means))
    assert "class Line" in text
    assert "out_1 = subject(f, x)" in text
    assert "class Integrated" not in text
    # The subject is a test's own function; put it in by hand.
    text = text.replace(f"from {wrong.__module__} import wrong", "def wrong(f, x): return float(f(x).sum()) + 1.0")
    (tmp_path / "again.py").write_text(text)
    done = subprocess.run([sys.executable, "-I", "again.py"], cwd=tmp_path, text=True, capture_output=True, check=True)
    assert "expected: 3.0" in done.stdout


def test_integrands_of_the_law_pack_stand_alone() -> None:
    from prufrock import catalogue

    integrands: Any = __import__(f"{catalogue.pack()}.cases.integrands", fromlist=["Polynomial"])
    f = integrands.Polynomial((1.0, 0.0, 2.0))
    space: dict[str, Any] = {}
    exec("from __future__ import annotations\n" + definitions([(f, 3)]), space)
    again = space["Polynomial"](f.coefficients)
    x = np.linspace(-1, 1, 5)
    np.testing.assert_array_equal(again(x), f(x))
    np.testing.assert_array_equal(again.derivative(x), f.derivative(x))
