"""The benchmark of a GPU: a rehearsal without one."""

import argparse
import json
import sys
from pathlib import Path

import pytest

from tests.nursery import nursery

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    import gpu

    return gpu


@pytest.mark.programs
@pytest.mark.timeout(900)
def test_everything_runs_at_tiny_size(tmp_path):
    command = [str(FOLDER / "gpu.py"), "--tiny", "--device", "cpu", "--minutes", "14", "--out", str(tmp_path)]
    done = nursery().run(command, timeout=880)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "gpu.json").read_text())
    assert list(found["stages"]) == ["steps", "sharing", "bits", "loops", "losses", "costs"]
    rows = [row for rows in found["stages"].values() for row in rows]
    assert [row for row in rows if row["value"] is None] == []
    same = [row for row in found["stages"]["bits"] if row["target"]]
    assert len(same) == 10
    assert all(row["value"] == float(row["target"]) for row in same), same
    assert (tmp_path / "gpu.md").read_text().count("\n| ") == len(rows) + len(found["stages"])


def test_a_stage_that_fails_or_takes_too_long_says_so(gpu, tmp_path):
    options = argparse.Namespace(device="cpu", tiny=True)
    (row,) = gpu._rows("no stage", options, 100)
    assert row["note"] == "ended with code 1"
    (row,) = gpu._rows("losses", options, 0.2)
    assert row["note"] == "stopped after 0 s: what is not listed was not measured"
    assert row["value"] is None


def test_costs_are_those_of_all_runs(gpu):
    def rows(name, per_500_epochs, evaluation):
        empty = {"unit": "", "n": 1, "low": None, "high": None, "target": ""}
        yield {**empty, "name": f"{name}, float32, graphs", "value": per_500_epochs, "note": ""}
        yield {**empty, "name": f"{name}, float32, graphs: evaluation", "value": evaluation, "note": ""}

    known = list(rows("resnet14, width 64", 500.0, 0.5))
    shared = {**known[0], "name": "4 processes", "note": "2.00 times one"}
    table1, *_, table2 = [row for row in gpu.costs([*known, shared]) if "float32" in row["name"] + row["note"]]
    # 3 methods in 4 regimes, 20 times 200 epochs of 1 s and an evaluation of 0.5 s
    assert table1["value"] == pytest.approx(3 * 4 * 20 * 200 * 1.5 / 3600)
    assert table1["name"] == "vml-table1, 240 runs, float32"
    assert "; 10 where runs share" in table1["note"]
    assert table2["value"] is None
    assert "mobilenet_v2, float32, graphs" in table2["note"]
    others = [row for name in ("vgg16", "shufflenet_v2", "mobilenet_v2") for row in rows(name, 1000.0, 1.0)]
    found = {row["name"]: row["value"] for row in gpu.costs([*known, *others])}
    # 2 datasets, 3 methods, 20 runs of each network
    assert found["vml-table2, 480 runs, float32"] == pytest.approx(2 * 3 * 20 * 200 * (1.5 + 3 * 3) / 3600)


def test_without_a_gpu_it_is_one_line(gpu, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["gpu.py"])
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(SystemExit, match=r"^torch sees no GPU here; python benchmarks/gpu\.py --tiny"):
        gpu.main()
