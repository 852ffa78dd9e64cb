"""The processes of one run of pytest share the cases that they draw."""

from __future__ import annotations

import pytest

from prufrock.draws import shelves


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shared = shelves()
        shared.__enter__()
        config.add_cleanup(lambda: shared.__exit__(None, None, None))
