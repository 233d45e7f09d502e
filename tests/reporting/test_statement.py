"""The paragraph above a comparison."""

import numpy as np
import pandas as pd

from seedwise.reporting import compare
from seedwise.statistics import mean_difference, reduction, seeds_needed

BASE = 0.9 + 0.01 * np.random.default_rng(8).normal(size=20)


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=20)


def said(**methods: np.ndarray) -> str:
    frame = pd.DataFrame({"seed": np.arange(20), "base": BASE, **methods})
    return compare(frame, metric="accuracy").parts[0].statement


def test_a_better_and_steadier_method() -> None:
    new = 0.95 + 0.001 * noise(1)
    mean, ratio = mean_difference(new, BASE, paired=True), reduction(new, BASE, paired=True)
    found = said(new=new)
    points = f"{100 * mean.estimate:.1f} points [{100 * mean.low:.1f}, {100 * mean.high:.1f}]"
    assert found.startswith(f"new is better than base by {points}. ")
    assert f"new is steadier than base: its SD is {ratio.estimate:.0f} % [" in found
    assert "cannot say" not in found


def test_what_is_not_resolved_is_said_and_how_many_more_runs_it_takes_once() -> None:
    frame = pd.DataFrame({"seed": np.arange(20), "base": BASE, "new": BASE + 0.002 * noise(2)})
    found = compare(frame, metric="accuracy")
    takes = seeds_needed(paired=True)
    assert found.parts[0].statement == "Whether new is better or steadier, these 20 runs per method cannot say."
    number = f"Finding an SD ratio of 0.7 takes {takes} runs per method, {takes - 20} more "
    assert str(found).count(number) == 1
    assert str(found).count("runs per method, ") == 1


def test_a_limit_is_never_rounded_onto_the_value_that_it_excludes() -> None:
    barely = BASE + 0.002 + 0.004 * noise(5)
    found = mean_difference(barely, BASE, paired=True)
    shift = 0.00001 - found.low  # the lower limit is .001 points
    limits = said(new=barely + shift).partition(" points [")[2].split(",")[0]
    assert said(new=barely + shift).startswith("new is better than base by ")
    assert limits == ".001"


def test_worse_by_a_positive_amount_and_several_methods() -> None:
    worse, other = BASE - 0.05, BASE + 0.01 * noise(3)
    worse += 1e-4 * noise(4)
    found = said(worse=worse, other=other)
    mean = mean_difference(worse, BASE, paired=True)
    assert mean.estimate < 0
    assert found.startswith(f"worse is worse than base by {-100 * mean.estimate:.3f}")
    assert "Whether another method is better or steadier" in found


def test_tasks_are_counted() -> None:
    rng = np.random.default_rng(0)
    rows = [
        {"task": task, "method": method, "seed": seed, "accuracy": value}
        for task in ("a", "b", "c")
        for method, shift in (("base", 0.0), ("new", 0.05 if task != "c" else 0.0))
        for seed, value in enumerate(BASE + shift + 0.002 * rng.normal(size=20))
    ]
    found = compare(pd.DataFrame(rows)).parts[0].answer
    assert found == "new is better than base on 2 of 3 tasks; of the rest, these 20 runs per method cannot tell."


def test_a_larger_sd_is_a_positive_number() -> None:
    new = 0.9 + 0.05 * noise(11)
    ratio = reduction(new, BASE, paired=True)
    assert ratio.estimate < 0
    assert f"new is less steady than base: its SD is {-ratio.estimate:.0f} % [{-ratio.high:.0f}, " in said(new=new)
