"""A compact store of studies: what their reports show is recorded in it."""

from __future__ import annotations

from pathlib import Path

from seedwise import store as _store
from seedwise.store import Exported, Store
from seedwise.study._attribute import attribution_results
from seedwise.study._cells import cells_of
from seedwise.study._collect import study_results
from seedwise.study._description import is_attribution
from seedwise.study._extensions import is_search


def export_compact(store: Path, target: Path, *, overwrite: bool = False) -> Exported:
    """Write a store without its logits and forecasts, after recording what reports show of them.

    See ``seedwise.store.export_compact``.
    """
    return _store.export_compact(store, target, record, overwrite=overwrite)


def record(store: Store) -> None:
    """Compute what a report shows, on the page and in the terminal."""
    study_results(store)
    attribution_results(store)
    for study, description in store.studies().items():
        if is_search(description) and not is_attribution(description):
            cells_of(store, study)
