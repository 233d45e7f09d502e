"""What the tests of other libraries' loops share: runs without a study, and a kill in the middle of one."""

import os
import signal
from pathlib import Path

import pytest

from seedwise.run import Checkpoint, Keep, Run, RunSpec


@pytest.fixture
def make_run(tmp_path):
    """Return a function that makes a run from its seeds; with ``file``, one that goes on after a stop."""

    def make(file=None, **seeds):
        checkpoint = Checkpoint(tmp_path / file, every_epochs=1) if file else None
        return Run(RunSpec("test:train", {}, seeds), {}, checkpoint=checkpoint, keep=Keep(predictions="full"))

    return make


@pytest.fixture
def killed():
    """Return a function that calls another in a process of its own, in which it kills itself."""

    def call(function, *args, **named):
        child = os.fork()
        if child == 0:
            try:
                function(*args, **named)
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), "it ended without having killed itself"
        assert os.WTERMSIG(status) == signal.SIGKILL

    return call


@pytest.fixture
def examples(monkeypatch):
    """Let the examples be imported."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "examples"))
