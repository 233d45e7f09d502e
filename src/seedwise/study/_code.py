"""Finished runs beside code that has changed since."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from seedwise.errors import ChangedCodeError
from seedwise.run import changed_files, digest_of, present_code
from seedwise.study._policy import Policy

_OPTIONS: Final = "--retrain trains them again and keeps the old results, --accept-changed-code keeps them as they are"


@dataclass(frozen=True)
class ChangedCode:
    """What has changed since runs finished.

    Attributes:
        runs: ids of the finished runs that other code trained than the present one, and that nobody accepted.
        files: the names of the files that differ.
        pairs: digests of the code that trained them and of the present one.

    """

    runs: frozenset[str]
    files: frozenset[str]
    pairs: frozenset[tuple[str, str]]

    def error(self, remedy: str = _OPTIONS) -> ChangedCodeError:
        """Return the error that says how many runs and which files these are, and what to type."""
        names = sorted(self.files)
        return ChangedCodeError(
            f"the code that trains has changed since {len(self.runs)} of the finished runs were trained "
            f"({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})",
            remedy,
        )


def changed_code(
    statuses: Mapping[str, tuple[str, str | None]],
    documents: Mapping[str, Mapping[str, str]],
    accepted: Collection[tuple[str, str]],
    present: Callable[[Mapping[str, str]], dict[str, str]] = present_code,
) -> ChangedCode:
    """Return which finished runs other code trained than the present one.

    Args:
        statuses: (status, digest of the code) by run id.
        documents: recorded code by its digest.
        accepted: pairs of digests that may stand beside each other: of the code that was recorded, and of what was
            present then.
        present: returns what recorded files hold now.

    """
    recorded = {code for status, code in statuses.values() if status == "finished" and code is not None}
    now = {code: present(documents[code]) for code in recorded}
    pairs = {code: (code, digest_of(now[code])) for code in recorded}
    files = {c: changed_files(documents[c], now[c]) for c in recorded if pairs[c] not in accepted}
    changed = {code for code, names in files.items() if names}
    return ChangedCode(
        frozenset(i for i, (status, code) in statuses.items() if status == "finished" and code in changed),
        frozenset(name for code in changed for name in files[code]),
        frozenset(pairs[code] for code in changed),
    )


def stale_runs(
    changed: ChangedCode,
    policy: Policy,
    accept: Callable[[Iterable[tuple[str, str]]], None],
    remedy: str = _OPTIONS,
) -> set[str]:
    """Return the runs that are stale because code has changed: none if that is accepted, which is then remembered.

    Raises:
        ChangedCodeError: if there are some and the policy does not say what is done about them.

    """
    if policy.accept_changed_code:
        accept(changed.pairs)
        return set()
    if changed.runs and not policy.retrain:
        raise changed.error(remedy)
    return set(changed.runs)
