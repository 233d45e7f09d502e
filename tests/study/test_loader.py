"""A study whose training fetches its examples with ``run.loader``: what is recorded of its sources, and a stop."""

from __future__ import annotations

import pytest

from seedwise.study import Store, cells_of

TRAIN = """
import os
import pathlib
import random

import torch


class Examples:
    def __init__(self, draws):
        self.draws = draws

    def __len__(self):
        return 12

    def __getitem__(self, k):
        return k, random.random() if self.draws else 0.5


def train(run):
    with run.randomness.scope("init"):
        weight = torch.rand((), dtype=torch.float64)
    loader = run.loader(Examples(run.config["draws"]), 4, num_workers=run.config["workers"])
    saved = run.checkpoint.load() or {"epoch": -1, "weight": weight}
    weight = saved["weight"]
    for epoch in range(saved["epoch"] + 1, 3):
        with run.randomness.scope("dropout", epoch):
            for numbers, noise in loader.epoch(epoch):
                weight = (weight + 0.01 * numbers.double().std() + noise.sum()) * torch.rand((), dtype=torch.float64)
        run.log(epoch, loss=float(weight))
        run.checkpoint.save(epoch, weight=weight)
        if epoch == 1 and run.config["stop"] and saved["epoch"] < 0:
            os._exit(1)
    run.save_weights({"w": weight})
    run.finish(accuracy=float(weight) % 1)
"""


@pytest.fixture
def trained(project):
    project.code.write_text(TRAIN)

    def train(**keys):
        """Train a study, and return what was observed and the final weights by method, regime and replicate."""
        project.store_path.unlink(missing_ok=True)
        study = project.study(checkpoint={"every_epochs": 1}, limits={"retries": 1}, **keys)
        study.run(workers=1)
        with Store(project.store_path) as store:
            runs = store.runs()
            assert {run.status for run in runs} == {"finished"}, [run.error for run in runs]
            observed = store.observed(run.run_id for run in runs)
            places = {(run.link.method, run.link.regime, run.link.replicate): run for run in runs}
            cells = {(cell.method, cell.regime): cell for cell in cells_of(store, "toy")}
        return cells, {place: (run, observed[run.run_id]) for place, run in places.items()}

    return train


def config(draws=True, workers=0, stop=False):
    return {"draws": draws, "workers": workers, "stop": stop}


def test_every_source_moves_the_bits_the_number_of_workers_none_and_what_was_drawn_is_known(trained):
    regimes = ["none", "init", "shuffle", "augment", "dropout", "all"]
    cells, runs = trained(
        train={"function": "toy:train", "config": config()},
        methods={"base": {}, "worker": {"config": config(workers=1)}, "quiet": {"config": config(False, 1)}},
        regimes=regimes,
        replicates=2,
    )
    weights = {place: run.weights_sha256 for place, (run, _) in runs.items()}
    base = {place[1:]: digest for place, digest in weights.items() if place[0] == "base"}
    assert len(set(base.values())) == len(base) - 1, "only where no source varies are two runs the same"
    assert {place[1:]: digest for place, digest in weights.items() if place[0] == "worker"} == base
    for (method, regime, _), (_, observed) in runs.items():
        assert observed.drawn == ["augment"] * (method != "quiet") + ["dropout", "init", "shuffle"]
        assert (observed.outside, observed.reseeded, observed.left) == ([], {}, [])
        quiet = method == "quiet" and regime in ("augment", "all")
        assert cells[method, regime].unvaried == ({"augment": "not drawn"} if quiet else {})


def test_a_run_that_dies_with_its_workers_goes_on_with_the_same_bits(trained):
    _, runs = trained(
        train={"function": "toy:train", "config": config(workers=1)},
        methods={"base": {}, "stopped": {"config": config(workers=1, stop=True)}},
    )
    (straight, observed), (resumed, observed_too) = runs["base", "all", 0], runs["stopped", "all", 0]
    assert (straight.resumed_from, resumed.resumed_from) == ([], [2])
    assert resumed.weights_sha256 == straight.weights_sha256
    assert observed.drawn == observed_too.drawn == ["augment", "dropout", "init", "shuffle"]
