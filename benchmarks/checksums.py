"""What checksums cost in a store of many runs: seconds with them, without, and the ratio.

Without them: the same store without the columns, read as one from before there were any; and written with checksums
that are not computed.

    PYTHONPATH=src python benchmarks/checksums.py --runs 100000
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from scipy import stats

from seedwise.run import Link, Observed, PlannedRun, Predictions, RunRecord, RunSpec
from seedwise.store import Store, _checksums, _kinds

EXAMPLES = 360  # the test set of digits
DESCRIPTION = {"spec": {"name": "many"}, "base": "base", "metrics": {"task": []}, "question": {}}


def record(spec: RunSpec, labels: Any) -> RunRecord:
    """Return a record as the built-in trainer leaves one: 30 epochs, predictions with logits."""
    draw = np.random.default_rng(spec.seeds["init"])
    logits = draw.normal(size=(EXAMPLES, 10)).astype(np.float16)
    predicted = logits.argmax(1).astype(np.uint8)
    return RunRecord(
        spec.id,
        dict(spec.content),
        "finished",
        {"test/accuracy": float(draw.random()), "test/loss": float(draw.random())},
        [{"epoch": k, "train/loss": float(draw.random()), "test/accuracy": float(draw.random())} for k in range(30)],
        environment={"device": "cpu"},
        observed=Observed(["init", "shuffle"]),
        predictions=[Predictions("test", "final", 29, np.arange(EXAMPLES), labels, predicted, logits)],
    )


def seconds(do: Callable[[], Any]) -> float:
    """Return the processor's time that it takes, so that other work on the machine does not count."""
    began = time.process_time()
    do()
    return time.process_time() - began


def fill(path: Path, planned: list[PlannedRun], labels: Any) -> None:
    """Write a plan and its runs, many in one transaction."""
    with Store(path, write=True) as store:
        store.write_plan("many", DESCRIPTION, planned)
        for start in range(0, len(planned), 1000):
            store.ingest(*(record(one.spec, labels) for one in planned[start : start + 1000]))


def take_in(path: Path, planned: list[PlannedRun], records: list[RunRecord]) -> float:
    """Return what it takes to take runs in, 20 in a transaction."""
    parts = [records[start : start + 20] for start in range(0, len(records), 20)]
    with Store(path, write=True) as store:
        store.write_plan("many", DESCRIPTION, planned)
        return seconds(lambda: [store.ingest(*part) for part in parts])


# Functions, since a mock keeps every call, which takes longer than a checksum.


def no_checksum(*_: Any) -> int:
    return 0


def no_entry(*_: Any, **__: Any) -> list[Any]:
    return []


def without_checksums(path: Path) -> None:
    """Take the columns and the table away."""
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE name LIKE 'seedwise_%'").fetchall():
            for column in {row[1] for row in db.execute(f"PRAGMA table_info({name})")} & {"checksum", "left"}:
                db.execute(f'ALTER TABLE {name} DROP COLUMN "{column}"')
        db.execute("DROP TABLE seedwise_sets")
        db.execute("UPDATE seedwise_meta SET value = '1'")


READS: dict[str, Callable[[Store, list[str]], Any]] = {
    "statuses": lambda store, _: store.statuses(),
    "runs with their plan": lambda store, _: store.runs(),
    "series": lambda store, ids: store.series(ids),
    "classes": lambda store, ids: store.predictions(ids, logits=False),
    "classes and logits of 1000": lambda store, ids: store.predictions(ids[:1000]),
    "logits of 1000, one by one": lambda store, ids: [store.predictions([i]) for i in ids[:1000]],
}


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    labels = (np.arange(EXAMPLES) % 10).astype(np.uint8)
    specs = [RunSpec("many:train", {"epochs": 30}, {"init": k + 1}) for k in range(options.runs)]
    planned = [PlannedRun(Link("many", "task", "base", "all", 0, k), spec) for k, spec in enumerate(specs)]
    ids = [spec.id for spec in specs]
    print(f"{options.runs} runs, {platform.processor() or platform.machine()}, load {os.getloadavg()[0]:.1f}")
    print(f"seconds of the processor, means of {options.repeats} pairs, and their ratio with a 95 % interval (t)")
    print(f"{'operation':30} {'with':>8} {'without':>8}  ratio")

    def line(name: str, with_them: list[float], without: list[float]) -> None:
        ratios = np.log(with_them) - np.log(without)
        half = stats.t.ppf(0.975, len(ratios) - 1) * ratios.std(ddof=1) / np.sqrt(len(ratios))
        middle, low, high = np.exp([ratios.mean(), ratios.mean() - half, ratios.mean() + half])
        means = f"{np.mean(with_them):7.2f}s {np.mean(without):7.2f}s"
        print(f"{name:30} {means}  {middle:.2f} [{low:.2f}, {high:.2f}]", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        path, old = Path(folder) / "new.db", Path(folder) / "old.db"
        few = planned[:1000]
        made = [record(p.spec, labels) for p in few]
        take_in(Path(folder) / "first.db", few[:20], made[:20])  # what only the first pays
        times: list[list[float]] = [[], []]
        for k in range(options.repeats):
            times[0].append(take_in(Path(folder) / f"w{k}.db", few, made))
            with (
                mock.patch.object(_checksums, "checksum_of", no_checksum),
                mock.patch.object(_checksums, "note_set", no_entry),
                mock.patch.object(_kinds, "entry_of", no_entry),
            ):
                times[1].append(take_in(Path(folder) / f"o{k}.db", few, made))
        line(f"take in {len(few)}", *times)
        fill(path, planned, labels)
        shutil.copy(path, old)
        without_checksums(old)
        for name, read in READS.items():
            with Store(path) as new, Store(old) as without:
                pairs = [[seconds(partial(read, s, ids)) for s in (new, without)] for _ in range(options.repeats)]
            line(name, *map(list, zip(*pairs, strict=True)))
        size = path.stat().st_size
        with contextlib.closing(sqlite3.connect(old)) as db:
            db.execute("VACUUM")
        print(f"size: {size / 1e6:.0f} MB with, {old.stat().st_size / 1e6:.0f} MB without")
        print(f"an old store gets its checksums in {seconds(lambda: Store(old, write=True).close()):.1f} s")


if __name__ == "__main__":
    main()
