"""The pages of the Python API: what each package offers, in the words of its docstrings. ``conf.py`` writes them."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import itertools
import pkgutil
import textwrap
import types
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import seedwise
import seedwise.integrations

FOLDER = Path(__file__).parent / "api"

PACKAGES = (seedwise, seedwise.integrations)
"""Whose modules have pages."""

_COMMANDS = {"seedwise.cli", "seedwise.__main__"}
"""What the page of the commands describes."""

_LARGEST = 100
"""A package of more names has a page per subpackage."""

_NAMES: dict[int, str] = {}
"""Where a class or function is described, by its id; other packages that offer it refer to it."""


def modules(packages: tuple[types.ModuleType, ...] = PACKAGES) -> Iterator[types.ModuleType]:
    """Yield the modules with public names: the first package, and what is below the packages."""
    yield packages[0]
    for package in packages:
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            if found.name in _COMMANDS or found.name.rpartition(".")[2].startswith("_"):
                continue
            module = importlib.import_module(found.name)
            if public_names(module):
                yield module


def public_names(module: types.ModuleType) -> list[str]:
    """Return the names that a module offers: those of ``__all__``, or else those that it defines."""
    if hasattr(module, "__all__"):
        return list(module.__all__)
    if hasattr(module, "__path__"):
        return []
    here = [name for name, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__]
    return sorted({name for name in (*here, *module.__annotations__) if not name.startswith("_")})


def pages(packages: tuple[types.ModuleType, ...] = PACKAGES) -> dict[str, str]:
    """Return the text of every page by its name."""
    _NAMES.clear()
    return dict(page for module in modules(packages) for page in _pages(module))


def _pages(module: types.ModuleType) -> Iterator[tuple[str, str]]:
    name, names = module.__name__, public_names(module)
    if len(names) <= _LARGEST:
        yield name, _page(name, module, name, names)
        return
    parts = _by_subpackage(module, names)
    contents = "".join(f"   {part} <{name}.{part}>\n" for part in parts if part)
    yield name, f"{_page(name, module, name, parts.get('', []))}\n.. toctree::\n\n{contents}"
    for part in filter(None, parts):
        yield f"{name}.{part}", _page(part, importlib.import_module(f"{name}.{part}"), name, parts[part])


def _by_subpackage(module: types.ModuleType, names: list[str]) -> Mapping[str, list[str]]:
    found = defaultdict(list)
    for name in names:
        value = getattr(module, name)
        home = value.__module__ if _has_docstring(value) else _home_of_constant(module.__name__, name)
        found[home.removeprefix(f"{module.__name__}.").partition(".")[0]].append(name)
    return dict(sorted(found.items()))


def _page(title: str, described_by: types.ModuleType, place: str, names: list[str]) -> str:
    head = (f"{title}\n{'=' * len(title)}", ".. highlight:: default", inspect.getdoc(described_by) or "")
    parts = [*head, f".. py:currentmodule:: {place}"]
    return "\n\n".join([*parts, *(_entry(place, name) for name in names)]) + "\n"


def _entry(place: str, name: str) -> str:
    value, full = getattr(importlib.import_module(place), name), f"{place}.{name}"
    if not _has_docstring(value):
        return f".. py:data:: {full}\n\n{textwrap.indent(_docstring_of_constant(place, name), '   ')}"
    where = _NAMES.setdefault(id(value), full)
    if where != full:
        return f"``{name}`` is :py:obj:`{where}`."
    if inspect.isclass(value):
        return f".. autoclass:: {full}\n   :members:"
    return f".. autofunction:: {full}"


def _has_docstring(value: Any) -> bool:
    return inspect.isclass(value) or inspect.isroutine(value)


def _home_of_constant(place: str, name: str) -> str:
    """Return the module in which a constant is given its value."""
    package = importlib.import_module(place)
    inside = pkgutil.walk_packages(getattr(package, "__path__", ()), f"{place}.")
    for module in (place, *(found.name for found in inside), "seedwise.registry"):
        if _constants(module).keys() >= {name}:
            return module
    raise LookupError(f"{place}.{name}: its module was not found")


@functools.cache
def _constants(module: str) -> dict[str, str]:
    """Return the docstrings of a module's constants: the text below the value, empty where there is none."""
    found: dict[str, str] = {}
    body = ast.parse(inspect.getsource(importlib.import_module(module))).body
    for one, after in itertools.pairwise([*body, ast.Pass()]):
        targets = one.targets if isinstance(one, ast.Assign) else [one.target] if isinstance(one, ast.AnnAssign) else []
        text = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
        found |= {target.id: inspect.cleandoc(str(text)) for target in targets if isinstance(target, ast.Name)}
    return found


def _docstring_of_constant(place: str, name: str) -> str:
    """Return the text below a constant.

    Raises:
        LookupError: if there is none.

    """
    home = _home_of_constant(place, name)
    if not _constants(home)[name]:
        raise LookupError(f"{home}.{name} has no docstring: write one below its value")
    return _constants(home)[name]


def write() -> None:
    """Write the pages; one that is unchanged is not touched, so that it is not read again."""
    FOLDER.mkdir(exist_ok=True)
    wanted = {FOLDER / f"{name}.rst": text for name, text in pages().items()}
    for file in set(FOLDER.glob("*.rst")) - wanted.keys():
        file.unlink()
    for file, text in wanted.items():
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
