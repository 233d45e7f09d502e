"""What becomes of runs and workers."""

from __future__ import annotations

import os
import sqlite3

import pytest

from seedwise import replicates
from seedwise.errors import SeedwiseError
from seedwise.execution import check_devices
from seedwise.study import Store, StudyFolder, StudyPatient

METHODS = {
    "base": {},
    "raises": {"config": {"do": "raise"}},
    "killed_once": {"config": {"do": "kill once"}},
    "killed": {"config": {"do": "kill"}},
    "prints": {"config": {"do": "print"}},
    "sleeps": {"config": {"do": "sleep"}},
    "forgets": {"config": {"do": "return"}},
    "not_a_number": {"config": {"do": "nan"}},
    "memory": {"config": {"do": "memory"}},
    "exits": {"config": {"do": "exit"}},
    "ends": {"config": {"do": "end"}},
}


@pytest.fixture(scope="module")
def eventful(new_project, tmp_path_factory):
    """A study in which every method ends in another way, and what was said of it."""
    folder = tmp_path_factory.mktemp("eventful")
    project = new_project(folder)
    for method in METHODS.values():
        if method:
            method["config"]["marker"] = str(folder / method["config"]["do"])
    study = project.study(
        methods=METHODS, limits={"seconds": 5, "retries": 1}, checkpoint={"every_epochs": 1}, replicates=1
    )
    outcome, notes = project.run(study, workers=2)
    return project, outcome, notes


@pytest.mark.parametrize(
    ("method", "status", "error"),
    [
        ("base", "finished", None),
        ("raises", "crashed", "ValueError: no such"),
        ("killed_once", "finished", None),
        (
            "killed",
            "crashed",
            "its worker was killed by signal 9, 2 times (signal 9 is often the system running out of",
        ),
        ("prints", "finished", None),
        ("sleeps", "timeout", "it took longer than the 5 s of limits.seconds"),
        ("forgets", "crashed", "toy:train returned without calling run.finish(...)"),
        ("not_a_number", "diverged", "test/accuracy is not finite"),
        ("memory", "out_of_memory", "MemoryError: no message"),
        ("exits", "crashed", "toy:train called sys.exit(3)"),
        ("ends", "crashed", "its worker exited with code 4, 2 times"),
    ],
)
def test_every_end_is_a_recorded_outcome(eventful, method, status, error):
    project, _, _ = eventful
    run = project.runs()[method, 0]
    assert run.status == status
    if error is None:
        assert run.error is None
        assert run.metrics == {"test/accuracy": 0.01}
    else:
        assert run.error.startswith(error)
        assert "\n" not in run.error


def test_the_outcome_counts_the_ends(eventful):
    _, outcome, notes = eventful
    assert outcome.counts == {"finished": 3, "crashed": 5, "timeout": 1, "diverged": 1, "out_of_memory": 1}
    assert (outcome.failed, outcome.trained, outcome.interrupted) == (8, 11, False)
    assert sorted(status for _, status in notes.outcomes) == sorted(
        ["finished"] * 3 + ["crashed"] * 5 + ["timeout", "diverged", "out_of_memory"]
    )


def test_a_traceback_is_kept(eventful):
    project, _, _ = eventful
    with Store(project.store_path) as store:
        text = store.traceback(project.runs()["raises", 0].run_id)
        assert store.traceback(project.runs()["base", 0].run_id) is None
    assert "in act" in text
    assert text.rstrip().endswith("ValueError: no such\nluck")


def test_a_worker_that_is_killed_costs_a_retry_from_the_checkpoint(eventful):
    project, _, notes = eventful
    runs = project.runs()
    assert runs["killed_once", 0].resumed_from == [1]
    assert runs["base", 0].resumed_from == []
    with Store(project.store_path) as store:
        series = store.series([runs["killed_once", 0].run_id, runs["base", 0].run_id])
    # The same seeds and the same draws: what was killed in between shows in nothing.
    assert series[runs["killed_once", 0].run_id] == series[runs["base", 0].run_id]
    assert len(series[runs["base", 0].run_id]) == 3
    said = [note for note in notes.notes if runs["killed_once", 0].run_id in note]
    assert len(said) == 1
    assert said[0].endswith("was killed by signal 9; the run goes on from its last checkpoint")


def test_only_deaths_of_workers_are_retried(eventful):
    project, _, notes = eventful
    started = {method: notes.begun.count(run.run_id) for (method, _), run in project.runs().items()}
    twice = {"killed_once", "killed", "ends"}
    assert started == {method: 2 if method in twice else 1 for method in METHODS}


def test_what_a_function_prints_lands_in_a_log(eventful):
    project, _, _ = eventful
    logs = StudyFolder.of_store(project.store_path).logs
    text = "".join(file.read_text() for file in logs.iterdir())
    assert '{"event": "done", "id": "x"' in text
    assert "from a child process" in text


def test_nothing_is_left_beside_the_store(eventful):
    project, _, _ = eventful
    folder = StudyFolder.of_store(project.store_path)
    assert list(folder.outbox.iterdir()) == []
    assert list(folder.checkpoints.iterdir()) == []


def test_failures_are_trained_again_only_when_asked_for(new_project, tmp_path):
    project = new_project(tmp_path)
    study = project.study(methods={"base": {}, "raises": {"config": {"do": "raise"}}})
    assert project.run(study)[0].trained == 2
    assert project.run(study)[0].trained == 0
    outcome, _ = project.run(study, retry_failed=True)
    assert (outcome.trained, outcome.counts) == (1, {"finished": 1, "crashed": 1})
    assert project.runs()["raises", 0].attempt == 1
    assert project.runs()["base", 0].attempt == 0


def test_more_replicates_train_only_what_is_missing(project):
    assert project.run(project.study(replicates=2))[0].trained == 2
    outcome, notes = project.run(project.study(replicates=3))
    assert (outcome.trained, outcome.counts) == (1, {"finished": 3})
    new = project.runs()["base", 2].run_id
    assert (notes.begun, notes.outcomes) == ([new], [(new, "finished")])
    assert notes.epochs == [(new, 0), (new, 1), (new, 2)]
    assert {r: run.metrics["test/accuracy"] for (_, r), run in project.runs().items()} == {0: 0.01, 1: 0.02, 2: 0.03}


def test_weights_are_kept_beside_the_store(undisturbed):
    import torch

    folder = StudyFolder.of_store(undisturbed.store_path)
    runs = undisturbed.runs()
    assert {path.name for path in folder.weights.iterdir()} == {f"{run.run_id}-final.pt" for run in runs.values()}
    for (_, replicate), run in runs.items():
        state = torch.load(folder.weights / f"{run.run_id}-final.pt", weights_only=True)
        assert state["w"].tolist() == [1.0 + replicate] * 2


def test_a_function_that_does_not_import_in_the_worker_is_an_outcome(project):
    project.code.write_text(project.code.read_text() + "\nif 'seedwise.execution._worker' in sys.orig_argv: 1 / 0\n")
    outcome, _ = project.run(project.study(limits={"retries": 0}))
    assert outcome.counts == {"crashed": 1}
    (run,) = project.runs().values()
    assert run.error == "'toy' does not import: ZeroDivisionError: division by zero"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"device": "gpu"}, "unknown device 'gpu': use cpu, cuda"),
        ({"workers": 0}, "--workers 0: at least one"),
        ({"runs_per_device": 0}, "--runs-per-device 0: at least one"),
    ],
)
def test_impossible_devices_and_workers_are_refused(project, options, message):
    with pytest.raises(SeedwiseError, match=message):
        project.study().run(**options)
    assert not project.store_path.exists()


@pytest.mark.parametrize(
    ("device", "there", "sees"),
    [
        ("cuda", 0, "device cuda: torch .* sees no CUDA device here: use cpu"),
        ("cpu,cuda:1", 1, "device cuda:1: torch .* sees 1 CUDA device here: use cuda"),
        ("cuda:3", 3, "device cuda:3: torch .* sees 3 CUDA devices here: use cuda:0 to cuda:2"),
        ("mps", 0, "device mps: torch .* sees no Apple GPU here: use cpu"),
    ],
)
def test_a_missing_gpu_is_said(project, monkeypatch, device, there, sees):
    monkeypatch.setattr("torch.cuda.device_count", lambda: there)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: bool(there))
    study = project.study()
    for begin in (lambda: study.run(device=device), lambda: StudyPatient(study, device)):
        with pytest.raises(SeedwiseError, match=f"^{sees}$"):
            begin()
    if "," not in device:
        with pytest.raises(SeedwiseError, match=f"^{sees}$"):
            next(iter(replicates(2, device=device, store=project.store_path.with_name("loop.db"), quiet=True)))
    assert check_devices(["cpu"]) is None


def test_workers_find_modules_beside_the_study_file_from_anywhere(real_processes, project, monkeypatch, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert project.run()[0].counts == {"finished": 1}
    assert list(elsewhere.iterdir()) == []


def test_the_store_of_an_older_study_stays_readable_while_another_writes(undisturbed):
    connection = sqlite3.connect(undisturbed.store_path)
    try:
        connection.execute("BEGIN IMMEDIATE")
        with Store(undisturbed.store_path) as store:
            assert len(store.runs()) == 6
    finally:
        connection.close()


def test_a_store_that_cannot_be_made_is_said_before_anything_is_trained(project):
    (project.folder / "toy.db").mkdir()
    with pytest.raises(SeedwiseError, match=r"toy\.db"):
        project.study().run(workers=1)


def test_what_must_be_set_before_a_worker_starts_is_set():
    from seedwise.execution._processes import worker_environment

    environment = worker_environment()
    assert environment["PYTHONHASHSEED"] == "0"
    assert environment["OMP_NUM_THREADS"] == "1"
    assert environment["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert environment["PATH"] == os.environ["PATH"]


def test_the_time_limit_is_the_runs_and_not_that_of_starting_a_worker(new_project, tmp_path, monkeypatch):
    (tmp_path / "late").mkdir()
    (tmp_path / "late" / "sitecustomize.py").write_text("import time\ntime.sleep(5)\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "late"), os.environ.get("PYTHONPATH", "")]))
    project = new_project(tmp_path)
    study = project.study(methods={"base": {}}, limits={"seconds": 4}, replicates=1)
    outcome, _ = project.run(study, workers=1)
    assert outcome.counts == {"finished": 1}
