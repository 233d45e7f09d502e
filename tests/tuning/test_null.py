"""A search among settings that are all alike: its gain is an illusion, and fresh seeds say so."""

import numpy as np
import optuna
import pytest

from seedwise.statistics import Cell, Metric, Question, confirm
from seedwise.tuning import Gain, Search, SearchGains, Tune, best, measured

SEARCHES, TRIALS, RUNS, FRESH = 200, 12, 5, 20
TRUTH = np.arange(240) % 4


def cell(rng, method, runs):
    """Runs that err on one example in ten, independently, whatever the setting."""
    labels = np.where(rng.random((runs, TRUTH.size)) < 0.1, (TRUTH + 1) % 4, TRUTH)
    return Cell(
        task="t", method=method, regime="all", group=[0] * runs, replicate=list(range(runs)), predictions=labels,
        values=(labels == TRUTH).mean(1), status=("finished",) * runs,
        metric=Metric("test/accuracy", "share", chance=0.25),
    )  # fmt: skip


@pytest.fixture(scope="module", params=["sd", "churn"])
def searched(request):
    """The gains of each search, and what fresh seeds say of them."""
    tune = Tune.model_validate(
        {"space": {"a": {"low": 0, "high": 1}}, "replicates": RUNS, "objective": request.param, "sampler": "random"}
    )
    said = []
    for k in range(SEARCHES):
        rng = np.random.default_rng([7, k])
        search = Search(
            optuna.storages.InMemoryStorage(),
            "null",
            tune.space,
            tune,
            higher_is_better=True,
            floor=None,
            first={"a": 0},
        )
        search.run(TRIALS, lambda params, runs, rng=rng: {n: measured(cell(rng, "a", runs)) for n in params})
        trials = [trial.measured for trial in search.trials()]
        chosen = trials[best(tune.objective, trials, None, higher_is_better=True)]
        cells = [cell(rng, "base", FRESH), cell(rng, "tuned", FRESH)]
        gains = SearchGains(
            Gain.between(measured(cell(rng, "base", RUNS)), chosen, higher_is_better=True),
            test=Gain.between(*map(measured, cells), higher_is_better=True),
        )
        said.append((gains, confirm(cells, "base", Question())))
    return request.param, said


def test_the_search_promises_what_fresh_seeds_take_back(searched):
    objective, said = searched
    found = {which: np.array([gains.known()[which].of(objective) for gains, _ in said]) for which in ("search", "test")}
    # What the least of so many draws promises, from the distribution itself: runs of binomial accuracy, and pairs of
    # runs that differ on an example unless both are right or both make the same mistake.
    rng = np.random.default_rng(0)
    if objective == "sd":
        draws = rng.binomial(240, 0.9, (20_000, TRIALS + 1, RUNS)).std(2, ddof=1)
    else:
        wrong = rng.random((300, TRIALS + 1, RUNS, 240)) < 0.1
        share = wrong.mean(2)
        draws = (2 * share * (1 - share) * RUNS / (RUNS - 1)).mean(2)
    promised = 100 * (1 - draws[:, :-1].min(1) / draws[:, -1])
    promised = promised[np.isfinite(promised)]
    se = found["search"].std(ddof=1) / SEARCHES**0.5
    assert found["search"].mean() == pytest.approx(promised.mean(), abs=3.5 * se)
    assert promised.mean() > (40 if objective == "sd" else 10)
    # Fresh runs: a ratio of two spreads that are the same in truth; symmetric about none on a log scale.
    fresh = np.log(1 - found["test"] / 100)
    assert abs(fresh.mean()) < 3.5 * fresh.std(ddof=1) / SEARCHES**0.5
    optimism = np.array([gains.optimism(objective) for gains, _ in said])
    np.testing.assert_allclose(optimism, found["search"] - found["test"])
    assert optimism.mean() > 0.7 * promised.mean()


def test_no_more_than_one_verdict_in_twenty_is_wrong(searched):
    _, said = searched
    words = [verdict.word for _, found in said for verdict in (found.churn, found.sd, found.mean)]
    for resolved in (("less churn", "more churn"), ("reduced", "increased"), ("better", "worse")):
        wrong = sum(word in resolved for word in words)
        assert wrong <= 0.05 * SEARCHES + 3 * (SEARCHES * 0.05 * 0.95) ** 0.5
    # The three answers, each right where it finds nothing.
    assert words.count("not resolved") > 0.85 * len(words)
