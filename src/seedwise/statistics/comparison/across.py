"""What a method does on all tasks of a comparison together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seedwise.statistics.cells.cell import Cell
from seedwise.statistics.cells.metric import Metric
from seedwise.statistics.cells.pairing import base_of, is_base, lined_up
from seedwise.statistics.comparison._arms import line_up
from seedwise.statistics.comparison.pooled import pooled_comparisons
from seedwise.statistics.comparison.row import ComparisonRow
from seedwise.statistics.comparison.summaries import SummarizedCell
from seedwise.statistics.core import _checks
from seedwise.statistics.core._welch import welch
from seedwise.statistics.means.improvement import Improvement
from seedwise.statistics.ratios.pooled import PooledRatio
from seedwise.statistics.tasks.improvement import improvement_over_tasks
from seedwise.statistics.tasks.pooled_difference import PooledDifference, pool_differences, pooled_difference
from seedwise.statistics.tasks.ranks import LEAST_TASKS, MeanRanks, mean_ranks

_NO_RATIO = "pooling takes a ratio of SDs with a finite interval on 2 tasks"
_TAKES_RUNS = "only means and SDs are known, and it takes runs"


@dataclass(frozen=True)
class MethodAcrossTasks:
    """A method compared with the base on several tasks. Where a number cannot be given, a sentence says why.

    Attributes:
        method: its name.
        tasks: on how many it has the runs that a comparison takes.
        ratio: of the SDs, pooled.
        difference: of the means, pooled; None where the tasks have no common unit.
        improvement: the chance that a run of it beats one of the base.
    """

    method: str
    tasks: int
    ratio: PooledRatio | str
    difference: PooledDifference | str | None
    improvement: Improvement | str


@dataclass(frozen=True)
class AcrossTasks:
    """What holds over several tasks.

    Attributes:
        tasks: how many there are.
        metric: in whose unit the differences are.
        methods: all but the base.
        ranks: of all methods, the base among them; None of fewer than 5 tasks, or the reason why there are none.
    """

    tasks: int
    metric: Metric
    methods: tuple[MethodAcrossTasks, ...]
    ranks: MeanRanks | str | None


def across_tasks(cells: Sequence[Cell], rows: Sequence[ComparisonRow], base: str) -> AcrossTasks | None:
    """Pool the comparisons of each method with the base over tasks.

    - SDs: the pooled ratio of :func:`pooled_ratio`.
    - means: :func:`pooled_difference` where the metric has a unit, which then is that of all tasks, and
      :func:`improvement_over_tasks` always.
    - ranks: :func:`mean_ranks` from 5 tasks on, of the runs that finished in every method if they are paired.

    Failed runs are left out.

    Args:
        cells: the cells, plain ones of one regime; the runs axis of each is that of :class:`Cell`.
        rows: what was found of them, in the same unit.
        base: name of the method that the others are compared with.

    Returns:
        AcrossTasks; None where there are fewer than 2 tasks, or the groups of the cells are folds.

    Raises:
        Nothing: what cannot be pooled has a reason instead.

    Example:
        >>> from seedwise.statistics import Metric, compare_study
        >>> def cell(task, method, values):
        ...     return Cell(
        ...         task=task, method=method, regime="all", group=[0] * 4, replicate=range(4), values=values,
        ...         status=("finished",) * 4, metric=Metric("accuracy", "%"),
        ...     )
        >>> cells = [
        ...     cell("a", "base", [97.8, 98.0, 98.3, 97.9]), cell("a", "vml", [98.3, 98.1, 98.6, 98.2]),
        ...     cell("b", "base", [94.6, 94.5, 94.8, 94.9]), cell("b", "vml", [94.9, 94.7, 95.1, 94.8]),
        ... ]
        >>> (vml,) = across_tasks(cells, compare_study(cells, base="base"), "base").methods
        >>> f"{vml.difference.difference.estimate:.2f} points over {vml.tasks} tasks"
        '0.25 points over 2 tasks'

    Source:
        DerSimonian & Laird (1986), Hartung & Knapp (2001), Agarwal et al. (2021), Demsar (2006): see the functions
        named.
    """
    tasks = list(dict.fromkeys(cell.task for cell in cells))
    if len(tasks) < 2 or any(cell.folds is not None for cell in cells):
        return None
    ratios = {found.method: found.pooled for found in pooled_comparisons(rows)}
    methods = list(dict.fromkeys(cell.method for cell in cells if not is_base(cell, base)))
    found = tuple(_method(method, cells, base, ratios.get(method)) for method in methods)
    ranks = _ranks(cells, tasks) if len(tasks) >= LEAST_TASKS else None
    return AcrossTasks(len(tasks), cells[0].metric, found, ranks)


def _method(method: str, cells: Sequence[Cell], base: str, ratio: PooledRatio | None) -> MethodAcrossTasks:
    own = [cell for cell in cells if cell.method == method]
    against = [(cell, of_base) for cell in own if (of_base := base_of(cell, cells, base)) is not None]
    arms = [line_up(cell, of_base, count_failures=False) for cell, of_base in against]
    arms = [one for one in arms if not one.few]
    x, y, metric = [one.method for one in arms], [one.base for one in arms], own[0].metric
    paired = all(one.paired for one in arms)
    difference: PooledDifference | str | None = None
    improvement: Improvement | str = f"pooling takes {_checks.MINIMUM_RUNS} runs to compare on 2 tasks"
    if len(arms) > 1:
        improvement = improvement_over_tasks(x, y, paired=paired, higher_is_better=metric.higher_is_better)
    if metric.unit:
        try:
            difference = pooled_difference(x, y, paired=paired)
        except ValueError as error:
            difference = improvement if isinstance(improvement, str) else str(error)
    return MethodAcrossTasks(method, len(arms), ratio or _NO_RATIO, difference, improvement)


def across_tasks_of_summaries(
    cells: Sequence[SummarizedCell], rows: Sequence[ComparisonRow], base: str
) -> AcrossTasks | None:
    """Pool the comparisons of each method with the base over tasks of which only means and SDs are known.

    As :func:`across_tasks`, from the intervals of F and the standard errors of Welch: normal theory. What takes the
    runs, the chance that one is better and the ranks, has a reason instead.

    Args:
        cells: what is known of each method on each task; each stands for a runs axis that is not at hand.
        rows: what :func:`compare_study_summaries` found of them.
        base: name of the method that the others are compared with.

    Returns:
        AcrossTasks; None where there are fewer than 2 tasks.

    Raises:
        Nothing: what cannot be pooled has a reason instead.

    Example:
        >>> from seedwise.statistics import Summary, compare_study_summaries
        >>> points = Metric("accuracy", "%")
        >>> cells = [
        ...     SummarizedCell("a", "base", points, Summary(98.0, 0.2, 5)),
        ...     SummarizedCell("a", "vml", points, Summary(98.3, 0.2, 5)),
        ...     SummarizedCell("b", "base", points, Summary(94.7, 0.2, 5)),
        ...     SummarizedCell("b", "vml", points, Summary(94.9, 0.2, 5)),
        ... ]
        >>> (vml,) = across_tasks_of_summaries(cells, compare_study_summaries(cells, base="base"), "base").methods
        >>> f"{vml.difference.difference.estimate:.2f} points, ratio {vml.ratio.ratio.estimate:.2f}"
        '0.25 points, ratio 1.00'

    Source:
        As :func:`across_tasks` and :func:`compare_summaries`.
    """
    bases = {cell.task: cell.summary for cell in cells if cell.method == base}
    if len(bases) < 2:
        return None
    ratios = {found.method: found.pooled for found in pooled_comparisons(rows)}
    others = [cell for cell in cells if cell.method != base]
    found = []
    for method in dict.fromkeys(cell.method for cell in others):
        own = [(cell.summary, bases[cell.task]) for cell in others if cell.method == method]
        difference: PooledDifference | str | None = None
        if cells[0].metric.unit:
            try:
                errors = [welch(x.sd, x.n, y.sd, y.n) for x, y in own]
                difference = pool_differences([x.mean - y.mean for x, y in own], errors)
            except ValueError as error:
                difference = str(error)
        ratio = ratios.get(method, _NO_RATIO)
        found.append(MethodAcrossTasks(method, len(own), ratio, difference, _TAKES_RUNS))
    return AcrossTasks(len(bases), cells[0].metric, tuple(found), None)


def _ranks(cells: Sequence[Cell], tasks: Sequence[str]) -> MeanRanks | str:
    values: list[dict[str, NDArray[np.float64]]] = []
    pairings = []
    for task in tasks:
        here = [cell for cell in cells if cell.task == task]
        runs, paired = lined_up(here)
        pairings.append(paired)
        values.append({cell.method: cell.values[at] for cell, at in zip(here, runs, strict=True)})
    try:
        return mean_ranks(values, paired=all(pairings), higher_is_better=cells[0].metric.higher_is_better)
    except ValueError as error:
        return str(error)
