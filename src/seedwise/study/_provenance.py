"""Where results come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from seedwise.study._results import Counted, Provenance
from seedwise.study._store import Store, StoredRun


def provenance_of(
    store: Store, runs: Sequence[StoredRun], spec: Mapping[str, Any], again: str | None, *, named: bool = True
) -> Provenance:
    """Return where the results of runs come from.

    Args:
        store: where they are.
        runs: the runs.
        spec: their study.
        again: the command that runs it, or None.
        named: whether failures and notes name the method of their runs.

    """
    documents = store.documents()
    places: dict[str, set[tuple[str | None, str | None]]] = {}
    for run in runs:
        if run.status == "finished":
            places.setdefault(f"{run.link.method} ({run.link.regime})", set()).add((run.environment, run.code))
    environments = Counter(run.environment for run in runs if run.environment)

    def of_method(run: StoredRun, text: str, mark: str) -> str:
        return f"{run.link.method}{mark} {text}" if named else text

    return Provenance(
        spec=yaml.safe_dump(dict(spec), sort_keys=False, default_flow_style=None, width=100),
        again=again,
        environments=tuple(
            (", ".join(f"{k} {v}" for k, v in documents[digest].items()), count)
            for digest, count in environments.most_common()
        ),
        failures=_counted(of_method(r, f"{r.status.replace('_', ' ')}: {r.error}", ",") for r in runs if r.error),
        notes=_counted(of_method(run, note, ":") for run in runs for note in run.notes),
        mixed=tuple(place for place, found in places.items() if len(found) > 1),
        resumed=sum(bool(run.resumed_from) for run in runs),
        seconds=sum(run.seconds or 0.0 for run in runs),
    )


def _counted(texts: Iterable[str]) -> Counted:
    return tuple(Counter(texts).most_common())
