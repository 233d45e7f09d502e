"""Looks at a growing study: limits against the textbook's, p-values against the single functions, error rates."""

import math

import numpy as np
import pytest
from scipy import stats

from seedwise.statistics import (
    mean_difference,
    seeds_needed,
    sequential_design,
    sequential_power,
    spread_ratio,
)
from seedwise.statistics.sequential.questions import QUESTIONS


@pytest.mark.parametrize("paired", [False, True])
def test_p_values_are_those_of_the_single_functions(paired: bool) -> None:
    x, y = np.random.default_rng(5).standard_t(5, (2, 8, 14))
    x = 0.6 * x + 0.5 * y
    spreads = [spread_ratio(a, b, paired=paired).p_value for a, b in zip(x, y, strict=True)]
    assert QUESTIONS["spread"].p_values(x, y, paired) == pytest.approx(spreads, rel=1e-6)
    means = [mean_difference(a, b, paired=paired).p_value for a, b in zip(x, y, strict=True)]
    assert QUESTIONS["mean"].p_values(x, y, paired) == pytest.approx(means, rel=1e-9)


def test_limits_of_many_runs_are_those_of_the_textbook() -> None:
    """Lan & DeMets with O'Brien & Fleming's spending, four equal looks, two-sided .05: z 4.333, 2.963, 2.359, 2.014."""
    design = sequential_design([100, 200, 300, 400], question="mean", paired=False)
    expected = 2 * stats.norm.sf([2.963, 2.359, 2.014])
    assert design.limits[0] == 0  # 1.5e-5 is less than 20 000 studies can show
    for limit, p in zip(design.limits[1:], expected, strict=True):
        assert limit == pytest.approx(p, abs=4 * math.sqrt(p / 20_000))
    spent = 4 * stats.norm.sf(stats.norm.isf(0.0125) / np.sqrt([0.5, 0.75, 1]))
    assert design.spent[1:] == pytest.approx(spent, abs=2e-4)


@pytest.mark.parametrize("paired", [False, True])
def test_null_studies_are_resolved_in_at_most_alpha(paired: bool) -> None:
    design = sequential_design([10, 20, 40], paired=paired)
    null = sequential_power(design, 1.0, studies=10_000, rng=77)
    assert null.power <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 10_000)
    assert null.expected_runs > 39
    # Looking at .05 each time would be wrong more often, so the check can fail.
    greedy = type(design)("spread", design.looks, (0.05,) * 3, design.spent, 0.05, paired, 0.0)
    assert sequential_power(greedy, 1.0, studies=10_000, rng=77).power > 0.07


def test_a_correlation_of_pairs_hardly_moves_the_limits() -> None:
    here, there = (sequential_design([20, 40], paired=True, correlation=rho) for rho in (0.0, 0.7))
    assert there.limits == pytest.approx(here.limits, rel=0.2)
    assert sequential_power(there, 0.7).power > sequential_power(here, 0.7).power + 0.1


def test_looks_cost_little_power_and_save_runs() -> None:
    n = seeds_needed(sd_ratio=0.5)
    fixed = sequential_design([2 * n], paired=False)
    looked = sequential_design([n, math.ceil(1.5 * n), 2 * n], paired=False)
    assert sequential_power(looked, 0.5).power > sequential_power(fixed, 0.5).power - 0.02
    assert sequential_power(looked, 0.5).expected_runs < 1.6 * n
    found = sequential_power(looked, 0.5)
    assert found.power == pytest.approx(sum(found.resolved_at))
    assert found.expected_runs == pytest.approx(
        np.dot(found.resolved_at, looked.looks) + (1 - found.power) * looked.looks[-1]
    )


def test_intervals_have_the_level_of_the_limit() -> None:
    design = sequential_design([20, 40], paired=False)
    assert [design.level(k) for k in (0, 1)] == [1 - p for p in design.limits]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"looks": [5, 10]}, "the first at least 10"),
        ({"looks": [20, 20]}, "pass rising numbers of runs"),
        ({"looks": []}, "pass rising numbers"),
        ({"question": "median"}, "pass 'spread', 'mean' or 'churn'"),
        ({"paired": False, "correlation": 0.5}, "unpaired arms are not correlated"),
        ({"alpha": 0}, "alpha is 0"),
    ],
)
def test_impossible_designs_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sequential_design(**{"looks": [10, 20], "paired": True, **options})  # type: ignore[arg-type]
