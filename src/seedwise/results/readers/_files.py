"""Files of trackers: never written to, never too large, and one that is broken spoils no other."""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from seedwise.errors import SeedwiseError
from seedwise.results._read import LARGEST

if TYPE_CHECKING:
    import yaml

_LARGEST_TEXT: Final = 1 << 20
_MOST_ENTRIES: Final = 1_000_000
_NO_RESULTS: Final = frozenset({".git", ".venv", "venv", "node_modules", "__pycache__", "site-packages"})
_READ_ERRORS: Final = (OSError, ValueError, KeyError, TypeError, RecursionError, SeedwiseError)


class Broken:
    """Collects the files that cannot be read, a phrase each, and counts the records that nobody here knows.

    Example:
        >>> broken = Broken()
        >>> with broken.skipped(Path("a/b.json")):
        ...     raise ValueError("it is no JSON")
        >>> broken.phrases
        ['a/b.json, which cannot be read: it is no JSON']

    """

    def __init__(self) -> None:
        self._files: list[str] = []
        self._unknown: Counter[int] = Counter()

    @property
    def phrases(self) -> list[str]:
        """What could not be read, a phrase for each file and one for all records of unknown kind."""
        total = self._unknown.total()
        kinds = ", ".join(str(kind) for kind in sorted(self._unknown))
        what = f"{total} record{'' if total == 1 else 's'} of unknown kind ({kinds})"
        return [*self._files, *([what] if total else [])]

    def count_unknown(self, kind: int) -> None:
        """Count a record of a kind that a newer version of the program may have added."""
        self._unknown[kind] += 1

    @contextmanager
    def skipped(self, path: Path) -> Iterator[None]:
        """Note what is wrong with the file, if anything is, and go on behind it."""
        try:
            yield
        except _READ_ERRORS as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            first = (reason or type(error).__name__).splitlines()[0]
            self._files.append(f"{path}, which cannot be read: {first}")


def name_in(path: Path, folder: Path) -> str:
    """Return what a run is called whose folder is in another one, or is it."""
    return path.resolve().name if folder == path else folder.relative_to(path).as_posix()


def walked(folder: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Yield every folder in a folder, with the names of its folders and files, in order.

    Links are not followed, and folders of programs left out.

    Raises:
        SeedwiseError: if there are too many.

    """
    entries = 0
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(set(folders) - _NO_RESULTS)
        entries += len(folders) + len(files)
        if entries > _MOST_ENTRIES:
            raise SeedwiseError(f"{folder} holds more than {_MOST_ENTRIES} files: pass a folder within it")
        yield Path(root), folders, sorted(files)


def content(path: Path, largest: int = LARGEST) -> bytes:
    """Return what is in a file.

    Raises:
        SeedwiseError: if it is too large or no regular file.

    """
    checked(path, largest)
    return path.read_bytes()


def checked(path: Path, largest: int = LARGEST) -> None:
    """Refuse what is no regular file, and one that is too large.

    Raises:
        SeedwiseError: if it is.

    """
    if not path.is_file():
        raise SeedwiseError("it is no regular file")
    if path.stat().st_size > largest:
        size = f"{largest >> 30} GB" if largest >> 30 else f"{largest >> 20} MB"
        raise SeedwiseError(f"it has more than {size}")


def text(path: Path) -> str:
    """Return a small file of text."""
    return content(path, _LARGEST_TEXT).decode()


def json_of(path: Path) -> Any:
    """Return what a JSON file holds."""
    return json.loads(content(path))


def yaml_of(path: Path) -> Any:
    """Return what a YAML file holds; objects of a program are named and not made.

    Raises:
        ValueError: if it is no YAML.

    """
    import yaml

    try:
        return yaml.load(text(path), Loader=_loader())
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


@cache
def _loader() -> type[yaml.SafeLoader]:
    import yaml

    class Loader(yaml.SafeLoader):
        """Knows no types of its own."""

    def plain(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> object:
        if isinstance(node, yaml.MappingNode):
            return loader.construct_mapping(node, deep=True)
        if isinstance(node, yaml.SequenceNode):
            return loader.construct_sequence(node, deep=True)
        return node.value or tag.rpartition(":")[2]

    Loader.add_multi_constructor("", plain)
    return Loader


class Database:
    """An SQLite database that is only read.

    Attributes:
        tables: their names.

    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.row_factory = sqlite3.Row
        self.tables = {row["name"] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def rows(self, query: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        """Return what a query finds."""
        return self._connection.execute(query, values).fetchall()


@contextmanager
def database(path: Path) -> Iterator[Database]:
    """Open an SQLite database; nothing is written, not beside it either.

    Raises:
        SeedwiseError: if it cannot be read.

    """
    try:
        checked(path)
        header = content_start(path, 20)
        # A journal of changes that is not there cannot be missed, and opening such a file would make one.
        wal = header[18:20] == b"\2\2" and not path.with_name(f"{path.name}-wal").exists()
        uri = f"{path.resolve().as_uri()}?mode=ro{'&immutable=1' if wal else ''}"
        with closing(sqlite3.connect(uri, uri=True, timeout=10)) as connection:
            yield Database(connection)
    except sqlite3.Error as error:
        raise SeedwiseError(f"cannot read {path} as a database: {error}") from None
    except SeedwiseError as error:
        raise SeedwiseError(f"cannot read {path}: {error}" if str(path) not in str(error) else str(error)) from None


def content_start(path: Path, size: int) -> bytes:
    """Return the first bytes of a file, fewer where there are not so many; none of what cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(size)
    except OSError:
        return b""
