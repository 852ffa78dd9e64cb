"""POT's distances between Gaussians and the maps between them, on the whole domain and on definite covariances."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, Subject, subject

from ..transport.gaussian import bures
from ..transport.gaussian_map import brenier_gaussian
from .lax import lax

Array = NDArray[Any]


def _bures(m1: Array, S1: Array, m2: Array, S2: Array) -> Any:
    import ot

    return ot.gaussian.bures_wasserstein_distance(m1, m2, S1, S2)


def _bures_batch(m1: Array, S1: Array, m2: Array, S2: Array) -> Any:
    """The pair as the second of two sources and the first of two targets."""
    import ot

    eye, one = np.eye(len(m1)), np.ones_like(m1)
    sources, targets = (np.stack([one, m1]), np.stack([eye, S1])), (np.stack([m2, one]), np.stack([S2, eye]))
    return ot.gaussian.bures_wasserstein_distance(sources[0], targets[0], sources[1], targets[1])[1, 0]


def _bures_alone(m1: Array, S1: Array, m2: Array, S2: Array) -> Any:
    """Bures alone; the means are added here."""
    import ot

    return np.hypot(np.linalg.norm(m1 - m2), ot.gaussian.bures_distance(S1, S2))


def _mapping(S1: Array, S2: Array) -> Array:
    import ot

    zero = np.zeros(len(S1))
    return np.asarray(ot.gaussian.bures_wasserstein_mapping(zero, zero, S1, S2)[0])


def _definite(*case: Array) -> bool:
    matrices = [S for S in case if S.ndim == 2 and np.isfinite(S).all()]
    return all(np.linalg.eigvalsh(S)[0] > 1e-9 * np.abs(S).max() for S in matrices)


def _three_singular() -> Any:
    from ..cases.gaussians import ThreeGaussians

    zero, ones = np.zeros(3), np.ones((3, 3))
    return ThreeGaussians(zero, ones, zero, ones, zero, ones)


def _singular_target() -> Any:
    from ..cases.gaussians import Covariances

    return Covariances(np.eye(3), np.ones((3, 3)), np.ones((3, 3)))


def _singular(laws: tuple[str, ...], witness: Any) -> tuple[Known, ...]:
    return tuple(
        Known(
            law,
            reason="sqrtm takes the roots of eigenvalues that rounding made negative: NaN, or an error from LAPACK",
            witness=witness,
            scope="POT>=0.9.5,<=0.9.7.post1",
            link="https://github.com/PythonOT/POT/issues/708",
            lines="import ot, numpy as np\n"
            "assert np.isnan(ot.gaussian.bures_distance(np.eye(3), np.ones((3, 3))))  # 1.5925",
        )
        for law in laws
    )


BURES_BROKEN = (
    "gelbrich-formula",
    "symmetry",
    "zero-from-itself",
    "triangle",
    "rotation",
    "scaling",
    "means-and-covariances-part",
    "same-call-twice",
)
BURES_SOMETIMES = ("inputs-unchanged", "memory-layout", "dtype-kept")  # only where LAPACK raises
BURES = _singular(BURES_BROKEN, _three_singular) + _singular(BURES_SOMETIMES, None)
MAP_BROKEN = ("symmetric-map", "monotone-map", "pushes-forward", "recovers-the-map", "costs-the-distance")


def _with_and_without_singular(
    name: str, run: Any, contract: Any, known: tuple[Known, ...], requires: str = "POT>=0.9.6"
) -> tuple[Subject, ...]:
    """One subject on the whole domain, with what it is known to break, and one on definite covariances only."""
    conventions = {"root": "yes"} if contract is bures else {}
    whole = subject(name, contract=contract, conventions=conventions, requires=requires, known=known)
    definite = subject(
        f"{name}[definite]", contract=contract, conventions=conventions, requires=requires, accepts=_definite
    )
    return whole(run), definite(run)


SUBJECTS = lax(
    (
        *_with_and_without_singular("POT.bures_wasserstein_distance", _bures, bures, BURES, "POT>=0.9.5"),
        *_with_and_without_singular("POT.bures_wasserstein_distance[batch]", _bures_batch, bures, BURES),
        *_with_and_without_singular("POT.bures_distance", _bures_alone, bures, BURES),
        *_with_and_without_singular(
            "POT.bures_wasserstein_mapping",
            _mapping,
            brenier_gaussian,
            _singular(MAP_BROKEN, _singular_target),
            "POT>=0.9.5",
        ),
    )
)
