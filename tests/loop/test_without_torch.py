"""Loops of libraries that know nothing of torch, where torch cannot be imported."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from seedwise.study import Store

from ..nursery import BARE, nursery
from ..toy_project import left

BLOCKED = """
import runpy, sys

class NoTorch:
    def find_spec(self, name, *rest):
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")

sys.meta_path.insert(0, NoTorch())
sys.argv = sys.argv[1:]
sys.path.insert(0, ".")
runpy.run_path(sys.argv[0], run_name="__main__")
assert "torch" not in sys.modules
"""

PROGRAM = """
import os, random, signal, sys
import numpy as np
import seedwise

for run in seedwise.replicates(2, store=sys.argv[1], checkpoint_seconds=0, ignore_args=["argument 2"]):
    saved = run.checkpoint.load() or {"epoch": -1, "w": np.zeros(3)}
    w = saved["w"]
    for epoch in range(saved["epoch"] + 1, 4):
        with run.randomness.scope("shuffle", epoch):
            w = w + np.random.rand(3) + random.random()
        run.log(epoch, loss=w.sum())
        run.checkpoint.save(epoch, w=w)
        if sys.argv[2:] == ["die"] and run.seeds["init"] == 2 and epoch == 1:
            os.kill(os.getpid(), signal.SIGKILL)
    run.save_weights({"w": w})
    run.save_predictions(run.randomness.numpy("init", "scores").random((6, 2)), np.arange(6) % 2)
    run.finish(accuracy=float(w[0] % 1))
"""

WORKERS = """
import seedwise

def train(run):
    run.log(0, loss=run.randomness.numpy("init", "loss").uniform())
    run.finish(accuracy=0.5)

if __name__ == "__main__":
    print(seedwise.replicates(train, 2, parallel=1, quiet=True).counts)
"""


def start(folder: Path, text: str, *arguments: str):
    (folder / "blocked.py").write_text(BLOCKED)
    (folder / "program.py").write_text(text)
    return nursery().run(["blocked.py", "program.py", *arguments], cwd=folder, env={**os.environ, **BARE}, timeout=280)


def test_a_loop_is_killed_resumed_and_reported(tmp_path):
    done = start(tmp_path, PROGRAM, "whole.db")
    assert done.returncode == 0, done.stderr
    assert "report: whole.html" in done.stderr
    whole = left(tmp_path / "whole.db")
    assert [run.status for run in whole] == ["finished"] * 2
    one, two = whole
    assert one.metrics != two.metrics
    assert one.weights != two.weights
    assert one.logits != two.logits
    assert start(tmp_path, PROGRAM, "killed.db", "die").returncode == -9
    assert start(tmp_path, PROGRAM, "killed.db").returncode == 0
    assert left(tmp_path / "killed.db") == whole
    with Store(tmp_path / "killed.db") as store:
        assert store.runs()[1].resumed_from == [2]


def test_workers_need_no_torch(tmp_path):
    done = start(tmp_path, WORKERS)
    assert done.stdout == "{'finished': 2}\n", done.stderr


EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    ("example", "module"), [("scikit_learn.py", "sklearn"), ("boosted_trees.py", "lightgbm"), ("jax_loop.py", "jax")]
)
def test_the_examples_run(tmp_path, monkeypatch, example, module):
    if (folder := os.environ.get("SEEDWISE_JAX")) and module == "jax":  # installed apart
        monkeypatch.syspath_prepend(folder)
        monkeypatch.setenv("PYTHONPATH", folder, prepend=os.pathsep)
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    done = start(tmp_path, (EXAMPLES / example).read_text(), "--seeds", "3")
    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "study.db") as store:
        runs = store.runs()
        kept = store.predictions([run.run_id for run in runs])
    assert [run.status for run in runs] == ["finished"] * 3
    assert min(run.metrics["test/accuracy"] for run in runs) > 0.9
    assert len({p.logits.tobytes() for p in kept.values()}) == 3
    assert "the seed has no effect" not in done.stderr
