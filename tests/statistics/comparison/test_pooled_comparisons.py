import numpy as np
import pytest

from seedwise.statistics import compare_study, pooled_ratio, spread_ratio
from seedwise.statistics.comparison.pooled import pooled_comparisons

from .cells import RNG, cell

RUNS = {(task, m): 0.9 + sd * RNG.normal(size=10) for task in "xyz" for m, sd in (("base", 0.01), ("new", 0.005))}


def test_the_ratios_of_a_method_are_pooled_over_tasks() -> None:
    cells = [cell(method, values, task=task) for (task, method), values in RUNS.items()]
    (found,) = pooled_comparisons(compare_study(cells, base="base"))
    assert (found.regime, found.method, found.readout) == ("all", "new", "plain")
    direct = pooled_ratio([spread_ratio(RUNS[task, "new"], RUNS[task, "base"], paired=True) for task in "xyz"])
    numbers = [
        (one.ratio.estimate, one.ratio.low, one.ratio.high, one.heterogeneity_p) for one in (found.pooled, direct)
    ]
    assert numbers[0] == pytest.approx(numbers[1])


def test_one_task_and_runs_that_do_not_vary_are_not_pooled() -> None:
    cells = [cell(method, RUNS["x", method], task="x") for method in ("base", "new")]
    assert pooled_comparisons(compare_study(cells, base="base")) == ()
    cells += [cell("base", RUNS["y", "base"], task="y"), cell("new", np.full(10, 0.9), task="y")]
    assert pooled_comparisons(compare_study(cells, base="base")) == ()
