"""Lax subjects: the laws of hygiene that a library is on record for breaking, release by release.

Bad input that is accepted, layouts that are refused, failure that is not signalled. Any case shows them, so these
records name no witness; `prufrock check SUBJECT --laws LAW` finds one, and `prufrock replay ID --emit` prints it. What few
problems show (BROADCASTS, EMPTIES, SCALES) has one.
"""

from __future__ import annotations

from dataclasses import replace

from prufrock import Known, Subject

from ._pot_entropic import problem

SCOPE = {
    "POT": "POT>=0.9,<=0.9.7.post1",
    "SciPy": "scipy<=1.17.1",
    "geomloss": "geomloss<=0.3.1",
}

REASON = {
    "memory-layout": "raises on arrays that are not C-contiguous, or depends on how they lie in memory",
    "inputs-unchanged": "fails on a valid case (see its other records)",
    "signalled-failure": "returns an unconverged answer without a word",
    "numbers-when-cold": "returns NaN at a low temperature",
    "dtype-kept": "returns another floating dtype than it was given",
    "far-from-the-origin": "loses all digits of distances between points far from the origin",
}

LAX: dict[str, dict[str, tuple[str, ...]]] = {
    "POT.batch.log_sinkhorn.entropy": {
        "transport.sinkhorn": ("refuses-unequal-masses",),
    },
    "POT.batch.log_sinkhorn.kl": {
        "transport.sinkhorn": ("refuses-unequal-masses",),
    },
    "POT.batch.sinkhorn.entropy": {
        "transport.sinkhorn": ("refuses-negative-mass", "refuses-unequal-masses"),
    },
    "POT.batch.sinkhorn.kl": {
        "transport.sinkhorn": ("refuses-negative-mass", "refuses-unequal-masses"),
    },
    "POT.binary_search_circle": {
        "transport.circle": ("refuses-nan-point", "refuses-negative-mass", "refuses-unequal-masses"),
    },
    "POT.bures_wasserstein_mapping": {
        "transport.brenier-gaussian": ("memory-layout",),
    },
    "POT.emd": {
        "transport.wasserstein": ("far-from-the-origin", "memory-layout", "refuses-nan-point"),
    },
    "POT.emd2": {
        "transport.wasserstein": ("far-from-the-origin", "memory-layout", "refuses-nan-point"),
    },
    "POT.emd2_1d": {
        "transport.wasserstein-1d": ("refuses-order-below-one",),
    },
    "POT.emd2_lazy": {
        "transport.wasserstein": ("memory-layout", "refuses-nan-point"),
    },
    "POT.emd2_samples": {
        "transport.wasserstein": ("far-from-the-origin", "memory-layout", "refuses-nan-point"),
    },
    "POT.emd_1d": {
        "transport.wasserstein-1d": ("refuses-order-below-one",),
    },
    "POT.emd_1d[metrics]": {
        "transport.wasserstein-1d": ("refuses-order-below-one",),
    },
    "POT.emd_1d_dual_backprop": {
        "transport.wasserstein-1d": ("refuses-nan-point", "refuses-negative-mass", "refuses-unequal-masses"),
    },
    "POT.empirical_sinkhorn2.lazy": {
        "transport.sinkhorn-divergence": ("refuses-unequal-masses",),
    },
    "POT.empirical_sinkhorn2_geomloss": {
        "transport.sinkhorn-divergence": ("memory-layout", "refuses-negative-mass", "refuses-unequal-masses"),
    },
    "POT.empirical_sinkhorn2_geomloss[euclidean]": {
        "transport.sinkhorn-divergence": ("memory-layout", "refuses-negative-mass", "refuses-unequal-masses"),
    },
    "POT.empirical_sinkhorn2_geomloss[log]": {
        "transport.sinkhorn-divergence": ("memory-layout", "refuses-negative-mass", "refuses-unequal-masses"),
    },
    "POT.empirical_sinkhorn_divergence.sinkhorn": {
        "transport.sinkhorn-divergence": ("refuses-negative-mass", "refuses-unequal-masses"),
    },
    "POT.empirical_sinkhorn_divergence.sinkhorn_log": {
        "transport.sinkhorn-divergence": ("refuses-unequal-masses",),
    },
    "POT.screenkhorn": {
        "transport.sinkhorn": (
            "refuses-negative-mass",
            "refuses-negative-temperature",
            "refuses-unequal-masses",
            "signalled-failure",
        ),
    },
    "POT.sinkhorn.default": {
        "transport.sinkhorn": (
            "refuses-negative-mass",
            "refuses-negative-temperature",
            "refuses-unequal-masses",
            "refuses-zero-temperature",
        ),
    },
    "POT.sinkhorn.epsilon_scaling": {
        "transport.sinkhorn": ("refuses-negative-temperature", "refuses-unequal-masses"),
    },
    "POT.sinkhorn.greenkhorn": {
        "transport.sinkhorn": ("refuses-negative-mass", "refuses-negative-temperature", "refuses-unequal-masses"),
    },
    "POT.sinkhorn.sinkhorn": {
        "transport.sinkhorn": (
            "refuses-negative-mass",
            "refuses-negative-temperature",
            "refuses-unequal-masses",
            "refuses-zero-temperature",
        ),
    },
    "POT.sinkhorn.sinkhorn_log": {
        "transport.sinkhorn": ("refuses-negative-temperature", "refuses-unequal-masses"),
    },
    "POT.sinkhorn.sinkhorn_stabilized": {
        "transport.sinkhorn": ("numbers-when-cold", "refuses-negative-temperature", "refuses-unequal-masses"),
    },
    "POT.sinkhorn2.sinkhorn": {
        "transport.sinkhorn": (
            "refuses-negative-mass",
            "refuses-negative-temperature",
            "refuses-unequal-masses",
            "refuses-zero-temperature",
        ),
    },
    "POT.sinkhorn2.sinkhorn[targets]": {
        "transport.sinkhorn": (
            "refuses-negative-mass",
            "refuses-negative-temperature",
            "refuses-unequal-masses",
            "refuses-zero-temperature",
        ),
    },
    "POT.sinkhorn2.sinkhorn_log": {
        "transport.sinkhorn": ("refuses-negative-temperature", "refuses-unequal-masses"),
    },
    "POT.sinkhorn2.sinkhorn_log[targets]": {
        "transport.sinkhorn": ("refuses-negative-temperature", "refuses-unequal-masses"),
    },
    "POT.sinkhorn2.sinkhorn_stabilized": {
        "transport.sinkhorn": ("numbers-when-cold", "refuses-negative-temperature", "refuses-unequal-masses"),
    },
    "POT.sinkhorn2.sinkhorn_stabilized[targets]": {
        "transport.sinkhorn": ("numbers-when-cold", "refuses-negative-temperature", "refuses-unequal-masses"),
    },
    "POT.smooth_ot_dual": {
        "transport.sinkhorn": (
            "refuses-negative-mass",
            "refuses-negative-temperature",
            "refuses-unequal-masses",
            "refuses-zero-temperature",
            "signalled-failure",
        ),
    },
    "POT.solve.entropy": {
        "transport.sinkhorn": ("refuses-negative-temperature", "refuses-unequal-masses", "refuses-zero-temperature"),
    },
    "POT.solve.kl": {
        "transport.sinkhorn": ("refuses-negative-temperature", "refuses-unequal-masses", "refuses-zero-temperature"),
    },
    "POT.solve.kl.last_step": {
        "transport.sinkhorn": ("refuses-negative-temperature", "refuses-unequal-masses", "refuses-zero-temperature"),
    },
    "POT.solve_sample": {
        "transport.wasserstein": ("far-from-the-origin", "memory-layout", "refuses-nan-point"),
    },
    "POT.solve_sample.1d": {
        "transport.wasserstein-1d": ("refuses-nan-point", "refuses-negative-mass", "refuses-unequal-masses"),
    },
    "POT.solve_sample.debias": {
        "transport.sinkhorn-divergence": ("refuses-unequal-masses", "refuses-zero-temperature"),
    },
    "POT.solve_sample.debias.lazy": {
        "transport.sinkhorn-divergence": (
            "dtype-kept",
            "inputs-unchanged",
            "memory-layout",
            "refuses-zero-temperature",
        ),
    },
    "POT.solve_sample.debias.linear": {
        "transport.sinkhorn-divergence": ("refuses-unequal-masses", "refuses-zero-temperature"),
    },
    "POT.solve_sample.lazy": {
        "transport.wasserstein": ("memory-layout", "refuses-nan-point"),
    },
    "POT.wasserstein1_circle": {
        "transport.circle": ("refuses-negative-mass", "refuses-unequal-masses"),
    },
    "POT.wasserstein_1d": {
        "transport.wasserstein-1d": ("refuses-nan-point", "refuses-negative-mass", "refuses-unequal-masses"),
    },
    "POT.wasserstein_1d[batch]": {
        "transport.wasserstein-1d": ("refuses-nan-point", "refuses-negative-mass", "refuses-unequal-masses"),
    },
    "POT.wasserstein_1d[torch]": {
        "transport.wasserstein-1d": ("refuses-nan-point", "refuses-negative-mass", "refuses-unequal-masses"),
    },
    "POT.wasserstein_circle": {
        "transport.circle": ("refuses-nan-point", "refuses-negative-mass", "refuses-unequal-masses"),
    },
    "SciPy.wasserstein_distance": {
        "transport.wasserstein-1d": ("refuses-unequal-masses",),
    },
    "SciPy.wasserstein_distance_nd": {
        "transport.wasserstein": ("refuses-unequal-masses",),
    },
    "geomloss.SamplesLoss": {
        "transport.sinkhorn-divergence": ("refuses-negative-mass", "refuses-unequal-masses"),
    },
    "geomloss.ot.solve": {
        "transport.sinkhorn": ("signalled-failure",),
    },
    "geomloss.ot.solve_batch": {
        "transport.sinkhorn": ("signalled-failure",),
    },
}


BROADCASTS = (
    "POT.batch.log_sinkhorn.entropy",
    "POT.batch.log_sinkhorn.kl",
    "POT.batch.sinkhorn.entropy",
    "POT.batch.sinkhorn.kl",
    "POT.sinkhorn.sinkhorn_log",
    "POT.sinkhorn2.sinkhorn_log",
    "POT.sinkhorn2.sinkhorn_log[targets]",
    "POT.solve.entropy",
    "POT.solve.kl",
    "POT.solve.kl.last_step",
)
EMPTIES = ("POT.sinkhorn.sinkhorn_stabilized", "POT.sinkhorn2.sinkhorn_stabilized")
SCALES = ("POT.sinkhorn.epsilon_scaling",)


SELDOM = (
    (
        BROADCASTS,
        Known(
            "refuses-cost-of-another-shape",
            reason="one atom is broadcast along a cost of any shape: the plan has more mass than was given",
            witness=lambda: problem([1.0], [1.0], [[0.0]]),
            scope=SCOPE["POT"],
            lines="import ot, numpy as np\n"
            "one, cost = np.ones(1), np.zeros((2, 2))\n"
            "assert ot.sinkhorn(one, one, cost, 1.0, method='sinkhorn_log').sum() == 2  # from a mass of 1",
        ),
    ),
    (
        EMPTIES,
        Known(
            "refuses-zero-temperature",
            reason="at temperature 0, and beside an atom without mass, a plan without mass is returned",
            witness=lambda: problem([0.0, 1.0], [0.0, 1.0], [[1.0, 1.0], [1.0, 1.0]]),
            scope=SCOPE["POT"],
            lines="import ot, numpy as np\n"
            "a, cost = np.array([0.0, 1.0]), np.ones((2, 2))\n"
            "assert ot.sinkhorn(a, a, cost, 0.0, method='sinkhorn_stabilized', warn=False).sum() == 0",
        ),
    ),
    (
        SCALES,
        Known(
            "refuses-zero-temperature",
            reason="at temperature 0 it returns the plan of some other temperature, or infinite entries if it starts at 0, too",
            witness=lambda: problem([0.5, 0.5], [0.5, 0.5], [[-0.5, -0.5], [0.125, 0.125]]),
            scope=SCOPE["POT"],
            lines="import ot, numpy as np\n"
            "a, cost = np.full(2, 0.5), np.array([[0.0, 1.0], [1.0, 0.0]])\n"
            "plan = ot.sinkhorn(a, a, cost, 0.0, method='sinkhorn_epsilon_scaling', warn=False)\n"
            "assert np.isfinite(plan).all()",
        ),
    ),
)


def lax(subjects: tuple[Subject, ...]) -> tuple[Subject, ...]:
    """The subjects, with what they are on record for."""
    return tuple(replace(s, known=(*s.known, *_records(s))) for s in subjects)


def _records(subject: Subject) -> tuple[Known, ...]:
    laws = LAX.get(subject.name, {}).get(subject.contract.id, ())
    scope = SCOPE.get(subject.name.partition(".")[0], "")
    always = tuple(Known(law, _reason(law), scope=scope) for law in laws)
    return (*always, *(known for names, known in SELDOM if subject.name in names))


def _reason(law: str) -> str:
    return REASON.get(law) or f"accepts it and returns a number: {law.removeprefix('refuses-').replace('-', ' ')}"
