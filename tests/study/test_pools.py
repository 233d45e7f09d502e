"""Ensembles and costs of the cells of a store."""

from __future__ import annotations

import numpy as np
import pytest

from seedwise.run import NetworkCost
from seedwise.statistics import Cell, Cost, Metric, ensemble_spread
from seedwise.store import StoredReadout, StoredRun
from seedwise.study._costs import cost_of
from seedwise.study._plan import Link
from seedwise.study._pools import Pool, ensembles_of

RNG = np.random.default_rng(1)
TRUTH = RNG.integers(0, 3, 200)
READOUTS = ["flip", "ensemble-2", "flip + ensemble-3"]


def logits(noise: float = 1.0) -> np.ndarray:
    return 1.5 * np.eye(3)[TRUTH] + noise * RNG.normal(size=(8, 200, 3))


def cell(scores: np.ndarray, **changes: object) -> Cell:
    values = (scores.argmax(2) == TRUTH).mean(1)
    fields = {
        "task": "t", "method": "base", "regime": "all", "group": [0] * 8, "replicate": range(8), "values": values,
        "status": ("finished",) * 8, "metric": Metric("test/accuracy", "share", chance=1 / 3),
    }  # fmt: skip
    return Cell(**{**fields, **changes})  # type: ignore[arg-type]


def test_ensembles_are_compared_with_the_plain_runs_of_the_base():
    plain, vml = logits(), logits(0.7)
    base, other = cell(plain), cell(vml, method="vml")
    (own,) = ensembles_of(base, base, lambda: Pool(plain, TRUTH), READOUTS)
    assert (own.size, own.found) == (2, ensemble_spread(plain, TRUTH, 2))
    (theirs,) = ensembles_of(other, base, lambda: Pool(vml, TRUTH), READOUTS)
    assert theirs.found.base == pytest.approx(base.values.std(ddof=1))
    assert theirs.found == ensemble_spread(vml, TRUTH, 2, base=base.values)
    # In another order of seeds the base's runs are still those with the same seeds.
    shuffled = RNG.permutation(8)
    turned = cell(plain[shuffled], replicate=shuffled)
    (same,) = ensembles_of(other, turned, lambda: Pool(vml, TRUTH), READOUTS)
    assert same.found == theirs.found


def test_a_readout_has_its_own_ensembles():
    scores = logits()
    (found,) = ensembles_of(cell(scores, readout="flip"), None, lambda: Pool(scores, TRUTH), READOUTS)
    assert (found.readout, found.size) == ("flip", 3)
    assert ensembles_of(cell(scores, readout="crop25"), None, lambda: Pool(scores, TRUTH), READOUTS) == []


@pytest.mark.parametrize(
    ("changes", "pool", "why"),
    [
        ({}, None, "no logits were kept: set keep: {predictions: logits16}"),
        ({}, "some runs kept no logits", "some runs kept no logits"),
        (
            {"group": [0] * 4 + [1] * 4},
            ...,
            "runs at several values of the fixed seeds are no pool of independent runs",
        ),
        (
            {"status": ("finished",) * 7 + ("diverged",), "values": [0.9] * 7 + [np.nan]},
            ...,
            "1 runs failed: ensembles of the others would look better than those of all",
        ),
    ],
)
def test_why_there_are_no_ensembles(changes, pool, why):
    scores = logits()
    read = Pool(scores, TRUTH) if pool is ... else pool
    (found,) = ensembles_of(cell(scores, **changes), None, lambda: read, ["ensemble-2"])
    assert found.found == why


def test_too_large_an_ensemble_says_how_many_runs_it_takes():
    scores = logits()
    (found,) = ensembles_of(cell(scores), None, lambda: Pool(scores, TRUTH), ["ensemble-5"])
    assert isinstance(found.found, str)
    assert "10" in found.found


def test_a_base_without_the_same_seeds_is_said():
    scores = logits()
    (found,) = ensembles_of(
        cell(scores, method="vml"), cell(scores, replicate=range(1, 9)), lambda: Pool(scores, TRUTH), ["ensemble-2"]
    )
    assert found.found == "base lacks runs with the same seeds"


def run(method: str, replicate: int, seconds: float, environment: str = "here", **changes: object) -> StoredRun:
    fields = {
        "link": Link("s", "t", method, "all", 0, replicate), "run_id": f"{method}{replicate}{environment}",
        "content": {}, "status": "finished", "metrics": {}, "weights_sha256": None, "seconds": seconds,
        "resumed_from": [], "notes": [], "error": None, "environment": environment, "code": None, "attempt": 0,
    }  # fmt: skip
    return StoredRun(**{**fields, **changes})  # type: ignore[arg-type]


def test_training_is_compared_within_an_environment():
    base = [run("base", r, 2.0) for r in range(3)] + [run("base", r, 8.0, "there") for r in range(3)]
    sam = [run("sam", r, 4.0) for r in range(3)] + [run("sam", r, 16.0, "there") for r in range(2)]
    scores = logits()
    assert cost_of(cell(scores, method="sam"), sam, base, {}, {}).training == 2.0
    assert cost_of(cell(scores, method="sam"), sam, base, {}, {}).inference == 1.0
    elsewhere = [run("sam", 0, 4.0, "nowhere")]
    assert cost_of(cell(scores, method="sam"), elsewhere, base, {}, {}).training is None
    # A resumed run's seconds are those of its last part.
    odd = [run("sam", 0, 4.0), run("sam", 1, 0.1, resumed_from=[3])]
    assert cost_of(cell(scores, method="sam"), odd, base, {}, {}).training == 2.0


def test_inference_is_measured_beside_a_plain_evaluation():
    runs = [run("base", r, 2.0) for r in range(3)]
    read = {
        (r.run_id, "flip"): StoredReadout("finished", {}, 2, 2.2 * k, k, None, None)
        for r, k in zip(runs, (1.0, 2.0, 4.0), strict=True)
    }
    flip = cell(logits(), readout="flip")
    assert cost_of(flip, runs, runs, read, {}).inference == pytest.approx(2.2)
    passes = {(r.run_id, "flip"): StoredReadout("finished", {}, 5, 0.0, None, None, None) for r in runs}
    assert cost_of(flip, runs, runs, passes, {}).inference == 5
    assert cost_of(flip, runs, runs, {}, {}).inference is None


def test_the_cost_of_another_network_is_relative_to_that_of_the_base():
    def of(method: str, width: int, environment: str = "here") -> list[StoredRun]:
        content = {"config": {"model": {"name": "small_cnn", "width": width}}}
        return [run(method, r, 2.0, environment, content=content) for r in range(3)]

    base, narrow, same = of("base", 16), of("narrow", 8), of("vml", 16)
    measured = [(base, 4.0, 1.0), (narrow, 3.0, 0.25)]
    costs = {
        one.run_id: NetworkCost(100, int(10 * large), single, large) for runs, single, large in measured for one in runs
    }
    costs |= {one.run_id: NetworkCost(100, 10, 5.0, 9.0) for one in same}
    found = cost_of(cell(logits(), method="narrow"), narrow, base, {}, costs)
    assert found == Cost(1.0, 0.25, 0.2, 0.75)
    read = {(r.run_id, "flip"): StoredReadout("finished", {}, 2, 2.2, 1.0, None, None) for r in narrow}
    found = cost_of(cell(logits(), method="narrow", readout="flip"), narrow, base, read, costs)
    assert found == Cost(1.0, pytest.approx(0.25 * 2.2), 0.4, 1.5)
    assert cost_of(cell(logits(), method="vml"), same, base, {}, costs) == Cost(1.0, 1.0, 1.0, 1.0), "noise, no cost"
    elsewhere = cost_of(cell(logits(), method="narrow"), of("narrow", 8, "there"), base, {}, costs)
    assert (elsewhere.training, elsewhere.inference, elsewhere.single) == (None, None, None)
    older = cost_of(cell(logits(), method="narrow"), narrow, base, {}, {})
    assert (older.inference, older.flops, older.single) == (None, None, None), "nobody measured it, and it is not 1"
    assert cost_of(cell(logits(), method="vml"), same, base, {}, {}) == Cost(1.0, 1.0, 1.0, 1.0)
