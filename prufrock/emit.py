"""A counterexample as a plain script: NumPy and the subject's library, the numbers expected and got, a certificate."""

from __future__ import annotations

import dataclasses
import inspect
import re
import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np

from prufrock.encode import decode
from prufrock.source import definitions
from prufrock.statute import Law
from prufrock.subjects import Subject

HEAD = '''"""Counterexample {id}: {subject} breaks {law}.

{says}.

miss {miss:.6g}, where {what} allows {allow:.6g}. {extra}
Judged with {versions}.
"""

from __future__ import annotations

import numpy as np
'''


ASKED_OF_CHANCE = "# The first blocks of numbers that the law drew; it went on in the same way with other seeds."


def script(record: Mapping[str, Any], law: Law, subject: Subject) -> str:
    """The script of one stored counterexample (a `prufrock.verdict/1` record)."""
    example = record["counterexample"]
    case = decode(example["case"])
    held = [decode(a) for call in example["calls"] for a in call["arguments"]]
    held += [getattr(case, field.name) for field in dataclasses.fields(case)] if dataclasses.is_dataclass(case) else []
    own = definitions(held)
    parts = [_head(record, law), f"\n# What the case is made of.\n{own}\n" if own else "", _subject_lines(subject)]
    parts.append("# The case, as drawn and made small.\n" + _fields(case))
    parts.append(_calls(example["calls"], subject, case, "chance" in example))
    parts.append(_verdict_lines(example))
    parts.append(_certificate(example, subject))
    return _with_constants("\n".join(part for part in parts if part))


def _with_constants(text: str) -> str:
    """Arrays print infinity and NaN as bare names: bring in those that occur."""
    found = [name for name in ("inf", "nan") if re.search(rf"[\[ -]{name}[\],]|= -?{name}$", text, re.MULTILINE)]
    return (
        text.replace("import numpy as np\n", f"import numpy as np\nfrom numpy import {', '.join(found)}\n", 1)
        if found
        else text
    )


def _head(record: Mapping[str, Any], law: Law) -> str:
    example = record["counterexample"]
    return HEAD.format(
        id=record.get("counterexample_id", ""),
        subject=record["subject"],
        law=law.id,
        says=law.says[0].upper() + law.says[1:],
        what="chance" if "chance" in example else "rounding",
        miss=decode(example["miss"]),
        allow=decode(example["allow"]),
        extra=f"{example['says']}." if example.get("says") else "",
        versions=", ".join(f"{name} {version}" for name, version in record["versions"].items()),
    )


def _subject_lines(subject: Subject) -> str:
    """How to get hold of the subject: an import for a function of somebody's module, the adapter's own lines else."""
    module, _, name = subject.origin.partition(":")
    if module and "<" not in name:
        first, _, rest = name.partition(".")
        whole = f"{first}{'.' + rest if rest else ''}"
        return f"from {module} import {first}\n\n" + (_on_torch(subject.tensors, whole) or f"subject = {whole}\n")
    try:
        source = textwrap.dedent(inspect.getsource(subject.run))
    except (OSError, TypeError):
        return f"# {subject.name} has no source to show; put it in place here.\nsubject = None\n"
    lines = source.splitlines()
    start = next((i for i, line in enumerate(lines) if line.lstrip().startswith("def ")), None)
    if start is None or inspect.getclosurevars(subject.run).nonlocals:
        return (
            f"from prufrock import catalogue\n\n# {subject.name}, through the adapter that judged it.\n"
            f"subject = catalogue.subject({subject.contract.id!r}, {subject.name!r}).run\n"
        )
    body = "\n".join(lines[start:])
    return f"\n\n# How {subject.name} was called.\n{body}\n\n\nsubject = {subject.run.__name__}\n"


def _on_torch(device: str, function: str) -> str:
    """How arrays became tensors on their way into the function, if they did."""
    if not device:
        return ""
    from prufrock.tensors import as_tensor, on_torch

    begin, device = (
        ("from prufrock import elsewhere\n", "elsewhere.begin()") if device == "elsewhere" else ("", repr(device))
    )
    return f"{begin}\n\n{inspect.getsource(as_tensor)}\n\n{inspect.getsource(on_torch)}\n\nsubject = on_torch({function}, {device})\n"


def _fields(case: Any) -> str:
    if not dataclasses.is_dataclass(case):
        return f"case = {_literal(case)}\n"
    return "".join(f"{f.name} = {_literal(getattr(case, f.name))}\n" for f in dataclasses.fields(case))


def _calls(calls: list[Mapping[str, Any]], subject: Subject, case: Any, chancy: bool) -> str:
    lines = [
        ASKED_OF_CHANCE if chancy else "# What the law asked the subject, and what it answered when it was judged."
    ]
    if not calls:
        lines.append(f"out_1 = subject({', '.join(subject.contract.arguments)})")
        lines.append('print("call 1:", out_1)')
    for i, call in enumerate(calls, start=1):
        asked = list(subject.contract.arguments)
        arguments = ", ".join(
            _argument(decode(a), case, subject, asked[k : k + 1]) for k, a in enumerate(call["arguments"])
        )
        lines.append(f"out_{i} = subject({arguments})")
        lines.append(f'print("call {i}:", out_{i})')
        if call["outputs"] is not None:
            names, values = subject.outputs, decode(call["outputs"])
            for name, value in zip(names, values, strict=False):
                lines.append(f"#   {name} was {_literal(value)}")
    return "\n".join(lines) + "\n"


def _argument(value: Any, case: Any, subject: Subject, first: list[str]) -> str:
    """The name of the case's field that holds this array or function, or the value itself; in the subject's dtype."""
    narrow = isinstance(value, np.ndarray) and value.dtype.kind == "f" and subject.dtype in ("float32", "float16")
    cast = f".astype(np.{subject.dtype})" if narrow else ""
    fields = [field.name for field in dataclasses.fields(case)] if dataclasses.is_dataclass(case) else []
    for name in [*(name for name in first if name in fields), *fields]:
        own = getattr(case, name)
        if isinstance(own, np.ndarray) and isinstance(value, np.ndarray) and _equal(own, value):
            return name + cast
        if dataclasses.is_dataclass(value) and type(own) is type(value) and _literal(own) == _literal(value):
            return name
    return _literal(value) + ("" if isinstance(value, np.ndarray) and str(value.dtype) == subject.dtype else cast)


def _equal(x: np.ndarray, y: np.ndarray) -> bool:
    return x.shape == y.shape and np.array_equal(x.astype(np.float64), y.astype(np.float64), equal_nan=True)


def _verdict_lines(example: Mapping[str, Any]) -> str:
    got, want = (_literal(decode(example[k])) if example[k] is not None else None for k in ("got", "want"))
    if got is None and want is None:
        return f"print({'broken: ' + example['says']!r})\n"
    lines = [f"got = {got}", f"expected = {want}", 'print("the law compared:", got, "expected:", expected)']
    return "\n".join(lines) + "\n"


def _certificate(example: Mapping[str, Any], subject: Subject) -> str:
    certificate = example.get("certificate")
    if not certificate:
        return ""
    lines = [f"# Certificate: {certificate['says']}. Check it by hand."]
    main = subject.outputs.index(subject.contract.main)
    lines.append("out = np.asarray(out_1)" if len(subject.outputs) == 1 else f"out = np.asarray(out_1[{main}])")
    lines += [f"{name} = {_literal(decode(array))}" for name, array in certificate["arrays"].items()]
    return "\n".join([*lines, *certificate["lines"]]) + "\n"


def _literal(value: Any) -> str:
    if isinstance(value, np.ndarray):
        plain = value.size and str(value.dtype) in ("float64", "int64")
        text = f"np.array({value.tolist()!r}{'' if plain else f', dtype=np.{value.dtype}'})"
        return text if value.size else f"{text}.reshape({value.shape})"
    if isinstance(value, np.generic):
        return repr(value.item())
    if isinstance(value, tuple):
        return f"({', '.join(map(_literal, value))}{',' if len(value) == 1 else ''})"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [f"{f.name}={_literal(getattr(value, f.name))}" for f in dataclasses.fields(value) if f.init]
        return f"{type(value).__qualname__}({', '.join(fields)})"
    return repr(value)
