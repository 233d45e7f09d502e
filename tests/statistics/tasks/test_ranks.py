import numpy as np
import pytest
from scipy import special, stats

from seedwise.statistics import mean_ranks

RNG = np.random.default_rng(11)
NAMES = ("a", "b", "c", "d")
TASKS = [
    {name: RNG.normal(shift, 1, 6) for name, shift in zip(NAMES, (0, 0.3, 0.9, 0.5), strict=True)} for _ in range(6)
]


def test_the_paired_rank_is_the_mean_of_the_ranks_of_every_seed() -> None:
    expected = np.mean([stats.rankdata(-np.stack(list(task.values())), axis=0).mean(axis=1) for task in TASKS], axis=0)
    found = {one.method: one.rank.estimate for one in mean_ranks(TASKS, paired=True).methods}
    assert [found[name] for name in NAMES] == pytest.approx(expected)


def test_the_rank_counts_the_runs_of_the_others_that_are_ahead() -> None:
    found = {one.method: one for one in mean_ranks(TASKS, paired=False).methods}
    for name in NAMES:
        by_task = []
        for task in TASKS:
            ahead = [stats.mannwhitneyu(task[other], task[name]).statistic / 36 for other in NAMES if other != name]
            by_task.append(1 + sum(ahead))
        assert found[name].by_task == pytest.approx(tuple(by_task))
        assert found[name].rank.estimate == pytest.approx(np.mean(by_task))
        assert found[name].rank.n == 36
    assert sum(one.rank.estimate for one in found.values()) == pytest.approx(1 + 2 + 3 + 4)


def test_the_test_is_friedmans_in_the_form_of_iman_and_davenport() -> None:
    means = np.array([[task[name].mean() for task in TASKS] for name in NAMES])
    chi2 = stats.friedmanchisquare(*means).statistic
    expected = stats.f.sf(5 * chi2 / (6 * 3 - chi2), 3, 15)
    assert mean_ranks(TASKS, paired=False).p_value == pytest.approx(expected)


def test_order_and_directions() -> None:
    found = mean_ranks(TASKS, paired=False)
    assert [one.rank.estimate for one in found.methods] == sorted(one.rank.estimate for one in found.methods)
    turned = [{name: -values for name, values in task.items()} for task in TASKS[:3]]
    assert mean_ranks([*turned, *TASKS[3:]], paired=False, higher_is_better=[False] * 3 + [True] * 3) == found


def test_methods_that_never_mix_still_have_an_interval() -> None:
    tasks = [{"low": RNG.normal(0, 0.01, 5), "high": RNG.normal(9, 0.01, 5)} for _ in range(5)]
    for paired in (True, False):
        first, last = mean_ranks(tasks, paired=paired).methods
        assert (first.method, first.rank.estimate, last.rank.estimate) == ("high", 1, 2)
        assert first.rank.high > 1.1
        assert mean_ranks(tasks, paired=paired).p_value == 0
    assert mean_ranks([{"a": [1.0, 1.0, 1.0], "b": [1.0, 1.0, 1.0]}] * 5, paired=True).p_value == 1


@pytest.mark.parametrize("paired", [True, False])
def test_the_intervals_cover(paired: bool) -> None:
    rng, studies, centres, held = np.random.default_rng(12), 150, 0.5 * np.arange(4), 0.0
    truth = 0.5 + special.ndtr((centres - centres[:, None]) / np.sqrt(2)).sum(axis=1)
    for _ in range(studies):
        drawn = rng.standard_normal((5, 4, 5)) + centres[:, None]
        found = mean_ranks([dict(zip(NAMES, task, strict=True)) for task in drawn], paired=paired)
        held += np.mean([one.rank.low <= truth[NAMES.index(one.method)] <= one.rank.high for one in found.methods])
    assert held / studies >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / studies)


def test_bad_tasks_are_refused() -> None:
    with pytest.raises(ValueError, match="got 4 tasks: mean ranks take at least 5"):
        mean_ranks(TASKS[:4], paired=False)
    with pytest.raises(ValueError, match="task 5 has the methods"):
        mean_ranks([*TASKS[:5], {"a": [1.0, 2.0, 3.0]}], paired=False)
    with pytest.raises(ValueError, match="task 0: paired methods need the same runs"):
        mean_ranks([{"a": [1.0, 2.0, 3.0], "b": [1.0, 2.0, 3.0, 4.0]}] * 5, paired=True)
    with pytest.raises(ValueError, match="a on task 0 has 2 runs"):
        mean_ranks([{"a": [1.0, 2.0], "b": [1.0, 2.0]}] * 5, paired=True)
