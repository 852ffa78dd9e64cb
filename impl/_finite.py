"""Whether a tensor is finite throughout, in one pass: what every family demands of its inputs."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


def all_finite(x: Tensor) -> bool:
    """No entry is NaN or infinite. A finite sum has finite terms; an infinite one may be an overflow."""
    return isfinite(x.detach().sum()) or bool(torch.isfinite(x).all())
