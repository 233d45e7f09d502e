"""Where source calls ``seedwise.replicates``, whose arguments change no run that keeps its name."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

_PACKAGE: Final = "seedwise"
_FUNCTION: Final = "replicates"
_HOMES: Final = (_PACKAGE, f"{_PACKAGE}.loop")
"""The modules that give the function out."""

Position = tuple[int, int]


def arguments_of_replicates(tree: ast.Module, names: Collection[str] = ()) -> Iterator[tuple[Position, Position]]:
    """Yield where the arguments of calls of ``seedwise.replicates`` begin and end, with their parentheses.

    All of them are left out of what a run is compared by: the function, config, seeds, threads and determinism are in
    the run's name, and the others change no result. A call that assigns a name in its arguments (``:=``) counts whole.

    Args:
        tree: of a module or a cell of a notebook.
        names: what the function is called elsewhere in a notebook; see ``names_of_replicates``.

    Yields:
        Lines from 1, columns in bytes of UTF-8.

    Example:
        >>> list(arguments_of_replicates(ast.parse("import seedwise as s\\nfor run in s.replicates(3): ...")))
        [((2, 23), (2, 26))]

    """
    called = {*names, *_imported(tree)}
    for node in ast.walk(tree) if called else ():
        if isinstance(node, ast.Call) and _dotted(node.func) in called:
            assigns = any(isinstance(inner, ast.NamedExpr) for inner in ast.walk(node))
            begin, end = (node.func.end_lineno, node.func.end_col_offset), (node.end_lineno, node.end_col_offset)
            if not assigns and None not in (*begin, *end):
                yield begin, end  # type: ignore[misc]


def names_of_replicates(namespace: Mapping[str, Any]) -> list[str]:
    """Return how code that is run with these global names may call ``seedwise.replicates``."""
    found = []
    for name, value in list(namespace.items()):
        if getattr(value, "__module__", "").startswith(f"{_PACKAGE}.loop") and _name(value) == _FUNCTION:
            found.append(name)
        elif _name(value) in _HOMES and hasattr(value, "__path__"):
            found.append(f"{name}.{_FUNCTION}")
    return found


def _name(value: Any) -> Any:
    return getattr(value, "__name__", None)


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                if alias.asname is None and top == _PACKAGE:
                    yield from (f"{home}.{_FUNCTION}" for home in _HOMES)
                elif alias.asname is not None and alias.name in _HOMES:
                    yield f"{alias.asname}.{_FUNCTION}"
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module in _HOMES:
            yield from (alias.asname or alias.name for alias in node.names if alias.name == _FUNCTION)


def _dotted(node: ast.expr) -> str:
    match node:
        case ast.Name(name):
            return name
        case ast.Attribute(value, name) if isinstance(value, (ast.Name, ast.Attribute)):
            return f"{_dotted(value)}.{name}"
    return ""
