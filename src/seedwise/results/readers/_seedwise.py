"""Stores of seedwise itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from seedwise.results._read import Frame
from seedwise.results.readers._files import Database, database
from seedwise.results.readers._runs import Cell, TrackedRun, frame_of

_TABLES: Final = frozenset({"seedwise_links", "seedwise_runs"})
_PLAIN: Final = "plain"
_STATES: Final = {"interrupted": "pending"}
"""Such a run will go on."""

_TEST: Final = "test/"
"""Stands before the metrics of a store, and not in a study file or a table."""


def holds_seedwise(found: Database) -> bool:
    """Return whether the database is a store."""
    return found.tables >= _TABLES


def read_database(path: Path) -> Frame:
    """Read the current attempt of every run that a study has planned, and what readouts of it gave."""
    with database(path) as found:
        links = found.rows("SELECT * FROM seedwise_links ORDER BY study, position")
        runs = {row["run_id"]: row for row in found.rows("SELECT * FROM seedwise_runs WHERE current")}
        readouts: dict[tuple[str, int], list[tuple[str, str, str]]] = {}
        if "seedwise_readouts" in found.tables:
            for row in found.rows("SELECT * FROM seedwise_readouts"):
                gave = row["readout"], row["status"], row["metrics"]
                readouts.setdefault((row["run_id"], row["attempt"]), []).append(gave)
    tracked: list[TrackedRun] = []
    for link in links:
        run = runs.get(link["run_id"])
        of_run = [(_PLAIN, "pending", "{}")] if run is None else [(_PLAIN, run["status"], run["metrics"])]
        of_run += [] if run is None else readouts.get((link["run_id"], run["attempt"]), [])
        for readout, status, metrics in of_run:
            about: dict[str, Cell] = {name: link[name] for name in ("study", "task", "method", "regime", "group")}
            about |= {"readout": readout, "replicate": link["replicate"], "state": _STATES.get(status, status)}
            told = {name.removeprefix(_TEST): value for name, value in json.loads(metrics).items()}
            tracked.append(TrackedRun(about, final=told))
    if not readouts:
        for one in tracked:
            one.about.pop("readout")
    return frame_of(tracked, path.stem)
