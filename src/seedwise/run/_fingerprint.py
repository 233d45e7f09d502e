"""Which code trained, and where."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import importlib.metadata
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.machinery import PathFinder
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, Final

from seedwise.run._imports import FILE, content_of, imports_in, parsed, reached, users_file, watched_imports
from seedwise.run._notebook import cells_digest, in_a_cell
from seedwise.run._source import source_digest
from seedwise.run._spec import RunSpec, digest_of

TRAINING_CODE: Final = 1
"""Raised when code of ours that trains gives other bits: ``tests/training/test_golden_bits.py`` then fails."""

_OURS: Final = "seedwise"
_CELLS: Final = "notebook cells"
_ROOMS: Final = ("losses", "selection", "randomness", "data", "models", "run", "training")

_asked_for: dict[str, set[str]] = {}


class RunCode:
    """The code that decides the bits of one run.

    The user's modules are those outside the standard library, site-packages and seedwise. Counted are those that hold
    the run's functions, those that these import when they are loaded, and those that anything imports while the run is
    ``watched``, whether an earlier run of the same process had loaded them or not. A module is read when it is first
    seen, so that one edited while a long study runs still counts as what was loaded.

    Args:
        spec: the run. What an earlier run of the same function and configuration asked for counts as asked for: its
            code may have kept it.
        path: folders in which ``changed_files`` will look for modules; default: ``sys.path``.
        frame: of a run that is trained by a loop and no function, the loop's: where its local names lie counts, too.

    """

    def __init__(self, spec: RunSpec, path: Sequence[str] | None = None, frame: FrameType | None = None) -> None:
        self._roots = [function.partition(":")[0] for function in spec.functions]
        self._asked = _asked_for.setdefault(digest_of([spec.function, spec.config]), set())
        self._path = path
        self.frame = frame

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Note what is imported inside the block."""
        with watched_imports(self._asked):
            yield

    def files(self) -> dict[str, str]:
        """Return ``{file: digest}`` of the code reached so far, and ``{"seedwise": number}`` for ours.

        Files are named from the folder that holds their top-level package, or in full where they would not be found
        that way. Those of seedwise that train are listed, and not compared: an upgrade would stop every study.
        """
        code = {**_our_files(), _OURS: str(TRAINING_CODE)}
        names = [*self._roots, *_main(self._roots), *self._asked, *_around(self.frame)]
        for name, file in reached(names).items():
            digest = _digest(file, sys.modules.get(name))
            if digest is not None:
                code[_key(name, file, self._path)] = digest
        if self.frame is not None and in_a_cell(self.frame):
            code[_CELLS] = cells_digest(self.frame)
        return code

    def present(self, recorded: Mapping[str, str]) -> dict[str, str]:
        """Return the digests of the recorded files as they are now; see ``present_code``."""
        return present_code(recorded, self._path, self.frame)


def present_code(
    recorded: Mapping[str, str], path: Sequence[str] | None = None, frame: FrameType | None = None
) -> dict[str, str]:
    """Return the digests of the recorded files as they are now, without importing anything; empty for one that is gone.

    Args:
        recorded: what ``RunCode.files`` gave; digests that older records hold are answered by their like.
        path: folders in which modules are looked for; default: ``sys.path``.
        frame: the loop's where there is no function.

    """
    present = {_OURS: str(TRAINING_CODE)}
    for name, digest in recorded.items():
        if name == _CELLS:
            present[name] = cells_digest(frame, digest) if frame is not None and in_a_cell(frame) else ""
        elif name != _OURS and not name.startswith(f"{_OURS}/"):
            file = _located(name, path)
            present[name] = "" if file is None else _digest_of(file.read_bytes(), file, digest)
    return present


def changed_files(recorded: Mapping[str, str], present: Mapping[str, str] | None = None) -> list[str]:
    """Return the recorded files whose content is different now.

    Args:
        recorded: what ``RunCode.files`` gave.
        present: what ``present_code`` gives for it.

    """
    present = present_code(recorded) if present is None else present
    # Before the number there was none to record, and nothing of ours has changed between that time and number 1.
    return [name for name, digest in present.items() if recorded.get(name, "1" if name == _OURS else "") != digest]


def environment(device: str) -> dict[str, str]:
    """Return what the bits of a run depend on and its spec does not name: versions, processor, device."""
    found = {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "device": _device_name(device),
    }
    for package in ("seedwise", "torch", "numpy"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = _version(package)
    return found


@lru_cache
def _version(package: str) -> str:
    return importlib.metadata.version(package)  # it parses a file, which takes longer than the rest of a short run


@lru_cache(maxsize=1)
def _our_files() -> dict[str, str]:
    ours = Path(__file__).parents[2]
    files = (file for room in _ROOMS for file in sorted((ours / _OURS / room).rglob("*.py")))
    return {file.relative_to(ours).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def _digest(file: Path, module: ModuleType | None) -> str | None:
    """Return the digest of a loaded module, or of a file that was loaded by hand."""
    if module is None:
        return _digest_of(file.read_bytes(), file) if file.exists() else None
    content = content_of(module)
    return None if content is None else _digest_of(content, file)


def _digest_of(content: bytes, file: Path, recorded: str | None = None) -> str:
    if file.suffix != ".py":
        return hashlib.sha256(content).hexdigest()
    return _source_digest(content) if recorded is None else _source_digest(content, recorded)


@lru_cache(maxsize=1024)
def _source_digest(content: bytes, *recorded: str) -> str:
    return source_digest(content, *recorded)


def _main(roots: Sequence[str]) -> list[str]:
    """Return ``__main__`` if it is the script that holds the functions: others would import it by its name."""
    main = users_file(sys.modules.get("__main__"))
    return ["__main__"] if main is not None and main.stem in roots else []


def is_users(frame: FrameType) -> bool:
    """Return whether a frame runs the user's code: a module of the user's, or a cell of a notebook."""
    return users_file(sys.modules.get(frame.f_globals.get("__name__", ""))) is not None or in_a_cell(frame)


def _around(frame: FrameType | None) -> Iterator[str]:
    """Yield the modules of a frame and its callers, of what their local names mean, and what their functions import."""
    while frame is not None:
        module = sys.modules.get(frame.f_globals.get("__name__", ""))
        if module is not None and is_users(frame):
            yield module.__name__
            for value in list(frame.f_locals.values()):
                home = value if isinstance(value, ModuleType) else None
                yield home.__name__ if home else getattr(value, "__module__", None) or type(value).__module__
            yield from _imports_of_function(frame, module)
        frame = frame.f_back


def _imports_of_function(frame: FrameType, module: ModuleType) -> Iterator[str]:
    content = content_of(module) if frame.f_code.co_name != "<module>" else None
    for node in ast.walk(parsed(content)) if content else ():
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == frame.f_code.co_name:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if first == frame.f_code.co_firstlineno:
                yield from imports_in(node, module)


def _key(name: str, file: Path, path: Sequence[str] | None) -> str:
    """Return a name of a file by which ``_located`` finds it."""
    depth = 0 if name == "__main__" or name.startswith(FILE) else name.count(".")
    depth += file.name == "__init__.py"
    folders = [file.parents[depth], *(_resolved(Path(folder).absolute()) for folder in _folders(path))]
    for folder in folders:
        if file.is_relative_to(folder):
            key = file.relative_to(folder).as_posix()
            found = _located(key, path)
            if found is not None and _resolved(found.absolute()) == file:
                return key
    return file.as_posix()


@lru_cache(maxsize=1024)
def _resolved(path: Path) -> Path:
    return path.resolve()  # it asks for each folder above, which for all of sys.path takes a tenth of a short run


def _located(key: str, path: Sequence[str] | None) -> Path | None:
    for folder in _folders(path):
        file = Path(folder) / key  # one named in full stays what it is
        if file.is_file():
            return file
    # An editable install may have a finder of its own.
    top = key.partition("/")[0].removesuffix(".py")
    for finder in sys.meta_path:
        spec = None if finder is PathFinder or Path(key).is_absolute() else finder.find_spec(top, None)
        origins = (
            [] if spec is None else [*(spec.submodule_search_locations or ()), *([spec.origin] if spec.origin else [])]
        )
        for origin in origins:
            file = Path(origin).parent / key
            if file.is_file():
                return file
    return None


def _folders(path: Sequence[str] | None) -> list[str]:
    return [folder or "." for folder in (sys.path if path is None else path)]


@lru_cache(maxsize=1)
def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _device_name(device: str) -> str:
    if not device.startswith("cuda"):
        return device
    import torch

    properties: Any = torch.cuda.get_device_properties(device)
    return str(properties.name)
