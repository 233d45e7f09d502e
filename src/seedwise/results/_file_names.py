"""What the names of several files say: of a method, or of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from seedwise.errors import SeedwiseError, listed
from seedwise.results import _names
from seedwise.results._cells import different
from seedwise.results._long import Long, Notes

if TYPE_CHECKING:
    import pandas as pd

FILE: Final = "file"
"""The column of the names of several files that are read as one table."""

_SEVERAL: Final = 3


def apart(paths: Sequence[Path], names: Sequence[str]) -> list[str]:
    """Return names of files that differ: with the folders in front that tell them apart, or only these if they do.

    Args:
        paths: of the files.
        names: what they are called.

    Example:
        >>> apart([Path("relu/test.csv"), Path("colu/test.csv"), Path("base.csv")], ["test", "test", "base"])
        ['relu/test', 'colu/test', 'base']
        >>> apart([Path("relu/test.csv"), Path("colu/test.csv")], ["test", "test"])
        ['relu', 'colu']

    """
    found, above = list(names), [list(path.resolve().parent.parts) for path in paths]
    while len(found) > 1 and len(set(found)) == 1 and all(above):
        found = [of.pop() for of in above]
    while len(set(found)) < len(found) and any(above):
        same = [name for name in found if found.count(name) > 1]
        found = [f"{of.pop()}/{name}" if name in same and of else name for name, of in zip(found, above, strict=True)]
    return found


def method_of_files(tables: Sequence[pd.DataFrame], notes: Notes) -> str | None:
    """Return the column that names the method of every file: the same in all its rows, and not of each file another.

    Args:
        tables: of the files.
        notes: where is said what was found.

    """
    if len(tables) < _SEVERAL:
        return None
    shared = [column for column in tables[0].columns if all(column in table.columns for table in tables)]
    found = []
    for column in shared:
        if any(_names.one_of(str(column), (name,)) for name in _names.METHODS):
            of_file = [different(table[column]) for table in tables]
            kinds = {values[0] for values in of_file if len(values) == 1}
            if all(len(values) == 1 for values in of_file) and 1 < len(kinds) < len(tables):
                found.append(str(column))
    if len(found) > 1:
        raise SeedwiseError(
            f"which column names the method: {listed(map(repr, found))}? Pass --by '{found[0]}' (by='{found[0]}')"
        )
    notes.read_as += [f"method: column '{column}'" for column in found]
    return found[0] if found else None


def by_names_of_files(parts: list[Long], pattern: str | None, notes: Notes) -> list[Long]:
    """Return tables of which each is named after its run with the method and the seed of that name.

    Args:
        parts: the tables, whose methods are the names of their files.
        pattern: how the names are written; None: with a seed that is called so.
        notes: where is said what was found.

    Raises:
        SeedwiseError: for names that are written otherwise, and for many files with a run each whose names do not say
            its seed.

    """
    if not all(part.of_file for part in parts):
        return parts
    names = [different(part.data[part.method])[0] for part in parts]
    found = [_names.run_pattern(pattern).fullmatch(name) for name in names]
    odd = next((name for name, match in zip(names, found, strict=True) if match is None), None)
    if odd is None:
        groups = [match.groupdict() for match in found if match is not None]
        example = ", ".join(f"{part} {value}" for part, value in groups[0].items())
        notes.read_as.append(f"{example} in the name of the file '{names[0]}'")
        return [
            replace(part, data=part.data.assign(**of_name), of_file=False)
            for part, of_name in zip(parts, groups, strict=True)
        ]
    if pattern is not None:
        raise SeedwiseError(f"the file '{odd}' is not named '{pattern}'")
    if len(parts) >= _SEVERAL and all(len(part.data) == 1 for part in parts):
        raise SeedwiseError(
            f"each of {len(parts)} files holds one run: how are they named? Pass --name, such as "
            f"'{{method}}_{{seed}}' for '{names[0]}', or name the column of the method (--by)"
        )
    return parts
