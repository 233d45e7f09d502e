"""Finding the files of a dataset in the user's data folder, and holding them against their checksums."""

from __future__ import annotations

import gzip
import hashlib
import os
import shlex
import zlib
from pathlib import Path
from typing import Final

from seedwise.data._declared import algorithm
from seedwise.data._registry import PUBLISHED
from seedwise.errors import SeedwiseError, StorageError

_LARGEST: Final = 1 << 28
"""Bytes of a file, uncompressed, that are read at most; the largest that is published has 155 MB."""


class MissingDataError(SeedwiseError):
    """The files of a dataset are not in the data folder."""


def data_dir() -> Path:
    """Return the folder of the datasets: the environment's ``SEEDWISE_DATA``, or the user's cache."""
    given = os.environ.get("SEEDWISE_DATA")
    if given:
        return Path(given)
    import pooch

    return Path(pooch.os_cache("seedwise"))


def locate(name: str, folder: Path) -> dict[str, Path]:
    """Return the files of a dataset by their published names; each may be plain or end in ``.gz``.

    Args:
        name: a key of ``PUBLISHED``.
        folder: the data folder.

    Raises:
        MissingDataError: if one of them is missing.

    """
    published = PUBLISHED[name]
    for place in published.folders:
        found = {file: _plain_or_gz(folder / place / file) for file in published.files}
        if all(path.is_file() for path in found.values()):
            return found
    home = folder / published.folders[0]
    missing = next(file for file in published.files if not _plain_or_gz(home / file).is_file())
    raise MissingDataError(
        f"{name} is not in {folder} (no {published.folders[0]}/{missing}): type '{fetch_command(name)}', or name the "
        f"folder that holds {published.folders[0]} with --data-dir"
    )


def read(name: str, file: str, path: Path) -> bytes:
    """Return the content of a published file, uncompressed.

    Args:
        name: a key of ``PUBLISHED``.
        file: the published name of the file.
        path: where it lies, plain or as ``.gz``.

    Raises:
        StorageError: if it cannot be read, is truncated or is anything else than what was published.

    """
    remedy = f"type '{fetch_command(name)}' for a new one"
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as opened:
            content = opened.read(_LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise StorageError(f"cannot read {path} ({error}): {remedy}") from error
    if len(content) > _LARGEST:
        raise StorageError(f"{path} is not of {name}: it has more than {_LARGEST >> 20} MB; {remedy}")
    expected = PUBLISHED[name].files[file]
    kind = algorithm(expected)
    found = hashlib.new(kind, content, usedforsecurity=False).hexdigest()
    if found != expected:
        raise StorageError(
            f"{path} is damaged or not of {name}: its {kind} is {found} and should be {expected}; {remedy}"
        )
    return content


def check(name: str) -> Path | None:
    """Hold the files of a dataset in ``data_dir()`` against their checksums, and return the folder they lie in.

    Args:
        name: as in a study file; a dataset that needs no files passes and has no folder.

    Raises:
        MissingDataError: if files are missing.
        StorageError: if one is damaged.

    """
    if name not in PUBLISHED:
        return None
    paths = locate(name, data_dir())
    for file, path in paths.items():
        read(name, file, path)
    return next(iter(paths.values())).parent


def fetch_command(name: str) -> str:
    """Return the command that downloads a dataset into ``data_dir()``."""
    given = os.environ.get("SEEDWISE_DATA")
    return f"seedwise data fetch {name}" + (f" --data-dir {shlex.quote(given)}" if given else "")


def _plain_or_gz(path: Path) -> Path:
    return path if path.is_file() else path.with_name(path.name + ".gz")
