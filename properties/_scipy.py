"""SciPy's modules, imported when first used: what the pack holds is listed without them."""

from __future__ import annotations

import importlib
from typing import Any


class _Late:
    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self._name), attribute)


special: Any = _Late("scipy.special")
stats: Any = _Late("scipy.stats")
