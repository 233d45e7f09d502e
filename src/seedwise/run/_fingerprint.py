"""Which code trained, and where."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import platform
import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

_ROOMS: Final = ("losses", "selection", "randomness", "data", "models", "run", "training")


def loaded_code(*functions: str) -> dict[str, str]:
    """Return ``{file: SHA-256}`` of the code that decides a run's bits.

    Ours: every file of the rooms that train. The user's: every loaded module of the top-level packages of
    ``functions``. A file is read when it is first seen, so that one edited while a long study runs still counts as what
    was loaded: call this right after the functions are loaded.

    Args:
        functions: ``module:name`` each; files are named relative to the package's parent folder.

    """
    code = {}
    ours = Path(__file__).parents[2]
    for room in _ROOMS:
        for file in sorted((ours / "seedwise" / room).rglob("*.py")):
            code[file.relative_to(ours).as_posix()] = _seen_sha256(file, None)
    for top, root in _packages(functions).items():
        for loaded_as, module in list(sys.modules.items()):
            file = Path(getattr(module, "__file__", None) or "")
            # A script that is run directly is the module that others would import by its name.
            name = file.stem if loaded_as == "__main__" else loaded_as
            if (name == top or name.startswith(f"{top}.")) and file.suffix == ".py":
                file = file.resolve()
                if file.is_relative_to(root):
                    code[file.relative_to(root).as_posix()] = _seen_sha256(file, getattr(module, "__spec__", None))
    return code


def present_code(recorded: Mapping[str, str], *functions: str) -> dict[str, str]:
    """Return what the recorded files hold now, without importing anything; empty for a file that is gone.

    Args:
        recorded: what ``loaded_code`` gave when the run finished.
        functions: ``module:name`` of each function that decided its bits.

    """
    ours = [Path(__file__).parents[2]]
    theirs = list(_packages(functions).values())
    present = {}
    for name in recorded:
        files = [root / name for root in (ours if name.startswith("seedwise/") else theirs)]
        present[name] = next((_sha256(file) for file in files if file.exists()), "")
    return present


def changed_files(recorded: Mapping[str, str], *functions: str) -> list[str]:
    """Return the recorded files whose content is different now; arguments as for ``present_code``."""
    present = present_code(recorded, *functions)
    return [name for name, digest in recorded.items() if present[name] != digest]


def environment(device: str) -> dict[str, str]:
    """Return what the bits of a run depend on and its spec does not name: versions, processor, device."""
    found = {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "device": _device_name(device),
    }
    for package in ("seedwise", "torch", "numpy"):
        found[package] = importlib.metadata.version(package)
    return found


def _packages(functions: Iterable[str]) -> dict[str, Path]:
    """Return the user's top-level packages that hold the functions, and the folders that hold those."""
    tops = dict.fromkeys(function.partition(":")[0].partition(".")[0] for function in functions)
    roots = {top: _package_root(top) for top in tops if top != "seedwise"}
    return {top: root for top, root in roots.items() if root is not None}


def _package_root(top: str) -> Path | None:
    """Return the folder that holds the top-level package or module, without importing it."""
    main = sys.modules.get("__main__")
    module = main if main and Path(getattr(main, "__file__", None) or "").stem == top else sys.modules.get(top)
    if module is not None and getattr(module, "__file__", None):
        file = Path(str(module.__file__)).resolve()
    else:
        spec = importlib.util.find_spec(top)
        if spec is None:
            return None
        if spec.origin is None:  # a folder without __init__.py
            folders = list(spec.submodule_search_locations or [])
            return Path(folders[0]).resolve().parent if folders else None
        file = Path(spec.origin).resolve()
    return file.parents[1] if file.name == "__init__.py" else file.parent


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


_seen: dict[Path, tuple[object, str]] = {}


def _seen_sha256(file: Path, loaded_by: object) -> str:
    """Return the digest of a file when ``loaded_by``, its module's spec, was first seen; a reload makes a new spec."""
    known = _seen.get(file)
    if known is None or known[0] is not loaded_by:
        known = _seen[file] = loaded_by, _sha256(file)
    return known[1]


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
