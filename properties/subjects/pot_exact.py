"""POT's exact solvers, every entry point: plans with prices, bare values, sparse, lazy and sample-based ones.

Solvers that take points instead of costs are given points at which their cost is C up to tolls, which the adapter takes
off again (`_points`). Prices of POT are centred; nothing else needs translating.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, Subject, subject

from ..transport.c_transform import c_transform
from ..transport.kantorovich import kantorovich, transport_cost
from ..transport.rubinstein import rubinstein
from .lax import lax

Array = NDArray[Any]

POT = "POT>=0.9"
DENSE = {"mass": "any", "vertex": "yes", "duals_on_zero_atoms": "yes"}
ALL = ("plan", "f", "g", "value")


def _of_emd(**options: Any) -> Callable[..., Any]:
    def run(a: Array, b: Array, cost: Array) -> Any:
        import ot

        plan, log = ot.emd(a, b, cost, log=True, **options)
        return plan, log["u"], log["v"], log["cost"]

    return run


def _of_emd2(**options: Any) -> Callable[..., Any]:
    def run(a: Array, b: Array, cost: Array) -> Any:
        import ot

        value, log = ot.emd2(a, b, cost, log=True, return_matrix=True, **options)
        return log["G"], log["u"], log["v"], value

    return run


def _of_solve(a: Array, b: Array, cost: Array) -> Any:
    import ot

    found = ot.solve(cost, a, b)
    return found.plan, *found.potentials, found.value


def _of_solve_gromov(a: Array, b: Array, cost: Array) -> Any:
    import ot

    found = ot.solve_gromov(np.zeros((len(a),) * 2), np.zeros((len(b),) * 2), cost, a, b, alpha=0)
    return found.plan, found.value


def _bare(a: Array, b: Array, cost: Array) -> Any:
    import ot

    return ot.emd(a, b, cost)


def _warm(a: Array, b: Array, cost: Array) -> Any:
    """Started from the prices of another problem."""
    import ot

    _, log = ot.emd(a, b, cost[::-1, ::-1].copy(), log=True)
    plan, log = ot.emd(a, b, cost, log=True, potentials_init=(log["u"], log["v"]))
    return plan, log["u"], log["v"], log["cost"]


def _sparse(a: Array, b: Array, cost: Array) -> Any:
    """Every way an explicit edge of a sparse cost, zeros included."""
    import ot

    plan, log = ot.emd(a, b, _coo(cost), log=True)
    return plan.toarray(), log["u"], log["v"], log["cost"]


def _sparse_value(a: Array, b: Array, cost: Array) -> Any:
    import ot

    return ot.emd2(a, b, _coo(cost))


def _coo(cost: Array) -> Any:
    from scipy.sparse import coo_array

    i, j = np.indices(cost.shape)
    return coo_array((cost.ravel(), (i.ravel(), j.ravel())), shape=cost.shape)


def _torch(a: Array, b: Array, cost: Array) -> Any:
    import ot

    plan, log = ot.emd(*_tensors(a, b, cost), log=True)
    return plan.numpy(), log["u"].numpy(), log["v"].numpy(), float(log["cost"])


def _backward(a: Array, b: Array, cost: Array) -> Any:
    """The gradient of emd2 in the cost is a plan."""
    import ot

    given = [x.requires_grad_() for x in _tensors(a, b, cost)]
    value = ot.emd2(*given)
    value.backward()
    return given[2].grad.numpy(), value.detach().numpy()


def _tensors(*arrays: Array) -> list[Any]:
    import torch

    return [torch.from_numpy(np.ascontiguousarray(x)) for x in arrays]


def _points(cost: Array, metric: str) -> tuple[Array, Array, Array, Array]:
    """Points x, y and tolls f, g with d(x_i, y_j) = C_ij + f_i + g_j, d the squared Euclidean or the taxicab distance.

    squared   |s e_i − y_j|² = s² + |y_j|² + C_ij for y_j = −C_·j/(2s)
    taxicab   |L e_i − y_j|₁ = L + Σ_k y_jk − 2 y_ji for 0 ≤ y_j ≤ L: with y_ji = (L − C_ij)/2
    """
    m, n = cost.shape
    if not cost.any():
        return np.zeros((m, m)), np.zeros((n, m)), np.zeros(m), np.zeros(n)
    size = float(2.0 ** np.ceil(np.log2(np.abs(cost).max())))
    if metric == "sqeuclidean":
        s = float(2.0 ** np.floor(np.log2(size) / 2.0))
        y = -cost.T / (2.0 * s)
        return s * np.eye(m), y, np.full(m, s * s), np.square(y).sum(axis=1)
    y = (size - cost.T) / 2.0
    return size * np.eye(m), y, np.zeros(m), y.sum(axis=1)


def _on_points(solve: Callable[..., Any], metric: str) -> Callable[..., Any]:
    """A solver of points that gives (plan, f, g, value), made a solver of costs."""

    def run(a: Array, b: Array, cost: Array) -> Any:
        x, y, f, g = _points(cost, metric)
        plan, u, v, value = solve(x, y, a, b, metric)
        return plan, u - f, v - g, value - f @ a - g @ b

    return run


def _lazy(x: Array, y: Array, a: Array, b: Array, metric: str) -> Any:
    import ot

    value, log = ot.emd2_lazy(x, y, a, b, metric=metric, log=True)
    return log["G"].toarray(), log["u"], log["v"], value


def _lazy_warm(x: Array, y: Array, a: Array, b: Array, metric: str) -> Any:
    import ot

    start = np.ones(len(a)), -np.ones(len(b))
    value, log = ot.emd2_lazy(x, y, a, b, metric=metric, log=True, potentials_init=start)
    return log["G"].toarray(), log["u"], log["v"], value


def _sample(x: Array, y: Array, a: Array, b: Array, metric: str) -> Any:
    import ot

    found = ot.solve_sample(x, y, a, b, metric=metric)
    return found.plan, *found.potentials, found.value


def _sample_lazy(x: Array, y: Array, a: Array, b: Array, metric: str) -> Any:
    import ot

    found = ot.solve_sample(x, y, a, b, metric=metric, lazy=True)
    return found.sparse_plan.toarray(), *found.potentials, found.value


def _gmm(a: Array, b: Array, cost: Array) -> Any:
    """Mixtures of Gaussians with one covariance: the cost is the squared distance of the means."""
    import ot

    x, y, *_ = _points(cost, "sqeuclidean")
    d = np.eye(x.shape[1]) * (np.abs(x).max() * 2.0**-6) ** 2
    return ot.gmm.gmm_ot_plan(x, y, np.stack([d] * len(x)), np.stack([d] * len(y)), a, b)


def _da(a: Array, b: Array, cost: Array) -> Any:
    import ot

    x, y, *_ = _points(cost, "sqeuclidean")
    return ot.da.EMDTransport().fit(Xs=x, Xt=y).coupling_


def _partial(a: Array, b: Array, cost: Array) -> Any:
    """Partial transport of all the mass there is."""
    import ot

    return ot.partial.partial_wasserstein(a, b, cost, m=min(a.sum(), b.sum()))


def _partial_value(a: Array, b: Array, cost: Array) -> Any:
    import ot

    return ot.partial.partial_wasserstein2(a, b, cost, m=min(a.sum(), b.sum()))


def _lagrange(a: Array, b: Array, cost: Array) -> Any:
    """A reward for every unit moved that outweighs all differences in cost."""
    import ot

    reward = 4.0 * float(np.abs(cost).max()) * max(cost.shape) + 1e-3
    return ot.partial.partial_wasserstein_lagrange(a, b, cost, reg_m=reward)


def _fused(a: Array, b: Array, cost: Array) -> Any:
    import ot

    return ot.gromov.fused_gromov_wasserstein(
        cost, np.zeros((len(a),) * 2), np.zeros((len(b),) * 2), a, b, loss_fun="square_loss", alpha=0
    )


def _value(a: Array, b: Array, cost: Array) -> Any:
    import ot

    return ot.emd2(a, b, cost)


def _columns(a: Array, b: Array, cost: Array) -> Any:
    """Two targets in one call, of which the second is looked at."""
    import ot

    return np.asarray(ot.emd2(a, np.stack([b[::-1], b], axis=1), cost))[1]


def _solve_value(a: Array, b: Array, cost: Array) -> Any:
    import ot

    return ot.solve(cost, a, b).value


def _gmm_value(a: Array, b: Array, cost: Array) -> Any:
    import ot

    x, y, f, g = _points(cost, "sqeuclidean")
    d = np.eye(x.shape[1]) * (np.abs(x).max() * 2.0**-6) ** 2
    return ot.gmm.gmm_ot_loss(x, y, np.stack([d] * len(x)), np.stack([d] * len(y)), a, b) - f @ a - g @ b


@subject(
    "POT.semidiscrete_c_transform",
    contract=c_transform,
    requires="POT>=0.9.7",
    conventions={"infinite_phi": "yes", "infinite_cost": "yes"},
)
def semidiscrete(phi: Array, cost: Array) -> Any:
    """The atoms are the sources; a metric of our own looks the costs up."""
    from ot.semidiscrete import semidiscrete_c_transform

    atoms, samples = (np.arange(k, dtype=cost.dtype)[:, None] for k in cost.shape)
    return semidiscrete_c_transform(atoms, samples, phi, metric=lambda x, y: cost.T)


def _distance(mu: Array, nu: Array, metric: Array) -> Any:
    import ot

    return ot.emd2(mu, nu, metric)


def _uniform(a: Array, b: Array, cost: Array) -> bool:
    """All sources weigh 1/m, all targets 1/n."""
    return bool(np.allclose(a, 1.0 / len(a), rtol=1e-12) and np.allclose(b, 1.0 / len(b), rtol=1e-12))


def _at_most_one(a: Array, b: Array, cost: Array) -> bool:
    """The reading of mass that partial_wasserstein_lagrange insists on."""
    return bool(max(a.sum(), b.sum()) <= 1.0 + 1e-15)


def _of_one_sign(a: Array, b: Array, cost: Array) -> bool:
    """Warm starts at costs of both signs fail now and then, as the record of "rebate" says: not judged twice."""
    return not cost.min() < 0.0 <= cost.max()


def _same_mass(a: Array, b: Array, cost: Array) -> bool:
    """For subjects to which unequal masses are a task of their own, or who were told not to look."""
    return bool(np.isclose(a.sum(), b.sum(), rtol=1e-6))


def _problem() -> Any:
    from ..cases.transport import Problem

    return Problem(np.array([0.25, 0.75]), np.array([0.5, 0.5]), 8.0 - 8.0 * np.eye(2))


def _three_by_three() -> Any:
    from ..cases.transport import Problem

    third = np.full(3, 1 / 3)
    return Problem(third, third, np.array([[0.0, 3.0, 4.0], [0.0, 7.0, 0.0], [0.0, 0.0, 6.0]]))


def _lopsided() -> Any:
    from ..cases.transport import Problem

    cost = np.zeros((3, 3))
    cost[0, 2] = 12.5e6
    return Problem(np.array([0.25, 0.25, 0.5]), np.array([0.25, 0.5, 0.25]), cost)


def _zero_one() -> Any:
    from ..cases.transport import Problem

    return Problem(np.array([0.5, 0.5]), np.array([0.5, 0.5]), np.array([[0.0, 1.0], [0.0, 0.0]]))


def _pair() -> Any:
    from ..cases.metric import Pair

    return Pair(np.array([0.25, 0.75]), np.array([0.5, 0.5]), 1.0 - np.eye(2))


SEEN = "POT>=0.9.5,<=0.9.7.post1"
NEW = "POT>=0.9.7,<=0.9.7.post1"
REBATE = Known(
    "rebate",
    "where all costs are negative, at −(m+n)/(m+n−1) or below, the artificial ways of the network simplex, priced at "
    "(max C + 1)(m + n), are the cheapest: the plan is 0, with a warning that the problem is infeasible",
    _problem,
    NEW,
    "https://github.com/PythonOT/POT/issues/283",
    "import numpy as np, ot\nassert ot.emd([1.0], [1.0], np.array([[-4.0]])) == 0.0  # the only plan is [[1.]]",
)
WARM = replace(
    REBATE,
    reason="from a warm start, costs of both signs are enough: the plan is 0, with a warning that the problem is "
    "infeasible or unbounded; costs that are all negative fail as they do from a cold start",
    witness=_lopsided,
    link="",
    lines="import numpy as np, ot\n"
    "a, M = np.array([4, 3]) / 7, np.array([[0.0, -3.0], [-4.0, -4.0]])\n"
    "_, log = ot.emd(a, a, M[::-1, ::-1].copy(), log=True)\n"
    "assert not ot.emd(a, a, M, potentials_init=(log['u'], log['v'])).any()  # without potentials_init, a plan",
)
LAYOUT = Known(
    "memory-layout",
    "masses that do not lie side by side in memory, a column of a table say, are refused",
    _problem,
    SEEN,
    "https://github.com/PythonOT/POT/issues/40",
    "import numpy as np, ot\nt = np.full((2, 2), 0.5)\not.emd(t[:, 0], [0.5, 0.5], 1 - np.eye(2))  # ValueError",
)
NAN = Known(
    "refuses-nan-cost",
    "one NaN among the costs goes unnoticed: it comes out as a plan, and since 0.9.7 as a value",
    _problem,
    NEW,
    "",
    "import numpy as np, ot\n"
    "assert ot.emd2([0.5, 0.5], [0.5, 0.5], np.array([[np.nan, 1.0], [1.0, 0.0]])) == 0.0  # 0.9.6 gave nan",
)
NEGATIVE = Known(
    "refuses-negative-mass",
    "a negative mass gives a plan of zeros and the value 0, with a warning",
    _problem,
    SEEN,
    "",
    "import numpy as np, ot\nassert ot.emd2([1.5, -0.5], [0.5, 0.5], 1 - np.eye(2)) == 0.0",
)
WIDENED = Known(
    "dtype-kept",
    "the value of float32 arrays is a Python float, not cast as the documentation says",
    _problem,
    SEEN,
    "",
    "import numpy as np, ot\nx = np.ones(1, np.float32)\nassert type(ot.emd2(x, x, x[None])) is float",
)
DISTANCE = (
    replace(LAYOUT, witness=_pair),
    replace(NAN, law="refuses-nan-metric", witness=_pair),
    replace(NEGATIVE, witness=_pair),
)


SMALL = Known(
    "small-costs",
    "reduced costs are held against numbers of the size of max C + 1: where all costs are below some 1e-14 (squared "
    "distances between points 1e-7 apart), plans are feasible but not optimal, without a warning",
    _three_by_three,
    "POT>=0.9",
    "",
    "import numpy as np, ot\n"
    "a, C = np.full(3, 1 / 3), np.array([[0.0, 3.0, 4.0], [0.0, 7.0, 0.0], [0.0, 0.0, 6.0]])\n"
    "assert (ot.emd(a, a, C) * C).sum() == 0.0\n"
    "assert (ot.emd(a, a, 1e-17 * C) * C).sum() > 3.0  # the same problem",
)

SMALL_NOW_AND_THEN = replace(SMALL, witness=None)
DEAR = replace(
    SMALL,
    law="prices-of-small-costs",
    witness=_problem,
    reason="prices are differences of numbers of the size of max C + 1: of small costs they keep few digits or none",
    lines="import numpy as np, ot\nlog = ot.emd([1.0], [1.0], np.array([[1e-17]]), log=True)[1]\n"
    "assert log['u'][0] + log['v'][0] == 0.0  # 1e-17",
)

DENSE_KNOWN = (REBATE, SMALL, LAYOUT, NAN, NEGATIVE)
COPIED_KNOWN = (REBATE, SMALL, NAN, NEGATIVE)
POINTS_KNOWN = (LAYOUT, SMALL, NAN, NEGATIVE)


def _plans(name: str, run: Callable[..., Any], outputs: tuple[str, ...] = ALL, **declared: Any) -> Subject:
    declared = {"conventions": DENSE, "requires": POT, "known": DENSE_KNOWN} | declared
    if "f" in outputs:
        declared["known"] += (DEAR,)
    return subject(name, contract=kantorovich, outputs=outputs, **declared)(run)


def _values(name: str, run: Callable[..., Any], **declared: Any) -> Subject:
    declared = {"conventions": PLAIN, "requires": POT, "known": DENSE_KNOWN} | declared
    return subject(name, contract=transport_cost, **declared)(run)


def _of_points(name: str, solve: Callable[..., Any], metric: str, **declared: Any) -> Subject:
    return _plans(name, _on_points(solve, metric), known=POINTS_KNOWN, **declared)


PLAIN = {"mass": "any"}
UNIFORM = {"mass": "one", "vertex": "yes"}
SINGLE: dict[str, Any] = {"dtype": "float32", "conventions": DENSE | {"mass": "one"}, "known": COPIED_KNOWN}
# Sparse and lazy solvers price an empty atom at whatever its node was left with.
LAZY: dict[str, Any] = {"conventions": DENSE | {"duals_on_zero_atoms": "no"}, "requires": "POT>=0.9.7"}

PLANS = (
    _plans("POT.emd", _of_emd()),
    _plans("POT.emd[no log]", _bare, ("plan",)),
    _plans("POT.emd[float32]", _of_emd(), **SINGLE),
    _plans("POT.emd[not centred]", _of_emd(center_dual=False)),
    _plans("POT.emd[no check of marginals]", _of_emd(check_marginals=False), accepts=_same_mass),
    _plans(
        "POT.emd[warm start]",
        _warm,
        requires="POT>=0.9.7",
        accepts=_of_one_sign,
        known=(WARM, SMALL_NOW_AND_THEN, LAYOUT, NAN, NEGATIVE),
    ),
    _plans("POT.emd[sparse]", _sparse, **LAZY, known=(REBATE, SMALL_NOW_AND_THEN, LAYOUT, NAN, NEGATIVE)),
    _plans("POT.emd[torch]", _torch, known=COPIED_KNOWN),
    _plans("POT.emd2[return_matrix]", _of_emd2()),
    _plans("POT.emd2[return_matrix, float32]", _of_emd2(), **SINGLE),
    _plans("POT.emd2.backward", _backward, ("plan", "value"), known=COPIED_KNOWN),
    _plans("POT.solve", _of_solve),
    _plans("POT.solve[float32]", _of_solve, **SINGLE),
    _plans("POT.solve_gromov[alpha=0]", _of_solve_gromov, ("plan", "value"), conventions=PLAIN),
    _plans("POT.fused_gromov_wasserstein[alpha=0]", _fused, ("plan",), conventions={"mass": "one"}),
    _of_points("POT.emd2_lazy[sqeuclidean]", _lazy, "sqeuclidean", **LAZY),
    _of_points("POT.emd2_lazy[cityblock]", _lazy, "cityblock", **LAZY),
    _of_points("POT.emd2_lazy[warm start]", _lazy_warm, "sqeuclidean", **LAZY),
    _of_points("POT.solve_sample", _sample, "sqeuclidean"),
    _of_points("POT.solve_sample[cityblock]", _sample, "cityblock"),
    _of_points("POT.solve_sample[lazy]", _sample_lazy, "sqeuclidean", **LAZY),
    _plans(
        "POT.partial_wasserstein[m=all]",
        _partial,
        ("plan",),
        conventions=PLAIN,
        accepts=_same_mass,
        known=(REBATE, SMALL, replace(NAN, witness=_zero_one)),
    ),
    _plans(
        "POT.partial_wasserstein_lagrange",
        _lagrange,
        ("plan",),
        conventions={"mass": "one"},
        accepts=_at_most_one,
        known=(NAN, SMALL_NOW_AND_THEN),
    ),
    _plans("POT.gmm_ot_plan", _gmm, ("plan",), conventions=PLAIN, known=POINTS_KNOWN),
    _plans("POT.da.EMDTransport", _da, ("plan",), accepts=_uniform, conventions=UNIFORM, known=(SMALL,)),
)

VALUES = (
    _values("POT.emd2", _value),
    _values("POT.emd2[float32]", _value, dtype="float32", conventions={"mass": "one"}, known=(*COPIED_KNOWN, WIDENED)),
    _values("POT.emd2[two targets]", _columns),
    _values(
        "POT.emd2[sparse]",
        _sparse_value,
        requires="POT>=0.9.7",
        known=(REBATE, SMALL_NOW_AND_THEN, LAYOUT, NAN, NEGATIVE),
    ),
    _values("POT.solve.value", _solve_value),
    _values("POT.partial_wasserstein2[m=all]", _partial_value, accepts=_same_mass, known=(REBATE, SMALL)),
    _values("POT.gmm_ot_loss", _gmm_value, known=(LAYOUT, SMALL, NEGATIVE)),
)

SUBJECTS = lax(
    (
        *PLANS,
        *VALUES,
        semidiscrete,
        subject("POT.emd2", contract=rubinstein, requires=POT, known=DISTANCE)(_distance),
    )
)
