"""The cells of a study compared with its base: the numbers behind every row of the table of results."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from seedwise.statistics.cells.cell import Cell
from seedwise.statistics.cells.folds import why_no_seeds
from seedwise.statistics.comparison._arms import Arms, between_groups, line_up
from seedwise.statistics.comparison._judging import Evidence, Judged, judge
from seedwise.statistics.comparison.row import ComparisonRow, row_of
from seedwise.statistics.core import _checks
from seedwise.statistics.core._moments import is_constant
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.means.folds import five_by_two_difference, fold_difference, fold_standard_error
from seedwise.statistics.means.means import mean_difference
from seedwise.statistics.ratios.ratios import RatioProcedure, spread_ratio
from seedwise.statistics.verdicts.equivalence import Equivalence, mean_equivalence, spread_equivalence, within_margin
from seedwise.statistics.verdicts.verdict import Verdict

Margin = float | Mapping[str, float] | None
"""The largest difference of means that still counts as equal: one for all tasks, one for each, or none."""


@dataclass(frozen=True)
class _Question:
    """What the user asks of every comparison."""

    level: float
    alpha: float
    factor: float | None
    margin: Margin

    def margin_at(self, task: str) -> float | None:
        return self.margin[task] if isinstance(self.margin, Mapping) else self.margin


@dataclass(frozen=True)
class _Compared:
    arms: Arms
    judged: Judged


def compare_cells(
    base: Cell,
    methods: Sequence[Cell],
    *,
    level: float = 0.95,
    alpha: float = 0.05,
    factor: float | None = None,
    margin: Margin = None,
) -> list[ComparisonRow]:
    """Compare every method of a study with the base: spread, mean, churn, with verdicts on the spread and the mean.

    - Two arms are paired if they hold the same (group, replicate) keys, planned runs included; the pairs finished in
      both arms are used. Otherwise the finished runs of each arm are compared as independent.
    - SDs and their ratios have the intervals and tests that do not assume normal values; a row also has those that do.
      Where one arm is skewed and the other is not, they claim a difference in up to 8 % of studies without one, and in
      up to 13 % if the skewed arm has far fewer runs: see :func:`spread_ratio`.
    - The p-values of the reductions are Holm-corrected over all the methods; one that has no p-value counts as p = 1.
      So are those of the means, of equivalence in spread and of equivalence in means, each question by itself.
    - Runs at several values of the fixed seeds (groups): SDs, their ratios and churn are those within the groups,
      pooled. Means are compared between the groups, paired, since runs of one group share their fixed seeds. Where the
      groups are folds (``Cell.folds``), means are compared by :func:`fold_difference`, or for 5 x 2 folds by
      :func:`five_by_two_difference`; equivalence of means over folds is tested by the former's t.
    - If any run of a method or of the base failed, a verdict is given only if counting the failures as results at
      chance level gives the same one, for the spread and for the mean. Pending and interrupted runs are not counted at
      all. The spreads with failures counted are tested with ``procedure="normal"`` of :func:`spread_ratio`: to a test
      that outliers do not impress, a few failures would look like nothing.

    Args:
        base: the cell to compare with.
        methods: the other cells, same task and metric; may be empty.
        level: confidence level of all intervals, between 0 and 1.
        alpha: significance level of the verdicts, between 0 and 1 (below .5 with a factor or margin).
        factor: the largest ratio of SDs that still counts as equal, above 1; None: equivalence is not asked about.
        margin: the largest difference of means that still counts as equal, in the unit of the metric; or one for each
            task, by its name; or None.

    Returns:
        One row per cell, the base first. Cells with few, failed, equal or constant runs give reasons, not errors.

    Raises:
        ValueError: cells of different tasks or metrics, or an argument out of its range.

    Example:
        >>> from seedwise.statistics import Metric
        >>> def cell(method, values):
        ...     return Cell(
        ...         task="digits", method=method, regime="all", group=[0] * 6, replicate=range(6), values=values,
        ...         status=("finished",) * 6, metric=Metric("test/accuracy"),
        ...     )
        >>> base = cell("base", [0.978, 0.981, 0.983, 0.979, 0.986, 0.980])
        >>> rows = compare_cells(base, [cell("vml", [0.9804, 0.9810, 0.9812, 0.9806, 0.9816, 0.9808])])
        >>> rows[1].verdict.sentence
        'reduced: the SD is 85 % smaller (95 % interval 73 to 88), corrected p < .001'
        >>> rows[1].mean_verdict.sentence
        'not resolved: the difference of means is -.0002 (95 % interval -.0029 to .0024), corrected p = .83'

    Source:
        Morgan (1939), Biometrika 31, 13-19 (paired SDs); Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    return _compare_families([(base, methods)], _Question(level, alpha, factor, margin))


def compare_study(
    cells: Sequence[Cell],
    *,
    base: str,
    level: float = 0.95,
    alpha: float = 0.05,
    factor: float | None = None,
    margin: Margin = None,
) -> list[ComparisonRow]:
    """Compare every method and readout of a study with its base, in every task and regime.

    The base of all of them is the plain cell of the base method, so that methods that need new runs and readouts of
    finished ones stand on equal terms; a readout of the base's own runs is compared with these runs as they are.
    Otherwise as :func:`compare_cells`, with the p-values Holm-corrected over all the comparisons of the study. The runs
    axis of each cell is that of :class:`Cell`.

    Args:
        cells: the cells of the study, in the order of its table.
        base: name of the method that the others are compared with.
        level: see :func:`compare_cells`.
        alpha: see :func:`compare_cells`.
        factor: see :func:`compare_cells`.
        margin: see :func:`compare_cells`.

    Returns:
        One row per cell; in each task and regime the base comes first.

    Raises:
        ValueError: a task and regime without a plain cell of the base, or as for :func:`compare_cells`.

    Example:
        >>> from seedwise.statistics import Metric
        >>> def cell(method, regime, values):
        ...     return Cell(
        ...         task="digits", method=method, regime=regime, group=[0] * 4, replicate=range(4), values=values,
        ...         status=("finished",) * 4, metric=Metric("test/accuracy"),
        ...     )
        >>> base, vml = [0.978, 0.981, 0.983, 0.979], [0.980, 0.981, 0.982, 0.979]
        >>> rows = compare_study(
        ...     [cell(m, r, x) for r in ("all", "init") for m, x in (("base", base), ("vml", vml))], base="base"
        ... )
        >>> [(row.regime, row.method) for row in rows]
        [('all', 'base'), ('all', 'vml'), ('init', 'base'), ('init', 'vml')]

    Source:
        Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    places = dict.fromkeys((cell.task, cell.regime) for cell in cells)
    families = []
    for place in places:
        here = [cell for cell in cells if (cell.task, cell.regime) == place]
        of_base = next((cell for cell in here if (cell.method, cell.readout) == (base, "plain")), None)
        if of_base is None:
            raise ValueError(
                f"there is no plain cell of the base {base!r} in {', '.join(place)}; pass one of its methods"
            )
        families.append((of_base, [cell for cell in here if cell is not of_base]))
    return _compare_families(families, _Question(level, alpha, factor, margin))


def _compare_families(families: Sequence[tuple[Cell, Sequence[Cell]]], question: _Question) -> list[ComparisonRow]:
    """Compare each base with its methods, the p-values corrected over all of them together."""
    for base, methods in families:
        _comparable(base, methods)
    _check(question)
    pairs = [(cell, base) for base, methods in families for cell in methods]
    compared = _judge(pairs, question, count_failures=False)
    if any(cell.failed + base.failed for cell, base in pairs):
        counted = _judge(pairs, question, count_failures=True)
        compared = [
            _with_failures(one, other.judged, cell, base) if cell.failed + base.failed else one
            for one, other, (cell, base) in zip(compared, counted, pairs, strict=True)
        ]
    rows = iter(
        [
            row_of(cell, question.level, base, one.judged, one.arms)
            for one, (cell, base) in zip(compared, pairs, strict=True)
        ]
    )
    return [row for base, methods in families for row in (row_of(base, question.level), *(next(rows) for _ in methods))]


def _check(question: _Question) -> None:
    """Refuse an impossible question before any work."""
    _checks.level_in_range(question.level)
    _checks.between(question.alpha, 0, 1, "alpha", ".05")
    if question.factor is not None:
        _checks.between(question.factor, 1, math.inf, "factor", "1.5")
    if question.margin is not None:
        for margin in question.margin.values() if isinstance(question.margin, Mapping) else (question.margin,):
            _checks.between(margin, 0, math.inf, "margin", ".1")
    if question.factor is not None or question.margin is not None:
        _checks.between(question.alpha, 0, 0.5, "alpha", ".05")


def _judge(pairs: Sequence[tuple[Cell, Cell]], question: _Question, *, count_failures: bool) -> list[_Compared]:
    procedure: RatioProcedure = "normal" if count_failures else "adjusted"
    arms = [line_up(cell, base, count_failures=count_failures) for cell, base in pairs]
    evidence = [_evidence(one, cell, question, procedure) for one, (cell, _) in zip(arms, pairs, strict=True)]
    return [_Compared(*both) for both in zip(arms, judge(evidence, question.alpha), strict=True)]


def _evidence(arms: Arms, cell: Cell, question: _Question, procedure: RatioProcedure) -> Evidence:
    alpha, factor, margin = question.alpha, question.factor, question.margin_at(cell.task)
    ratio, of_means = _ratio(arms, question.level, procedure), between_groups(arms)
    mean = _mean_difference(of_means, question.level)
    close = close_mean = None
    if factor is not None and isinstance(ratio, Interval):
        close = spread_equivalence(
            arms.method,
            arms.base,
            factor=factor,
            paired=arms.paired,
            alpha=alpha,
            procedure=procedure,
            groups=arms.groups,
        )
    if margin is not None and isinstance(mean, Interval):
        close_mean = _mean_equivalence(of_means, margin, alpha)
    return Evidence(ratio, mean, close, close_mean, cell.metric.higher_is_better)


def _mean_equivalence(arms: Arms, margin: float, alpha: float) -> Equivalence:
    if arms.folds is None:
        return mean_equivalence(arms.method, arms.base, margin=margin, paired=arms.paired, alpha=alpha)
    share = arms.folds.share
    narrow = fold_difference(arms.method, arms.base, test_share=share, level=1 - 2 * alpha)
    error = fold_standard_error(arms.method - arms.base, share)
    return within_margin(narrow, error, arms.method.size - 1, margin=margin, alpha=alpha)


def _comparable(base: Cell, methods: Sequence[Cell]) -> None:
    for cell in methods:
        if (cell.task, cell.metric.name) != (base.task, base.metric.name):
            raise ValueError(
                f"cell {cell.method!r} is {cell.metric.name} on {cell.task}, the base is {base.metric.name} on "
                f"{base.task}; "
                "compare cells of one task and metric"
            )


def _ratio(arms: Arms, level: float, procedure: RatioProcedure) -> Interval | str:
    if arms.reason:
        return arms.reason
    without_seeds = "" if arms.folds is None else why_no_seeds(arms.groups[0])
    if without_seeds:
        return without_seeds
    for name, values in (("the base", arms.base), ("the method", arms.method)):
        if is_constant(values):
            return f"{name} has the same result in all {values.size} runs: a ratio of SDs needs results that vary"
    try:
        return spread_ratio(
            arms.method, arms.base, paired=arms.paired, level=level, procedure=procedure, groups=arms.groups
        )
    except ValueError as error:
        return str(error)


def _with_failures(found: _Compared, counted: Judged, cell: Cell, base: Cell) -> _Compared:
    """Keep the verdicts about the finished runs only if counting the failures at chance level gives the same."""
    judged = found.judged
    confirmed = replace(
        judged,
        verdict=_confirmed(judged.verdict, counted.verdict, cell, base),
        mean_verdict=_confirmed(judged.mean_verdict, counted.mean_verdict, cell, base),
    )
    return replace(found, judged=confirmed)


def _confirmed(verdict: Verdict | str, counted: Verdict | str, cell: Cell, base: Cell) -> Verdict | str:
    if isinstance(verdict, str):
        return verdict
    failures = " and ".join(f"{arm.failed} of {arm.method}" for arm in (cell, base) if arm.failed)
    lead = f"runs failed ({failures})"
    if cell.metric.chance is None or base.metric.chance is None:
        return f"{lead} and {cell.metric.name} has no chance value to count them with"
    if isinstance(counted, str):
        return f"{lead}: {counted}"
    if counted.word != verdict.word:
        return f"{lead}: {verdict.word} among finished runs, {counted.word} if failures count as chance-level results"
    return Verdict(
        verdict.word, f"{verdict.sentence}; the same if the failed runs ({failures}) count as chance-level results"
    )


def _mean_difference(arms: Arms, level: float) -> Interval | str:
    if arms.reason:
        return arms.reason
    try:
        if arms.folds is None:
            return mean_difference(arms.method, arms.base, paired=arms.paired, level=level)
        if arms.folds.is_five_by_two and arms.method.size == 10:
            return five_by_two_difference(arms.method.reshape(5, 2), arms.base.reshape(5, 2), level=level)
        return fold_difference(arms.method, arms.base, test_share=arms.folds.share, level=level)
    except ValueError as error:
        return str(error)
