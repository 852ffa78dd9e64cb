"""POT's exact plans and prices from costs, every entry point: sparse, partial, warm-started, differentiated ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._pot_exact import (
    COPIED_KNOWN,
    DENSE,
    LAYOUT,
    LAZY,
    NAN,
    NEGATIVE,
    PLAIN,
    PLAN_UNDER_TOLLS,
    REBATE,
    SMALL,
    SMALL_NOW_AND_THEN,
    TOLLS,
    coo,
    plans,
    same_mass,
)
from .lax import lax

Array = NDArray[Any]


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

    plan, log = ot.emd(a, b, coo(cost), log=True)
    return plan.toarray(), log["u"], log["v"], log["cost"]


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


def _partial(a: Array, b: Array, cost: Array) -> Any:
    """Partial transport of all the mass there is."""
    import ot

    return ot.partial.partial_wasserstein(a, b, cost, m=min(a.sum(), b.sum()))


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


def _at_most_one(a: Array, b: Array, cost: Array) -> bool:
    """The reading of mass that partial_wasserstein_lagrange insists on."""
    return bool(max(a.sum(), b.sum()) <= 1.0 + 1e-15)


def _of_one_sign(a: Array, b: Array, cost: Array) -> bool:
    """Warm starts at costs of both signs fail now and then, as the record of "rebate" says: not judged twice."""
    return not cost.min() < 0.0 <= cost.max()


def _lopsided() -> Any:
    from ..cases.transport import Problem

    cost = np.zeros((3, 3))
    cost[0, 2] = 12.5e6
    return Problem(np.array([0.25, 0.25, 0.5]), np.array([0.25, 0.5, 0.25]), cost)


def _zero_one() -> Any:
    from ..cases.transport import Problem

    return Problem(np.array([0.5, 0.5]), np.array([0.5, 0.5]), np.array([[0.0, 1.0], [0.0, 0.0]]))


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

SINGLE: dict[str, Any] = {
    "dtype": "float32",
    "conventions": DENSE | {"mass": "one"},
    "known": (*COPIED_KNOWN, TOLLS, PLAN_UNDER_TOLLS),
}

SUBJECTS = lax(
    (
        plans("POT.emd", _of_emd()),
        plans("POT.emd[no log]", _bare, ("plan",)),
        plans("POT.emd[float32]", _of_emd(), **SINGLE),
        plans("POT.emd[not centred]", _of_emd(center_dual=False)),
        plans("POT.emd[no check of marginals]", _of_emd(check_marginals=False), accepts=same_mass),
        plans(
            "POT.emd[warm start]",
            _warm,
            requires="POT>=0.9.7",
            accepts=_of_one_sign,
            known=(WARM, SMALL_NOW_AND_THEN, LAYOUT, NAN, NEGATIVE),
        ),
        plans("POT.emd[sparse]", _sparse, **LAZY, known=(REBATE, SMALL_NOW_AND_THEN, LAYOUT, NAN, NEGATIVE)),
        plans("POT.emd[torch]", _torch, known=COPIED_KNOWN),
        plans("POT.emd2[return_matrix]", _of_emd2()),
        plans("POT.emd2[return_matrix, float32]", _of_emd2(), **SINGLE),
        plans("POT.emd2.backward", _backward, ("plan", "value"), known=COPIED_KNOWN),
        plans("POT.solve", _of_solve),
        plans("POT.solve[float32]", _of_solve, **SINGLE),
        plans("POT.solve_gromov[alpha=0]", _of_solve_gromov, ("plan", "value"), conventions=PLAIN),
        plans("POT.fused_gromov_wasserstein[alpha=0]", _fused, ("plan",), conventions={"mass": "one"}),
        plans(
            "POT.partial_wasserstein[m=all]",
            _partial,
            ("plan",),
            conventions=PLAIN,
            accepts=same_mass,
            known=(REBATE, SMALL, replace(NAN, witness=_zero_one)),
        ),
        plans(
            "POT.partial_wasserstein_lagrange",
            _lagrange,
            ("plan",),
            conventions={"mass": "one"},
            accepts=_at_most_one,
            known=(NAN, SMALL_NOW_AND_THEN),
        ),
    )
)
