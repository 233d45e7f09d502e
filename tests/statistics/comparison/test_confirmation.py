"""A choice confirmed on fresh seeds, against scipy and numbers worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from seedwise.statistics import Cell, Metric, Question, churn_ratio, confirm, seeds_needed, spread_ratio

TRUTH = np.arange(300) % 3
METRIC = Metric("test/accuracy", unit="share", chance=1 / 3)


def cell(method, errors, seed, **changes):
    rng = np.random.default_rng(seed)
    wrong = rng.random((10, 300)) < errors * rng.uniform(0.5, 1.5, (10, 1))
    labels = np.where(wrong, (TRUTH + 1) % 3, TRUTH)
    fields = {
        "task": "t", "method": method, "regime": "all", "group": [0] * 10, "replicate": range(10),
        "values": (labels == TRUTH).mean(1), "status": ("finished",) * 10, "metric": METRIC,
        "predictions": labels,
    }  # fmt: skip
    return Cell(**fields | changes)


BASE, TUNED = cell("base", 0.10, 1), cell("tuned", 0.03, 2)


def test_gains_are_reductions_in_percent_and_a_difference_in_points():
    found = confirm([BASE, TUNED], "base", Question())
    ratio = spread_ratio(TUNED.values, BASE.values, paired=True)
    assert found.gains["sd"].estimate == pytest.approx(100 * (1 - ratio.estimate))
    assert found.gains["sd"].low == pytest.approx(100 * (1 - ratio.high))
    churn = churn_ratio(TUNED.predictions, BASE.predictions, paired=True)
    assert found.gains["churn"].high == pytest.approx(100 * (1 - churn.low))
    difference = 100 * (TUNED.values - BASE.values)
    low, high = stats.t.interval(0.95, 9, difference.mean(), stats.sem(difference))
    mean = found.gains["mean"]
    assert (mean.estimate, mean.low, mean.high) == pytest.approx((difference.mean(), low, high))
    assert (found.mean.word, found.churn.word) == ("better", "less churn")
    assert found.runs == 10


def test_where_low_values_are_good_less_is_a_gain():
    loss = Metric("test/mse", higher_is_better=False)
    cells = [replace(one, values=1 - one.values, metric=loss) for one in (BASE, TUNED)]
    found = confirm(cells, "base", Question())
    accuracy = confirm([BASE, TUNED], "base", Question())
    for name in ("estimate", "low", "high"):
        assert 100 * getattr(found.gains["mean"], name) == pytest.approx(getattr(accuracy.gains["mean"], name))
    assert found.mean.word == "better"


def test_the_plan_is_for_the_ratio_that_was_asked_about():
    other = replace(cell("tuned", 0.10, 3), predictions=None)
    found = confirm([BASE, other], "base", Question(sd_ratio=0.5, power=0.9))
    assert found.sd.word == "not resolved"
    assert found.plan.spread == seeds_needed(paired=True, sd_ratio=0.5, power=0.9)
    assert found.churn is None
    assert "churn" not in found.gains


def test_readouts_are_compared_too_and_only_the_plain_choice_is_judged():
    ensembles = [replace(one, readout="ensemble-5", predictions=None) for one in (BASE, TUNED)]
    alone, found = (confirm(cells, "base", Question()) for cells in ([BASE, TUNED], [BASE, TUNED, *ensembles]))
    assert found.gains == alone.gains
    assert found.sd.sentence.split(", corrected")[0] == alone.sd.sentence.split(", corrected")[0]


def test_it_takes_a_base_and_a_choice():
    with pytest.raises(ValueError, match="pass those of 'base' and of the choice"):
        confirm([BASE], "base", Question())
