"""The study's single file."""

from __future__ import annotations

import json
import math
import os
import sqlite3
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler

from seedwise.errors import SeedwiseError, StorageError
from seedwise.run import Link, PlannedRun, Predictions, RunRecord, RunSpec
from seedwise.store import Store, _kinds

A, B, C = (RunSpec("toy:train", {}, {"init": seed}) for seed in (1, 2, 3))


def record(spec: RunSpec = A, status: str = "finished", accuracy: float = 0.5, **rest) -> RunRecord:
    metrics, series = {"test/accuracy": accuracy}, [{"epoch": 0, "loss": 1.0}]
    return RunRecord(spec.id, spec.content, status, metrics, series, **rest)


def predictions(*classes: int, ids: tuple[int, ...] | None = None, tag: str = "final") -> Predictions:
    predicted = np.array(classes, np.uint8)
    names = np.arange(len(predicted)) if ids is None else np.array(ids)
    labels = np.zeros(len(predicted), np.uint8)
    logits = np.arange(2.0 * len(predicted), dtype=np.float16).reshape(-1, 2)
    return Predictions("test", tag, 3, names.astype(np.int64), labels, predicted, logits)


def link(method: str = "base", replicate: int = 0) -> Link:
    return Link("s", "task", method, "all", 0, replicate)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "study.db"


@pytest.fixture
def store(path):
    with Store(path, write=True) as store:
        yield store


def rows(path: Path, query: str) -> list[tuple]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def plan_one(store: Store, *runs: tuple[Link, RunSpec]) -> None:
    store.write_plan("s", {"metrics": []}, [PlannedRun(place, spec) for place, spec in runs])


def test_a_record_comes_back_as_it_went_in(store, path):
    plan_one(store, (link(), A))
    given = record(
        weights_sha256="f" * 64,
        seconds=1.5,
        resumed_from=[2, 4],
        notes=["a note"],
        environment={"device": "cpu"},
        code={"toy.py": "0"},
    )
    assert store.ingest(given)
    (run,) = store.runs("s")
    assert (run.link, run.run_id, run.content) == (link(), A.id, A.content)
    assert (run.status, run.metrics, run.weights_sha256) == ("finished", {"test/accuracy": 0.5}, "f" * 64)
    assert (run.seconds, run.resumed_from, run.notes, run.attempt) == (1.5, [2, 4], ["a note"], 0)
    documents = store.documents()
    assert (documents[run.environment], documents[run.code]) == ({"device": "cpu"}, {"toy.py": "0"})
    assert store.series([A.id]) == {A.id: [{"epoch": 0.0, "loss": 1.0}]}


def test_a_record_is_ingested_once(store, path):
    plan_one(store, (link(), A))
    given = record(predictions=[predictions(0, 1)])
    assert store.ingest(given)
    assert not store.ingest(RunRecord.from_bytes(given.to_bytes()))
    assert rows(path, "SELECT attempt, current FROM seedwise_runs") == [(0, 1)]
    assert rows(path, "SELECT count(*) FROM seedwise_predictions") == [(1,)]


def test_a_run_trained_again_keeps_its_old_result_and_shows_the_new(store, path):
    plan_one(store, (link(), A))
    store.ingest(record(accuracy=0.5, predictions=[predictions(0, 1)]))
    store.ingest(record(accuracy=0.75, predictions=[predictions(1, 1)]))
    (run,) = store.runs("s")
    assert (run.attempt, run.metrics) == (1, {"test/accuracy": 0.75})
    assert store.predictions([A.id])[A.id].predicted.tolist() == [1, 1]
    kept = rows(path, "SELECT attempt, current, metrics FROM seedwise_runs ORDER BY attempt")
    assert [(attempt, current, json.loads(metrics)) for attempt, current, metrics in kept] == [
        (0, 0, {"test/accuracy": 0.5}),
        (1, 1, {"test/accuracy": 0.75}),
    ]
    assert rows(path, "SELECT count(*) FROM seedwise_predictions") == [(2,)]


def test_an_interrupted_attempt_is_replaced(store, path):
    plan_one(store, (link(), A))
    store.ingest(record(status="interrupted"))
    assert store.runs("s")[0].status == "interrupted"
    store.ingest(record(status="interrupted"))
    store.ingest(record())
    assert rows(path, "SELECT attempt, current, status FROM seedwise_runs") == [(0, 1, "finished")]


def test_an_interrupted_retraining_leaves_the_result_before_it(store, path):
    plan_one(store, (link(), A))
    store.ingest(record(accuracy=0.5))
    store.ingest(record(status="interrupted"))
    store.ingest(record(accuracy=0.75))
    assert rows(path, "SELECT attempt, current, status FROM seedwise_runs ORDER BY attempt") == [
        (0, 0, "finished"),
        (1, 1, "finished"),
    ]


def test_a_run_without_a_record_is_pending(store):
    plan_one(store, (link(), A))
    (run,) = store.runs("s")
    assert (run.status, run.metrics, run.attempt, run.seconds) == ("pending", {}, None, None)


def test_another_plan_replaces_links_and_keeps_runs(store):
    plan_one(store, (link(), A), (link(replicate=1), B))
    for spec in (A, B):
        store.ingest(record(spec))
    plan_one(store, (link("renamed"), B))
    assert [(run.link.method, run.run_id, run.status) for run in store.runs("s")] == [("renamed", B.id, "finished")]
    assert set(store.statuses()) == {A.id, B.id}
    plan_one(store, (link(), A), (link(replicate=1), B))
    assert [run.status for run in store.runs("s")] == ["finished", "finished"]


def test_studies_share_a_file_and_its_runs(store):
    plan_one(store, (link(), A))
    store.ingest(record())
    store.write_plan("t", {"metrics": ["m"]}, [PlannedRun(Link("t", "task", "m", "all", 0, 0), A)])
    assert [(run.link.study, run.status) for run in store.runs()] == [("s", "finished"), ("t", "finished")]
    assert store.studies() == {"s": {"metrics": []}, "t": {"metrics": ["m"]}}


def test_a_method_is_added_beside_others_and_may_not_be_another_by_content(store):
    store.add_method("s", {}, "base", [PlannedRun(link("base"), A)])
    store.add_method("s", {}, "b", [PlannedRun(link("b"), B)])
    store.add_method("s", {}, "base", [PlannedRun(link("base", r), spec) for r, spec in enumerate((A, C))])
    assert [(run.link.method, run.link.replicate) for run in store.runs("s")] == [("base", 0), ("base", 1), ("b", 0)]
    with pytest.raises(SeedwiseError, match=r"methods 'c' and 'b' of 's' have the same config"):
        store.add_method("s", {}, "c", [PlannedRun(link("c"), B)])
    assert {run.link.method for run in store.runs("s")} == {"base", "b"}


def test_examples_are_stored_once_for_equal_ids_and_labels(store, path):
    plan_one(store, (link(), A), (link(replicate=1), B), (link(replicate=2), C))
    store.ingest(record(A, predictions=[predictions(0, 1, ids=(5, 6))]))
    store.ingest(record(B, predictions=[predictions(1, 1, ids=(5, 6))]))
    store.ingest(record(C, predictions=[predictions(1, 1, ids=(6, 5))]))
    assert rows(path, "SELECT count(*) FROM seedwise_examples") == [(2,)]
    found = store.predictions([A.id, C.id])
    assert {run_id: p.ids.tolist() for run_id, p in found.items()} == {A.id: [5, 6], C.id: [6, 5]}


def test_predictions_come_back_with_their_types_and_by_tag(store):
    plan_one(store, (link(), A))
    given = predictions(0, 1)
    store.ingest(record(predictions=[given, predictions(1, 0, tag="flip")]))
    found = store.predictions([A.id])[A.id]
    assert (found.split, found.tag, found.epoch) == ("test", "final", 3)
    for name in ("ids", "labels", "predicted", "logits"):
        np.testing.assert_array_equal(getattr(found, name), getattr(given, name), strict=True)
    assert store.predictions([A.id], tag="flip")[A.id].predicted.tolist() == [1, 0]
    assert store.predictions([A.id], split="validation") == {}


def test_a_series_keeps_what_is_not_finite(store):
    plan_one(store, (link(), A))
    given = record()
    given.series = [{"epoch": 0, "loss": math.nan}, {"epoch": 1, "loss": math.inf}]
    store.ingest(given)
    first, second = store.series([A.id])[A.id]
    assert math.isnan(first["loss"])
    assert second["loss"] == math.inf


def test_the_tables_of_others_in_the_same_file_stay(path):
    Store(path, write=True).close()
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("CREATE TABLE runs (mine INTEGER)")
        connection.execute("INSERT INTO runs VALUES (7)")
    connection.close()
    with Store(path, write=True) as store:
        plan_one(store, (link(), A))
        store.ingest(record())
    assert rows(path, "SELECT mine FROM runs") == [(7,)]
    tables = [name for (name,) in rows(path, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert [name for name in tables if not name.startswith("seedwise_")] == ["runs"]
    assert len(tables) > 5


def test_a_store_of_a_newer_version_is_refused_and_left_alone(path):
    Store(path, write=True).close()
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE seedwise_meta SET value = '3' WHERE key = 'version'")
        connection.execute("DROP TABLE seedwise_accepted_code")
    connection.close()
    before = path.read_bytes()
    for write in (False, True):
        with pytest.raises(SeedwiseError, match=r"newer seedwise \(store version 3, this one reads up to 2\)"):
            Store(path, write=write)
    assert path.read_bytes() == before


@pytest.mark.parametrize("write", [False, True])
def test_a_file_that_is_no_database_is_refused_and_left_alone(path, write):
    path.write_text("dear diary " * 1000)
    with pytest.raises(SeedwiseError, match="not a store of seedwise"):
        Store(path, write=write)
    assert path.read_text() == "dear diary " * 1000


def test_a_damaged_store_is_said_to_be_damaged(store, path):
    plan_one(store, (link(), A))
    store.ingest(record())
    store.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\x5a" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(SeedwiseError, match="damaged"), Store(path) as damaged:
        damaged.runs()


def test_an_empty_file_becomes_a_store_and_is_none_to_a_reader(path):
    path.touch()
    with pytest.raises(SeedwiseError, match="is an unfinished store: run its study again"):
        Store(path)
    with Store(path, write=True) as store:
        assert store.runs() == []
    with Store(path) as store:
        assert store.runs() == []


def test_a_missing_store_is_missing_to_a_reader(path):
    with pytest.raises(SeedwiseError, match=r"there is no store .*seedwise run STUDY\.yaml"):
        Store(path)
    assert not path.exists()


def test_a_reader_cannot_write(store, path):
    with Store(path) as reader, pytest.raises(StorageError, match="not allowed to write"):
        reader.ingest(record())
    assert rows(path, "SELECT count(*) FROM seedwise_runs") == [(0,)]


def test_odd_names_of_files_are_files(tmp_path):
    path = tmp_path / "100% of what? #1.db"
    Store(path, write=True).close()
    with Store(path) as store:
        assert store.runs() == []
    assert [file.name for file in tmp_path.iterdir()] == ["100% of what? #1.db"]


def test_a_reader_sees_the_last_commit_after_a_writer_was_killed_while_writing(store, path):
    plan_one(store, (link(), A))
    store.ingest(record(predictions=[predictions(*[0, 1] * 50)]))
    store.close()
    # A cache of two pages makes sqlite write into the file before the commit, as a large commit does.
    code = f"""
        import os, sqlite3
        connection = sqlite3.connect({str(path)!r})
        connection.execute("PRAGMA cache_size = 2")
        connection.execute("UPDATE seedwise_runs SET status = 'half', notes = ?", ("x" * 100_000,))
        os._exit(9)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    assert path.with_name("study.db-journal").stat().st_size > 0
    with Store(path) as reader:
        assert [run.status for run in reader.runs("s")] == ["finished"]


READ_ONLY = """
    import os, sys
    from pathlib import Path
    from seedwise.errors import StorageError
    from seedwise.execution import StudyFolder
    from seedwise.store import Store
    path = Path(sys.argv[1])
    with Store(path) as store:  # imports what is imported late: nobody may not read root's python
        store.runs()
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
    with Store(path) as store:
        print("read", [run.status for run in store.runs()])
    try:
        Store(path, write=True)
    except StorageError as error:
        print("store:", error)
    try:
        with StudyFolder.of_store(path).lock():
            pass
    except StorageError as error:
        print("folder:", error)
"""


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can become an unprivileged user")
def test_in_a_read_only_folder_a_store_is_read_and_writing_is_refused_in_a_line():
    # Not in pytest's temporary folder, which another user may not enter.
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp())
    try:
        with Store(folder / "study.db", write=True) as store:
            plan_one(store, (link(), A))
            store.ingest(record())
        folder.chmod(0o555)
        (folder / "study.db").chmod(0o444)
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(READ_ONLY), str(folder / "study.db")],
            capture_output=True,
            text=True,
            cwd="/",
            check=False,
        )
    finally:
        shutil.rmtree(folder)
    lines = done.stdout.splitlines()
    assert lines[0] == "read ['finished']", done.stderr
    assert lines[1].startswith("store: not allowed to write")
    assert lines[2].startswith("folder: not allowed to write")
    assert len(lines) == 3


def test_what_was_read_of_attempts_is_read_again_after_anything_is_written(store, path):
    """More runs than are looked up one by one, by a reader and by the writer itself."""
    specs = [RunSpec("toy:train", {}, {"init": seed}) for seed in range(1, 202)]
    ids = [spec.id for spec in specs]
    store.ingest(*map(record, specs[:150]))
    with Store(path) as reader:
        for one in (reader, store):
            assert len(one.series(ids)) == len(one.trainings()) == 150
        store.ingest(record(specs[0], accuracy=0.75), *map(record, specs[150:]))
        for one in (reader, store):
            assert len(one.series(ids)) == len(one.trainings()) == len(one.seconds()) == 201
            assert [r.metrics["test/accuracy"] for r in one.records(ids)] == [0.75] + 200 * [0.5]


def test_a_reader_sees_one_moment_whatever_is_committed_while_it_reads(store, path, monkeypatch):
    """A run that comes between two of its tables is in both, or in none."""
    store.ingest(record(A))
    listed_by, writers = _kinds.listed_by, []

    def then_another_comes(*arguments):
        found = list(listed_by(*arguments))
        writers.append(threading.Thread(target=ingest_elsewhere, args=(path, record(B, predictions=[predictions(0)]))))
        writers[-1].start()
        writers[-1].join(0.5)  # until it is done, or waits for the reader
        return found

    monkeypatch.setattr(_kinds, "listed_by", then_another_comes)
    with Store(path) as reader:
        assert reader.tags() == {}
        monkeypatch.undo()
        writers[0].join()
        assert reader.tags() == {B.id: {"final"}}


def ingest_elsewhere(path: Path, *records: RunRecord) -> None:
    with Store(path, write=True) as writer:
        writer.ingest(*records)


def test_statements_are_compiled_once_for_all_stores(tmp_path, monkeypatch):
    compiled = []
    compiler = SQLiteCompiler.__init__
    monkeypatch.setattr(
        SQLiteCompiler, "__init__", lambda self, *given, **named: compiled.append(1) or compiler(self, *given, **named)
    )
    counts = []
    for name in ("one.db", "two.db", "three.db"):
        with Store(tmp_path / name, write=True) as store:
            plan_one(store, (link(), A), (link(replicate=1), B))
            store.ingest(record(A), record(B, predictions=[predictions(0, 1)]))
            assert len(store.runs()) == len(store.series([A.id, B.id])) == 2
        counts.append(len(compiled))
        compiled.clear()
    assert counts[1:] == [0, 0]
