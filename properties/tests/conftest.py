"""The processes of one run of pytest share the cases that they draw."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from prufrock.draws import shelves


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shared = ExitStack()
        shared.enter_context(shelves())
        config.add_cleanup(shared.close)
