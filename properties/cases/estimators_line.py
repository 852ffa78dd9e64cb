"""Cases of score function estimators on the line: exponential, gamma and Laplace, with a polynomial integrand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ._draws import Array, signed
from .integrands import Polynomial

FAMILIES = {"exponential": 1, "gamma": 2, "laplace": 2}


@dataclass(frozen=True)
class OnLine:
    """f and another g, a family with its params[P], samples z[S] inside its support, and a number c."""

    f: Polynomial
    family: str
    params: Array
    z: Array
    g: Polynomial
    c: float


@st.composite
def lines(draw: Any) -> OnLine:
    family = draw(_FAMILIES)
    drawn = _bytes(draw, 16)
    params = (2 + drawn[: FAMILIES[family]] % 15) / 4.0
    z = signed(1 + drawn[2 : 2 + draw(_SAMPLES)] % 24) / 4.0
    if family == "laplace":
        params[0] = signed(1 + drawn[:1] % 12)[0] / 2.0
    else:
        z = np.abs(z)
    f, g = (Polynomial(tuple(map(float, signed(1 + drawn[at : at + 2 + drawn[at] % 3] % 8) / 2.0))) for at in (8, 12))
    return OnLine(f, family, params, z, g, draw(_NUMBERS))


def _bytes(draw: Any, size: int) -> NDArray[np.int64]:
    return np.frombuffer(draw(st.binary(min_size=size, max_size=size)), np.uint8).astype(np.int64)


_FAMILIES, _SAMPLES = st.sampled_from(tuple(FAMILIES)), st.sampled_from((3, 1, 4, 5))
_NUMBERS = st.integers(-8, 7).map(lambda k: k / 2.0 + (k >= 0) / 2.0)
