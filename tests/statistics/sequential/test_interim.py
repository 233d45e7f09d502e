"""What is resolved at a look at a study that grows."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest

from seedwise.statistics import Cell, Look, Metric, churn_ratio, holm, interim_analysis, mean_difference, spread_ratio
from seedwise.statistics.comparison.disagreement import Disagreement, disagreements

RNG = np.random.default_rng(3)
BASE = RNG.normal(0.9, 0.02, 12)
STEADY = RNG.normal(0.9, 0.002, 12)
METRIC = Metric("accuracy", "%", higher_is_better=True, chance=0.1)


def cell(method: str, values: Any, **rest: Any) -> Cell:
    n = len(values)
    fields = {"group": [0] * n, "replicate": range(n), "status": ["finished"] * n, "values": values, **rest}
    return Cell(task="digits", regime="all", method=method, metric=METRIC, **fields)


def look(at: int = 1, question: Literal["spread", "mean", "churn"] = "spread") -> Look:
    return Look(question, looks=(6, 12, 24), limits=(0.0, 0.02, 0.04), look=at)


def test_p_values_are_corrected_and_intervals_repeated() -> None:
    same = RNG.permutation(BASE)
    cells = [cell("base", BASE), cell("steady", STEADY), cell("same", same)]
    found = interim_analysis(look(), cells, [None] * 3, "base")
    ratios = [spread_ratio(x, BASE, paired=True, level=1 - 0.02) for x in (STEADY, same)]
    adjusted = holm([ratio.p_value for ratio in ratios])
    assert found.limit == 0.04  # of the look, for two comparisons
    assert [one.p for one in found.comparisons] == pytest.approx(list(adjusted))
    assert [one.resolved for one in found.comparisons] == [True, False]
    first = found.comparisons[0].found
    assert first is not None
    assert (first.low, first.high) == pytest.approx((100 * (1 - ratios[0].high), 100 * (1 - ratios[0].low)))
    assert [one.method for one in found.comparisons if not one.resolved] == ["same"]
    assert not found.resolved


def test_what_is_asked_about_means_is_resolved_by_means() -> None:
    better = STEADY + 0.05
    found = interim_analysis(look(question="mean"), [cell("base", BASE), cell("better", better)], [None] * 2, "base")
    (one,) = found.comparisons
    expected = mean_difference(better, BASE, paired=True, level=1 - 0.02)
    assert one.found is not None
    assert (one.found.low, one.found.high) == pytest.approx((expected.low, expected.high))
    assert found.resolved


def test_churn_needs_predictions_and_labels() -> None:
    truth = RNG.integers(0, 2, 300)
    kept = [(truth + (RNG.random((12, 300)) < share)) % 2 for share in (0.1, 0.02)]
    cells = [cell(name, BASE, predictions=one) for name, one in zip(("base", "calm"), kept, strict=True)]
    found = interim_analysis(look(question="churn"), cells, [truth, truth], "base")
    ratio = churn_ratio(kept[1], kept[0], paired=True, level=1 - 0.02)
    (one,) = found.comparisons
    assert one.found is not None
    assert (one.found.estimate, one.found.low) == pytest.approx((ratio.estimate, ratio.low))
    assert found.resolved
    unknown = interim_analysis(look(question="churn"), cells, [truth, None], "base")
    assert (unknown.comparisons[0].found, unknown.comparisons[0].p, unknown.resolved) == (None, None, False)


def test_a_look_that_comes_too_early_resolves_nothing_that_the_next_one_would() -> None:
    cells = [cell("base", BASE), cell("steady", STEADY)]
    early, next_one = (interim_analysis(look(at), cells, [None] * 2, "base") for at in (0, 1))
    p = spread_ratio(STEADY, BASE, paired=True).p_value
    assert p is not None
    assert 1e-12 < p < 0.02
    assert (early.limit, early.resolved, next_one.resolved) == (None, False, True)


def test_ids_that_all_runs_share_are_those_of_every_run() -> None:
    """Each run was given one id, its comparison failed, and the failure was taken for no predictions."""
    truth = RNG.integers(0, 2, 200)
    predicted = {
        name: np.where(RNG.random((12, 200)) < share, 1 - truth, truth)
        for name, share in (("base", 0.3), ("new", 0.05))
    }
    found = []
    for ids in (None, np.arange(200), [np.arange(200)] * 12):
        cells = [
            cell(name, (labels == truth).mean(1), predictions=labels, example_ids=ids)
            for name, labels in predicted.items()
        ]
        found.append(disagreements(cells, [truth, truth], "base", 0.9)[1])
        assert interim_analysis(look(question="churn"), cells, [truth, truth], "base").resolved
    assert found[0] == found[1] == found[2]
    assert isinstance(found[0], Disagreement)
    ratio = churn_ratio(predicted["new"], predicted["base"], paired=True)
    assert found[0].churn.ratio == ratio
    assert found[0].churn.verdict.word == "less churn"


def test_what_failures_withhold_is_not_resolved() -> None:
    status = ["crashed"] * 3 + ["finished"] * 9
    failing = np.where(np.arange(12) < 3, np.nan, STEADY)
    cells = [cell("base", BASE), cell("failing", failing, status=status)]
    (one,) = interim_analysis(look(), cells, [None] * 2, "base").comparisons
    assert (one.found, one.resolved) == (None, False)
