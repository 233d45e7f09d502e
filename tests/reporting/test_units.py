"""Tasks whose metrics have different units, in one study."""

import numpy as np

from seedwise.reporting import results_of
from seedwise.reporting.topics.single_runs import single_runs_table
from seedwise.statistics import Metric, Question

from .samples import cell, description

RNG = np.random.default_rng(3)


def test_a_margin_and_a_threshold_are_in_the_unit_of_each_task() -> None:
    """Half a point of accuracy is .5 in percent; the same .005 of a mean squared error is .005."""
    mse = Metric("test/mse", higher_is_better=False)
    noise = RNG.normal(size=(4, 20))
    cells = [
        cell("base", 0.9 + 0.001 * noise[0], task="a"),
        cell("new", 0.9 + 0.001 * noise[1], task="a"),
        cell("base", 1.0 + 0.1 * noise[2], task="b", metric=mse),
        cell("new", 1.0 + 0.1 * noise[3], task="b", metric=mse),
    ]
    question = Question(margin=0.005)
    both = results_of(description(question=question), cells).comparisons
    alone = results_of(description(question=question), cells[2:]).comparisons
    verdicts = {row.task: row.mean_verdict.word for row in both if row.mean_verdict is not None}
    assert verdicts == {"a": "equivalent within the margin", "b": "not resolved"}
    assert alone[1].mean_verdict is not None
    assert alone[1].mean_verdict.word == "not resolved"
    table = single_runs_table([one.shown for one in cells], "base", Question(threshold=0.9).thresholds(cells))
    assert table.columns[2] == "a run is worse than 90 or 0.9"
