"""Finished runs beside code that has changed since."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from seedwise.errors import ChangedCodeError
from seedwise.run import changed_files, digest_of, present_code
from seedwise.study._store import Store

_OPTIONS: Final = "--retrain trains them again and keeps the old results, --accept-changed-code keeps them as they are"


def runs_of_changed_code(
    store: Store,
    statuses: Mapping[str, tuple[str, str | None]],
    *,
    retrain: bool = False,
    accept: bool = False,
    present: Callable[[Mapping[str, str]], dict[str, str]] = present_code,
    remedy: str = _OPTIONS,
) -> set[str]:
    """Return the ids of finished runs that other code trained than the present one and that nobody accepted.

    Args:
        store: the study's file, open for writing.
        statuses: (status, digest of the code) by run id.
        retrain: the caller trains them again, so that there is nothing to stop for.
        accept: remember that they may stay as they are.
        present: returns what recorded files hold now.
        remedy: what the caller types to go on.

    Raises:
        ChangedCodeError: if there are some and neither option says what to do.

    """
    recorded = {code for status, code in statuses.values() if status == "finished" and code is not None}
    if not recorded:
        return set()
    accepted = store.accepted_code()
    documents = store.documents()
    now = {code: present(documents[code]) for code in recorded}
    files = {
        code: changed_files(documents[code], now[code])
        for code in recorded
        if (code, digest_of(now[code])) not in accepted
    }
    changed = {i for i, (status, code) in statuses.items() if status == "finished" and code and files.get(code)}
    if changed and accept:
        for code in recorded:
            store.accept_code(code, digest_of(now[code]))
        return set()
    if changed and not retrain:
        raise changed_code(len(changed), {name for found in files.values() for name in found}, remedy)
    return changed


def changed_code(runs: int, files: Iterable[str], remedy: str = _OPTIONS) -> ChangedCodeError:
    """Return the error that says how many finished runs other code trained, and what to type."""
    names = sorted(files)
    return ChangedCodeError(
        f"the code that trains has changed since {runs} of the finished runs were trained "
        f"({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})",
        remedy,
    )
