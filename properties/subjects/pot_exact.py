"""POT's exact solvers, every entry point: plans with prices, bare values, sparse, lazy and sample-based ones.

Solvers that take points instead of costs are given points at which their cost is C up to tolls, which the adapter takes
off again (`_points`). Prices of POT are centred; nothing else needs translating.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject, subject

from ..transport.c_transform import c_transform
from ..transport.kantorovich import kantorovich, transport_cost
from ..transport.rubinstein import rubinstein

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


@subject("POT.emd2", contract=rubinstein, requires=POT)
def distance(mu: Array, nu: Array, metric: Array) -> Any:
    import ot

    return ot.emd2(mu, nu, metric)


def _uniform(a: Array, b: Array, cost: Array) -> bool:
    """All sources weigh 1/m, all targets 1/n."""
    return bool(np.allclose(a, 1.0 / len(a), rtol=1e-12) and np.allclose(b, 1.0 / len(b), rtol=1e-12))


def _at_most_one(a: Array, b: Array, cost: Array) -> bool:
    """The reading of mass that partial_wasserstein_lagrange insists on."""
    return max(a.sum(), b.sum()) <= 1.0 + 1e-15


def _plans(name: str, run: Callable[..., Any], outputs: tuple[str, ...] = ALL, **declared: Any) -> Subject:
    declared = {"conventions": DENSE, "requires": POT} | declared
    return subject(name, contract=kantorovich, outputs=outputs, **declared)(run)


def _values(name: str, run: Callable[..., Any], **declared: Any) -> Subject:
    declared = {"conventions": {"mass": "any"}, "requires": POT} | declared
    return subject(name, contract=transport_cost, **declared)(run)


NO_EMPTY = {"mass": "any", "vertex": "yes", "duals_on_zero_atoms": "no"}
PLAIN = {"mass": "any"}
SINGLE: dict[str, Any] = {"dtype": "float32", "conventions": DENSE | {"mass": "one"}}

PLANS = (
    _plans("POT.emd", _of_emd()),
    _plans("POT.emd[no log]", _bare, ("plan",)),
    _plans("POT.emd[float32]", _of_emd(), **SINGLE),
    _plans("POT.emd[not centred]", _of_emd(center_dual=False)),
    _plans("POT.emd[no check of marginals]", _of_emd(check_marginals=False)),
    _plans("POT.emd[warm start]", _warm, requires="POT>=0.9.7"),
    _plans("POT.emd[sparse]", _sparse, conventions=NO_EMPTY, requires="POT>=0.9.7"),
    _plans("POT.emd[torch]", _torch),
    _plans("POT.emd2[return_matrix]", _of_emd2()),
    _plans("POT.emd2[return_matrix, float32]", _of_emd2(), **SINGLE),
    _plans("POT.emd2.backward", _backward, ("plan", "value")),
    _plans("POT.solve", _of_solve),
    _plans("POT.solve[float32]", _of_solve, **SINGLE),
    _plans("POT.solve_gromov[alpha=0]", _of_solve_gromov, ("plan", "value"), conventions=PLAIN),
    _plans("POT.fused_gromov_wasserstein[alpha=0]", _fused, ("plan",), conventions={"mass": "one"}),
    _plans("POT.emd2_lazy[sqeuclidean]", _on_points(_lazy, "sqeuclidean"), conventions=NO_EMPTY, requires="POT>=0.9.7"),
    _plans("POT.emd2_lazy[cityblock]", _on_points(_lazy, "cityblock"), conventions=NO_EMPTY, requires="POT>=0.9.7"),
    _plans(
        "POT.emd2_lazy[warm start]", _on_points(_lazy_warm, "sqeuclidean"), conventions=NO_EMPTY, requires="POT>=0.9.7"
    ),
    _plans("POT.solve_sample", _on_points(_sample, "sqeuclidean")),
    _plans("POT.solve_sample[cityblock]", _on_points(_sample, "cityblock")),
    _plans(
        "POT.solve_sample[lazy]", _on_points(_sample_lazy, "sqeuclidean"), conventions=NO_EMPTY, requires="POT>=0.9.7"
    ),
    _plans("POT.partial_wasserstein[m=all]", _partial, ("plan",), conventions=PLAIN),
    _plans("POT.partial_wasserstein_lagrange", _lagrange, ("plan",), conventions={"mass": "one"}, accepts=_at_most_one),
    _plans("POT.gmm_ot_plan", _gmm, ("plan",), conventions=PLAIN),
    _plans("POT.da.EMDTransport", _da, ("plan",), accepts=_uniform, conventions={"mass": "one", "vertex": "yes"}),
)

VALUES = (
    _values("POT.emd2", _value),
    _values("POT.emd2[float32]", _value, dtype="float32", conventions={"mass": "one"}),
    _values("POT.emd2[two targets]", _columns),
    _values("POT.emd2[sparse]", _sparse_value, requires="POT>=0.9.7"),
    _values("POT.solve.value", _solve_value),
    _values("POT.partial_wasserstein2[m=all]", _partial_value),
    _values("POT.gmm_ot_loss", _gmm_value),
)

SUBJECTS = (*PLANS, *VALUES, semidiscrete, distance)
