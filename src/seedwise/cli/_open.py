"""A store, named by itself or by its study file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from seedwise.errors import SeedwiseError

if TYPE_CHECKING:
    from seedwise.study import Store


def open_store(path: Path, scale: str | None = None) -> Store:
    """Return the store that ``path`` names: itself, or that of a study file, with the plan of that file.

    Args:
        path: a store or a study file.
        scale: one of the file's ``scales``.

    Raises:
        SeedwiseError: if it is a folder, or if a store is named with a scale.

    """
    from seedwise.study import Store, Study

    def said(store: Store) -> Store:
        if not store.has_checksums:
            typer.echo(f"{store.path}: written before checksums: damage cannot be seen", err=True)
        return store

    if path.is_dir():
        raise SeedwiseError(f"{path} is a folder: name the store, a .db file, or the study file")
    if path.suffix in (".yaml", ".yml"):
        return said(Study.from_yaml(path, scale=scale).open())
    if scale is not None:
        raise SeedwiseError(f"--scale {scale} goes with a study file; {path} is a store, which holds one scale")
    return said(Store(path))


def is_called_a_store(path: Path) -> bool:
    """Return whether a file is named whose ending is not that of a study file or program; what it holds is not read."""
    return path.is_file() and path.suffix not in (".yaml", ".yml", ".py")


def program_of(store: Store) -> str | None:
    """Return the program whose calls of ``seedwise.replicates`` filled a store, if one did."""
    from seedwise.study import description_of

    programs = (description_of(name, described).program for name, described in store.studies().items())
    return next((program for program in programs if program is not None), None)
