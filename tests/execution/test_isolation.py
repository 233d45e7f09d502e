"""Runs do not touch each other, in whatever order and in however many workers they are trained."""

from __future__ import annotations

import pytest

from seedwise.study import Store

MESSY = """
import os, random, signal, sys
import numpy as np
import torch

KEPT = []
MODULE_DRAW = np.random.rand()


def train(run):
    torch.manual_seed  # named, not called
    with run.randomness.scope("init"):
        weight = torch.rand(4)
    outside = [torch.rand(1).item(), np.random.rand(), random.random(), MODULE_DRAW]
    result = weight.sum() / 3 + torch.tensor(1.0) / 3
    seen = float(os.environ.get("MESS", 0))
    run.log(0, loss=float(result), outside=sum(outside), seen=seen, grad=torch.is_grad_enabled())
    run.save_weights({"weight": weight, "third": torch.tensor(1.0) / 3})
    match run.config["do"]:
        case "mess":
            torch.set_default_dtype(torch.float64)
            torch.set_grad_enabled(False)
            os.chdir("/")
            os.environ["MESS"] = "1"
            sys.stdout = open(os.devnull, "w")
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        case "stuck":
            KEPT.append(torch.inference_mode())
            KEPT[-1].__enter__()
    run.finish(accuracy=float(weight.mean()))
"""

IMPORTED = "import torch\ntorch.set_default_dtype(torch.float64)\nfrom toy import train\n"


def results(project, workers, name, **keys):
    store = project.folder / f"{name}{workers}.db"
    study = project.study(**keys)
    study.store_path = store
    outcome = study.run(workers=workers)
    assert set(outcome.counts) == {"finished"}
    with Store(store) as opened:
        runs = opened.runs()
        series = opened.series(run.run_id for run in runs)
        seen = {
            (run.link.method, run.link.replicate): (run.weights_sha256, run.metrics, series[run.run_id]) for run in runs
        }
        return seen, {(run.link.method, run.link.replicate): run.notes for run in runs}


METHODS = {"messy": {"config": {"do": "mess"}}, "stuck": {"config": {"do": "stuck"}}, "base": {"config": {"do": "-"}}}


@pytest.fixture
def mess(project):
    project.code.write_text(MESSY)
    return {
        "train": {"function": "toy:train", "config": {"do": "-"}},
        "methods": METHODS,
        "base": "base",
        "replicates": 3,
    }


def test_one_worker_and_three_give_the_same_bits(project, mess):
    alone, notes = results(project, 1, "a", **mess)
    assert alone == results(project, 3, "b", **mess)[0]
    assert all(rows[0]["seen"] == 0 for _, _, rows in alone.values())
    left = notes["messy", 0]
    for name in ("torch's default dtype", "torch's gradient mode", "the working directory", "the environment"):
        assert f"left {name} changed; it was put back for the next run" in left
    assert "left torch's inference mode entered, which cannot be put back" in notes["stuck", 1]
    assert notes["base", 2] == []


def test_what_a_module_changes_when_it_is_imported_holds_for_its_own_runs_alone(project):
    project.code.write_text(MESSY)
    (project.folder / "imported.py").write_text(IMPORTED)
    digests = {}
    for workers, functions in ((1, ("toy:train", "imported:train")), (2, ("imported:train", "toy:train"))):
        store = project.folder / f"{workers}.db"
        for function in functions:
            study = project.study(train={"function": function, "config": {"do": "-"}}, replicates=2, name=function[:3])
            study.store_path = store
            study.run(workers=1)
            with Store(store) as opened:
                digests.setdefault(function, []).append([run.weights_sha256 for run in opened.runs(function[:3])])
    assert digests["toy:train"][0] == digests["toy:train"][1]
    assert digests["imported:train"][0] == digests["imported:train"][1]
    assert digests["toy:train"][0] != digests["imported:train"][0], "double precision has other bits"
