"""What holds over tasks, from cells."""

import numpy as np
import pytest
from scipy import stats

from seedwise.statistics import (
    Cell,
    Folds,
    Improvement,
    MeanRanks,
    Metric,
    PooledDifference,
    PooledRatio,
    across_tasks,
    compare_study,
)

RNG = np.random.default_rng(12)
POINTS, PLAIN = Metric("accuracy", "%"), Metric("return")


def cell(task: str, method: str, values: np.ndarray, metric: Metric = POINTS, folds: Folds | None = None) -> Cell:
    n = len(values)
    return Cell(
        task=task,
        method=method,
        regime="as given",
        group=np.arange(n) if folds else np.zeros(n, dtype=int),
        replicate=np.arange(n),
        values=values,
        status=tuple("finished" if ok else "crashed" for ok in np.isfinite(values)),
        metric=metric,
        folds=folds,
    )


def study(tasks: int, metric: Metric = POINTS, shift: float = 1.0) -> list[Cell]:
    return [
        cell(f"t{k}", method, 10 * k + RNG.normal(size=6) + (shift if method == "new" else 0), metric)
        for k in range(tasks)
        for method in ("base", "new")
    ]


def test_equally_certain_differences_are_averaged() -> None:
    """Two tasks whose differences vary alike have equal weights, and t has one degree of freedom."""
    noise = np.array([-1.0, 1.0, 2.0, -2.0, 0.5, -0.5])
    cells = [
        cell(task, method, noise * (method == "new") + (shift if method == "new" else 0) + np.arange(6))
        for task, shift in (("a", 1.0), ("b", 1.4))
        for method in ("base", "new")
    ]
    found = across_tasks(cells, compare_study(cells, base="base"), "base")
    assert found is not None
    (new,) = found.methods
    assert isinstance(new.difference, PooledDifference)
    assert new.difference.difference.estimate == pytest.approx(1.2)
    se = np.std(noise, ddof=1) / np.sqrt(6) / np.sqrt(2)
    half = stats.t.ppf(0.975, 1) * se  # they differ by less than chance makes them: Hartung and Knapp's factor is 1
    assert new.difference.difference.high == pytest.approx(1.2 + half)
    assert isinstance(new.improvement, Improvement)
    assert isinstance(new.ratio, PooledRatio)
    assert (found.tasks, new.tasks, found.ranks) == (2, 2, None)


def test_without_a_unit_no_means_are_pooled() -> None:
    cells = study(3, PLAIN)
    found = across_tasks(cells, compare_study(cells, base="base"), "base")
    assert found is not None
    assert found.methods[0].difference is None


def test_ranks_take_five_tasks_and_every_method_on_each() -> None:
    cells = study(5, PLAIN, shift=50.0)
    found = across_tasks(cells, compare_study(cells, base="base"), "base")
    assert found is not None
    assert isinstance(found.ranks, MeanRanks)
    assert [(one.method, one.rank.estimate) for one in found.ranks.methods] == [("new", 1.0), ("base", 2.0)]
    missing = across_tasks(cells[:-1], compare_study(cells[:-1], base="base"), "base")
    assert missing is not None
    assert isinstance(missing.ranks, str)
    assert missing.methods[0].tasks == 4


def test_failed_runs_are_left_out_in_pairs() -> None:
    cells = study(2)
    values = np.where(np.arange(6) == 2, np.nan, cells[1].values)
    failing = [cells[0], cell("t0", "new", values), *cells[2:]]
    found = across_tasks(failing, compare_study(failing, base="base"), "base")
    kept = [0, 1, 3, 4, 5]
    wins = [np.mean(cells[1].values[kept] > cells[0].values[kept]), np.mean(cells[3].values > cells[2].values)]
    assert found is not None
    assert isinstance(found.methods[0].improvement, Improvement)
    assert found.methods[0].improvement.probability.estimate == pytest.approx(np.mean(wins))


def test_reasons_where_there_is_nothing_to_pool() -> None:
    cells = [cell(t, m, RNG.normal(size=2)) for t in "ab" for m in ("base", "new")]
    found = across_tasks(cells, compare_study(cells, base="base"), "base")
    assert found is not None
    (new,) = found.methods
    assert new.tasks == 0
    assert new.difference == new.improvement == "pooling takes 3 runs to compare on 2 tasks"
    assert isinstance(new.ratio, str)


def test_one_task_and_folds_have_nothing_across() -> None:
    one = study(1)
    assert across_tasks(one, compare_study(one, base="base"), "base") is None
    folds = [cell(t, m, RNG.normal(size=6), folds=Folds(6)) for t in "ab" for m in ("base", "new")]
    assert across_tasks(folds, compare_study(folds, base="base"), "base") is None
