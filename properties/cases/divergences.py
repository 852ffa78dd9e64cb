"""Pairs of distributions: usual ones, ones of unequal supports or tails, and ones whose parameters are at an end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ._draws import Array
from .parameters import ENDS, OTHERS, USUAL


@dataclass(frozen=True)
class Pair:
    """p of family `family` with params[K], and q of family `other` with other_params[L], parameters in their order."""

    family: str
    params: Array
    other: str
    other_params: Array


# A second point in every family, away from those of its list.
MORE: dict[str, tuple[tuple[float, ...], ...]] = {
    "uniform": ((0.25, 0.75), (-1.0, 4.0)),
    "pareto": ((0.25, 2.5), (1.0, 0.75)),
    "categorical": ((0.5, 0.25, 0.25), (0.75, 0.25)),
    "binomial": ((5.0, 0.5), (3.0, 0.125)),
}


def usual(family: str) -> Callable[[], st.SearchStrategy[Pair]]:
    return lambda: _pairs(family, OTHERS[family], USUAL)


def itself(family: str) -> Callable[[], st.SearchStrategy[Pair]]:
    """Two of one family."""
    return lambda: _pairs(family, OTHERS[family][:1], USUAL)


def ends(family: str) -> Callable[[], st.SearchStrategy[Pair]]:
    """p or q with parameters at an end of their range, where some outcome is certain."""
    return lambda: _pairs(family, OTHERS[family], ENDS)


@st.composite
def _pairs(draw: Any, family: str, others: tuple[str, ...], choices: dict[str, tuple[tuple[float, ...], ...]]) -> Pair:
    other = draw(st.sampled_from(others))
    params = draw(st.sampled_from((*choices.get(family, ()), *USUAL[family])))
    far = (*choices.get(other, ()), *USUAL[other], *MORE.get(other, ()))
    if family == other == "categorical":
        far = tuple(q for q in far if len(q) == len(params))
    return Pair(family, np.array(params), other, np.array(draw(st.sampled_from(far))))
