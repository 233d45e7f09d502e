"""What the tests of other libraries' loops share."""

from pathlib import Path

import pytest

from .trainings import new_run


@pytest.fixture
def make_run(tmp_path):
    """Return a function that makes a run from its seeds; with ``file``, one that goes on after a stop."""

    def make(file=None, **seeds):
        return new_run(tmp_path / file if file else None, **seeds)

    return make


@pytest.fixture
def examples(monkeypatch):
    """Let the examples be imported."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "examples"))
