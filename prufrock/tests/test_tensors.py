"""A function of torch tensors, judged as it is: on the CPU, and on the device that is not there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from prufrock import catalogue, check
from prufrock.verdict import Status

from .test_foreign import judged, prufrock

torch = pytest.importorskip("torch")

OF_TORCH = """
import torch

def right(y, r):
    assert isinstance(y, torch.Tensor)
    T, B, w = y.shape
    if r < 1 or w % r: raise ValueError("r")
    return y.reshape(T, B, r, w // r).transpose(1, 2).reshape(T * r, B, w // r)

def forgets(y, r):
    rows = right(y, r)
    return torch.where(torch.ones(rows.shape, dtype=torch.bool), rows, rows)

def view(y, r):
    return y.reshape(right(y, r).shape)
"""


@pytest.fixture
def folder(nasty: Path) -> Path:
    (nasty / "nasty.py").write_text(OF_TORCH)
    return nasty


@pytest.mark.parametrize(
    ("name", "device", "status"),
    [
        ("right", "cpu", "holds"),
        ("right", "elsewhere", "holds"),
        ("forgets", "cpu", "holds"),
        ("forgets", "elsewhere", "crashed"),
        ("view", "elsewhere", "violated"),
    ],
)
def test_it_is_judged_on_the_device(folder: Path, name: str, device: str, status: str) -> None:
    code, verdicts = judged(name, folder, "--torch", device)
    found = verdicts["index-by-index"]
    assert (found["status"], code) == (status, 0 if status == "holds" else 1)
    assert found["versions"]["torch"]
    if status == "crashed":
        assert "same device" in found["reason"]


def test_where_there_is_no_card_it_is_skipped(folder: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("a card is here")
    code, verdicts = judged("right", folder, "--torch", "cuda")
    assert ({v["status"] for v in verdicts.values()}, code) == ({"skipped"}, 2)


@pytest.mark.parametrize(("name", "says"), [("view", "expected"), ("forgets", "same device")])
def test_its_counterexample_is_replayed_and_emitted(folder: Path, name: str, says: str) -> None:
    _, verdicts = judged(name, folder, "--torch", "elsewhere")
    example = verdicts["index-by-index"]["counterexample_id"]
    assert prufrock("replay", example, cwd=folder).returncode == 1
    (folder / "again.py").write_text(prufrock("replay", example, "--emit", cwd=folder).stdout)
    path = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "again.py"], cwd=folder, env={"PYTHONPATH": path}, text=True, capture_output=True, check=False
    )
    assert says in done.stdout + done.stderr


def test_three_lines_take_it_too() -> None:
    law = catalogue.law("speech.frames.index-by-index")

    def unstack(y: Any, r: int) -> Any:
        T, B, w = y.shape
        return y.reshape(T, B, r, w // r).transpose(1, 2).reshape(T * r, B, w // r)

    assert check(law, unstack, tensors="cpu").status is Status.HOLDS
    with pytest.raises(ValueError, match="tensors 'tpu': expected one of cpu"):
        check(law, unstack, tensors="tpu")
