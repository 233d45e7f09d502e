"""How many runs per method the comparisons of a whole table take, for effects that matter to the user."""

from collections.abc import Sequence
from dataclasses import dataclass

from seedwise.statistics.comparison.comparison import Margin
from seedwise.statistics.comparison.row import ComparisonRow
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.planning.planning import mean_seeds_needed, seeds_needed
from seedwise.statistics.planning.planning import power as power_at


@dataclass(frozen=True)
class RunsToResolve:
    """The runs per method that find an effect in one of the comparisons of a table.

    Attributes:
        comparisons: how many there are; each is tested at alpha / comparisons.
        paired: whether runs of the method and of the base share their seeds; the plan is for uncorrelated ones.
        sd_ratio: the ratio of SDs to find.
        power: the probability of finding an effect of the size named.
        spread: runs per method that find ``sd_ratio``; None where more runs could resolve no verdict on the spread.
        n: runs of the smallest comparison.
        reached: the probability that so many find ``sd_ratio``, if they are enough; else None.
        difference: the difference of means to find, in SDs of the base.
        mean: runs per method that find it; None where they could resolve no verdict, or no SD is known.
        margin: the difference in the unit of the metric, if the user named one and all tasks have the same; else None.
    """

    comparisons: int
    paired: bool
    sd_ratio: float
    power: float
    spread: int | None
    n: int
    reached: float | None
    difference: float
    mean: int | None
    margin: float | None


def runs_to_resolve(
    rows: Sequence[ComparisonRow],
    *,
    sd_ratio: float = 0.7,
    power: float = 0.8,
    alpha: float = 0.05,
    margin: Margin = None,
) -> RunsToResolve | None:
    """Say how many runs per method find the effects asked about, whatever the other comparisons of the table find.

    The effects are the user's, never those observed: a ratio of SDs, and as a difference of means the margin or, if
    none was named, one SD of the base. Every comparison is tested at alpha / m, the first step of Holm's correction
    over the m comparisons. The numbers are those of :func:`seeds_needed` for the default tests, and of
    :func:`mean_seeds_needed`, for arms paired as these are and uncorrelated. Of several bases the one with the largest
    SD decides on the margin. Means of runs with several values of the fixed seeds have no plan.

    Args:
        rows: the rows of :func:`compare_study`, bases included.
        sd_ratio: the ratio of SDs that the study should be able to find, positive and not 1.
        power: the probability of finding it, and the difference of means, between 0 and 1.
        alpha: significance level of all comparisons together, between 0 and 1.
        margin: the difference of means that matters, in the unit of the metric, or one for each task; None: one SD of
            the base.

    Returns:
        The plan; None if there is nothing to compare, or nothing that more runs could resolve.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: an argument out of its range.

    Example:
        >>> from seedwise.statistics import Cell, Metric, compare_cells
        >>> def cell(method, values):
        ...     return Cell(
        ...         task="digits", method=method, regime="all", group=[0] * 4, replicate=range(4), values=values,
        ...         status=("finished",) * 4, metric=Metric("test/accuracy"),
        ...     )
        >>> base, vml = cell("base", [0.978, 0.981, 0.983, 0.979]), cell("vml", [0.980, 0.981, 0.982, 0.979])
        >>> plan = runs_to_resolve(compare_cells(base, [vml]))
        >>> (plan.comparisons, plan.spread == seeds_needed(paired=True), plan.mean)
        (1, True, 18)

    Source:
        Hoenig & Heisey (2001), The abuse of power, American Statistician 55, 19-24, on why the observed effect says
        nothing about the runs needed; Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    compared = [row for row in rows if row.paired is not None]
    paired, m = any(row.paired for row in compared), max(len(compared), 1)
    needed = seeds_needed(sd_ratio=sd_ratio, power=power, alpha=alpha, paired=paired, comparisons=m)
    about_spread, about_mean = any(row.spread_open for row in compared), any(row.mean_open for row in compared)
    if not (about_spread or about_mean):
        return None
    sds = {row.task: row.spread.estimate for row in rows if row.paired is None and isinstance(row.spread, Interval)}
    margins = dict.fromkeys(sds, margin) if margin is None or isinstance(margin, float | int) else dict(margin)
    known = bool(sds) and not any(row.groups > 1 for row in rows)
    named = [(size, sds[task]) for task, size in margins.items() if size is not None and task in sds]
    difference = min((size / sd for size, sd in named), default=1.0)
    sizes = {size for size, _ in named}
    n = min(row.n for row in compared)
    return RunsToResolve(
        comparisons=m,
        paired=paired,
        sd_ratio=sd_ratio,
        power=power,
        spread=needed if about_spread else None,
        n=n,
        reached=power_at(sd_ratio=sd_ratio, n=n, alpha=alpha, paired=paired, comparisons=m)
        if about_spread and n >= needed
        else None,
        difference=difference,
        mean=mean_seeds_needed(difference=difference, power=power, alpha=alpha, paired=paired, comparisons=m)
        if about_mean and known
        else None,
        margin=sizes.pop() if len(sizes) == 1 else None,
    )
