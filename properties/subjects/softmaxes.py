"""Log-sum-exp and softmax as SciPy and torch compute them, by every entry point."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Subject, subject

from ..latent.logsumexp import logsumexp
from ..latent.masked_softmax import masked_softmax
from ..latent.softmax import softmax_rows

Array = NDArray[Any]
DTYPES = ("float64", "float32")
INFINITE = {"plus_infinity": "inf"}


def _each(
    name: str,
    contract: Contract,
    run: Callable[..., Any],
    requires: str,
    outputs: tuple[str, ...] = (),
    conventions: dict[str, str] | None = None,
    accepts: Callable[..., bool] | None = None,
) -> tuple[Subject, ...]:
    """The subject in float64, and in float32."""
    return tuple(
        subject(
            name if dtype == "float64" else f"{name}[{dtype}]",
            contract=contract,
            outputs=outputs,
            conventions=conventions,
            dtype=dtype,
            requires=requires,
            accepts=accepts,
        )(run)
        for dtype in DTYPES
    )


def _tensor(x: Array) -> Any:
    import torch

    return torch.from_numpy(np.ascontiguousarray(x))


def _scipy_logsumexp(x: Array) -> Array:
    from scipy.special import logsumexp

    return np.asarray(logsumexp(x, axis=-1))


def _torch_logsumexp(x: Array) -> tuple[Array, Array]:
    import torch

    t = _tensor(x).requires_grad_()
    y = torch.logsumexp(t, -1)
    (gradient,) = torch.autograd.grad(y.sum(), t)
    return y.detach().numpy(), gradient.numpy()


def _torch_logaddexp(x: Array) -> Array:
    import torch

    columns = list(_tensor(x).unbind(-1))
    total = columns[0]
    for column in columns[1:]:
        total = torch.logaddexp(total, column)
    return np.asarray(total.numpy())


def _torch_logcumsumexp(x: Array) -> Array:
    import torch

    return np.asarray(torch.logcumsumexp(_tensor(x), -1)[..., -1].numpy())


def _numpy_logaddexp(x: Array) -> Array:
    return np.asarray(np.logaddexp.reduce(x, axis=-1))


def _scipy_softmax(x: Array) -> tuple[Array, Array]:
    from scipy.special import log_softmax, softmax

    return np.asarray(softmax(x, axis=-1)), np.asarray(log_softmax(x, axis=-1))


def _torch_softmax(x: Array) -> tuple[Array, Array]:
    import torch

    t = _tensor(x)
    return torch.softmax(t, -1).numpy(), torch.log_softmax(t, -1).numpy()


def _torch_categorical(x: Array) -> tuple[Array, Array]:
    import torch

    q = torch.distributions.Categorical(logits=_tensor(x), validate_args=False)
    return q.probs.numpy(), q.logits.numpy()


def _torch_masked_fill(x: Array, mask: Array) -> Array:
    import torch

    return np.asarray(torch.softmax(_tensor(x).masked_fill(~_tensor(mask), -torch.inf), -1).numpy())


def _torch_masked(x: Array, mask: Array) -> Array:
    import torch

    return np.asarray(torch.masked.softmax(_tensor(x), -1, mask=_tensor(mask)).numpy())


def _torch_attention(x: Array, mask: Array) -> Array:
    """Attention of a query x over the unit vectors, with the unit vectors as values, returns its own weights."""
    import torch

    n = x.shape[-1]
    eye = torch.eye(n, dtype=_tensor(x).dtype).expand(len(x), n, n)
    weights = torch.nn.functional.scaled_dot_product_attention(
        _tensor(x)[:, None], eye, eye, attn_mask=_tensor(mask)[:, None], scale=1.0
    )
    return np.asarray(weights[:, 0].numpy())


def _scipy_masked(x: Array, mask: Array) -> Array:
    from scipy.special import logsumexp

    total = logsumexp(x, axis=-1, b=mask, keepdims=True)
    return np.asarray(np.where(mask, np.exp(np.where(mask, x, 0) - total), 0).astype(x.dtype))


def _finite(x: Array, mask: Array) -> bool:
    """A dot product with unit vectors multiplies every entry by 0."""
    return bool(np.isfinite(x).all())


SUBJECTS = (
    *_each("SciPy.logsumexp", logsumexp, _scipy_logsumexp, "scipy", (), INFINITE),
    *_each("torch.logsumexp", logsumexp, _torch_logsumexp, "torch", ("y", "gradient"), INFINITE),
    *_each("torch.logaddexp", logsumexp, _torch_logaddexp, "torch", (), INFINITE),
    *_each("torch.logcumsumexp", logsumexp, _torch_logcumsumexp, "torch", (), INFINITE),
    *_each("NumPy.logaddexp", logsumexp, _numpy_logaddexp, "numpy", (), INFINITE),
    *_each("SciPy.softmax", softmax_rows, _scipy_softmax, "scipy", ("p", "log_p")),
    *_each("torch.softmax", softmax_rows, _torch_softmax, "torch", ("p", "log_p")),
    *_each("torch.Categorical", softmax_rows, _torch_categorical, "torch", ("p", "log_p")),
    *_each("torch.masked_fill", masked_softmax, _torch_masked_fill, "torch", (), {"all_masked": "nan"}),
    *_each("torch.masked.softmax", masked_softmax, _torch_masked, "torch", (), {"all_masked": "nan"}),
    *_each("torch.attention", masked_softmax, _torch_attention, "torch", (), {"all_masked": "zeros"}, _finite),
    *_each("SciPy.logsumexp-b", masked_softmax, _scipy_masked, "scipy", (), {"all_masked": "zeros"}),
)
