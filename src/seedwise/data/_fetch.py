"""Downloading a dataset from where its authors, or those who keep it for them, publish it."""

from __future__ import annotations

import contextlib
import errno
import gzip
import logging
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final

from seedwise.data._declared import Published, algorithm
from seedwise.data._folder import check, data_dir, read
from seedwise.data._registry import PUBLISHED
from seedwise.errors import SeedwiseError, StorageError

Progress = Callable[[str, int, int], None]
"""Told the name of an archive, how many of its bytes are there, and of how many in all (0: unknown)."""

_TRY_AGAIN: Final = 2
_SILENCE: Final = 30  # seconds without a byte
_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def fetch(name: str, progress: Progress = lambda *_: None) -> None:
    """Download what ``data_dir()`` lacks of a dataset; the folder is made if it is not there.

    A download that broke off goes on where it stopped, in the same call and in the next; what then has a wrong checksum
    is downloaded once more from its beginning.

    Args:
        name: a key of ``PUBLISHED``.
        progress: told how far the download is.

    Raises:
        SeedwiseError: if the server cannot be reached or does not have the file.
        StorageError: if the disk is full or not writable, or if what comes is not what was published.

    """
    published = PUBLISHED[name]
    home = data_dir() / published.folders[0]
    with contextlib.suppress(SeedwiseError):
        check(name)
        return
    try:
        home.mkdir(parents=True, exist_ok=True)
        for archive in published.archives:
            files = published.held_by(archive)
            if not all(_is_intact(name, file, home / file) for file in files):
                path = _download(published, archive, home, progress)
                if archive not in files:
                    _unpack(path, files, home)
                    path.unlink()
    except OSError as error:
        if error.errno in _FULL:
            raise StorageError(
                f"no space left in {home}: free some and type the same command again; it goes on where it stopped"
            ) from error
        raise StorageError(f"cannot write in {home} ({error}): name another folder with --data-dir") from error
    check(name)


def _is_intact(name: str, file: str, path: Path) -> bool:
    try:
        read(name, file, path)
    except StorageError:
        return False
    return True


def _download(published: Published, archive: str, home: Path, progress: Progress) -> Path:
    """Return the archive, once its checksum is right."""
    import pooch
    import requests

    part = home / f"{archive}.part"
    url = published.address + archive
    checksum = published.archives[archive]
    kind = algorithm(checksum)

    def what_is_missing(url: str, target: str, _: Any) -> None:
        done = part.stat().st_size if part.exists() else 0
        # "identity": bytes that are compressed on the way can neither be counted nor resumed.
        headers = {"Range": f"bytes={done}-", "Accept-Encoding": "identity"}
        with requests.get(url, headers=headers, stream=True, timeout=_SILENCE) as answer:
            if answer.status_code != requests.codes.requested_range_not_satisfiable:  # all of it is there
                answer.raise_for_status()
                if answer.status_code != requests.codes.partial_content:
                    done = 0
                total = done + int(answer.headers.get("Content-Length", -done))
                with part.open("ab" if done else "wb") as file:
                    for chunk in answer.iter_content(1 << 16):
                        file.write(chunk)
                        done += len(chunk)
                        progress(archive, done, total)
        part.replace(target)

    pooch.get_logger().setLevel(logging.WARNING)
    repository = pooch.create(
        home, published.address, registry={archive: f"{kind}:{checksum}"}, retry_if_failed=_TRY_AGAIN
    )
    try:
        return Path(repository.fetch(archive, downloader=what_is_missing))
    except requests.RequestException as error:
        raise SeedwiseError(
            f"cannot download {url} ({error}): type the same command again; it goes on where it stopped"
        ) from error
    except ValueError as error:
        raise StorageError(
            f"{url} is not what was published: its {kind} should be {checksum}; get the files elsewhere and "
            "name their folder with --data-dir"
        ) from error


def _unpack(archive: Path, files: list[str], home: Path) -> None:
    """Write the files of an archive, and nothing else that it may contain, into ``home``."""
    if archive.name == f"{files[0]}.gz":
        with gzip.open(archive) as alone:
            _write(alone, home / files[0])
        return
    with tarfile.open(archive) as tar:
        for member in tar:
            folder, _, file = member.name.rpartition("/")
            if member.isfile() and folder == home.name and file in files and (content := tar.extractfile(member)):
                _write(content, home / file)


def _write(content: IO[bytes] | gzip.GzipFile, path: Path) -> None:
    """Write a file under a temporary name and rename it into place, so that it is whole or not there."""
    temporary = path.with_name(f"{path.name}.new")
    try:
        with temporary.open("wb") as file:
            shutil.copyfileobj(content, file, 1 << 20)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
