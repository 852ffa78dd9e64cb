"""Real data: the effect of coaching in eight schools, each with its own standard error.

One school, or all eight at once with a common prior N(μ₀, τ₀²) of the effects.

Source: Rubin 1981; Gelman et al., Bayesian Data Analysis, 3rd ed., §5.5.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from ._draws import Array
from .normal_means import NormalModel, Units

DATA = Path(__file__).parents[1] / "data" / "eight_schools.csv"


@cache
def effects() -> tuple[Array, Array]:
    """Estimated effects and their standard errors, [8] each."""
    rows = [line.split(",") for line in DATA.read_text().splitlines() if not line.startswith("#")]
    return np.array([float(r[1]) for r in rows]), np.array([float(r[2]) for r in rows])


def school(i: int, mu0: float, tau0: float) -> NormalModel:
    """One school, as an observation of its own effect."""
    y, error = effects()
    return NormalModel(np.asarray(mu0), np.asarray(tau0**2), np.asarray(error[i] ** 2), y[i : i + 1])


def all_units(mu0: float, tau0: float) -> Units:
    y, error = effects()
    return Units(np.full(8, mu0), np.full(8, tau0**2), error**2, y)


def schools() -> st.SearchStrategy[NormalModel]:
    return st.builds(school, st.integers(0, 7), *_PRIORS)


def units() -> st.SearchStrategy[Units]:
    return st.builds(all_units, *_PRIORS)


_PRIORS = (st.sampled_from((7.7, 8.0, 0.0, -4.5)), st.sampled_from((6.5, 3.0, 10.0, 0.5)))
