"""``replicates(train, n, parallel=...)``: a function of the user's in worker processes."""

from __future__ import annotations

import functools
import importlib
import os
import signal
import sys

import pytest

import seedwise
from seedwise.errors import ChangedCodeError, SeedwiseError
from seedwise.study import Store

from ..nursery import nursery
from ..toy_project import left

CODE = """
import os, random, time
import numpy as np
from pydantic import BaseModel

class Config(BaseModel, extra="forbid"):
    epochs: int = 2

def train(run):
    with run.randomness.scope("init"):
        w = random.random() + np.random.rand()
    for epoch in range(2):
        w += (run.randomness.numpy("shuffle", epoch).normal(size=(60, 60)) @ np.ones((60, 60))).sum()
        run.log(epoch, w=w, outside=random.random())
    run.save_predictions(run.randomness.numpy("init", "scores").normal(size=(5, 3)), np.arange(5) % 3)
    run.finish(accuracy=run.randomness.numpy("init", "accuracy").uniform())

def fails(run):
    if run.seeds["init"] == 2 and not os.environ.get("REPAIRED"):
        raise ValueError("no luck")
    run.finish(accuracy=0.5)

def named(run):
    time.sleep(0.3)
    run.finish(acc=0.5)

def typed(run: "seedwise.Run[Config]"):
    run.finish(accuracy=run.config.epochs / 10)

import seedwise
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """The module of the user's."""
    (tmp_path / "own_loop.py").write_text(CODE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    importlib.invalidate_caches()
    yield importlib.import_module("own_loop")
    del sys.modules["own_loop"]


def test_workers_give_the_bits_of_the_loop_and_are_used_again(own, tmp_path, capsys):
    for run in seedwise.replicates(4, store=tmp_path / "loop.db", quiet=True):
        own.train(run)
    outcome = seedwise.replicates(own.train, 3, parallel=2, store=tmp_path / "call.db")
    assert (outcome.counts, outcome.trained) == ({"finished": 3}, 3)
    outcome = seedwise.replicates(own.train, 4, parallel=2, store=tmp_path / "call.db")
    assert (outcome.counts, outcome.trained) == ({"finished": 4}, 1)
    assert left(tmp_path / "call.db") == left(tmp_path / "loop.db")
    said = capsys.readouterr().err
    assert f"'base' in {tmp_path / 'call.db'}: 1 run trained, 3 from before: 4 finished" in said
    assert (tmp_path / "call.html").exists()


def test_a_failure_is_kept_and_tried_again_when_asked(own, tmp_path, capsys, monkeypatch):
    call = functools.partial(seedwise.replicates, own.fails, 2, parallel=1, store=tmp_path / "s.db")
    assert call().counts == {"finished": 1, "crashed": 1}
    said = capsys.readouterr().err
    assert "base, run 2 of 2: crashed: ValueError: no luck" in said
    assert f"why: seedwise status {tmp_path / 's.db'}; retry_failed=True trains the failed again" in said
    assert call(quiet=True).trained == 0
    monkeypatch.setenv("REPAIRED", "1")
    assert call(quiet=True, retry_failed=True).counts == {"finished": 2}


def test_a_metric_under_another_name_stops_at_the_first_run_which_then_serves(own, tmp_path):
    call = functools.partial(seedwise.replicates, own.named, 4, parallel=1, store=tmp_path / "s.db", quiet=True)
    for _ in range(2):
        with pytest.raises(
            SeedwiseError, match=r'^no run reported test/accuracy; .*: pass metric="acc" to seedwise\.re'
        ):
            call()
        with Store(tmp_path / "s.db") as store:
            kept = sum(run.status == "finished" for run in store.runs())
        assert 1 <= kept < 4
    assert call(metric="acc").trained <= 4 - kept, "what a worker had handed over serves, too"
    with pytest.raises(SeedwiseError, match='metric="acc"'):
        call()


def test_changed_code_stops_and_names_the_argument(own, tmp_path):
    call = functools.partial(seedwise.replicates, own.typed, 1, parallel=1, store=tmp_path / "s.db", quiet=True)
    call()
    (tmp_path / "own_loop.py").write_text(CODE + "EDITED = 1\n")
    with pytest.raises(ChangedCodeError, match=r'\(own_loop\.py\): changed_code="retrain" trains them again'):
        call()
    assert call(changed_code="accept").trained == 0


def test_a_config_that_does_not_fit_trains_nothing(own, tmp_path):
    with pytest.raises(
        SeedwiseError, match=r"^config\.epochs does not fit own_loop:typed: Input should be a valid int"
    ):
        seedwise.replicates(own.typed, 1, config={"epochs": "many"}, store=tmp_path / "s.db")
    assert not (tmp_path / "s.db").exists()


def test_what_workers_cannot_import_is_refused(own, tmp_path):
    def inner(run): ...

    for train in (inner, lambda run: None, functools.partial(own.train), print):
        with pytest.raises(SeedwiseError, match="worker processes import what they train"):
            seedwise.replicates(train, 1, store=tmp_path / "s.db")
    with pytest.raises(SeedwiseError, match=r"^parallel=2 takes a function: replicates\(train, n, parallel=2\)$"):
        seedwise.replicates(3, parallel=2, store=tmp_path / "s.db")
    assert not (tmp_path / "s.db").exists()


PROGRAM = """
import os, signal, sys, time
import seedwise

os.environ.setdefault("DRIVER", str(os.getpid()))  # workers import this file, too, and find it there

def train(run):
    saved = run.checkpoint.load() or {"epoch": -1}
    for epoch in range(saved["epoch"] + 1, 3):
        run.log(epoch, loss=1.0)
        if epoch == 1 and os.environ.get("STOP") and run.seeds["init"] == 2:
            os.kill(int(os.environ["DRIVER"]), signal.SIGINT)
            while True:  # until the driver asks to stop, and this ends the run
                run.checkpoint.save(epoch)
                time.sleep(0.01)
        run.checkpoint.save(epoch)
    run.finish(accuracy=0.5)

"""
GUARD = "if __name__ == '__main__':\n    "
CALL = "print(seedwise.replicates(train, 3, parallel=1).counts)\n"


def test_a_script_without_a_guard_is_stopped_before_it_starts_itself(tmp_path):
    (tmp_path / "script.py").write_text(PROGRAM + CALL)
    done = nursery().run(["script.py"], cwd=tmp_path, timeout=250)
    assert done.returncode == 1
    assert done.stderr == (
        "seedwise: script.py, line 19: worker processes import this file, which would start more of them: put the line "
        "under 'if __name__ == \"__main__\":'\n"
    )
    assert not (tmp_path / "study.db").exists()


def test_a_script_is_stopped_by_ctrl_c_and_goes_on(tmp_path):
    (tmp_path / "script.py").write_text(PROGRAM + GUARD + CALL)
    stopped = nursery().run(["script.py"], cwd=tmp_path, env={**os.environ, "STOP": "1"}, timeout=250)
    assert stopped.returncode == -signal.SIGINT
    assert "Traceback" not in stopped.stderr
    assert "1 of 3 runs of 'base' are finished and kept in study.db. Go on with: " in stopped.stderr.splitlines()[-1]
    done = nursery().run(["script.py"], cwd=tmp_path, timeout=250)
    assert done.stdout == "{'finished': 3}\n", done.stderr
    with Store(tmp_path / "study.db") as store:
        assert [run.resumed_from for run in store.runs()] == [[], [2], []]
