"""The source of a case's own classes (an integrand that can be called, say), cut out of their modules with all that it
refers to there, so that an emitted script needs NumPy alone."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import sys
from collections.abc import Iterator
from typing import Any

PLAIN = {"numpy", *sys.stdlib_module_names}


def classes_in(value: Any) -> Iterator[type]:
    """Dataclasses met inside a value: the innermost first."""
    if isinstance(value, (tuple, list)):
        for item in value:
            yield from classes_in(item)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from classes_in(getattr(value, field.name))
        yield type(value)


def definitions(values: list[Any]) -> str:
    """Source that defines every dataclass met in the values; imports from where they live if it cannot stand alone."""
    by_module: dict[str, dict[str, None]] = {}
    for value in values:
        for found in classes_in(value):
            by_module.setdefault(found.__module__, {})[found.__qualname__] = None
    return "\n\n".join(_cut(module, list(names)) for module, names in by_module.items())


def _cut(module: str, names: list[str]) -> str:
    try:
        source = inspect.getsource(sys.modules[module])
    except (OSError, TypeError, KeyError):
        return f"from {module} import {', '.join(names)}"
    nodes = {name: node for node in ast.parse(source).body for name in _defined(node)}
    wanted, queue = dict.fromkeys(names), list(names)
    while queue:
        node = nodes.get(queue.pop())
        for name in _used(node) if node is not None else ():
            if name in nodes and name not in wanted:
                wanted[name] = None
                queue.append(name)
    kept = [node for node in ast.parse(source).body if set(_defined(node)) & set(wanted)]
    if not all(_plain(node) for node in kept) or not set(names) <= set(nodes):
        return f"from {module} import {', '.join(names)}"
    imports = [_text(source, node) for node in kept if isinstance(node, ast.Import | ast.ImportFrom)]
    rest = [_text(source, node) for node in kept if not isinstance(node, ast.Import | ast.ImportFrom)]
    return "\n".join(imports) + "\n\n\n" + "\n\n\n".join(rest) + "\n"


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    if isinstance(node, ast.Import | ast.ImportFrom) and getattr(node, "module", "") != "__future__":
        return [(alias.asname or alias.name).partition(".")[0] for alias in node.names]
    return []


def _used(node: ast.AST) -> set[str]:
    """Names that a definition needs when it runs; annotations are never evaluated."""
    found: set[str] = set()
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.Name):
                found.add(child.id)
            if isinstance(child, ast.AST):
                found |= _used(child)
    return found


def _plain(node: ast.stmt) -> bool:
    """Whether a definition, if it is an import, brings in NumPy or the standard library alone."""
    if isinstance(node, ast.ImportFrom):
        return node.level == 0 and str(node.module).partition(".")[0] in PLAIN
    if isinstance(node, ast.Import):
        return all(alias.name.partition(".")[0] in PLAIN for alias in node.names)
    return True


def _text(source: str, node: ast.stmt) -> str:
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    return "\n".join(source.splitlines()[first - 1 : node.end_lineno])
