"""Planning and resuming a study of 10 000 finished runs, against a bare SELECT of the same rows.

    python benchmarks/planning.py [--runs 10000]

Every time is a median over repetitions in this process, on this machine; only their ratio is quoted elsewhere.
"""

from __future__ import annotations

import argparse
import platform
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from seedwise.run import RunRecord
from seedwise.study import Store, Study

STUDY = """
name: large
task: {dataset: digits}
model: small_cnn
train: {epochs: 15, batch_size: 64, optimizer: {name: sgd, lr: 0.1, momentum: 0.9}}
methods:
  base: {}
  vml: {loss: {name: vml, warmup_steps: 17}}
  clf: {loss: clf}
  placebo: {loss: {name: placebo, controller: {name: vml, warmup_steps: 17}}}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.db"
        study = Study.from_text(STUDY, store=path, replicates=options.runs // 4)
        _fill(study, path)
        planned = len({p.spec.id for p in study.plan()})
        outcome = study.run()
        assert outcome.trained == 0, "everything is finished"
        assert outcome.counts == {"finished": planned}, "everything is finished"
        ours = [
            _seconds(lambda: Study.from_text(STUDY, store=path, replicates=options.runs // 4).run())
            for _ in range(options.repeats)
        ]
        bare = [_seconds(lambda: _select(path)) for _ in range(options.repeats)]
    a, b = statistics.median(ours), statistics.median(bare)
    where = f"{platform.machine()}, Python {platform.python_version()}"
    print(f"{where}, {planned} finished runs, median of {options.repeats}")
    print(f"read the file, plan, find that nothing is missing: {a:.3f} s [{min(ours):.3f}, {max(ours):.3f}]")
    print(f"bare SELECT of links and runs:                     {b:.3f} s [{min(bare):.3f}, {max(bare):.3f}]")
    limit = 5 * b + 1
    print(f"ratio {a / b:.1f}; limit 5 x SELECT + 1 s = {limit:.3f} s: {'kept' if a <= limit else 'MISSED'}")


def _fill(study: Study, path: Path) -> None:
    """Write the rows that finished runs leave, all in one transaction of a plain connection."""
    planned = study.plan()
    with Store(path, write=True) as store:
        store.write_plan(study.spec.name, study.describe(), planned)
        first = planned[0].spec
        store.ingest(RunRecord(first.id, first.content, "finished", metrics={"test/accuracy": 0.98}))
    with sqlite3.connect(path) as db:
        columns = [row[1] for row in db.execute("PRAGMA table_info(seedwise_runs)")]
        row = dict(zip(columns, db.execute("SELECT * FROM seedwise_runs").fetchone(), strict=True))
        rows = [row | {"run_id": p.spec.id, "nonce": p.spec.id} for p in planned[1:]]
        marks = ", ".join(f":{name}" for name in columns)
        db.executemany(f"INSERT INTO seedwise_runs ({', '.join(columns)}) VALUES ({marks})", rows)
    db.close()


def _select(path: Path) -> int:
    db = sqlite3.connect(path)
    query = (
        "SELECT l.*, r.status, r.code FROM seedwise_links l JOIN seedwise_runs r ON r.run_id = l.run_id AND r.current"
    )
    rows = db.execute(query).fetchall()
    db.close()
    return len(rows)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
