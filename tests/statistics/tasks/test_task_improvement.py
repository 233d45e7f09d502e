import numpy as np
import pytest
from scipy import special, stats

from seedwise.statistics import improvement_over_tasks, probability_of_improvement

X = np.random.default_rng(3).gamma(2.0, 0.4, (7, 3)) * [0.5, 1.0, 2.0]
Y = np.random.default_rng(4).gamma(2.0, 0.5, (7, 3)) * [0.5, 1.0, 2.0]


def test_the_estimate_is_that_of_rliable() -> None:
    found = improvement_over_tasks(list(X.T), list(Y.T), paired=False)
    assert found.probability.estimate == pytest.approx(0.41496598639455784)  # rliable 1.2.0
    shares = [stats.mannwhitneyu(x, y).statistic / 49 for x, y in zip(X.T, Y.T, strict=True)]
    assert found.probability.estimate == pytest.approx(np.mean(shares))


def test_the_same_task_twice_has_half_the_variance() -> None:
    method, base = np.random.default_rng(5).standard_normal((2, 400))
    once = probability_of_improvement(method, base, paired=False).probability
    twice = improvement_over_tasks([method] * 2, [base] * 2, paired=False).probability
    assert twice.estimate == pytest.approx(once.estimate)
    assert (once.high - once.low) / (twice.high - twice.low) == pytest.approx(np.sqrt(2), rel=0.002)


def test_paired_tasks_of_one_size_are_one_long_task_to_wilson() -> None:
    found = improvement_over_tasks(list(X.T), list(Y.T), paired=True)
    one = probability_of_improvement(X.ravel(), Y.ravel(), paired=True)
    assert [found.probability.low, found.probability.high] == pytest.approx([one.probability.low, one.probability.high])
    assert (found.reading, found.probability.n) == (one.reading, [21, 21])


def test_each_task_has_its_direction() -> None:
    both = improvement_over_tasks(
        [X[:, 0], -X[:, 1]], [Y[:, 0], -Y[:, 1]], paired=False, higher_is_better=[True, False]
    )
    assert both == improvement_over_tasks([X[:, 0], X[:, 1]], [Y[:, 0], Y[:, 1]], paired=False)
    with pytest.raises(ValueError, match="one per task"):
        improvement_over_tasks([X[:, 0], X[:, 1]], [Y[:, 0], Y[:, 1]], paired=False, higher_is_better=[True])


@pytest.mark.parametrize("paired", [True, False])
def test_covers_on_tasks_that_differ(paired: bool) -> None:
    rng, studies, shift, held = np.random.default_rng(7), 600, np.array([[0.0], [0.7], [1.4]]), 0
    truth = float(np.mean(special.ndtr(shift / np.sqrt(2))))
    for _ in range(studies):
        methods, bases = shift + rng.standard_normal((3, 10)), rng.standard_normal((3, 10))
        found = improvement_over_tasks(list(methods), list(bases), paired=paired).probability
        held += found.low <= truth <= found.high
    assert held / studies >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / studies)
