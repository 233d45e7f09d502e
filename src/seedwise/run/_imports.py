"""Which modules a run reaches, and which of them are the user's."""

from __future__ import annotations

import ast
import builtins
import functools
import importlib
import importlib.util
import sys
import sysconfig
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, Final

_SEEDWISE: Final = Path(__file__).resolve().parents[1]
_STANDARD: Final = tuple(Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib"))
_INSTALLED: Final = ("site-packages", "dist-packages")

FILE: Final = "file:"
"""Before the path of a module that was loaded from a file by hand."""

_watching: list[set[str]] = []
_loading: list[set[str]] = []
_before: set[str] = set()
"""Modules that were there before anyone watched."""
_loaded: set[str] = set()
_asked_by: dict[str, set[str]] = {}
"""Modules that were asked for while a module was being loaded."""
_settled: dict[tuple[str, tuple[str, ...]], list[str]] = {}
"""What import statements ask for that load nothing any more, by what they say: torch executes some in every step."""


def users_file(module: ModuleType | None) -> Path | None:
    """Return the file of a module that is the user's: outside seedwise, the standard library and site-packages.

    An editable install lies outside site-packages, and so is the user's. What a compiler made up has no spec.
    """
    name = getattr(module, "__file__", None)
    if module is None or not name or (module.__spec__ is None and module.__name__ != "__main__"):
        return None
    return _users_path(name)


@functools.cache
def _users_path(name: str) -> Path | None:
    # Once for each module: resolving those of torch takes 20 ms, and every run asks twice.
    file = Path(name).resolve()
    if file.is_relative_to(_SEEDWISE) or any(part in _INSTALLED for part in file.parts):
        return None
    return None if any(file.is_relative_to(folder) for folder in _STANDARD) else file


@contextmanager
def watched_imports(asked: set[str]) -> Iterator[None]:
    """Add to ``asked`` the name of every module that is asked for inside the block, loaded before or not."""
    _patch()
    _watching.append(asked)
    try:
        yield
    finally:
        _remove(_watching, asked)


def note_imports(names: Iterable[str]) -> None:
    """Count modules as asked for now: what was loaded with them is used again."""
    for asked in (*_watching, *_loading):
        asked.update(names)


def reached(roots: Iterable[str]) -> dict[str, Path]:
    """Return the files of the user's loaded modules among ``roots`` and those that they import when they are loaded.

    Imports inside functions are not followed: whether they happen is for ``watched_imports`` to see.

    Args:
        roots: names of modules, or what ``watched_imports`` found; what is not loaded or not the user's is left out.

    Returns:
        Files by the name of the module, or by their own name for one that was loaded by hand.

    """
    found: dict[str, Path] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        module = sys.modules.get(name)
        file = Path(name.removeprefix(FILE)) if name.startswith(FILE) else users_file(module)
        if file is None:
            continue
        found[name] = file
        waiting += _asked_by.get(name, ())
        if module is not None:
            waiting += _with_parents(name)[:-1]
            waiting += _imports_of(module, file)
            if name in _before and hasattr(module, "__path__"):
                # Whatever is there of the package may have been loaded by it, and nobody watched.
                waiting += [other for other in list(sys.modules) if other.startswith(f"{name}.")]
    return found


def imports_in(tree: ast.AST, module: ModuleType) -> Iterator[str]:
    """Yield the names of modules that the statements of ``tree`` import, functions inside it apart."""
    package = module.__name__ if hasattr(module, "__path__") else module.__name__.rpartition(".")[0]
    if module.__name__ == "__main__":
        package = getattr(module, "__package__", None) or ""
    waiting = list(ast.iter_child_nodes(tree))
    while waiting:
        node = waiting.pop()
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                continue
            case ast.If(test=ast.Name("TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
                waiting += node.orelse
                continue
            case ast.Import():
                for alias in node.names:
                    yield from _with_parents(alias.name)
            case ast.ImportFrom():
                above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
                base = ".".join([*above, *([node.module] if node.module else [])])
                yield from _with_parents(base)
                yield from (f"{base}.{alias.name}" for alias in node.names)
        waiting += ast.iter_child_nodes(node)


def content_of(module: ModuleType) -> bytes | None:
    """Return what the user's module was loaded from: its file as it was when the module was first seen."""
    file = users_file(module)
    if file is None:
        return None
    known = _contents.get(file)
    if known is None or known[0] is not module.__spec__:  # a reload makes a new spec
        try:
            known = _contents[file] = module.__spec__, file.read_bytes()
        except OSError:
            return None
    return known[1]


def parsed(content: bytes) -> ast.Module:
    """Return the syntax tree of a file, an empty one where this Python cannot parse it."""
    try:
        with warnings.catch_warnings():  # about the user's code, to which the user's own import has said it
            warnings.simplefilter("ignore")
            return ast.parse(content)
    except (SyntaxError, ValueError, RecursionError):
        return ast.Module([], [])


_contents: dict[Path, tuple[object, bytes]] = {}
_imports: dict[Path, tuple[object, list[str]]] = {}


def _imports_of(module: ModuleType, file: Path) -> list[str]:
    content = content_of(module) if file.suffix == ".py" else None
    if content is None:
        return []
    known = _imports.get(file)
    if known is None or known[0] is not content:
        known = _imports[file] = content, list(imports_in(parsed(content), module))
    return known[1]


def _with_parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[: k + 1]) for k in range(len(parts))] if name else []


def _patch() -> None:
    """Put watchers in the place of the ways to import, once; they stay, and do nothing while nobody watches."""
    statement, by_name, by_hand = builtins.__import__, importlib.import_module, importlib.util.module_from_spec
    if getattr(statement, "watches", False):
        return
    _before.update(sys.modules)
    _loaded.update(sys.modules)

    def watch_statement(
        name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> ModuleType:
        if not _watching:
            return statement(name, globals, locals, fromlist, level)
        said = name, tuple(fromlist or ())
        if level == 0 and said in _settled:
            module = statement(name, globals, locals, fromlist, level)
            note_imports(_settled[said])
            return module
        with _during() as asked:
            module = statement(name, globals, locals, fromlist, level)
        base = module.__name__ if fromlist else name
        names = [*_with_parents(base), *(f"{base}.{part}" for part in fromlist or () if isinstance(part, str))]
        there = _note(names, asked)
        if level == 0 and _loaded.issuperset(there):
            _settled[said] = there
        return module

    @functools.wraps(by_name)
    def watch_call(name: str, package: str | None = None) -> ModuleType:
        if not _watching:
            return by_name(name, package)
        with _during() as asked:
            module = by_name(name, package)
        _note(_with_parents(module.__name__), asked)
        return module

    @functools.wraps(by_hand)
    def watch_spec(spec: ModuleSpec) -> ModuleType:
        module = by_hand(spec)
        if _watching and users_file(module) is not None:
            for asked in (*_watching, *_loading):
                asked.add(f"{FILE}{spec.origin}")
        return module

    watch_statement.watches = True  # type: ignore[attr-defined]
    builtins.__import__, importlib.import_module = watch_statement, watch_call
    importlib.util.module_from_spec = watch_spec


@contextmanager
def _during() -> Iterator[set[str]]:
    asked: set[str] = set()
    _loading.append(asked)
    try:
        yield asked
    finally:
        _remove(_loading, asked)


def _remove(sets: list[set[str]], one: set[str]) -> None:
    # By identity: two sets with the same content are equal.
    del sets[next(k for k, other in enumerate(sets) if other is one)]


def _note(names: list[str], asked: set[str]) -> list[str]:
    """Note that ``names`` were asked for, and that ``asked`` was while those of them that are new were loaded.

    Returns:
        Those of them that are modules.

    """
    there = [name for name in names if name in sys.modules]
    note_imports(there)
    for name in there:
        if name not in _loaded:
            _asked_by.setdefault(name, set()).update(asked)
            content_of(sys.modules[name])
            if not getattr(getattr(sys.modules[name], "__spec__", None), "_initializing", False):
                _loaded.add(name)
    return there
