"""The executor of a folder: what it gives is what the local one gives."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from seedwise.errors import SeedwiseError
from seedwise.execution import Resources, Serving, StudyFolder, serve
from seedwise.execution._queue import Claim, Queue
from seedwise.run import Keep, RunRecord, RunSpec, write_checked
from tests.toy_project import Notes

from .conformance import (
    a_function_is_trained,
    a_study_grows_until_it_is_resolved,
    bits_are_those_of_the_local_executor,
    runs_end_as_they_do_locally,
)
from .queues import files, served, through


def test_runs_and_readouts_have_the_ids_and_bits_of_the_local_executor(tmp_path, contents_of):
    queue = tmp_path / "queue"
    with served(queue, workers=2):
        bits_are_those_of_the_local_executor(tmp_path, through(queue), contents_of)
    assert files(queue, "todo", "claimed", "leases", "outbox", "checkpoints") == []


def test_runs_end_as_they_do_locally(tmp_path):
    with served(tmp_path / "queue", workers=2):
        runs_end_as_they_do_locally(tmp_path, through(tmp_path / "queue", lease=60))


def test_a_driver_that_is_away_finds_what_workers_did_meanwhile(project, tmp_path):
    study, queue = project.study(replicates=4), tmp_path / "queue"

    class Away(Notes):
        def note(self, text):
            super().note(text)
            if text.startswith("no worker serves"):
                os.kill(os.getpid(), signal.SIGINT)

    outcome, notes = project.run(study, executor=through(queue), progress=Away())
    assert (outcome.counts, outcome.interrupted) == ({"pending": 4}, True)
    assert len(files(queue, "todo")) == 4
    with served(queue) as said:
        while len(files(queue, "outbox")) < 4:
            time.sleep(0.02)
    assert len(said.begun) == 4
    outcome, notes = project.run(study, executor=through(queue))  # nobody serves
    assert (outcome.counts, outcome.interrupted) == ({"finished": 4}, False)
    assert sorted(notes.outcomes) == sorted((run.run_id, "finished") for run in project.runs().values())
    assert files(queue, "todo", "outbox") == []


def test_a_worker_that_is_told_to_end_hands_back_and_another_goes_on(project, tmp_path, monkeypatch):
    monkeypatch.setenv("TOY_PAUSE", "0.1")
    study = project.study(
        train={"function": "toy:train", "config": {"epochs": 10}}, checkpoint={"every_seconds": 3600}, replicates=1
    )
    queue = tmp_path / "queue"
    done: list[object] = []
    driver = threading.Thread(target=lambda: done.append(project.run(study, executor=through(queue, lease=60))[0]))
    driver.start()

    class Stopping(Notes):
        def epoch(self, run_id, epoch):
            super().epoch(run_id, epoch)
            if epoch == 2:
                os.kill(os.getpid(), signal.SIGTERM)

    first = Stopping()
    assert serve(queue, Serving(Resources(workers=1), grace=3600), first) is True
    assert any("stopping at the next end of an epoch" in note for note in first.notes)
    assert [Claim.of(name).lost for name in files(queue, "todo")] == [0], "nobody was lost"
    assert len(files(queue, "checkpoints")) == 1
    assert files(queue, "claimed", "leases") == []
    with served(queue) as second:
        driver.join()
    assert done[0].counts == {"finished": 1}
    (run,) = project.runs().values()
    assert run.resumed_from == [second.epochs[0][1]]
    assert run.resumed_from[0] >= 3


def test_retrain_starts_from_the_beginning_whatever_lies_in_the_queue(project, tmp_path):
    queue = tmp_path / "queue"
    with served(queue):
        project.run(project.study(), executor=through(queue))
        (run,) = project.runs().values()
        folder = StudyFolder(queue)
        stale = RunRecord(run.run_id, project.study().plan()[0].spec.content, "finished", {"test/accuracy": 0.77})
        folder.hand_over(stale)
        folder.checkpoint(run.run_id).write_bytes(b"of another time")
        outcome, _ = project.run(project.study(), executor=through(queue), retrain=True)
    assert outcome.trained == 1
    (again,) = project.runs().values()
    assert (again.attempt, again.metrics) == (1, run.metrics)
    assert not any("damaged" in note for note in again.notes)


def test_a_driver_shows_the_epochs_of_runs_elsewhere(project, tmp_path, monkeypatch):
    monkeypatch.setenv("TOY_PAUSE", "0.3")
    study = project.study(train={"function": "toy:train", "config": {"epochs": 8}})
    with served(tmp_path / "queue") as worker:
        _, driver = project.run(study, executor=through(tmp_path / "queue", lease=1.2))
    (run,) = project.runs().values()
    shown = [epoch for run_id, epoch in driver.epochs if run_id == run.run_id]
    assert len(shown) > 1
    assert shown == sorted(set(shown))
    assert {(run.run_id, epoch) for epoch in shown} <= set(worker.epochs)
    assert driver.begun == [run.run_id]


def test_until_resolved_goes_through_the_folder_too(project, tmp_path):
    with served(tmp_path / "queue"):
        a_study_grows_until_it_is_resolved(project, through(tmp_path / "queue"))


# The steps of the protocol


def put(queue, seed=1, **settings):
    from seedwise.execution import Settings, Training

    usual = {"every_epochs": None, "every_seconds": None, "seconds": None, "retries": 2}
    job = Training(RunSpec("toy:train", {}, {"init": seed}))
    queue.put(job, Settings(queue.folder, Keep(), True, [], **(usual | settings)), "session")
    return job


@pytest.fixture
def queue(tmp_path):
    queue = Queue(tmp_path / "queue")
    queue.open(tmp_path / "study.d", 60)
    return queue


def test_of_many_that_try_one_claims_a_job(queue):
    jobs = [put(queue, seed) for seed in range(20)]
    workers = [queue.enter() for _ in range(8)]
    start = threading.Barrier(len(workers))
    won: list[tuple[str, str]] = []

    def try_all(worker):
        start.wait()
        for claim in queue.waiting():
            if queue.claim(worker, claim):
                won.append((claim.name, worker))

    threads = [threading.Thread(target=try_all, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(name for name, _ in won) == sorted(job.file for job in jobs)
    assert queue.waiting() == []
    assert {(claim.name, worker) for worker, claims in queue.held().items() for claim in claims} == set(won)


def test_an_order_says_all_that_the_driver_said(queue):
    job = put(queue, every_epochs=3, seconds=1.5, retries=7)
    worker, (claim,) = queue.enter(), queue.waiting()
    assert queue.claim(worker, claim)
    order = queue.order(worker, claim)
    assert (order.job.id, order.job.command, order.session) == (job.id, job.command, "session")
    assert (order.settings.every_epochs, order.settings.seconds, order.settings.retries) == (3, 1.5, 7)
    assert (order.settings.keep, order.settings.folder.root) == (Keep(), queue.root)


def test_a_damaged_job_is_deleted_and_put_again(project, tmp_path):
    queue = Queue(tmp_path / "queue")

    class Damaging(Notes):
        def note(self, text):
            super().note(text)
            if text.startswith("no worker serves"):
                (path,) = queue.todo.iterdir()
                path.write_bytes(path.read_bytes()[:-1])
                serving.start()

    over = threading.Event()

    def work():
        while not over.is_set():
            serve(queue.root, Serving(Resources(workers=1), idle=0.5), Notes())

    serving = threading.Thread(target=work)
    outcome, _ = project.run(project.study(), executor=through(queue.root, lease=1), progress=Damaging())
    over.set()
    serving.join()
    assert outcome.counts == {"finished": 1}


def test_a_queue_belongs_to_one_store(queue, tmp_path):
    queue.open(tmp_path / "study.d", 30)
    assert queue.terms()["lease"] == 30
    with pytest.raises(SeedwiseError, match=r"is the queue of .*study\.d: pass another --queue, or delete .*/queue"):
        queue.open(tmp_path / "other.d", 30)


def test_another_protocol_is_refused_by_drivers_and_workers(queue, tmp_path):
    write_checked(queue.root / "queue", b'{"protocol": 99, "store": "x", "lease": 1}')
    for refused in (
        lambda: queue.open(tmp_path / "study.d", 30),
        lambda: serve(queue.root, Serving(Resources(workers=1), idle=1), Notes()),
    ):
        with pytest.raises(SeedwiseError, match=r"another version of seedwise \(protocol 99, here 1\)"):
            refused()


@pytest.mark.parametrize("lease", [0, -1, float("nan"), float("inf")])
def test_a_lease_is_a_number_of_seconds(tmp_path, lease):
    with pytest.raises(SeedwiseError, match=r"lease=.*: give a number of seconds above 0, such as 90"):
        through(tmp_path, lease)


def test_a_counter_is_raised_in_place_and_its_absence_is_seen(queue):
    worker = queue.enter()
    before = queue.counters()[worker]
    assert queue.renew(worker, 1, {"a.run": 3})
    after = queue.counters()[worker]
    assert after != before
    assert len(after) == len(before)
    queue.declare_lost(worker)
    assert not queue.renew(worker, 2, {})
    assert worker not in queue.counters()


@pytest.mark.parametrize("file", ["a.run", "@1", "a.run@", "a.run@x", ".a.run@0.tmp", ".a.run@1"])
def test_other_files_are_no_jobs(file):
    assert Claim.of(file) is None


def test_what_a_killed_writer_began_is_deleted_once_it_stands_still(project, tmp_path, monkeypatch):
    monkeypatch.setenv("TOY_PAUSE", "0.5")
    queue = Queue(tmp_path / "queue")
    queue.open(project.store_path.with_suffix(".d"), 0.05)
    half = queue.folder.outbox / ".0123456789abcdef.run.99-0011.tmp"
    half.write_bytes(b"half")
    with served(queue.root):
        outcome, _ = project.run(project.study(limits={"retries": 1000}), executor=through(queue.root, lease=0.05))
    assert outcome.counts == {"finished": 1}
    assert not half.exists()


def test_what_a_worker_taken_for_lost_saves_after_its_run_was_taken_in_is_deleted(project, tmp_path, monkeypatch):
    remove, late = StudyFolder.remove_checkpoints, []

    def and_save_once_more(folder, run_ids):
        ids = list(run_ids)
        remove(folder, ids)
        if not late and folder.checkpoints.is_relative_to(queue):
            late.extend(folder.checkpoint(f"{run_id}.previous") for run_id in ids)
            late[0].write_bytes(b"late")

    queue = tmp_path / "queue"
    monkeypatch.setattr(StudyFolder, "remove_checkpoints", and_save_once_more)
    with served(queue):
        outcome, _ = project.run(project.study(), executor=through(queue))
    assert outcome.counts == {"finished": 1}
    assert [path.exists() for path in late] == [False]


def test_a_function_of_replicates_is_trained_through_the_folder(tmp_path, monkeypatch):
    with served(tmp_path / "queue"):
        a_function_is_trained(tmp_path, through(tmp_path / "queue"), monkeypatch)


def test_a_worker_that_is_there_first_says_that_it_waits(tmp_path):
    notes = Notes()
    assert serve(tmp_path / "nowhere", Serving(Resources(workers=1), idle=0.2), notes) is False
    assert notes.notes == [f"nobody has put jobs into {tmp_path / 'nowhere'} yet; waiting", "0 jobs done here"]
    assert not (tmp_path / "nowhere").exists()


def test_a_claim_whose_answer_was_lost_is_known_again(queue):
    """A file server that was asked twice says the second time that the file is gone."""
    put(queue)
    mine, other, (claim,) = queue.enter(), queue.enter(), queue.waiting()
    (queue.todo / claim.file).rename(queue.claimed / mine / claim.file)
    assert queue.claim(mine, claim)
    assert not queue.claim(other, claim)
