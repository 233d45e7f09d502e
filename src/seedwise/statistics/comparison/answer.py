"""The comparisons of a study as its question asks for them, with the runs that what is not resolved takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seedwise.statistics.cells.cell import Cell
from seedwise.statistics.cells.pairing import is_base
from seedwise.statistics.cells.question import Look, Question
from seedwise.statistics.comparison.comparison import compare_study
from seedwise.statistics.comparison.row import ComparisonRow
from seedwise.statistics.comparison.runs_to_resolve import RunsToResolve, runs_to_resolve
from seedwise.statistics.comparison.summaries import SummarizedCell, compare_study_summaries


@dataclass(frozen=True)
class Answer:
    """What the comparisons of a study say.

    Attributes:
        rows: the numbers of every cell, in the unit in which its metric is shown.
        plan: the runs that what is not resolved takes; None where all is resolved, or where looks are the plan.

    """

    rows: tuple[ComparisonRow, ...]
    plan: RunsToResolve | None


def answer(cells: Sequence[Cell], base: str, question: Question, look: Look | None = None) -> Answer:
    """Compare the cells of a study with its base.

    Args:
        cells: the cells, in the order of the table; the runs axis of each is that of :class:`Cell`.
        base: the method that the others are compared with.
        question: what is asked; its margin is in the unit of the metric.
        look: the look at a study that grows. It tests for differences, at its own limit, and not for equivalence.

    Returns:
        Answer.

    Raises:
        ValueError: as for :func:`compare_study`.

    Example:
        >>> from seedwise.statistics import Metric
        >>> def cell(method, values):
        ...     return Cell(
        ...         task="digits", method=method, regime="all", group=[0] * 6, replicate=range(6), values=values,
        ...         status=("finished",) * 6, metric=Metric("test/accuracy", unit="share"),
        ...     )
        >>> base = cell("base", [0.978, 0.981, 0.983, 0.979, 0.986, 0.980])
        >>> steady = cell("vml", [0.9804, 0.9810, 0.9812, 0.9806, 0.9816, 0.9808])
        >>> found = answer([base, steady], "base", Question(sd_ratio=0.5))
        >>> found.rows[1].verdict.word, found.rows[1].mean_verdict.word, found.plan.spread
        ('reduced', 'not resolved', None)

    Source:
        As :func:`compare_study`, :func:`runs_to_resolve` and, for a look, :func:`interim_analysis`.
    """
    shown = [cell.shown for cell in cells]
    if look is not None:
        limit = look.limit(sum(not is_base(cell, base) for cell in cells))
        return Answer(tuple(compare_study(shown, base=base, alpha=limit)), None)
    margin = question.margins(cells)
    rows = compare_study(shown, base=base, factor=question.factor, margin=margin)
    return Answer(tuple(rows), runs_to_resolve(rows, sd_ratio=question.sd_ratio, power=question.power, margin=margin))


def answer_summaries(cells: Sequence[SummarizedCell], base: str, question: Question) -> Answer:
    """Compare methods of which only means and SDs are known with a base.

    Args:
        cells: what is known of each method on each task, by one metric; each stands for a runs axis not at hand.
        base: the method that the others are compared with.
        question: what is asked; its margin is in the unit of the metric.

    Returns:
        Answer.

    Raises:
        ValueError: as for :func:`compare_study_summaries`, or a question out of its range.

    Example:
        >>> from seedwise.statistics import Metric, Summary
        >>> accuracy = Metric("accuracy", "share")
        >>> of_base = SummarizedCell("CIFAR-10", "base", accuracy, Summary(0.9465, 0.0017, 5))
        >>> of_new = SummarizedCell("CIFAR-10", "new", accuracy, Summary(0.9510, 0.0011, 5))
        >>> found = answer_summaries([of_base, of_new], "base", Question())
        >>> f"{found.rows[1].mean:.2f} % is {found.rows[1].mean_verdict.word}"
        '95.10 % is better'

    Source:
        As :func:`compare_study_summaries` and :func:`runs_to_resolve`.
    """
    margin = None if question.margin is None else cells[0].metric.scale * question.margin
    rows = compare_study_summaries([cell.shown for cell in cells], base=base, factor=question.factor, margin=margin)
    return Answer(tuple(rows), runs_to_resolve(rows, sd_ratio=question.sd_ratio, power=question.power, margin=margin))
