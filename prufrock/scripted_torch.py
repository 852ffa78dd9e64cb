"""Scripted noise for torch: a dispatch mode below autograd that answers random operations by quantile functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy import special
from scipy.stats import binom, poisson
from torch.utils._python_dispatch import TorchDispatchMode

from prufrock.scripted import Array, Quantile, Script, Unscripted


def answering(script: Script) -> Any:
    """A context in which torch draws from the script."""
    return _Answers(script)


class _Answers(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self, script: Script) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._script = script

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = func.overloadpacket.__name__
        given = dict(zip([a.name for a in func._schema.arguments], args, strict=False)) | kwargs
        if name in IN_PLACE:
            target = given["self"]
            values = self._script.answer(name, target.shape, IN_PLACE[name](given))
            return target.copy_(torch.as_tensor(values).to(target))
        if name in FACTORIES:
            like = given.get("self")
            shape = like.shape if like is not None else given["size"]
            return _made(self._script.answer(name, shape, FACTORIES[name](given)), given, like)
        if name in FROM_PARAMETERS:
            return _from_parameters(self._script, name, given)
        if torch.Tag.nondeterministic_seeded in func.tags:
            raise Unscripted(f"draw {len(self._script.draws) + 1}: torch's {func} has no script")
        return func(*args, **kwargs)


def _number(value: Any) -> Any:
    return value.detach().cpu().double().numpy() if isinstance(value, torch.Tensor) else value


def _made(values: Array, given: dict[str, Any], like: torch.Tensor | None) -> torch.Tensor:
    whole = np.asarray(values).dtype.kind in "iu"
    dtype = given.get("dtype") or (
        like.dtype if like is not None else torch.int64 if whole else torch.get_default_dtype()
    )
    device = given.get("device") or (like.device if like is not None else None)
    made = torch.as_tensor(np.ascontiguousarray(values)).to(dtype=dtype, device=device)
    return made.requires_grad_(bool(given.get("requires_grad")))


def _normal(given: dict[str, Any]) -> Quantile:
    mean, std = _number(given.get("mean", 0.0)), _number(given.get("std", 1.0))
    return lambda u: mean + std * special.ndtri(u)


def _uniform(given: dict[str, Any]) -> Quantile:
    lo, hi = given.get("from", 0.0), given.get("to", 1.0)
    return lambda u: lo + (hi - lo) * u


def _integers(given: dict[str, Any]) -> Quantile:
    lo, hi = given.get("low", given.get("from", 0)), given.get("high", given.get("to"))
    hi = 2**24 if hi is None else hi
    return lambda u: np.asarray(lo + np.floor((hi - lo) * u), np.int64)


def _exponential(given: dict[str, Any]) -> Quantile:
    return lambda u: -np.log1p(-u) / given.get("lambd", 1.0)


def _bernoulli(given: dict[str, Any]) -> Quantile:
    p = _number(given.get("p", 0.5))
    return lambda u: np.where(u < p, 1.0, 0.0)


def _geometric(given: dict[str, Any]) -> Quantile:
    return lambda u: np.maximum(np.ceil(np.log1p(-u) / np.log1p(-given["p"])), 1.0)


def _cauchy(given: dict[str, Any]) -> Quantile:
    return lambda u: given.get("median", 0.0) + given.get("sigma", 1.0) * np.tan(np.pi * (u - 0.5))


def _log_normal(given: dict[str, Any]) -> Quantile:
    return lambda u: np.exp(given.get("mean", 1.0) + given.get("std", 2.0) * special.ndtri(u))


IN_PLACE = {
    "normal_": _normal,
    "uniform_": _uniform,
    "random_": _integers,
    "exponential_": _exponential,
    "bernoulli_": _bernoulli,
    "geometric_": _geometric,
    "cauchy_": _cauchy,
    "log_normal_": _log_normal,
}
FACTORIES = {
    "rand": _uniform,
    "rand_like": _uniform,
    "randn": _normal,
    "randn_like": _normal,
    "randint": _integers,
    "randint_like": _integers,
}
FROM_PARAMETERS = {"normal", "bernoulli", "multinomial", "_standard_gamma", "_sample_dirichlet", "poisson", "binomial"}


def _from_parameters(script: Script, name: str, given: dict[str, Any]) -> torch.Tensor:
    """Draws whose shape is that of their parameters."""
    if name == "normal":
        tensors = [x for x in (given.get("mean"), given.get("std")) if isinstance(x, torch.Tensor)]
        shape = np.broadcast_shapes(*(tuple(x.shape) for x in tensors)) if tensors else given["size"]
        return _made(script.answer(name, shape, _normal(given)), given, tensors[0] if tensors else None)
    if name == "multinomial":
        return _multinomial(script, given)
    if name == "binomial":
        count, prob = _number(given["count"]), _number(given["prob"])
        return _made(script.answer(name, count.shape, lambda u: binom.ppf(u, count, prob)), given, given["count"])
    like = given["self"]
    a = _number(like)
    p = given.get("p")
    quantiles: dict[str, Quantile] = {
        "bernoulli": lambda u: np.where(u < (a if p is None else p), 1.0, 0.0),
        "_standard_gamma": lambda u: special.gammaincinv(a, u),
        "_sample_dirichlet": lambda u: _shares(special.gammaincinv(a, u)),
        "poisson": lambda u: poisson.ppf(u, a),
    }
    return _made(script.answer(name, like.shape, quantiles[name]), given, like)


def _shares(x: Array) -> Array:
    return np.asarray(x / x.sum(-1, keepdims=True))


def _multinomial(script: Script, given: dict[str, Any]) -> torch.Tensor:
    weights, number = given["self"], int(given["num_samples"])
    if number > 1 and not given.get("replacement", False):
        raise Unscripted(f"draw {len(script.draws) + 1}: multinomial without replacement has no script")
    rows = np.atleast_2d(_number(weights))
    edges = np.cumsum(rows, axis=1)
    edges /= edges[:, -1:]

    def quantile(u: Array) -> Array:
        each = u.reshape(len(rows), number)
        found = [np.searchsorted(e, x, side="right") for e, x in zip(edges, each, strict=True)]
        return np.asarray(np.minimum(np.stack(found), rows.shape[1] - 1).reshape(u.shape))

    shape = (*weights.shape[:-1], number)
    return torch.as_tensor(script.answer("multinomial", shape, quantile, last=True)).to(weights.device)
