"""POT's Sinkhorn divergences: empirical, debiased, lazy, and by geomloss; put together here where POT does not."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, Subject, subject

from ..transport.divergence import sinkhorn_divergence
from ._pot_entropic import MOST, POT, STOP
from .lax import lax

Array = NDArray[Any]

METRICS = {1.0: "euclidean", 2.0: "sqeuclidean"}


def _square_or_plain(a: Array, X: Array, b: Array, Y: Array, eps: float, p: float) -> bool:
    return p in METRICS


def _mild(a: Array, X: Array, b: Array, Y: Array, eps: float, p: float) -> bool:
    """As in_range, of the joint cloud."""
    if p not in METRICS or not eps > 0 or not all(np.isfinite(x).all() for x in (X, Y)):
        return p in METRICS
    points = np.concatenate([X, Y])
    return float(np.linalg.norm(np.ptp(points, axis=0)) ** p) <= 200 * eps


def _divergence(name: str, run: Callable[..., Any], accuracy: float = 1e-8, **declared: Any) -> Subject:
    slow = 0.4 if "geomloss" in name or name.endswith("lazy") else 1.0
    return subject(f"POT.{name}", contract=sinkhorn_divergence, accuracy=accuracy, effort=slow, **declared)(run)


def _empirical(method: str) -> Callable[..., Any]:
    def run(a: Array, X: Array, b: Array, Y: Array, eps: float, p: float) -> Any:
        import ot

        return ot.bregman.empirical_sinkhorn_divergence(
            X, Y, eps, a, b, metric=METRICS[p], stopThr=STOP, numIterMax=MOST, method=method
        )

    return run


def _debiased(value: str, **options: Any) -> Callable[..., Any]:
    def run(a: Array, X: Array, b: Array, Y: Array, eps: float, p: float) -> Any:
        import ot

        with contextlib.redirect_stdout(io.StringIO()):  # it prints a remark on masses of zero
            found = ot.solve_sample(
                X, Y, a, b, metric=METRICS[p], reg=eps, debias=True, tol=STOP, max_iter=MOST, **options
            )
        return getattr(found, value)

    return run


def _with_geomloss(log: bool) -> Callable[..., Any]:
    def run(a: Array, X: Array, b: Array, Y: Array, eps: float, p: float) -> Any:
        from ot.bregman import empirical_sinkhorn2_geomloss

        case = (X, Y, eps, a.copy(), b.copy())
        found = empirical_sinkhorn2_geomloss(*case, metric=METRICS[p], scaling=0.97, debias=True, log=log)
        return found[0] if log else found

    return run


def _lazy(a: Array, X: Array, b: Array, Y: Array, eps: float, p: float) -> Any:
    """Three lazy ⟨P, C⟩; the divergence is put together here."""
    from ot.bregman import empirical_sinkhorn2

    def price(q: Array, P: Array, r: Array, Q: Array) -> Any:
        return empirical_sinkhorn2(
            P, Q, eps, q, r, metric=METRICS[p], stopThr=STOP, numIterMax=MOST, isLazy=True, batchSize=3
        )

    return price(a, X, b, Y) - (price(a, X, a, X) + price(b, Y, b, Y)) / 2


def _wide(power: float) -> Callable[..., bool]:
    """One metric, and temperatures that geomloss's descent from the diameter arrives at."""

    def accepts(a: Array, X: Array, b: Array, Y: Array, eps: float, p: float) -> bool:
        if p != power or not all(np.isfinite(x).all() for x in (X, Y)):
            return p == power
        return bool(np.linalg.norm(np.ptp(np.concatenate([X, Y]), axis=0)) ** p >= 2 * eps)

    return accepts


def _two_points(p: float) -> Callable[[], Any]:
    def witness() -> Any:
        from ..cases.entropic_clouds import MovedEntropicClouds

        half, X, Y = np.array([0.5, 0.5]), np.array([[0.0, 0.0], [2.0, 0.0]]), np.array([[1.0, 4.0], [3.0, 4.0]])
        s, t = np.array([8.0, 0.0]), np.zeros(2)
        return MovedEntropicClouds(half, X, half, Y, p, 4.0 if p == 2 else 2.0, s, t)

    return witness


def _known(laws: tuple[str, ...], reason: str, p: float, scope: str, lines: str) -> tuple[Known, ...]:
    return tuple(Known(law, reason, _two_points(p), scope, lines=lines) for law in laws)


HALVED = _known(
    ("three-optima", "near-transport", "translation-identity"),
    "the squared distance is halved for geomloss, and the value is doubled back only if log=True",
    2.0,
    "POT>=0.9.7,<=0.9.7.post1",
    "import numpy as np; from ot.bregman import empirical_sinkhorn2_geomloss as f; X = np.eye(2); Y = X + 1; "
    "assert abs(2 * f(X, Y, .5) - f(X, Y, .5, np.ones(2)/2, np.ones(2)/2, log=True)[0]) < 1e-9",
)


def _point_and_two() -> Any:
    from ..cases.entropic_clouds import EntropicClouds

    two = np.array([[0.0, 0.0], [2.0, 0.0]])
    return EntropicClouds(np.ones(1), np.array([[1.0, 1.0]]), np.array([0.5, 0.5]), two, 1.0, 0.25)


ROOTED = tuple(
    Known(
        law,
        reason="blur = √reg, but geomloss's temperature is blur^p: with p = 1 it is √reg, not reg",
        witness=witness,
        scope="POT>=0.9,<=0.9.7.post1",
        lines="from ot.bregman import empirical_sinkhorn2_geomloss as f; import numpy as np; "
        "from geomloss import SamplesLoss; import torch; X = np.array([[0.0], [1.0]]); x = torch.tensor(X); "
        "half = SamplesLoss(p=1, blur=0.5, scaling=0.95)(x, x + 3).item(); "
        "assert abs(f(X, X + 3, 0.25, metric='euclidean', debias=True) - half) < 1e-3  # the value at reg = 0.5",
    )
    for law, witness in (
        ("three-optima", _two_points(1.0)),
        ("near-transport", _point_and_two),
        ("scaling", _two_points(1.0)),
    )
)
NO_LINEAR_PART = _known(
    (
        "three-optima",
        "zero-from-itself",
        "symmetry",
        "not-negative",
        "near-transport",
        "hot-limit",
        "rigid-motion",
        "scaling",
        "translation-identity",
        "convex-in-each-measure",
        "same-call-twice",
    ),
    "TypeError: debias=True adds up value_linear, which the lazy solvers leave at None",
    2.0,
    "POT>=0.9.7,<=0.9.7.post1",
    "import ot, numpy as np; ot.solve_sample(np.eye(2), np.eye(2), reg=1., lazy=True, debias=True)  # TypeError",
)
SHARP_CLAMPED = {"kind": "sharp", "clamp": "yes"}
PLAIN = {"kind": "regularised", "clamp": "no"}
DIVERGENCES = (
    _divergence(
        "empirical_sinkhorn_divergence.sinkhorn",
        _empirical("sinkhorn"),
        conventions=SHARP_CLAMPED,
        requires=POT,
        accepts=_mild,
    ),
    _divergence(
        "empirical_sinkhorn_divergence.sinkhorn_log",
        _empirical("sinkhorn_log"),
        conventions=SHARP_CLAMPED,
        requires=POT,
        accepts=_square_or_plain,
    ),
    _divergence(
        "solve_sample.debias",
        _debiased("value"),
        conventions=PLAIN,
        requires="POT>=0.9.7",
        accepts=_square_or_plain,
    ),
    _divergence(
        "solve_sample.debias.linear",
        _debiased("value_linear"),
        conventions={"kind": "sharp", "clamp": "no"},
        requires="POT>=0.9.7",
        accepts=_square_or_plain,
    ),
    _divergence(
        "solve_sample.debias.lazy",
        _debiased("value", lazy=True),
        conventions=PLAIN,
        requires="POT>=0.9.7",
        accepts=_square_or_plain,
        known=NO_LINEAR_PART,
    ),
    _divergence(
        "empirical_sinkhorn2.lazy",
        _lazy,
        conventions={"kind": "sharp", "clamp": "no"},
        requires=POT,
        accepts=_square_or_plain,
    ),
    _divergence(
        "empirical_sinkhorn2_geomloss",
        _with_geomloss(False),
        conventions=PLAIN,
        requires=POT,
        accuracy=1e-3,
        accepts=_wide(2.0),
        known=HALVED,
    ),
    _divergence(
        "empirical_sinkhorn2_geomloss[log]",
        _with_geomloss(True),
        conventions=PLAIN,
        requires=POT,
        accuracy=1e-3,
        accepts=_wide(2.0),
    ),
    _divergence(
        "empirical_sinkhorn2_geomloss[euclidean]",
        _with_geomloss(False),
        conventions=PLAIN,
        requires=POT,
        accuracy=1e-3,
        accepts=_wide(1.0),
        known=ROOTED,
    ),
)

SUBJECTS = lax(DIVERGENCES)
