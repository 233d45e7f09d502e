"""Records are taken in several at a time, and each is in the outbox or in the store at every moment."""

from __future__ import annotations

import collections
import time
from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa

from seedwise.errors import RefusedError
from seedwise.execution import Settings, StudyFolder, Training
from seedwise.execution._local import Ingested
from seedwise.execution._protocol import Order
from seedwise.run import Keep, Link, PlannedRun, Predictions, RunRecord, RunSpec
from seedwise.store import Store
from seedwise.study._ingest import ingest
from tests.toy_project import Notes, everything

from .queues import through

SPECS = [RunSpec("toy:train", {}, {"init": seed}) for seed in range(1, 6)]


def settings_of(folder: StudyFolder) -> Settings:
    return Settings(folder, Keep(), True, [], None, None, None, 2)


def record(spec: RunSpec, **changes) -> RunRecord:
    seed = spec.seeds["init"]
    kept = Predictions(
        "test",
        "final",
        0,
        np.array([0, 1]),
        np.array([0, 1]),
        np.array([0, seed % 2]),
        np.full((2, 2), seed, np.float16),
    )
    made = RunRecord(
        spec.id,
        spec.content,
        "finished",
        {"test/accuracy": seed / 100},
        series=[{"epoch": 0, "loss": seed}],
        nonce=f"{seed:032}",
        environment={"device": "cpu"},
        predictions=[kept],
    )
    return replace(made, **changes)


@pytest.fixture
def new_store(tmp_path):
    made = []

    def make(name: str) -> Store:
        store = Store(tmp_path / f"{name}.db", write=True)
        made.append(store)
        places = [PlannedRun(Link("s", "task", "base", "all", 0, k), spec) for k, spec in enumerate(SPECS)]
        store.write_plan("s", {"metrics": {}}, places)
        store.ingest(record(SPECS[0]))  # known already
        store.ingest(record(SPECS[1], nonce="e" * 32))  # of an earlier attempt
        store.ingest(record(SPECS[2], nonce="f" * 32, status="interrupted", predictions=[]))
        return store

    yield make
    for store in made:
        store.close()


def test_several_records_become_what_they_become_one_by_one_in_one_transaction(new_store):
    records = [record(spec) for spec in SPECS]
    records[4].nonce = records[0].nonce  # that of another run
    at_once, one_by_one = new_store("at_once"), new_store("one_by_one")
    commits = []
    sa.event.listen(at_once._engine, "commit", commits.append)
    assert at_once.ingest(*records) == 4
    assert len(commits) == 1
    assert [one_by_one.ingest(one) for one in records] == [0, 1, 1, 1, 1]
    assert everything(at_once.path) == everything(one_by_one.path)
    assert [run.attempt for run in at_once.runs("s")] == [0, 1, 0, 0, 0]
    for store in (at_once, one_by_one):
        store.check()


def test_one_that_the_store_refuses_fails_alone(new_store, tmp_path, monkeypatch):
    store, folder = new_store("refusing"), StudyFolder(tmp_path / "s.d")
    folder.create()
    usual = Store.ingest

    def refusing(self, *records):
        if any(one.id == SPECS[3].id and one.status == "finished" for one in records):
            raise RefusedError("a number is too large")
        return usual(self, *records)

    monkeypatch.setattr(Store, "ingest", refusing)
    assert ingest(store, folder, *map(record, SPECS[2:])) == 3
    found = {run.run_id: (run.status, run.error) for run in store.runs("s")[2:]}
    assert found == {
        SPECS[2].id: ("finished", None),
        SPECS[3].id: ("crashed", "its record cannot be taken in: a number is too large"),
        SPECS[4].id: ("finished", None),
    }


def test_a_record_of_no_planned_run_stops_the_others_and_all_stay_in_the_outbox(new_store, tmp_path):
    store, folder = new_store("strict"), StudyFolder(tmp_path / "s.d")
    folder.create()
    stranger = RunSpec("toy:train", {}, {"init": 99})
    paths = [folder.hand_over(record(spec)) for spec in (SPECS[3], stranger)]
    with pytest.raises(RefusedError, match="it was not planned"):
        ingest(store, folder, record(SPECS[3]), record(stranger))
    assert all(path.exists() for path in paths)
    assert store.statuses().keys() == {spec.id for spec in SPECS[:3]}


def test_checkpoints_and_weights_of_all_of_them_are_seen_to(new_store, tmp_path):
    store, folder = new_store("weights"), StudyFolder(tmp_path / "s.d")
    folder.create()
    for spec in SPECS:
        folder.checkpoint(spec.id).write_bytes(b"state")
    folder.checkpoint(f"{SPECS[3].id}.previous").write_bytes(b"state")
    for tag in ("final", "old"):
        folder.keep_weights(SPECS[3].id, tag, b"of an earlier attempt")
    folder.keep_weights(SPECS[0].id, "old", b"of another run")
    ingest(store, folder, *[record(spec, weights={"final": b"new"}) for spec in SPECS[3:]])
    assert sorted(path.name for path in folder.checkpoints.iterdir()) == sorted(spec.id for spec in SPECS[:3])
    assert folder.kept_weights(SPECS[3].id) == folder.kept_weights(SPECS[4].id) == {"final": b"new"}
    assert folder.kept_weights(SPECS[0].id) == {"old": b"of another run"}
    assert len(list(folder.weights.glob(f"{SPECS[3].id}-*"))) == 3, "those of the earlier attempt are set aside"


def test_the_local_executor_takes_in_what_has_come_meanwhile(tmp_path):
    folder = StudyFolder(tmp_path / "s.d")
    folder.create()
    jobs = [Training(spec) for spec in SPECS]
    taken_in: list[list[str]] = []

    def take(*records):
        assert all((folder.outbox / f"{one.id}.run").exists() for one in records)
        taken_in.append([one.id for one in records])

    notes = Notes()
    assignments = Ingested(collections.deque(jobs[3:]), settings_of(folder), take, notes)
    for job in jobs[:3]:
        folder.hand_over(record(job.spec))
        assignments.done(Order(job, settings_of(folder)))
    assignments.taken_in = time.monotonic() + 3600  # as if that was just now
    assignments.settle()
    assert taken_in == []
    assignments.waiting.clear()
    assert not assignments.over, "what was handed over may have to be done again"
    assignments.settle()
    assert taken_in == [[spec.id for spec in SPECS[:3]]]
    assert notes.outcomes == [(spec.id, "finished") for spec in SPECS[:3]]
    assert assignments.over


def test_a_folder_is_emptied_in_one_transaction(tmp_path):
    executor, folder = through(tmp_path / "queue"), StudyFolder(tmp_path / "queue")
    folder.create()
    for spec in SPECS:
        folder.hand_over(record(spec))
        folder.checkpoint(spec.id).write_bytes(b"state")
    taken_in: list[set[str]] = []

    def take(*records):
        assert len(list(folder.outbox.iterdir())) == len(records), "they are deleted after that"
        taken_in.append({one.id for one in records})

    notes = Notes()
    assert (
        executor.execute([Training(s) for s in SPECS], settings_of(StudyFolder(tmp_path / "s.d")), take, notes) is False
    )
    assert taken_in == [{spec.id for spec in SPECS}]
    assert len(notes.outcomes) == len(SPECS)
    assert [*folder.outbox.iterdir(), *folder.checkpoints.iterdir()] == []
