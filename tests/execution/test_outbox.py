"""What lies between a worker and the store."""

from __future__ import annotations

import sqlite3

import pytest

from seedwise.run import RunRecord, read_checked
from seedwise.study import Store, StudyFolder


@pytest.fixture
def left_behind(project, monkeypatch):
    """A study whose driver ended after its workers had handed over and before it took anything in."""

    def gone(*_: object) -> None:
        raise RuntimeError("killed here")

    study = project.study(replicates=2)
    with monkeypatch.context() as patch:
        patch.setattr(Store, "ingest", gone)
        with pytest.raises(RuntimeError, match="killed here"):
            study.run(workers=1)
    # Its worker may have gone on with the second run, and may have been stopped while it handed that over.
    for path in sorted(outbox(project), key=lambda path: path.suffix != ".run")[1:]:
        path.unlink()
    return project


def outbox(project) -> list:
    return sorted(StudyFolder.of_store(project.store_path).outbox.iterdir())


def test_what_was_handed_over_is_taken_in_by_the_next_driver(left_behind):
    (path,) = outbox(left_behind)
    record = RunRecord.from_bytes(read_checked(path))
    assert [run.status for run in left_behind.runs().values()] == ["pending", "pending"]
    outcome, notes = left_behind.run()
    assert outcome.counts == {"finished": 2}
    assert notes.begun == [run.run_id for run in left_behind.runs().values() if run.run_id != record.id]
    assert outbox(left_behind) == []


@pytest.mark.parametrize("damage", ["truncated", "tampered"])
def test_a_damaged_file_is_said_and_set_aside_and_its_run_trained_again(left_behind, damage):
    (path,) = outbox(left_behind)
    content = path.read_bytes()
    tampered = bytearray(content)
    tampered[len(content) // 2] ^= 1
    path.write_bytes({"truncated": content[:-10], "tampered": bytes(tampered)}[damage])
    outcome, notes = left_behind.run()
    assert outcome.counts == {"finished": 2}
    assert path.stem in notes.begun
    (said,) = notes.notes
    assert str(path) in said
    assert "is damaged" in said
    assert said.endswith("the run is trained again")
    assert outbox(left_behind) == [path.with_suffix(".damaged")]
    # It is said once.
    assert left_behind.run()[1].notes == []


def test_a_driver_killed_between_commit_and_delete_does_not_count_a_run_twice(left_behind):
    (path,) = outbox(left_behind)
    record = RunRecord.from_bytes(read_checked(path))
    with Store(left_behind.store_path, write=True) as store:
        store.ingest(record)
    checkpoint = StudyFolder.of_store(left_behind.store_path).checkpoint(record.id)
    checkpoint.write_bytes(b"the last of its epochs")
    outcome, _ = left_behind.run()
    assert outcome.counts == {"finished": 2}
    assert outbox(left_behind) == []
    assert not checkpoint.exists()
    connection = sqlite3.connect(left_behind.store_path)
    try:
        rows = connection.execute("SELECT run_id, attempt FROM seedwise_runs").fetchall()
    finally:
        connection.close()
    assert sorted(rows) == sorted((run.run_id, 0) for run in left_behind.runs().values())


def test_a_file_is_deleted_only_after_the_commit(project, monkeypatch):
    """At every moment a result lies in the outbox or in the store."""
    seen = []
    ingest = Store.ingest

    def watched(self, record):
        path = StudyFolder.of_store(project.store_path).outbox / f"{record.id}.run"
        before = path.exists()
        new = ingest(self, record)
        with Store(project.store_path) as reader:
            seen.append((before, path.exists(), reader.statuses()[record.id][0]))
        return new

    monkeypatch.setattr(Store, "ingest", watched)
    project.run()
    assert seen == [(True, True, "finished")]
    assert outbox(project) == []


def test_half_written_files_of_killed_writers_are_removed(project):
    folder = StudyFolder.of_store(project.store_path)
    folder.create()
    stale = [folder.outbox / ".a.run.123.tmp", folder.checkpoints / ".b.123.tmp"]
    for path in stale:
        path.write_bytes(b"half")
    project.run()
    assert [path.exists() for path in stale] == [False, False]
