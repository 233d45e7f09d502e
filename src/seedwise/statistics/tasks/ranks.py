"""How methods rank over several tasks."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.core import _checks
from seedwise.statistics.core._distributions import f_tail, t_quantile
from seedwise.statistics.core.interval import Interval

Array = NDArray[np.float64]

LEAST_TASKS = 5


@dataclass(frozen=True)
class MeanRank:
    """The rank of a method, averaged over tasks.

    Attributes:
        method: its name.
        rank: from 1, the best, to the number of methods, with its interval over runs; ``n`` is the number of the
            method's runs on all tasks.
        by_task: the rank on each task, in the order of the tasks.
    """

    method: str
    rank: Interval
    by_task: tuple[float, ...]


@dataclass(frozen=True)
class MeanRanks:
    """How methods rank over tasks.

    Attributes:
        methods: best first.
        p_value: of "no method tends to rank before another on tasks such as these", by Friedman's test of the means.
    """

    methods: tuple[MeanRank, ...]
    p_value: float


def mean_ranks(
    tasks: Sequence[Mapping[str, ArrayLike]],
    *,
    paired: bool,
    higher_is_better: bool | Sequence[bool] = True,
    level: float = 0.95,
) -> MeanRanks:
    r"""Rank methods on each task and average over tasks; the runs give each rank's interval, the tasks the test.

    The rank of method j on a task is what one run of it may expect among one run of every method,

        r_j = 1 + sum over the others k of P(k > j),  ties one half,

    estimated from all combinations of runs, or, if paired, of the runs that share their seeds. Two methods that the
    runs can hardly tell apart have ranks 1.4 and 1.6, not 1 and 2. Unlike the rank of the means, it has an interval
    that resampling or noise does not draw towards the middle.

    - interval: r -+ t se, se^2 = sum v_t / k^2 over k tasks, with Satterthwaite's degrees of freedom. v_t is, unpaired,
      sum over methods of the variance of their runs' placements over their number; paired, the variance over seeds of
      the rank over their number; at least (methods - 1) / n^2, as no run seen out of place is no proof that none will
      be. It is about other runs on these tasks.
    - test: Friedman's, tasks being the blocks, of the ranks of the means, in the form of Iman and Davenport: with m
      methods, F(m - 1, (m - 1)(k - 1)). It is about other tasks.

    Four equally good methods on five tasks are called different at .05 in 5 to 8 % of simulated studies; the intervals
    of 95 % hold the truth in 95 to 97 %, and in 98 % and more where the methods lie far apart (docs/calibration.md).

    Args:
        tasks: for each task the metric of each method, name to values of shape (n,): the runs axis. At least 5 tasks,
            all with the same methods, at least 2 of those and 3 finite values each.
        paired: whether run i of all methods of a task shares its seeds.
        higher_is_better: direction of the metric, or one per task.
        level: confidence level, between 0 and 1.

    Returns:
        MeanRanks.

    Raises:
        TypeError: values that are not numbers, or a direction that is not a bool.
        ValueError: fewer than 5 tasks or 2 methods, tasks with different methods, fewer than 3 runs, values that are
            not finite, paired methods with different numbers of runs, or a level outside (0, 1).

    Example:
        >>> one = {"base": [0.71, 0.74, 0.70], "vml": [0.75, 0.73, 0.76], "sam": [0.77, 0.78, 0.79]}
        >>> other = {"base": [0.52, 0.50, 0.51], "vml": [0.53, 0.54, 0.55], "sam": [0.56, 0.53, 0.57]}
        >>> ranks = mean_ranks([one, other, one, other, one], paired=False)
        >>> for found in ranks.methods:
        ...     print(f"{found.method} {found.rank.estimate:.2f} [{found.rank.low:.2f}, {found.rank.high:.2f}]")
        sam 1.11 [1.00, 1.54]
        vml 1.96 [1.53, 2.39]
        base 2.93 [2.50, 3.00]

    Source:
        Demsar (2006), Statistical comparisons of classifiers over multiple data sets, JMLR 7, 1-30 (ranks over tasks);
        Iman & Davenport (1980), Approximations of the critical region of the Friedman statistic, Communications in
        Statistics A 9, 571-595; Brunner & Munzel (2000), Biometrical Journal 42, 17-25 (variances of placements).
    """
    level = _checks.level_in_range(level)
    k = len(tasks)
    if k < LEAST_TASKS:
        raise ValueError(f"got {k} tasks: mean ranks take at least {LEAST_TASKS}; compare the methods on each task")
    directions = [higher_is_better] * k if isinstance(higher_is_better, bool) else list(higher_is_better)
    if not all(isinstance(higher, bool) for higher in directions) or len(directions) != k:
        raise TypeError(f"higher_is_better must be True or False, or one of them for each of the {k} tasks")
    names = sorted(map(str, tasks[0]))
    if len(names) < 2:
        raise ValueError("a ranking needs at least two methods")
    blocks = [
        _arms(task, i, names, higher, paired) for i, (task, higher) in enumerate(zip(tasks, directions, strict=True))
    ]
    found = np.array([(_paired if paired else _unpaired)(arms) for arms in blocks])  # (tasks, 3, methods)
    ranks, variances, dfs = found.swapaxes(0, 1)
    total = variances.sum(axis=0)
    df = total**2 / np.sum(variances**2 / dfs, axis=0)
    methods = []
    for j, name in enumerate(names):
        rank, half = float(ranks[:, j].mean()), t_quantile((1 + level) / 2, df[j]) * math.sqrt(total[j]) / k
        runs = sum(arms[j].size for arms in blocks)
        limits = (max(1.0, rank - half), min(float(len(names)), rank + half))
        interval = Interval(rank, *limits, level, runs, "placements over tasks")
        methods.append(MeanRank(name, interval, tuple(map(float, ranks[:, j]))))
    of_means = _ranks(np.array([[float(np.mean(arm)) for arm in arms] for arms in blocks]))
    return MeanRanks(tuple(sorted(methods, key=lambda method: method.rank.estimate)), _friedman(of_means))


def _arms(task: Mapping[str, ArrayLike], i: int, names: list[str], higher: bool, paired: bool) -> list[Array]:
    given = {str(name): values for name, values in task.items()}
    if sorted(given) != names:
        raise ValueError(f"task {i} has the methods {sorted(given)} and task 0 {names}; pass those that all tasks have")
    arms = [_checks.runs_axis(given[name], f"{name} on task {i}") for name in names]
    sizes = [arm.size for arm in arms]
    if paired and len(set(sizes)) > 1:
        raise ValueError(f"task {i}: paired methods need the same runs; got {sizes}: pass those that all have")
    return arms if higher else [-arm for arm in arms]


def _ranks(values: Array) -> Array:
    """Return the ranks along the last axis, 1 for the largest; ties share theirs."""
    better = values[..., None, :] > values[..., :, None]
    same = values[..., None, :] == values[..., :, None]
    ranks: Array = 0.5 + better.sum(axis=-1) + same.sum(axis=-1) / 2
    return ranks


def _paired(arms: list[Array]) -> tuple[Array, Array, Array]:
    ranks = _ranks(np.stack(arms, axis=1))
    n = len(ranks)
    variance = np.maximum(ranks.var(axis=0, ddof=1) / n, (len(arms) - 1) / n**2)
    return ranks.mean(axis=0), variance, np.full(len(arms), float(n - 1))


def _unpaired(arms: list[Array]) -> tuple[Array, Array, Array]:
    """Return the ranks, their variances and the degrees of freedom of those."""
    ranks, variances, dfs = [], [], []
    for j, own in enumerate(arms):
        others = [arm for k, arm in enumerate(arms) if k != j]
        ahead = [(arm > own[:, None]) + 0.5 * (arm == own[:, None]) for arm in others]  # (runs of j, runs of the other)
        placed = [sum(share.mean(axis=1) for share in ahead), *(share.mean(axis=0) for share in ahead)]
        parts = np.array([float(np.var(place, ddof=1)) / place.size for place in placed])
        free = np.array([place.size - 1 for place in placed])
        least = sum(1 / (own.size * arm.size) for arm in others)
        ranks.append(1 + float(np.mean(placed[0])))
        variances.append(max(float(parts.sum()), least))
        dfs.append(parts.sum() ** 2 / np.sum(parts**2 / free) if parts.sum() >= least else float(free.sum()))
    return np.array(ranks), np.array(variances), np.array(dfs)


def _friedman(ranks: Array) -> float:
    k, m = ranks.shape
    apart = ranks - ranks.mean()
    between = k * float(np.sum(apart.mean(axis=0) ** 2))
    within = float(np.sum(apart**2)) - between
    if between <= 1e-9:
        return 1.0
    if within <= 1e-9:
        return 0.0
    return f_tail(between / within * (k - 1), m - 1, (m - 1) * (k - 1))
