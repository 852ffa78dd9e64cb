"""A small contract, and a module of badly behaved subjects, for the tests of the checker itself."""

from __future__ import annotations

from pathlib import Path

import pytest

NASTY = """
import os, sys, time
import numpy as np

def right(y, r):
    T, B, w = y.shape
    if r < 1 or w % r: raise ValueError("r")
    return np.ascontiguousarray(y.reshape(T, B, r, w // r).transpose(0, 2, 1, 3)).reshape(T * r, B, w // r)

def segfault(y, r): os.kill(os.getpid(), 11)
def picky(y, r):
    if y.shape[1] == 3: os.kill(os.getpid(), 11)
    return right(y, r)
def sleeps(y, r): time.sleep(1e6)
def exits(y, r): sys.exit(3)
def hard_exit(y, r): os._exit(3)
def memory(y, r): return np.ones(20 * 2**27)[: y.size]
def mutates(y, r):
    out = right(y, r).copy(); y[...] = 0; return out
def nan(y, r): return right(y, r) * np.nan
def shape(y, r): return right(y, r)[None]
def prints(y, r):
    print("x" * 2**20); print("y" * 2**20, file=sys.stderr); return right(y, r)
calls = 0
def ages(y, r):
    global calls
    calls += 1
    if calls > 12: os.abort()
    return right(y, r)
def forgets_nothing(y, r):
    global calls
    calls += 1
    if calls > 12: raise MemoryError("all of it")
    return right(y, r)
def view(y, r):
    T, B, w = y.shape
    if r < 1 or w % r: raise ValueError("r")
    return y.reshape(T * r, B, w // r)
"""


@pytest.fixture
def nasty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with nasty.py in it, made the current one."""
    (tmp_path / "nasty.py").write_text(NASTY)
    monkeypatch.chdir(tmp_path)
    return tmp_path
