"""From rows back to the records that they were made of, so that another store can take them in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Table

from seedwise.run import ReadoutRecord, Record, RunRecord
from seedwise.store import _tables as tables
from seedwise.store._attempts import current_attempts
from seedwise.store._checksums import decoded
from seedwise.store._kinds import FORECASTS, OBSERVED, PREDICTIONS, SERIES, Kind, current_rows
from seedwise.store._links import contents
from seedwise.store._records import _OF_READOUT, _OF_RUN


def records_of(db: sa.Connection, run_ids: Sequence[str], documents: Mapping[str, dict[str, str]]) -> list[Record]:
    """Return the records of the current attempts of runs, and of their readouts; weights lie next to the store.

    Args:
        db: the store.
        run_ids: the runs; those that have not ended are left out.
        documents: environments and code by their digest.

    """
    attempts = current_attempts(db, run_ids)
    ids = list(attempts)
    specs = contents(db, ids)
    series, observed = SERIES.read(db, ids), OBSERVED.read(db, ids)
    predictions, forecasts = _all(db, PREDICTIONS, ids), _all(db, FORECASTS, ids)
    readouts: dict[str, list[dict[str, Any]]] = {}
    for row in current_rows(db, tables.readouts, run_ids=ids):
        readouts.setdefault(row["run_id"], []).append(row)

    def record(run_id: str, row: Mapping[str, Any], names: Sequence[str], **own: Any) -> RunRecord:
        return RunRecord(
            id=run_id,
            content=specs[run_id],
            environment=documents.get(row["environment"] or "", {}),
            code=documents.get(row["code"] or "", {}),
            **{name: row[name] for name in names},
            **own,
        )

    found: list[Record] = []
    for run_id, raw in attempts.items():
        row, kept, read = decoded(tables.runs, raw), predictions.get(run_id, []), readouts.get(run_id, [])
        of_readouts = {one["readout"] for one in read}
        own = {"series": series.get(run_id, []), "observed": observed.get(run_id), "nonce": row["nonce"]}
        own["predictions"] = [one for one in kept if one.tag not in of_readouts]
        found.append(record(run_id, row, _OF_RUN, forecasts=forecasts.get(run_id, []), **own))
        for one in read:
            its = [p for p in kept if p.tag == one["readout"]]
            result = record(run_id, one, ("status", "metrics", "error", "traceback"), predictions=its)
            times = {name: one[name] for name in _OF_READOUT}
            found.append(ReadoutRecord(result, row["nonce"], one["readout"], **times))
    return found


def _all(db: sa.Connection, kind: Kind[Any], ids: Sequence[str]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    table: Table = kind.table
    for row in current_rows(db, table, kind.shared, run_ids=ids):
        found.setdefault(row["run_id"], []).append(kind.from_row(row))
    return found
