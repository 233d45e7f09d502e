"""What goes wrong past one machine: workers and drivers that are killed, stopped or full."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from seedwise.errors import StorageError
from seedwise.execution import StudyFolder
from tests.nursery import environment_of_families, nursery

from .queues import DRIVER, KILLED_STUDY, WORKER, files, kill, killed_study, problems_of, served, start, through

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked where there is pidfd_open")


@pytest.fixture
def family():
    return nursery(), environment_of_families()


@pytest.fixture(scope="module")
def reference(new_project, tmp_path_factory):
    """The same study, undisturbed."""
    project = new_project(tmp_path_factory.mktemp("reference"))
    project.run(project.study(**KILLED_STUDY), workers=2)
    return project.everything()


def wait_for(condition: Callable[[], object], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


@pytest.mark.timeout(300)
def test_killed_workers_and_drivers_leave_the_study_that_nobody_disturbed(project, family, tmp_path, reference):
    seed = int(os.environ.get("SEEDWISE_KILLS_SEED") or random.SystemRandom().randrange(10**6))
    print(f"SEEDWISE_KILLS_SEED={seed} repeats these kills")  # pytest shows it on failure
    killed = killed_study(project, family, tmp_path / "queue", random.Random(seed), most=10)
    assert killed.total() == 10, "the study ended before its kills: give it more replicates"
    assert project.everything() == reference
    assert problems_of(project, tmp_path / "queue") == []
    assert any(max(run.resumed_from, default=0) > 0 for run in project.runs().values())


TWICE = """
import pathlib
import time

def train(run):
    here, seed = pathlib.Path(run.config["here"]), str(run.seeds["init"])
    try:
        with (here / "first").open("x") as first:
            first.write(seed)
        waits_for = "late"
    except FileExistsError:
        waits_for = "first" if (here / "first").read_text() == seed else "end"
    while not (here / waits_for).exists():
        time.sleep(0.02)
    run.finish(accuracy=run.seeds["init"] / 100)
    if waits_for == "late":
        (here / "ended").touch()
"""


def test_a_worker_taken_for_lost_and_its_successor_make_one_record(project, family, tmp_path):
    """The supervisor stands still past its lease; its run goes on, and ends after that of the worker that follows."""
    project.code.write_text(TWICE)
    project.write(train={"function": "toy:train", "config": {"here": str(tmp_path)}}, replicates=2)
    queue = tmp_path / "queue"
    zombie = start(family, WORKER, queue, 1, stderr=subprocess.DEVNULL)
    driving = start(family, DRIVER, project.file, queue, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    successor = None
    try:
        wait_for((tmp_path / "first").exists)
        (name,) = files(queue, "leases")
        os.kill(zombie.pid, signal.SIGSTOP)
        wait_for(lambda: [file for file in files(queue, "todo") if file.endswith("@1")])
        successor = start(family, WORKER, queue, 2, stderr=subprocess.DEVNULL)
        wait_for(lambda: not files(queue, "todo") and len(files(queue, "claimed")) == 1)  # the first record is there
        wait_for(lambda: not files(queue, "outbox"))
        (tmp_path / "late").touch()
        wait_for((tmp_path / "ended").exists)
        os.kill(zombie.pid, signal.SIGCONT)
        wait_for(lambda: len(files(queue, "leases")) == 2)
        assert name not in files(queue, "leases"), "it goes on under another name"
        (tmp_path / "end").touch()
        out, _ = driving.communicate(timeout=100)
    finally:
        for process in filter(None, (zombie, successor)):
            os.kill(process.pid, signal.SIGCONT)
            kill(process, signal.SIGTERM)
            process.wait(timeout=60)
    assert "Outcome(counts={'finished': 2}" in out
    assert "done twice" not in out
    runs = project.runs().values()
    assert [(run.attempt, run.metrics) for run in runs] == [(0, {"test/accuracy": k / 100}) for k in (1, 2)]
    assert files(queue, "todo", "claimed", "leases", "outbox", "checkpoints") == []


@pytest.mark.parametrize("other", [False, True])
def test_a_second_record_is_compared_with_the_first(project, tmp_path, monkeypatch, other):
    monkeypatch.setenv("TOY_PAUSE", "0.1")  # the last run ends after the second record has come
    queue, ingested = tmp_path / "queue", []

    def late(record):
        ingested.append(record)
        if len(ingested) == 2:
            first = ingested[0]
            metrics = {"test/accuracy": 0.99} if other else first.metrics
            StudyFolder(queue).hand_over(replace(first, metrics=metrics, nonce="f" * 32, seconds=9.0))

    with served(queue):
        outcome, notes = project.run(project.study(replicates=3), executor=_Overheard(through(queue), late))
    assert outcome.counts == {"finished": 3}
    assert any("was done twice" in note and "the first is kept" in note for note in notes.notes) is other
    assert files(queue, "outbox") == []
    assert sorted(run.metrics["test/accuracy"] for run in project.runs().values()) == [0.01, 0.02, 0.03]
    assert [run.attempt for run in project.runs().values()] == [0, 0, 0]


def test_a_full_queue_ends_a_worker_in_a_line_and_another_goes_on(project, family, tmp_path):
    queue = tmp_path / "queue"
    project.write(train={"function": "toy:train", "config": {"rows": 20_000}}, replicates=3)  # 180 kB a record
    limited = f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (140_000, 140_000))\n{WORKER}"
    driving = start(family, DRIVER, project.file, queue, stdout=subprocess.PIPE, text=True)
    # A process that is not forked, so that its worker inherits the limit.
    worker = subprocess.Popen([sys.executable, "-c", limited, queue, "1"], stderr=subprocess.PIPE, text=True)
    _, said = worker.communicate(timeout=60)
    assert worker.returncode == 4
    (line,) = said.splitlines()
    assert line.startswith("no space left to write ")
    assert "outbox" in line
    assert [name.rpartition("@")[2] for name in files(queue, "todo")] == ["0", "0", "0"]
    assert files(queue, "claimed", "leases", "outbox") == []
    with served(queue):
        out, _ = driving.communicate(timeout=100)
    assert "Outcome(counts={'finished': 3}" in out


def test_a_full_queue_ends_the_driver_in_a_line_and_it_goes_on_later(project, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can mount a tmpfs")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("this root may not mount a tmpfs")
    try:
        project.write(replicates=60)  # a job takes a page of 4 kB
        with pytest.raises(StorageError, match=r"no space left to write .*disk/.*run the same command again"):
            project.run(executor=through(disk / "queue"))
        subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)
        with served(disk / "queue"):
            outcome, _ = project.run(executor=through(disk / "queue"))
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
    assert outcome.counts == {"finished": 60}


class _Overheard:
    """An executor whose records somebody else sees, too."""

    def __init__(self, executor, seen):
        self.executor, self.seen = executor, seen

    def execute(self, jobs, settings, ingest, progress):
        def both(*records):
            ingest(*records)
            for record in records:
                self.seen(record)

        return self.executor.execute(jobs, settings, both, progress)

    def close(self):
        self.executor.close()


def test_a_run_that_loses_its_workers_again_and_again_has_crashed(project, family, tmp_path):
    """More often than ``limits.retries`` allows; the message names the logs of the queue."""
    queue, marker = tmp_path / "queue", tmp_path / "asleep"
    config = {"do": "sleep", "at": 0, "marker": str(marker)}
    project.write(train={"function": "toy:train", "config": config}, limits={"retries": 1})
    driving = start(family, DRIVER, project.file, queue, stdout=subprocess.PIPE, text=True)
    for _ in range(2):
        worker = start(family, WORKER, queue, 1, stderr=subprocess.DEVNULL)
        wait_for(marker.exists)
        marker.unlink()
        kill(worker)
        worker.wait()
    out, _ = driving.communicate(timeout=60)
    assert "Outcome(counts={'crashed': 1}" in out
    (run,) = project.runs().values()
    assert run.error == f"its worker was lost, 2 times; see {queue}/logs"
    assert files(queue, "todo", "claimed", "leases") == []


def test_a_worker_that_stays_trains_with_the_code_of_the_next_driver(project, family, tmp_path):
    queue, code = tmp_path / "queue", "def train(run):\n    run.finish(accuracy={})\n"
    worker = start(family, WORKER, queue, 1, stderr=subprocess.DEVNULL)
    try:
        found = []
        for accuracy in ("0.25", "0.5"):
            project.code.write_text(code.format(accuracy))
            project.run(project.study(), executor=through(queue), retrain=True)
            (run,) = project.runs().values()
            found.append((run.metrics, run.status))
        assert len(files(queue, "leases")) == 1, "one worker did both"
    finally:
        kill(worker, signal.SIGTERM)
        worker.wait(timeout=60)
    assert found == [({"test/accuracy": 0.25}, "finished"), ({"test/accuracy": 0.5}, "finished")]
    assert worker.returncode == 130
