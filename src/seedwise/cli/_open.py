"""A store, named by itself or by its study file."""

from __future__ import annotations

from pathlib import Path

from seedwise.errors import SeedwiseError


def store_path(path: Path) -> Path:
    """Return the store that ``path`` names: itself, or the default store of a study file.

    Raises:
        SeedwiseError: if it is a folder.

    """
    if path.is_dir():
        raise SeedwiseError(f"{path} is a folder: name the store, a .db file, or the study file")
    if path.suffix not in (".yaml", ".yml"):
        return path
    from seedwise.study import Study

    return Study.from_yaml(path).store_path
