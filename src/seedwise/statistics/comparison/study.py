"""The comparisons of a study with its base, as its question asks for them."""

from collections.abc import Sequence
from dataclasses import dataclass

from seedwise.statistics.cells.cell import Cell
from seedwise.statistics.cells.pairing import is_base
from seedwise.statistics.cells.question import Look, Question
from seedwise.statistics.comparison.comparison import compare_study
from seedwise.statistics.comparison.row import ComparisonRow
from seedwise.statistics.comparison.runs_to_resolve import RunsToResolve, runs_to_resolve
from seedwise.statistics.sequential.interim import limit_of


@dataclass(frozen=True)
class StudyComparison:
    """What the runs of a study say.

    Attributes:
        rows: one per cell, in the unit in which its metric is shown.
        plan: the runs that what is not resolved takes; None where all is, and in a study that grows, whose looks are
            its plan.

    """

    rows: list[ComparisonRow]
    plan: RunsToResolve | None


def answer(cells: Sequence[Cell], *, base: str, question: Question, look: Look | None = None) -> StudyComparison:
    """Compare the cells of a study with its base.

    A look at a growing study tests for differences, at its own limit, and not for equivalence.

    Args:
        cells: the cells, in the unit in which they were recorded; the runs axis of each is that of :class:`Cell`.
        base: the method that the others are compared with.
        question: what is asked.
        look: the look at a study that grows.

    Raises:
        ValueError: a task and regime without a plain cell of the base, or cells that cannot be compared.

    """
    shown = [cell.shown for cell in cells]
    if look is not None:
        limit = limit_of(look, sum(not is_base(cell, base) for cell in cells))
        return StudyComparison(compare_study(shown, baseline=base, alpha=limit), None)
    margin = question.margins(cells)
    rows = compare_study(shown, baseline=base, factor=question.factor, margin=margin)
    return StudyComparison(rows, runs_to_resolve(rows, sd_ratio=question.sd_ratio, power=question.power, margin=margin))
