"""Pyro's ELBO estimators as gradients of a factor graph's expectation, on states that are given.

The guide is the contract's q, with one site a variable in a plate of samples and its logits repeated once a sample; the
model has the same sites, uncounted (masked), and one pyro.factor a factor. Categorical draws by torch.multinomial, which
a function mode answers with the given states. The objective is then E Σ_c f_c + H(q), and what comes back from one call of
loss_and_grads is every sample's own contribution.

    TraceGraph_ELBO   leaves out of a site's cost what does not depend on it: the blanket
    TraceEnum_ELBO    sums one site out at a time ("enumerate": "parallel"), the others being given
    Trace_ELBO        takes all factors: the plain score function, judged under `score-categorical`, the guide costing nothing
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, subject

from ..cases.factors import Factor
from ..cases.integrands import Multivariate
from ..variational.rao_blackwell import rao_blackwell
from ..variational.score_categorical import score_categorical

Array = NDArray[Any]
PYRO = "pyro-ppl>=1.9"


def _whole(logits: Array, z: Array) -> Any:
    """z as torch's integers, where that changes nothing; an index outside the logits is an error of torch's own."""
    import torch

    if z.shape[1:] != logits.shape[:1] or not (z == z.round()).all() or not ((z >= 0) & (z < logits.shape[1])).all():
        raise ValueError(f"z of shape {z.shape} is no state of logits {logits.shape}")
    return torch.from_numpy(np.ascontiguousarray(z)).long()


@contextmanager
def _in_double() -> Iterator[None]:
    """Pyro makes its constants in torch's default dtype."""
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _given(columns: list[Any], run: Callable[[], Any]) -> None:
    """run() with one column of states after another for what torch.multinomial draws."""
    import torch
    from torch.overrides import TorchFunctionMode

    left = list(columns)

    class Given(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if func is torch.multinomial:
                return left.pop(0)[:, None]
            return func(*args, **(kwargs or {}))

    with Given():
        run()


def _contributions(
    elbo: Any, cost: Callable[[list[Any]], Any], logits: Array, z: Array, summed: int | None = None, q: Any = None
) -> Array:
    """∇(E Σ f + H) in the logits, [S, d, K]; `summed` is the site to sum out, q another Categorical for the guide."""
    import pyro
    import torch
    from pyro import distributions

    S, (d, K) = len(z), logits.shape
    states, repeated = _whole(logits, z), torch.from_numpy(np.broadcast_to(logits, (S, d, K)).copy())
    flat = torch.zeros(K, dtype=repeated.dtype)

    def guide() -> None:
        leaf = pyro.param("logits", repeated)
        with pyro.plate("samples", S):
            for i in range(d):
                how = {"enumerate": "parallel"} if i == summed else {}
                pyro.sample(f"z{i}", (q or distributions.Categorical)(logits=leaf[:, i]), infer=how)

    def model() -> None:
        with pyro.plate("samples", S):
            free = distributions.Categorical(logits=flat).mask(False)
            zs = [pyro.sample(f"z{i}", free) for i in range(d)]
            for n, value in enumerate(cost(zs)):
                pyro.factor(f"f{n}", value)

    pyro.clear_param_store()
    with _in_double():
        _given([states[:, i] for i in range(d) if i != summed], lambda: elbo.loss_and_grads(model, guide))
    return np.asarray(-pyro.param("logits").grad.numpy())


def _values(factors: tuple[Factor, ...], dtype: Any) -> Callable[[list[Any]], Any]:
    """One value a factor, from the sites' states."""
    import torch

    def cost(zs: list[Any]) -> Any:
        for c in factors:
            parts = torch.broadcast_tensors(*(zs[i].to(dtype) for i in c.scope))  # type: ignore[no-untyped-call]
            yield c.f(torch.stack(list(parts), -1))

    return cost


def _scopes(factors: tuple[Factor, ...], d: int) -> None:
    """Python would take the last site for −1, and a site twice."""
    if any(len(set(c.scope)) < len(c.scope) or not set(c.scope) <= set(range(d)) for c in factors):
        raise ValueError("a scope with a variable twice, or with one that is none")


@subject(
    "Pyro.TraceGraph_ELBO",
    contract=rao_blackwell,
    conventions={"method": "blanket", "entropy": "yes"},
    requires=PYRO,
)
def trace_graph(factors: tuple[Factor, ...], logits: Array, z: Array) -> Array:
    import torch
    from pyro.infer import TraceGraph_ELBO

    _scopes(factors, len(logits))
    return _contributions(TraceGraph_ELBO(), _values(factors, torch.float64), logits, z)


def _two_of_three() -> Any:
    from ..cases.factor_graphs import States

    line = Multivariate((1.0, 0.5), ((1,), (0,)))
    return States((Factor((0,), line), Factor((1,), line)), np.full((3, 2), 0.25), np.zeros((3, 3)), 0)


HEARS = Known(
    "deaf-to-the-rest",
    reason="a factor elsewhere is multiplied by the sum of the enumerated site's probabilities, whose gradient is 0 up to "
    "rounding only: a large factor drowns the contributions of variables that it does not mention",
    witness=_two_of_three,
    scope="pyro-ppl<=1.9.2",
    lines="""import pyro, pyro.distributions as D, torch
from pyro.infer import TraceEnum_ELBO

def slope(loud):
    def guide():
        logits = pyro.param("logits", torch.tensor([0.25, 0.5]))
        pyro.sample("a", D.Categorical(logits=logits), infer={"enumerate": "parallel"})
        pyro.sample("b", D.Categorical(logits=torch.zeros(2)))

    def model():
        free = D.Categorical(logits=torch.zeros(2)).mask(False)
        a, b = pyro.sample("a", free), pyro.sample("b", free)
        pyro.factor("of a", a.float())
        pyro.factor("of b", loud * (1.0 + b))

    pyro.clear_param_store()
    TraceEnum_ELBO(max_plate_nesting=0).loss_and_grads(model, guide)
    return pyro.param("logits").grad

assert (slope(2.0**30) - slope(1.0)).abs().max() > 1.0  # b's factor has no part in a's gradient""",
)


@subject(
    "Pyro.TraceEnum_ELBO",
    contract=rao_blackwell,
    conventions={"method": "summed", "entropy": "yes"},
    requires=PYRO,
    known=(HEARS,),
)
def trace_enum(factors: tuple[Factor, ...], logits: Array, z: Array) -> Array:
    import torch
    from pyro.infer import TraceEnum_ELBO

    _scopes(factors, len(logits))
    elbo, cost = TraceEnum_ELBO(max_plate_nesting=1), _values(factors, torch.float64)
    each = [_contributions(elbo, cost, logits, z, summed=i)[:, i] for i in range(len(logits))]
    return np.stack(each, axis=1)


def _without_entropy() -> Any:
    """A Categorical that has its score, but costs nothing: the objective is E f alone."""
    import torch
    from pyro.distributions import Categorical
    from pyro.distributions.score_parts import ScoreParts

    class Costless(Categorical):  # type: ignore[misc]
        def score_parts(self, x: Any, *args: Any, **kwargs: Any) -> Any:
            score = self.log_prob(x)
            return ScoreParts(torch.zeros_like(score), score, 0)

    return Costless


@subject("Pyro.Trace_ELBO", contract=score_categorical, conventions={"wrt": "logits"}, requires=PYRO)
def trace(f: Any, logits: Array, z: Array) -> Array:
    import torch
    from pyro.infer import Trace_ELBO

    def cost(zs: list[Any]) -> Any:
        yield f(torch.stack(zs, -1).double())

    return _contributions(Trace_ELBO(), cost, logits, z, q=_without_entropy())


SUBJECTS = (trace_graph, trace_enum, trace)
