"""What a loop shows: its progress, what was trained, the table, the report, and how to go on after Ctrl-C."""

from __future__ import annotations

import inspect
import io
import os
import re
import signal
import sys
from pathlib import Path
from typing import get_type_hints

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

import seedwise
from seedwise.cli import app
from seedwise.errors import SeedwiseError
from seedwise.execution import Upcoming
from seedwise.loop._replicates import LoopOptions
from seedwise.run import Numerics, RunRecord
from seedwise.statistics import Metric
from seedwise.study import planned_loop
from seedwise.study._upcoming import upcoming_of_loop
from seedwise.terminal import Bar

from ..nursery import nursery


def train(run, accuracy: float = 0.5) -> None:
    for epoch in range(2):
        run.log(epoch, loss=run.seeds["init"] / (1 + epoch), **({"lr": 0.1} if epoch else {}))
    run.finish(accuracy=accuracy + run.randomness.numpy("init", "accuracy").uniform() / 100)


def test_a_line_per_run_then_what_was_trained_the_table_and_the_report(tmp_path, capsys):
    store = tmp_path / "s.db"
    for run in seedwise.replicates(3, vary=["init"], store=store):
        train(run)
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines[0].startswith("seedwise: base, run 1 of 3: accuracy 50.")
    assert "; about " in lines[0]
    assert " left" not in lines[2]
    assert lines[3] == f"seedwise: 'base' in {store}: 3 runs trained: 3 finished"
    assert lines[4] == "s, init varies, 3 replicates"
    assert lines[6].split()[:3] == ["base", "3", "0"]
    report = store.with_suffix(".html")
    assert lines[-1] == f"report: {report}; the table again: seedwise show {store}"
    # Every name that was logged has its curve, wherever it was logged.
    assert ">loss</text>" in report.read_text()
    assert ">lr</text>" in report.read_text()

    for run in seedwise.replicates(5, vary=["init"], store=store):
        train(run)
    err = capsys.readouterr().err
    assert "base, run 4 of 5" in err
    assert f"'base' in {store}: 2 runs trained, 3 from before: 5 finished\n" in err
    assert list(seedwise.replicates(5, vary=["init"], store=store)) == []
    assert capsys.readouterr().err.startswith(f"seedwise: nothing to train in {store}: of 'base' there are 5 finished")

    # The report is written again where it would be another one, or is missing.
    def written_by(**options) -> bool:
        report.write_text("as it was")
        assert list(seedwise.replicates(5, vary=["init"], store=store, **options)) == []
        assert f"report: {report}" in capsys.readouterr().err
        return report.read_text() != "as it was"

    assert [written_by(), written_by(chance=0.1), written_by(chance=0.1)] == [False, True, False]
    report.unlink()
    assert list(seedwise.replicates(5, vary=["init"], store=store, chance=0.1)) == []
    assert report.exists()


def test_the_loops_of_two_methods_print_the_same_table_once(tmp_path, capsys):
    def program(n: int) -> str:
        for method in ("base", "high"):
            for run in seedwise.replicates(
                n, vary=["init"], method=method, config={"m": method}, store=tmp_path / "m.db"
            ):
                train(run, 0.5 if method == "base" else 0.6)
        return capsys.readouterr().err

    title = "m, init varies, 4 replicates paired by seed\n"
    assert program(4).count("m, init varies, 4 replicates") == 2, "that of the base before the other is trained"
    for _ in range(2):  # again in a process that has printed it, as in a notebook
        again = program(4)
        assert again.count(title) == 1
        assert again.count("seedwise: table and report are those above\n") == 1
    fewer = program(3)
    assert "1 more run of 'high' is kept and not shown: a call for as many as before shows all again" in fewer
    assert "m, init varies, 3 replicates paired by seed\n" in fewer
    more = program(4)
    assert "kept and not shown" not in more
    assert title in more
    grown = program(6)
    store = tmp_path / "m.db"
    assert (
        f"'base' now has 6 runs, 'high' 4: the table follows when all have as many; as it is: seedwise show {store}\n"
        in grown
    )
    assert grown.count("m, init varies, ") == grown.count("m, init varies, 6 replicates paired by seed\n") == 1
    alone = [*seedwise.replicates(5, vary=["init"], method="base", config={"m": "base"}, store=store)]
    assert alone == []
    assert "'base' now has 5 runs, 'high' 6" in capsys.readouterr().err
    assert [*seedwise.replicates(5, vary=["init"], method="base", config={"m": "base"}, store=store)] == []
    assert "not paired\n" in capsys.readouterr().err, "where nothing has changed, the table is shown as it is"


def test_runs_of_another_config_are_not_compared_with_those_of_before(tmp_path, capsys):
    store = tmp_path / "s.db"

    def program(trees: int, methods: str = "ab") -> list[str]:
        said = []
        for method in methods:
            for run in seedwise.replicates(3, method=method, config={"trees": trees, "of": method}, store=store):
                train(run, trees / 100 + (method == "b") / 50)
            said.append(capsys.readouterr().err)
        return said

    assert "\na  " in program(30)[1]
    assert "trees: 30" in store.with_suffix(".html").read_text()
    first, second = program(60)
    assert (
        "seedwise: 'a' has other runs than before (another config, sources or seeds), and those of 'b' are from "
        f"before: the table follows with their loops; as it is: seedwise show {store}\n"
    ) in first
    assert "SD [95 %]" not in first
    assert "\na  " in second
    assert "\nb  " in second
    assert "trees: 60" in store.with_suffix(".html").read_text()


def test_quiet_prints_nothing_and_writes_no_report(tmp_path, capsys):
    for run in seedwise.replicates(2, store=tmp_path / "s.db", quiet=True):
        train(run)
    assert capsys.readouterr() == ("", "")
    assert not (tmp_path / "s.html").exists()


def test_failures_and_a_metric_under_another_name_are_said_with_their_remedy(tmp_path, capsys):
    store = tmp_path / "s.db"
    said = 'no run reported test/accuracy; runs reported test/f1: pass metric="f1" to seedwise.replicates'
    trained = []

    def body(run) -> None:
        trained.append(run.id)
        run.finish(f1=0.5)

    with pytest.raises(SeedwiseError, match=f"^{re.escape(said)}"):
        list(map(body, seedwise.replicates(2, store=store)))
    assert len(trained) == 1, "it is said at the first finish"
    list(map(body, seedwise.replicates(2, store=store, metric="f1", quiet=True)))
    assert len(set(trained)) == len(trained) == 2, "the first is used again"
    with pytest.raises(SeedwiseError, match=re.escape(said)):
        list(seedwise.replicates(2, store=store))
    assert said in CliRunner().invoke(app, ["status", str(store)]).output
    capsys.readouterr()
    for run in seedwise.replicates(2, method="b", config={"b": 1}, store=store):
        run.finish(accuracy=float("inf"))
    err = capsys.readouterr().err
    assert "seedwise: b, run 1 of 2: diverged: test/accuracy is not finite" in err
    assert f"2 diverged; why: seedwise status {store}; retry_failed=True trains the failed again" in err
    again = [run.finish(accuracy=0.5) for run in seedwise.replicates(2, method="b", config={"b": 1}, store=store)]
    assert again == []
    runs = seedwise.replicates(2, method="b", config={"b": 1}, store=store, retry_failed=True, quiet=True)
    assert [run.finish(accuracy=0.5) for run in runs] == [None, None]


@pytest.mark.parametrize(
    ("left", "sentence"),
    [
        (
            lambda run: run.log(0, loss=0.25),
            "compared bit for bit: the training is deterministic, or the seed has no eff",
        ),
        (
            lambda run: run.save_predictions(np.array([[0.2, 0.8], [0.6, 0.4]]), [1, 1]),
            "compared bit for bit: the training is deterministic, or the seed has no effect",
        ),
        (lambda run: None, "all 3 finished runs have the same results: the training is deterministic, the seed has no"),
    ],
    ids=["series", "scores", "metrics"],
)
def test_a_seed_without_effect_is_said(tmp_path, capsys, left, sentence):
    for run in seedwise.replicates(3, vary=["init"], store=tmp_path / "s.db"):
        run.randomness.integer("init")
        left(run)
        run.finish(accuracy=0.75)
    assert sentence in capsys.readouterr().err


def test_a_loop_that_draws_outside_every_scope_reads_what_to_do_in_one_line(tmp_path, capsys):
    for run in seedwise.replicates(3, store=tmp_path / "s.db"):
        generator = np.random.default_rng(0)
        run.log(0, loss=generator.normal())
        run.finish(accuracy=generator.uniform())
    err = capsys.readouterr().err
    assert "the source '" not in err
    assert err.count("nothing drew from") == 1
    assert (
        "base (all): the sources init, shuffle, augment, dropout do not vary: nothing drew from them. What is seeded "
        "outside every scope is the same in every run: put what draws into a block "
        "'with run.randomness.scope(\"init\"):'"
    ) in err


def test_runs_that_differ_in_their_scores_alone_are_not_called_alike(tmp_path, capsys):
    for run in seedwise.replicates(3, vary=["init"], store=tmp_path / "s.db"):
        score = 0.6 + run.randomness.numpy("init", "score").uniform() / 10
        run.save_predictions(np.array([[1 - score, score]]), [1])
        run.finish(accuracy=1.0)
    err = capsys.readouterr().err
    assert "the seed has no effect" not in err
    assert "same results" not in err


def plan_of(n: int, path: Path):
    return planned_loop(
        n, function="m:train", program="m.py", method="mine", factor=None, config=None, vary="all", store=path,
        study=None, metric=Metric("accuracy", "share"), first_replicate=0, numerics=Numerics(), attribute=False,
    )  # fmt: skip


def test_on_a_terminal_lines_say_how_far_all_is_what_is_trained_and_how_the_last_run_ended(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    plan = plan_of(5, tmp_path / "s.db")
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=120, highlight=False, color_system=None)
    bar = Bar(console, before="seedwise: ", line_every=0)

    def shown() -> list[str]:
        text = out.getvalue().split("\x1b[2K")[-1].replace("\r", "")
        out.seek(0)
        out.truncate()
        return ["".join(c for c in line if c not in "\u2501\u2578\u257a").rstrip() for line in text.splitlines()]

    named = list(upcoming_of_loop(plan).values())
    bar.planned(named[2:])  # two are there
    ids = [one.id for one in named[2:]]
    bar.started(ids[0])
    first, second = shown()
    assert first.startswith("0 of 3 runs")
    assert second == "mine, run 3 of 5"
    for epoch in range(4):
        now[0] += 10
        bar.epoch(ids[0], epoch)
    assert shown()[1] == "mine, run 3 of 5, epoch 4"
    bar.ended(ids[0], RunRecord(ids[0], {}, "finished", metrics={"test/accuracy": 0.981}, seconds=40))
    first, last = shown()
    assert "80 s left" in first  # two more of 40 s
    assert last == "last: mine, run 3 of 5: accuracy 98.10 %"
    bar.started(ids[1])
    now[0] += 20
    bar.epoch(ids[1], 1)
    first, second, _ = shown()
    assert second == "mine, run 4 of 5, epoch 2 of 4"
    assert "60 s left" in first  # a run and a half in 60 s
    bar.started(ids[2])
    assert shown()[1] == "mine, run 4 of 5, epoch 2 of 4  mine, run 5 of 5"
    bar.ended(ids[1], RunRecord(ids[1], {}, "crashed", error="no luck"))
    assert "seedwise: mine, run 4 of 5: crashed: no luck\n" in out.getvalue()
    bar.stop()
    assert bar.trained == 2


def test_the_time_left_is_known_from_the_second_epoch_on_where_the_number_of_epochs_is(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    out = io.StringIO()
    bar = Bar(Console(file=out, force_terminal=True, width=80, highlight=False, color_system=None))
    bar.planned([Upcoming(str(k), f"vml, replicate {k}", epochs=10) for k in range(4)])
    bar.started("0")
    now[0] += 50  # the worker imports torch
    bar.epoch("0", 0)
    assert "left" not in out.getvalue()
    now[0] += 3
    bar.epoch("0", 1)
    assert "114 s left" in out.getvalue()  # 38 epochs of 3 s
    assert "vml, replicate 0, epoch 2 of 10" in out.getvalue()


def test_where_there_is_no_terminal_a_line_a_minute_and_what_failed(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    out = io.StringIO()
    bar = Bar(Console(file=out, width=80, highlight=False))
    bar.planned([Upcoming(str(k), f"vml, replicate {k}") for k in range(10)])
    for k in range(6):
        bar.started(str(k))
        now[0] += 25
        status = "diverged" if k == 4 else "finished"
        bar.ended(str(k), RunRecord(str(k), {}, status, error="the loss is nan" if k == 4 else None))
    assert out.getvalue().splitlines() == [
        "3 of 10 runs; about 3 min left",
        "vml, replicate 4: diverged: the loss is nan; about 2 min left",
        "6 of 10 runs; about 100 s left",
    ]


STOPPED = """
import os, signal, sys, time
import seedwise

for run in seedwise.replicates(3):
    run.log(0, loss=1.0)
    if run.seeds["init"] == 2:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)
    run.finish(accuracy=0.5)
"""


def test_ctrl_c_ends_the_program_with_one_line_that_says_how_to_go_on(tmp_path):
    (tmp_path / "loop.py").write_text(STOPPED)
    done = nursery().run(["loop.py"], cwd=tmp_path, timeout=250)
    assert done.returncode == -signal.SIGINT
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1] == (
        "seedwise: stopped: 1 of 3 runs of 'base' are finished and kept in study.db. "
        f"Go on with: {sys.executable} loop.py"
    )


def test_a_ctrl_c_after_the_loop_is_pythons_affair(tmp_path):
    loop = "import seedwise\nfor run in seedwise.replicates(1, quiet=True):\n    run.finish(accuracy=1)\n"
    done = nursery().run(["-c", f"{loop}raise KeyboardInterrupt"], cwd=tmp_path, timeout=250, env=dict(os.environ))
    assert "seedwise: stopped" not in done.stderr
    assert "Traceback" in done.stderr


def test_the_options_for_type_checkers_are_those_of_the_function():
    keywords = {
        name: parameter
        for name, parameter in inspect.signature(seedwise.replicates).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    hints = get_type_hints(seedwise.replicates)
    assert {name: hints[name] for name in keywords} == get_type_hints(LoopOptions)


def test_a_long_error_leaves_the_bar_whole(monkeypatch):
    out = io.StringIO()
    bar = Bar(Console(file=out, force_terminal=True, width=60, highlight=False, color_system=None))
    bar.planned([Upcoming(str(k), f"vml, replicate {k}", epochs=10) for k in range(40)])
    bar.started("0")
    bar.ended("0", RunRecord("0", {}, "diverged", error="the training loss of epoch 0 is nan " * 3))
    first, *_, last = out.getvalue().split("\x1b[2K")[-1].splitlines()
    assert first.strip().startswith("1 of 40 runs ")
    assert last.startswith("last: vml, replicate 0: diverged: the training loss")
    assert len(last) <= 60
