"""What the website of Weights & Biases exports, tables and charts; and records that no version of ours knows."""

import struct
from pathlib import Path

import numpy as np
import pytest

import seedwise
from seedwise.errors import SeedwiseError
from seedwise.reporting import Comparison
from seedwise.results import read
from seedwise.results.readers._files import Broken
from seedwise.results.readers._runs import TrackedRun
from seedwise.results.readers._tensorboard import _take_in
from seedwise.statistics import Interval

from .test_readers import leveldb, message

RNG = np.random.default_rng(2)
CURVES = {(method, seed): 0.8 + 0.01 * RNG.normal(size=5).cumsum() for method in ("base", "colu") for seed in range(6)}
LAST = {method: np.array([CURVES[method, seed][-1] for seed in range(6)]) for method in ("base", "colu")}


def table(state: str = "finished") -> str:
    """Return the table of a project, as its button exports it: settings, state and summaries, all in quotes."""
    head = '"Name","State","Notes","User","Tags","Created","Runtime","Sweep","lr","model.name","seed","val/acc","_step"'
    rows = [
        f'"brisk-sun-{k}","{state if k == 3 else "finished"}","-","jo","","2026-11-0{1 + k % 9}T08:00:{10 + k}.000Z",'
        f'"{60 + k}","","0.1","{method}","{seed}","{curve[-1]}","4"'
        for k, ((method, seed), curve) in enumerate(CURVES.items())
    ]
    return "\n".join([head, *rows]) + "\n"


def chart(step: str = "Step") -> str:
    """Return a chart, as its menu exports it: a column per run, each with its range where steps were sampled."""
    names = [f"{method}-s{seed} - val/acc" for method, seed in CURVES]
    head = ",".join([f'"{step}"', *(f'"{n}","{n}__MIN","{n}__MAX"' for n in names)])
    rows = [
        ",".join([f'"{k}"', *(f'"{curve[k]}","{curve[k] - 1}","{curve[k] + 1}"' for curve in CURVES.values())])
        for k in range(5)
    ]
    return "\n".join([head, *rows]) + "\n"


def check(path: Path, **options: str) -> Comparison:
    found = seedwise.compare(path, base="base", **options)
    base, colu = found.rows
    for row, values in ((base, LAST["base"]), (colu, LAST["colu"])):
        assert row.n == 6
        assert row.mean == pytest.approx(values.mean(), rel=1e-12)
        assert isinstance(row.spread, Interval)
        assert row.spread.estimate == pytest.approx(values.std(ddof=1), rel=1e-12)
    assert colu.paired is True
    return found


def test_the_table_of_a_project(tmp_path: Path) -> None:
    path = tmp_path / "wandb_export.csv"
    path.write_text(table(), encoding="utf-8")
    found = check(path, by="model.name", metric="val/acc")
    assert "seed: column 'seed'" in found.lines[1]
    path.write_text(table("crashed"), encoding="utf-8")
    crashed = seedwise.compare(path, base="base", by="model.name", metric="val/acc").rows[0]
    assert (crashed.n, crashed.failed) == (5, 1)
    path.write_text(table("running"), encoding="utf-8")
    going = seedwise.compare(path, base="base", by="model.name", metric="val/acc")
    assert going.rows[0].n == 5
    assert "1 row of runs that still go on" in going.lines[1]


@pytest.mark.parametrize("step", ["Step", "trainer/global_step", "epoch"])
def test_a_chart(step: str, tmp_path: Path) -> None:
    path = tmp_path / "wandb_chart.csv"
    path.write_text(chart(step), encoding="utf-8")
    found = check(path, name="{method}-s{seed}")
    assert "the columns __MIN and __MAX" in found.lines[1]
    check(path)  # what is called s0 to s5 is taken for a seed, without name=


def test_a_chart_of_groups_holds_no_runs(tmp_path: Path) -> None:
    path = tmp_path / "grouped.csv"
    path.write_text(chart().replace("base-s", "model: base").replace("colu-s", "model: colu"), encoding="utf-8")
    with pytest.raises(SeedwiseError, match="what is the method and what the seed in the name"):
        seedwise.compare(path, base="base")


def test_records_of_unknown_kind_are_counted_and_the_others_read(tmp_path: Path) -> None:
    def item(key: str, value: str) -> bytes:
        return message(1, message(1, key.encode()) + message(16, value.encode()))

    known = [message(2, item("accuracy", f"0.{k}")) for k in range(1, 4)] + [message(4, b"printed"), message(7, b"")]
    (tmp_path / "run-a.wandb").write_bytes(leveldb([known[0], message(61, b"new"), *known[1:], message(61, b"x")]))
    (tmp_path / "run-b.wandb").write_bytes(leveldb([*known, message(99, b"")]))
    found = read(tmp_path)
    assert found.set_aside == ["3 records of unknown kind (61, 99)"]
    assert found.data["accuracy"].tolist() == [0.1, 0.2, 0.3] * 2
    (tmp_path / "run-b.wandb").write_bytes(leveldb(known))
    (tmp_path / "run-a.wandb").write_bytes(leveldb(known))
    assert read(tmp_path).set_aside == []


def test_events_of_unknown_kind_are_counted() -> None:
    value = message(1, b"accuracy") + b"\x15" + struct.pack("<f", 0.5)
    run, broken = TrackedRun({}), Broken()
    with_more = message(5, message(1, value + message(12, b"x")))
    for event in (message(5, message(1, value)), message(15, b"new"), with_more):
        _take_in(b"\x10\x03" + event, run, broken)
    assert run.curve == {3.0: {"accuracy": 0.5}}
    assert broken.phrases == ["2 records of unknown kind (12, 15)"]
