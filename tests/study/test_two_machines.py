"""Do two machines agree to the bit? The other one is a worker of a folder, with another environment or other data."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from seedwise.cli import app
from seedwise.errors import SeedwiseError
from seedwise.study import Study, StudyFolder, compare_machines
from tests.execution import commands
from tests.execution.queues import WORKER, kill, served, start, through
from tests.nursery import environment_of_families, nursery

DIGITS = """
name: digits
task: {dataset: digits, train_examples: 100, test_examples: 50}
model: {name: small_cnn, width: 4}
train: {epochs: 3, batch_size: 20, optimizer: {name: sgd, lr: 0.1}}
"""
READS = """
import pathlib

def train(run):
    data = pathlib.Path(__import__("os").environ.get("TOY_DATA", "here")).name
    for epoch in range(3):
        run.log(epoch, loss=float(epoch if epoch == 0 or data == "here" else 7))
        run.checkpoint.save(epoch, epochs=epoch)
    run.finish(accuracy=0.5)
"""


@contextmanager
def another(queue, environment: Mapping[str, str], *, real: bool = False) -> Iterator[None]:
    """Serve a folder by a worker with another environment; ``real`` where libraries read that when they start."""
    words = [sys.executable, "-c", WORKER, str(queue), "1"]
    worker = (
        subprocess.Popen(words, env={**os.environ, **environment}, start_new_session=True)
        if real
        else start((nursery(), environment_of_families()), WORKER, queue, 1, environment=environment)
    )
    try:
        yield
    finally:
        kill(worker, signal.SIGTERM)
        worker.wait(timeout=60)


def test_two_that_agree(project, tmp_path):
    study, said = project.study(), []
    with served(tmp_path / "queue"):
        found = compare_machines(study, through(tmp_path / "queue", lease=60), report=said.append)
    assert found.difference is None
    assert (found.environment, found.code) == ({}, ())
    assert found.run_id == study.plan()[0].spec.id
    assert found.here == found.there == os.uname().nodename
    assert found.compared == "2 epochs of logged numbers, 2 training states"
    assert said[0] == "training here"
    assert len(said) == 2
    assert not study.store_path.exists()
    assert not any(StudyFolder.of_store(study.store_path).root.glob("doctor/checkpoints/*"))


def test_other_kernels_are_found_with_their_first_operation(tmp_path):
    """A processor without vector instructions: torch then adds in another order."""
    (tmp_path / "digits.yaml").write_text(DIGITS)
    queue = tmp_path / "queue"
    with another(queue, {"ATEN_CPU_CAPABILITY": "default"}, real=True):
        found = compare_machines(Study.from_yaml(tmp_path / "digits.yaml"), through(queue, lease=60))
    assert found.difference is not None
    assert found.difference.epoch == 0
    operation = found.difference.operation
    assert (operation.epoch, operation.step) == (0, 0)
    assert operation.name.startswith("aten.")
    assert found.environment["ATEN_CPU_CAPABILITY"] == ("", "default")
    assert found.environment["vector instructions"][1] == "DEFAULT"


def test_other_data_are_found_where_nothing_else_differs(project, tmp_path):
    project.code.write_text(READS)
    project.write()
    queue = tmp_path / "queue"
    words = ["doctor", str(project.file), "--executor", "folder", "--queue", str(queue)]
    with another(queue, {"TOY_DATA": "there"}):
        done = CliRunner().invoke(app, words)
    assert done.exit_code == 1, (done.output, done.exception)
    machine = re.escape(os.uname().nodename)
    assert re.fullmatch(
        f"  FAIL {machine} here and {machine} there do not agree: the bits differ from epoch 1 \\(counted from 0\\): "
        "loss; what is different there: nothing that is recorded; the data may be",
        done.output.splitlines()[-1],
    )


def test_that_they_agree_is_a_line(project, tmp_path):
    with served(tmp_path / "queue"):
        commands.doctor(project, ["--executor", "folder", "--queue", tmp_path / "queue"])


def test_a_program_and_other_checks_are_refused(project, tmp_path):
    project.write()
    program = tmp_path / "program.py"
    program.write_text("")
    for words, message in (
        ([str(program)], "doctor --executor folder takes a study file, and no program"),
        ([str(project.file), "--checks", "twice"], "doctor --executor folder takes no --checks: it is one of its own"),
    ):
        found = CliRunner().invoke(app, ["doctor", *words, "--executor", "folder"])
        assert isinstance(found.exception, SeedwiseError)
        assert str(found.exception) == message


def test_a_run_that_fails_there_is_said(project, tmp_path):
    study = project.study(train={"function": "toy:train", "config": {"do": "raise"}})
    with served(tmp_path / "queue"), pytest.raises(SeedwiseError, match="crashed: ValueError: no such"):
        compare_machines(study, through(tmp_path / "queue", lease=60))
