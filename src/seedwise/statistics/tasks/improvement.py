"""Probability of improvement over several tasks, whatever their units."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from seedwise.statistics.core import _checks
from seedwise.statistics.core._distributions import normal_cdf, normal_quantile, t_quantile, t_two_sided_p
from seedwise.statistics.core._wilson import wilson
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.means.improvement import Improvement, placement_error, reading
from seedwise.statistics.tasks._arms import arms_by_task


def improvement_over_tasks(
    methods: Sequence[ArrayLike],
    bases: Sequence[ArrayLike],
    *,
    paired: bool,
    higher_is_better: bool | Sequence[bool] = True,
    meaningful: float = 0.75,
    level: float = 0.95,
) -> Improvement:
    r"""Estimate P(A > B) on a task drawn from these: the mean over tasks of :func:`probability_of_improvement`.

    - unpaired: p -+ t se with se^2 = sum v_i / k^2, v_i Brunner and Munzel's variance on task i of k (at least
      1/(n1 n2)) with f_i degrees of freedom, and (sum v_i)^2 / sum (v_i^2 / f_i) of them in all.
    - paired: Wilson's interval for the mean share of pairs won, as if they were k^2 / sum (1/n_i) pairs of one task: no
      shorter than it should be, as tasks that differ make their mean steadier.

    The interval is about other runs on these tasks; it says nothing about other tasks.

    Args:
        methods: for each task the metric of the method, shape (n1,): the runs axis. At least 3 finite values, at least
            2 tasks; each task may have a unit of its own.
        bases: the same of the base, tasks in the same order; seeds too if paired.
        paired: whether run i of both arms shares its seeds.
        higher_is_better: direction of the metric, or one per task.
        meaningful: the probability from which an improvement matters to you, above .5 and below 1.
        level: confidence level, between 0 and 1.

    Returns:
        Improvement; ``n`` of its probability is the number of runs of both arms over all tasks.

    Raises:
        TypeError: values that are not numbers, or a direction that is not a bool.
        ValueError: fewer than 2 tasks, arms that :func:`probability_of_improvement` refuses (the message names the
            task, from 0), directions of another number, or an argument out of its range.

    Example:
        >>> vml = [[98.3, 98.1, 98.6, 98.2], [0.31, 0.30, 0.33, 0.29]]
        >>> base = [[97.8, 98.2, 98.3, 97.9], [0.34, 0.32, 0.35, 0.33]]
        >>> win = improvement_over_tasks(vml, base, paired=False, higher_is_better=[True, False])
        >>> f"{win.probability.estimate:.2f} [{win.probability.low:.2f}, {win.probability.high:.2f}]: {win.reading}"
        '0.83 [0.44, 1.00]: not significant'

    Source:
        Agarwal et al. (2021), arXiv 2108.13264, section 4.3 (the mean over tasks; they draw the interval by bootstrap);
        Brunner & Munzel (2000), Biometrical Journal 42, 17-25; Wilson (1927), JASA 22, 209-212.
    """
    level = _checks.level_in_range(level)
    meaningful = _checks.between(meaningful, 0.5, 1, "meaningful", ".75")
    arms = arms_by_task(methods, bases, paired=paired)
    k = len(arms)
    directions = [higher_is_better] * k if isinstance(higher_is_better, bool) else list(higher_is_better)
    if not all(isinstance(higher, bool) for higher in directions):
        raise TypeError("higher_is_better must be True or False, or one of them per task")
    if len(directions) != k:
        raise ValueError(f"higher_is_better has {len(directions)} directions for {k} tasks; pass one per task")
    arms = [(x, y) if higher else (-x, -y) for (x, y), higher in zip(arms, directions, strict=True)]
    n = [sum(x.size for x, _ in arms), sum(y.size for _, y in arms)]
    if paired:
        ties = float(np.mean([np.mean(x == y) for x, y in arms]))
        p = float(np.mean([np.mean((x > y) + 0.5 * (x == y)) for x, y in arms]))
        pairs = k**2 / sum(1 / x.size for x, _ in arms)
        low, high = map(float, wilson(p, pairs, normal_quantile((1 + level) / 2)))
        p_value = min(1.0, 2 * float(normal_cdf(-abs(p - 0.5) * 2 * math.sqrt(pairs))))
        probability = Interval(p, low, high, level, n, "Wilson over tasks", p_value)
    else:
        ties = float(np.mean([np.mean(x[:, None] == y) for x, y in arms]))
        shares, variances, dfs = np.array([placement_error(x, y) for x, y in arms]).T
        p, se = float(np.mean(shares)), math.sqrt(float(np.sum(variances))) / k
        df = float(np.sum(variances) ** 2 / np.sum(variances**2 / dfs))
        half = t_quantile((1 + level) / 2, df) * se
        limits = (max(0.0, p - half), min(1.0, p + half))
        probability = Interval(p, *limits, level, n, "Brunner-Munzel over tasks", t_two_sided_p((p - 0.5) / se, df))
    return Improvement(probability, reading(probability, meaningful), ties)
