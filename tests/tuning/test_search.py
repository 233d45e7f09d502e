"""The search itself, with measurements that cost nothing."""

import numpy as np
import optuna
import pytest

from seedwise.study import Tune, Values
from seedwise.tuning import Measured, Search

SPACE = {"a": Values(low=0, high=1)}


def options(**keys):
    return Tune.model_validate({"space": {"a": {"low": 0, "high": 1}}, "replicates": 5} | keys)


def search(tune, **keys):
    storage = keys.pop("storage", None) or optuna.storages.InMemoryStorage()
    return Search(storage, "s", SPACE, tune, **{"higher_is_better": True} | keys)


def runs_of(mean, noise, runs, seed):
    draws = np.random.default_rng(seed).normal(size=8)[:runs]
    return Measured(tuple(mean + noise * draws), 0, 0.1)


def test_tpe_finds_the_low_end():
    tuned = search(options(objective={"name": "sd"}, seed=3))
    tuned.run(40, lambda params, runs: {k: runs_of(0.9, 0.01 + (p["a"] - 0.2) ** 2, 5, 0) for k, p in params.items()})
    best = min(tuned.trials(), key=lambda trial: trial.measured.sd)
    assert abs(best.params["a"] - 0.2) < 0.05
    first, last = ([abs(t.params["a"] - 0.2) for t in tuned.trials()[part]] for part in (slice(10), slice(-10, None)))
    assert np.mean(last) < np.mean(first)


def test_the_floor_keeps_the_search_where_the_mean_is_good():
    """The SD falls with a, and the mean falls below the floor from .5 on."""
    tuned = search(options(objective={"name": "sd"}, seed=1), floor=0.5)
    tuned.run(40, lambda params, runs: {k: runs_of(1 - p["a"], 0.01 * (2 - p["a"]), 5, 0) for k, p in params.items()})
    free = search(options(objective={"name": "sd"}, seed=1))
    free.run(40, lambda params, runs: {k: runs_of(1 - p["a"], 0.01 * (2 - p["a"]), 5, 0) for k, p in params.items()})
    late, late_free = (np.mean([t.params["a"] for t in s.trials()[-15:]]) for s in (tuned, free))
    assert late < 0.6 < 0.8 < late_free


def test_a_search_that_stops_anywhere_goes_on_with_the_same_trials():
    def evaluate(params, runs):
        return {number: runs_of(0.9, p["a"] + 0.1, runs, 0) for number, p in params.items()}

    whole = search(options(objective={"name": "sd"}, batch=3))
    whole.run(15, evaluate)
    for stop in range(1, 6):
        storage, calls = optuna.storages.InMemoryStorage(), []

        def interrupted(params, runs, calls=calls, stop=stop):
            calls.append(1)
            if len(calls) == stop:
                raise KeyboardInterrupt
            return evaluate(params, runs)

        parts = options(objective={"name": "sd"}, batch=3)
        with pytest.raises(KeyboardInterrupt):
            search(parts, storage=storage).run(15, interrupted)
        again = search(parts, storage=storage)
        again.run(15, evaluate)
        assert again.trials() == whole.trials()


def test_a_trial_that_was_only_queued_is_not_lost():
    storage = optuna.storages.InMemoryStorage()
    begun = search(options(objective={"name": "sd"}), storage=storage)
    study = optuna.load_study(study_name="s", storage=storage)
    study.enqueue_trial({"a": 0.25})
    begun.run(2, lambda params, runs: {number: runs_of(0.9, 1, runs, 0) for number in params})
    assert begun.trials()[0].params == {"a": 0.25}
    assert [trial.state for trial in begun.trials()] == ["finished"] * 2


def test_the_median_stops_what_is_clearly_worse():
    asked = []

    def evaluate(params, runs):
        asked.append((runs, len(params)))
        return {k: runs_of(0.9, 0.01 if p["a"] < 0.8 else 1.0, runs, 0) for k, p in params.items()}

    tuned = search(options(objective={"name": "sd"}, pruner="median", sampler="random", batch=1))
    tuned.run(20, evaluate)
    pruned = [trial for trial in tuned.trials() if trial.state == "pruned"]
    assert pruned
    assert all(trial.params["a"] >= 0.8 and trial.measured.runs < 5 for trial in pruned)
    assert {runs for runs, _ in asked} == {3, 4, 5}


def test_wilcoxon_compares_seed_by_seed():
    def evaluate(params, runs):
        return {k: runs_of(0.9 - p["a"], 0.05, runs, 0) for k, p in params.items()}

    tuned = search(options(objective="mean", pruner="wilcoxon", sampler="random", replicates=8, batch=1))
    tuned.run(12, evaluate)
    best = -1.0
    for trial in tuned.trials():  # the same noise for every trial: whatever is worse is worse in every pair
        value = 0.9 - trial.params["a"]
        assert trial.state == ("finished" if value > best else "pruned")
        if trial.state == "pruned":
            assert trial.measured.runs == 4  # the least with a one-sided p below .1
        best = max(best, value)


def test_importances_find_the_parameter_that_matters():
    space = {"a": Values(low=0, high=1), "idle": Values(low=0, high=1)}
    tuned = Search(
        optuna.storages.InMemoryStorage(), "s", space, options(objective={"name": "sd"}, sampler="random"),
        higher_is_better=True,
    )  # fmt: skip
    tuned.run(4, lambda params, runs: {k: runs_of(0.9, p["a"], runs, 0) for k, p in params.items()})
    assert tuned.importances() == "4 finished trials: importances take 10"
    tuned.run(40, lambda params, runs: {k: runs_of(0.9, p["a"], runs, 0) for k, p in params.items()})
    found = tuned.importances()
    assert found["a"] > 0.9
    assert sum(found.values()) == pytest.approx(1)


def test_two_objectives_are_searched_at_once():
    tuned = search(options(objective=["mean", "sd"]))
    tuned.run(12, lambda params, runs: {k: runs_of(p["a"], p["a"], runs, 0) for k, p in params.items()})
    study_values = [trial.measured for trial in tuned.trials()]
    assert len(study_values) == 12
