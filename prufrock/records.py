"""What a run leaves behind: one JSON line a verdict, written as it comes, and one file a counterexample.

    .prufrock/runs/<run>.jsonl           a header (schema prufrock.run/1), then verdicts (schema prufrock.verdict/1)
    .prufrock/counterexamples/<id>.json  a verdict with its case, calls and certificate

Lines are appended and flushed one by one, so an interrupted run leaves every finished cell readable. The schemas are in
`schema.json` beside this file.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prufrock.cells import Cell, cell_from_json, cell_to_json
from prufrock.verdict import Verdict, from_json, to_json

FOLDER = Path(".prufrock")


class Unreadable(ValueError):
    """A record that is missing, damaged or from another version; the message says which file and why."""


@dataclass(frozen=True)
class Run:
    """A run as read back: its header, the cells it set out to judge, and the verdicts it reached."""

    path: Path
    header: Mapping[str, Any]
    verdicts: Sequence[Verdict]

    @property
    def left(self) -> list[Cell]:
        done = {(v.law, v.subject) for v in self.verdicts}
        return [cell for cell in map(cell_from_json, self.header["cells"]) if cell.key not in done]


class Recorder:
    """Appends verdicts to a run's file, and stores counterexamples."""

    def __init__(self, folder: Path, path: Path, cells: Sequence[Cell]) -> None:
        self.folder, self.path = folder, path
        self._declared = {cell.key: cell_to_json(cell)["subject"] for cell in cells if cell.subject.path}
        _drop_cut_line(path)
        self._file = path.open("a", encoding="utf-8")

    @classmethod
    def begin(cls, folder: Path, cells: Sequence[Cell], *, seed: int, profile: str) -> Recorder:
        runs = folder / "runs"
        runs.mkdir(parents=True, exist_ok=True)
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        recorder = cls(folder, runs / f"{stamp}-{os.getpid()}.jsonl", cells)
        recorder._line(
            {
                "schema": "prufrock.run/1",
                "started": stamp,
                "seed": seed,
                "profile": profile,
                "cells": [cell_to_json(cell) for cell in cells],
            }
        )
        return recorder

    @classmethod
    def resume(cls, folder: Path, run: Run) -> Recorder:
        return cls(folder, run.path, run.left)

    def add(self, verdict: Verdict) -> None:
        record = to_json(verdict)
        declared = self._declared.get((verdict.law, verdict.subject))
        if declared:
            record["declared"] = declared
        if verdict.counterexample_id:
            store = self.folder / "counterexamples"
            store.mkdir(parents=True, exist_ok=True)
            _write_whole(store / f"{verdict.counterexample_id}.json", json.dumps(record, indent=1))
        self._line(record)

    def close(self) -> None:
        self._file.close()

    def _line(self, record: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(record) + "\n")
        self._file.flush()


def latest_run(folder: Path) -> Run:
    """The newest run under `folder`."""
    paths = sorted((folder / "runs").glob("*.jsonl"), key=lambda path: path.stat().st_mtime)
    if not paths:
        raise Unreadable(f"no run to resume under {folder / 'runs'}")
    return read_run(paths[-1])


def read_run(path: Path) -> Run:
    """A run's file; a last line cut off by an interruption is left out."""
    header: Mapping[str, Any] | None = None
    verdicts: list[Verdict] = []
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            if number == len(lines):
                break
            raise Unreadable(f"{path}, line {number}: not JSON") from None
        if record.get("schema") == "prufrock.run/1":
            header = record
        elif record.get("schema") == "prufrock.verdict/1":
            verdicts.append(from_json(record))
        else:
            raise Unreadable(f"{path}, line {number}: schema {record.get('schema')!r} is not one of this version's")
    if header is None:
        raise Unreadable(f"{path}: no header")
    return Run(path, header, verdicts)


def read_counterexample(folder: Path, name: str) -> dict[str, Any]:
    """A stored counterexample by its id, or by the start of it."""
    found = sorted((folder / "counterexamples").glob(f"{name}*.json")) if name.isalnum() else []
    if len(found) != 1:
        many = f"{len(found)} counterexamples begin with" if found else "no counterexample"
        raise Unreadable(f"{many} {name!r} under {folder / 'counterexamples'}")
    try:
        record: dict[str, Any] = json.loads(found[0].read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise Unreadable(f"{found[0]}: not JSON ({error})") from None
    if record.get("schema") != "prufrock.verdict/1" or "counterexample" not in record:
        raise Unreadable(f"{found[0]}: not a prufrock.verdict/1 with a counterexample")
    return record


def last_counterexample(folder: Path, law: str) -> dict[str, Any] | None:
    """The newest stored counterexample to a law, or None."""
    paths = sorted((folder / "counterexamples").glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in paths:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if record.get("law") == law:
            return record
    return None


def _write_whole(path: Path, text: str) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _drop_cut_line(path: Path) -> None:
    """Forget a last line that an interruption cut off, so that the next one starts on its own."""
    if path.exists():
        raw = path.read_bytes()
        if raw and not raw.endswith(b"\n"):
            path.write_bytes(raw[: raw.rfind(b"\n") + 1])
