"""Ctrl-C, a driver that is gone, and a second one."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import psutil
import pytest

from seedwise.errors import SeedwiseError
from seedwise.execution import _supervisor
from seedwise.study import Silent, StudyFolder


def wait_for(condition: Callable[[], bool], seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def checkpoints(project) -> list[str]:
    names = {path.stem for path in StudyFolder.of_store(project.store_path).checkpoints.glob("[0-9a-f]*")}
    return sorted(names)


STUDY = {
    "train": {"function": "toy:train", "config": {"epochs": 20}},
    "checkpoint": {"every_epochs": 1},
    "replicates": 3,
}
SLOWLY = {"TOY_PAUSE": "0.2"}
PATIENT = 3600  # seconds of grace: a driver that ends at all has not waited for them
RUN = f"""
from seedwise.execution import _supervisor
_supervisor._GRACE = {PATIENT}
print(seedwise.Study.from_yaml("study.yaml").run(workers=2))
"""


@pytest.fixture(scope="module")
def reference(new_project, tmp_path_factory):
    """The same study, undisturbed."""
    project = new_project(tmp_path_factory.mktemp("reference"))
    project.run(project.study(**STUDY), workers=2)
    return project


def test_ctrl_c_ends_cleanly_and_the_same_command_goes_on(project, reference):
    project.write(**STUDY)
    driver = project.start(RUN, environment=SLOWLY, real=True)
    wait_for(lambda: len(checkpoints(project)) == 2)
    os.killpg(driver.pid, signal.SIGINT)  # as a terminal does: to the driver and its workers
    out, err = driver.communicate(timeout=240)  # workers stop at the end of an epoch
    assert driver.returncode == 0, err
    assert "interrupted=True" in out
    assert "Traceback" not in err
    statuses = [run.status for run in project.runs().values()]
    assert sorted(statuses) == ["interrupted", "interrupted", "pending"]

    outcome, _ = project.run(project.study(), workers=2)
    assert (outcome.counts, outcome.interrupted) == ({"finished": 3}, False)
    assert project.everything() == reference.everything()
    resumed = [run.resumed_from for run in project.runs().values()]
    assert sorted(map(len, resumed)) == [0, 1, 1]
    assert all(epochs[0] > 0 for epochs in resumed if epochs)


def test_ctrl_c_while_workers_start_does_not_wait_for_them(real_processes, project, monkeypatch):
    monkeypatch.setattr(_supervisor, "_GRACE", PATIENT)

    class StopAtOnce(Silent):
        def started(self, run_id: str) -> None:
            os.kill(os.getpid(), signal.SIGINT)

    project.write(**STUDY)
    before = signal.getsignal(signal.SIGINT)
    outcome, _ = project.run(project.study(), progress=StopAtOnce())
    assert outcome.interrupted
    assert outcome.counts == {"interrupted": 1, "pending": 2}
    assert signal.getsignal(signal.SIGINT) is before


def test_asked_to_stop_twice_it_stops_at_once(project):
    project.write(train={"function": "toy:train", "config": {"do": "sleep", "marker": str(project.folder / "asleep")}})
    driver = project.start(RUN)
    wait_for((project.folder / "asleep").exists)
    os.kill(driver.pid, signal.SIGINT)
    time.sleep(0.5)
    assert driver.poll() is None, "one request waits for the end of the epoch"
    os.kill(driver.pid, signal.SIGTERM)
    out, err = driver.communicate(timeout=50)  # the run sleeps for 60 s
    assert "'interrupted': 1" in out, err
    assert [run.status for run in project.runs().values()] == ["interrupted"]


def test_workers_end_when_their_driver_is_killed_and_the_lock_with_it(project):
    asleep = project.folder / "asleep"  # one worker has nothing to say that could fail, the other speaks every epoch
    project.write(
        train={"function": "toy:train", "config": {"epochs": 10_000}},
        methods={"base": {}, "silent": {"config": {"do": "sleep", "at": 0, "marker": str(asleep)}}},
        checkpoint={"every_epochs": 1},
    )
    driver = project.start(environment=SLOWLY, real=True)
    wait_for(lambda: asleep.exists() and bool(checkpoints(project)))
    workers = psutil.Process(driver.pid).children(recursive=True)
    assert len(workers) == 2
    driver.kill()
    driver.communicate()
    _, alive = psutil.wait_procs(workers, timeout=50)  # the silent one sleeps for 60 s
    for process in alive:
        process.kill()
    assert alive == []
    folder = StudyFolder.of_store(project.store_path)
    assert (folder.root / "lock").exists()
    with folder.lock():
        pass


def test_a_second_run_on_the_same_store_is_refused(project):
    project.write(**STUDY | {"replicates": 2})
    driver = project.start(environment=SLOWLY)
    try:
        wait_for(lambda: bool(checkpoints(project)))
        with pytest.raises(SeedwiseError, match=r"another process is running this study .*wait for it or stop it"):
            project.study().run(workers=1)
    finally:
        out, err = driver.communicate(timeout=120)
    assert "'finished': 2" in out, err
    assert [(run.attempt, run.resumed_from) for run in project.runs().values()] == [(0, [])] * 2, "undisturbed"
    assert project.run()[0].trained == 0, "the lock is free again"
