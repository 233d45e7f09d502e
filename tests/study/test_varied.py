"""What a run says it varied, it varied: sources that vary nothing are named, and runs that are alike are counted."""

from __future__ import annotations

import pytest

from seedwise.reporting import results_of
from seedwise.study import Store, cells_of, description_of, export_compact

from ..toy_project import before_checksums

LEGACY = """
import torch


def train(run):
    with run.randomness.scope("init"):
        if run.config["seed"] is not None:
            torch.manual_seed(run.config["seed"])
        weight = torch.rand(8)
    order = torch.randperm(8, generator=torch.Generator().manual_seed(run.randomness.integer("shuffle")))
    with run.randomness.scope("dropout", 0):
        mask = torch.rand(8) > 0.5 if run.config["drops"] else torch.ones(8)
    run.save_weights({"w": torch.cumsum(weight[order] * mask, 0)})
    run.log(0, loss=float(weight[0]))
    run.finish(accuracy=float((weight[order] * mask)[:4].sum()))
"""


@pytest.fixture
def cells(project):
    project.code.write_text(LEGACY)

    def of(seed=None, drops=True, **keys):
        config = {"seed": seed, "drops": drops}
        study = project.study(train={"function": "toy:train", "config": config}, replicates=4, **keys)
        study.run(workers=1)
        with study.open() as store:
            found = cells_of(store, "toy")
            return {cell.regime: cell for cell in found}, results_of(
                description_of("toy", store.studies()["toy"]), found
            )

    return of


def column(results, name):
    return [row[results.table.columns.index(name)] for row in results.table.rows]


def test_a_sound_loop_has_nothing_to_say_but_what_nobody_drew_from(cells):
    found, results = cells(regimes=["all"])
    assert found["all"].unvaried == {"augment": "not drawn"}
    assert found["all"].distinct == 4
    assert "init, shuffle, dropout vary, augment not" in results.title
    assert results.reasons[0] == "base (all): the source 'augment' does not vary: nothing drew from it"
    assert column(results, "does not vary") == ["augment"]


def test_a_scope_in_which_nobody_draws_asks_for_nothing(cells):
    found, results = cells(drops=False, regimes=["all"])
    assert found["all"].unvaried == {"augment": "not drawn", "dropout": "not drawn"}
    assert "init, shuffle vary, augment, dropout not" in results.title


def test_a_leftover_seed_keeps_its_source_from_varying(cells):
    found, results = cells(seed=42, regimes=["init", "all"])
    # Where init varied alone the runs are proven alike; 'all' is told what that proves.
    assert found["init"].unvaried == {"init": "no bit"}
    assert (found["init"].distinct, found["init"].finished) == (1, 4)
    assert found["all"].unvaried == {"init": "no bit", "augment": "not drawn"}
    assert found["all"].distinct == 4
    assert "2 regimes (init, augment vary in none)" in results.title
    assert column(results, "different") == ["1 of 4", "4 of 4"]
    same = "base (init): of 4 finished runs all are the same, compared bit for bit"
    assert f"{same}: the training is deterministic, or the seed has no effect" in results.reasons


def test_a_leftover_seed_is_seen_without_a_regime_of_its_own(cells):
    found, results = cells(seed=42, regimes=["all"])
    assert found["all"].unvaried == {"init": "reseeded", "augment": "not drawn"}
    assert "all sources vary" not in results.title
    with_init = [reason for reason in results.reasons if "'init'" in reason]
    assert len(with_init) == 1
    assert "value of its own" in with_init[0]


SILENT = """
import numpy as np


def train(run):
    logits = np.zeros((4, 2))
    logits[0] = np.nan
    logits[1, 0] = run.randomness.numpy("init").uniform() if run.config["differ"] else 0.5
    run.save_predictions(logits, np.zeros(4, int))
    run.finish(accuracy=0.5)
"""


def test_runs_that_only_left_scores_are_compared_by_their_bits(project, tmp_path):
    project.code.write_text(SILENT)
    methods = {name: {"config": {"differ": differ}} for name, differ in (("base", False), ("other", True))}
    study = project.study(train={"function": "toy:train"}, methods=methods, replicates=3, regimes=["init"])
    study.run(workers=1)
    export_compact(project.store_path, tmp_path / "small.db")
    for path in (project.store_path, tmp_path / "small.db"):  # which has no scores
        with Store(path) as store:
            found = {cell.method: cell for cell in cells_of(store, "toy")}
        assert {name: cell.distinct for name, cell in found.items()} == {"base": 1, "other": 3}
        assert found["base"].unvaried == {"init": "not drawn"}


def test_a_single_source_that_does_not_vary_is_in_the_title(cells):
    _, results = cells(seed=42, regimes=["init"])
    assert "init does not vary" in results.title


def test_what_was_drawn_is_in_the_store(project, cells):
    cells(seed=42, regimes=["all"])
    with Store(project.store_path) as store:
        observed = store.observed(run.run_id for run in store.runs())
    assert {tuple(one.drawn) for one in observed.values()} == {("dropout", "init", "shuffle")}
    assert all(one.reseeded == {"init": ["torch (42)"]} for one in observed.values())
    assert all(one.outside == [] for one in observed.values())


def test_a_resumed_run_remembers_what_it_drew_before(project):
    project.code.write_text("""
import torch

def train(run):
    saved = run.checkpoint.load()
    if saved is None:
        with run.randomness.scope("init"):
            torch.manual_seed(42)
            torch.rand(1)
    for epoch in range(saved["epoch"] + 1 if saved else 0, 3):
        run.randomness.numpy("shuffle", epoch)
        run.log(epoch, loss=0.0)
        run.checkpoint.save(epoch)
        if saved is None:
            import os
            os._exit(1)
    run.finish(accuracy=0.5)
""")
    study = project.study(checkpoint={"every_epochs": 1}, limits={"retries": 1})
    study.run(workers=1)
    with Store(project.store_path) as store:
        (run,) = store.runs()
        (observed,) = store.observed([run.run_id]).values()
    assert (run.status, run.resumed_from) == ("finished", [1])
    assert observed.drawn == ["init", "shuffle"]
    assert observed.reseeded == {"init": ["torch (42)"]}


def test_runs_from_before_this_was_recorded_are_not_judged(project, cells):
    import sqlite3

    cells(regimes=["all"])
    with sqlite3.connect(project.store_path) as db:
        db.execute("DROP TABLE seedwise_observed")
    db.close()
    before_checksums(project.store_path)
    with Store(project.store_path) as store:
        (cell,) = cells_of(store, "toy")
    assert cell.unvaried == {}
    assert cell.distinct == 4
