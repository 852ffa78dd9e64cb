"""Finite metric spaces with masses on them: lines, planes, trees, graphs, snowflakes; points may coincide."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ..oracles.lp import shortest_paths
from ._costs import row_of_bytes
from ._draws import signed
from .transport import Problem

Array = NDArray[np.float64]

POINTS = 6
SCALES = (1.0, 1.0, 1.0, 2.0**-10, 1e-3, 1e6)


@dataclass(frozen=True)
class Pair:
    """Two measures mu[n], nu[n] of mass 1 on one support, and the distances metric[n, n] on it."""

    mu: Array
    nu: Array
    metric: Array


@dataclass(frozen=True)
class Triple(Pair):
    """The pair, and a third measure on the same support."""

    third: Array


@dataclass(frozen=True)
class Priced(Pair):
    """The pair, and any function h[n] on the support."""

    h: Array


@dataclass(frozen=True)
class OnLine(Pair):
    """The pair, on points of the line at places[n], in no order."""

    places: Array


@dataclass(frozen=True)
class OnTree(Pair):
    """The pair, on a tree: point i > 0 hangs below[i] < i by an edge of length[i]; point 0 is the root."""

    below: NDArray[np.int64]
    length: Array


@dataclass(frozen=True)
class Wider(Pair):
    """The pair, and beyond[n], the distances from its points to one more."""

    beyond: Array


@st.composite
def pairs(draw: Any) -> Pair:
    n, metric = _space(draw)
    return Pair(*_two_measures(draw, n), metric)


@st.composite
def triples(draw: Any) -> Triple:
    n, metric = _space(draw)
    return Triple(*_two_measures(draw, n), metric, _mass(row_of_bytes(draw)[:n]))


@st.composite
def priced(draw: Any) -> Priced:
    n, metric = _space(draw)
    h = signed(row_of_bytes(draw)[:n]) / 16.0 * _unit(metric)
    return Priced(*_two_measures(draw, n), metric, h)


@st.composite
def lines(draw: Any) -> OnLine:
    n, scale = draw(_SIZES), draw(st.sampled_from(SCALES))
    places = signed(row_of_bytes(draw)[:n]) / 8.0 * scale
    return OnLine(*_two_measures(draw, n), _line(places), places)


@st.composite
def trees(draw: Any) -> OnTree:
    n, scale, drawn = draw(_SIZES), draw(st.sampled_from(SCALES)), row_of_bytes(draw)
    below = np.array([drawn[i] % max(i, 1) for i in range(n)])
    length = (drawn[POINTS + 1 :][:n] % 32) / 4.0 * scale
    return OnTree(*_two_measures(draw, n), _tree(below, length), below, length)


@st.composite
def wider(draw: Any) -> Wider:
    n, metric = _space(draw, least=2)
    mu, nu = _two_measures(draw, n - 1)
    return Wider(mu, nu, np.ascontiguousarray(metric[:-1, :-1]), metric[-1, :-1].copy())


@st.composite
def crooked(draw: Any) -> Pair:
    """No metric: squared distances on a line, or symmetric tolls that break the triangle inequality."""
    n, scale, drawn = draw(_SIZES), draw(st.sampled_from(SCALES)), row_of_bytes(draw)
    if draw(st.booleans()):
        return Pair(*_two_measures(draw, n), np.square(_line(signed(drawn[:n]) / 8.0)) * scale)
    tolls = np.stack([row_of_bytes(draw)[:n] for _ in range(n)]) / 8.0
    tolls = np.triu(tolls, 1)
    return Pair(*_two_measures(draw, n), (tolls + tolls.T) * scale)


@st.composite
def selves(draw: Any) -> Problem:
    """A measure to be moved to itself, where staying costs nothing."""
    n, metric = _space(draw)
    mu, _ = _two_measures(draw, n)
    return Problem(mu, mu.copy(), metric)


@st.composite
def _spaces(draw: Any, least: int = 1) -> tuple[int, Array]:
    n = draw(_SIZES if least == 1 else _MORE_SIZES)
    (kind, scale), drawn = draw(_KINDS), row_of_bytes(draw)
    first, second = signed(drawn[:n]) / 8.0, signed(drawn[POINTS + 1 :][:n]) / 8.0
    if kind == "line":
        metric = _line(first)
    elif kind == "taxicab":
        metric = _line(first) + _line(second)
    elif kind == "plane":
        metric = np.hypot(_line(first), _line(second))
    elif kind == "discrete":
        metric = 1.0 - np.eye(n)
    elif kind == "snowflake":
        metric = np.sqrt(_line(first) + _line(second))
    elif kind == "tree":
        metric = _tree(np.array([drawn[i] % max(i, 1) for i in range(n)]), np.abs(second))
    else:
        tolls = np.triu(np.abs(first[:, None] - 3.0 * second[None, :]), 1)
        metric = shortest_paths(tolls + tolls.T)
    return n, np.ascontiguousarray(metric * scale)


def _space(draw: Any, least: int = 1) -> tuple[int, Array]:
    n, metric = draw(_ANY if least == 1 else _AT_LEAST_TWO)
    return n, metric


def _line(x: Array) -> Array:
    return np.asarray(np.abs(x[:, None] - x[None, :]))


def _tree(below: NDArray[np.int64], length: Array) -> Array:
    n = len(below)
    metric = np.zeros((n, n))
    for i in range(1, n):
        metric[i, :i] = metric[below[i], :i] + length[i]
        metric[:i, i] = metric[i, :i]
    return metric


def _two_measures(draw: Any, n: int) -> tuple[Array, Array]:
    drawn = row_of_bytes(draw)
    return _mass(drawn[:n]), _mass(drawn[POINTS + 1 :][:n])


def _mass(drawn: NDArray[np.int64]) -> Array:
    """Parts of a power of two, or of their own sum; one in five is empty."""
    k = np.maximum(drawn % 10 - 1, 0).astype(np.float64)
    whole = 2.0 ** np.ceil(np.log2(max(k.sum(), 1.0)))
    if drawn[0] % 2 == 0 or not k.any():
        k[-1] += whole - k.sum()
    return np.asarray(k / k.sum())


def _unit(metric: Array) -> float:
    return float(2.0 ** np.floor(np.log2(max(metric.max(), 2.0**-20))))


_KINDS = st.sampled_from(list(product(("line", "taxicab", "plane", "discrete", "snowflake", "tree", "graph"), SCALES)))
_SIZES = st.sampled_from((2, 3, 3, 4, 4, 5, 5, 6, 6, 1))
_MORE_SIZES = st.sampled_from((3, 4, 5, 6, 7, 2))
_ANY, _AT_LEAST_TWO = _spaces(), _spaces(2)
