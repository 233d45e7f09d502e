"""The search itself, with measurements that cost nothing."""

import numpy as np
import optuna
import pytest

from seedwise.tuning import Measured, Search, Tune, Values

SPACE = {"a": Values(low=0, high=1)}


def options(**keys):
    return Tune.model_validate({"space": {"a": {"low": 0, "high": 1}}, "replicates": 5} | keys)


def search(tune, **keys):
    storage = keys.pop("storage", None) or optuna.storages.InMemoryStorage()
    found = Search(storage, "s", SPACE, tune, **{"higher_is_better": True} | keys)
    found.storage = storage
    return found


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


def test_trials_are_scored_anew_whenever_the_range_widens():
    """The sampler sees what the score is among all trials now; the storage keeps what it was when the trial ended."""

    class Seen(Search):
        def _memory(self, known, seed):
            memory = super()._memory(known, seed)
            self.seen = [trial.values[0] for trial in memory.get_trials(deepcopy=False)]
            return memory

    storage = optuna.storages.InMemoryStorage()
    tune = options(objective="paper", sampler="random", batch=1)
    tuned = Seen(storage, "s", SPACE, tune, higher_is_better=True)
    tuned.run(8, lambda params, runs: {k: runs_of(0.9 - 0.1 * k, 0.01 * (k + 1), runs, k) for k in params})
    means = np.array([trial.measured.mean for trial in tuned.trials()[:7]])
    sds = np.array([trial.measured.sd for trial in tuned.trials()[:7]])
    now = (sds - sds.min()) / np.ptp(sds) - (means - means.min()) / np.ptp(means)
    np.testing.assert_allclose(tuned.seen, now)
    then = [trial.value for trial in optuna.load_study(study_name="s", storage=storage).trials[:7]]
    assert then[0] == 0  # alone, and of no width
    assert then != tuned.seen


@pytest.mark.parametrize("pruner", ["none", "median"])
@pytest.mark.parametrize("where", ["while it trains", "between two trials"])
def test_a_search_that_stops_anywhere_goes_on_with_the_same_trials(pruner, where):
    def evaluate(params, runs):
        return {number: runs_of(0.9, p["a"] + 0.1, runs, number) for number, p in params.items()}

    tune = options(objective={"name": "sd"}, batch=8, pruner=pruner, sampler="random")
    whole = search(tune)
    whole.run(24, evaluate)
    assert {trial.state for trial in whole.trials()} == {"finished"} | ({"pruned"} if pruner == "median" else set())
    for stop in range(1, 24):
        storage, calls = optuna.storages.InMemoryStorage(), []

        def once(calls=calls, stop=stop):
            calls.append(1)
            if len(calls) == stop:
                raise KeyboardInterrupt

        def interrupted(params, runs):
            if where == "while it trains":
                once()
            return evaluate(params, runs)

        def on_trial(trial):
            if where == "between two trials":
                once()

        try:
            search(tune, storage=storage).run(24, interrupted, on_trial)
        except KeyboardInterrupt:
            assert len(calls) == stop
        again = search(tune, storage=storage)
        again.run(24, evaluate)
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
    tuned.run(24, evaluate)
    pruned = [trial for trial in tuned.trials() if trial.state == "pruned"]
    assert pruned
    assert all(trial.params["a"] >= 0.8 and trial.measured.runs < 5 for trial in pruned)
    assert {runs for runs, _ in asked} == {3, 4, 5}


def test_no_trial_is_stopped_for_the_sake_of_one_below_the_floor():
    """Below .6 hardly anything varies and the mean is far too low: steadier than anything that is wanted."""

    def evaluate(params, runs):
        bad = {k: p["a"] < 0.6 for k, p in params.items()}
        return {
            k: runs_of(0.1 if bad[k] else 0.9, 0.01 * p["a"] if bad[k] else p["a"], runs, 0) for k, p in params.items()
        }

    tune = options(objective={"name": "sd"}, pruner="median", sampler="random", batch=1)
    with_floor, without = search(tune, floor=0.5), search(tune)
    for one in (with_floor, without):
        one.run(40, evaluate)
    good = [trial for trial in with_floor.trials()[10:] if trial.params["a"] >= 0.6]
    steadiest = min(good, key=lambda trial: trial.params["a"])
    assert steadiest.state == "finished"
    assert without.trials()[steadiest.number].state == "pruned"


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
    """The mean is best at .3 and the spread least at .7: all that lies between is on the front."""

    def evaluate(params, runs):
        return {k: runs_of(1 - (p["a"] - 0.3) ** 2, 0.01 + (p["a"] - 0.7) ** 2, 5, 0) for k, p in params.items()}

    tuned = search(options(objective=["mean", "sd"], seed=2))
    tuned.run(40, evaluate)
    at = np.array([trial.params["a"] for trial in tuned.trials()])
    inside = (at > 0.3) & (at < 0.7)
    assert inside[20:].mean() > inside[:10].mean()
    stored = optuna.load_study(study_name="s", storage=tuned.storage)
    assert {trial.params["a"] for trial in stored.best_trials} >= set(at[inside])
    assert all(0.25 < trial.params["a"] < 0.75 for trial in stored.best_trials)
    assert tuned.importances() == {"a": 1.0}
