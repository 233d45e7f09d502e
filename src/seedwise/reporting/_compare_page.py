"""The page of a comparison: a study's page, of runs that another program trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from seedwise.reporting._findings import Findings, findings_of
from seedwise.reporting._html import page, study_part
from seedwise.reporting._metric_comparison import WITHOUT_TASK, MetricComparison
from seedwise.reporting._part import Part
from seedwise.reporting._table import Table

if TYPE_CHECKING:
    from seedwise.study import StudyResults


def comparison_page(parts: Sequence[MetricComparison], lines: Sequence[str], command: str | None = None) -> str:
    """Return the page as HTML; all text from users is escaped.

    Args:
        parts: the comparison by each metric, a part of the page each.
        lines: what one run was taken to be.
        command: the command that writes it, None where there is none.

    """
    return page([_part(part, k) for k, part in enumerate(parts)], lines=lines, command=command)


def comparison_findings(part: MetricComparison) -> Findings:
    """Lay out all that a report says of the comparison by one metric."""
    found = findings_of(_study(part), part.results, part.answer, part.further)
    return replace(found, sections=[*part.sections, *found.sections])


def comparison_tables(parts: Sequence[MetricComparison], name: str) -> dict[tuple[str, str], Table]:
    """Return the tables of the page, and the numbers behind them, by whose they are and their own name.

    Args:
        parts: the comparison by each metric.
        name: of the file; where there are several metrics, theirs follow it.

    """
    several = len(parts) > 1
    return {
        (f"{name}-{part.metric.name}" if several else name, key): table
        for part in parts
        for key, table in comparison_findings(part).with_numbers.items()
    }


def _part(part: MetricComparison, position: int) -> Part:
    return study_part(_study(part), comparison_findings(part), f"metric{position}")


def _study(part: MetricComparison) -> StudyResults:
    """Return the results as those of a study of which nothing but the metric is known."""
    from seedwise.study import CellResults, StudyDescription, StudyResults  # half a second, and only a page needs it

    description = StudyDescription(
        name=part.metric.name,
        base=part.results.base,
        question=part.found.question,
        metrics={row.task: (part.metric,) for row in part.results.comparisons},
        models={},
        titles=WITHOUT_TASK,
    )
    return StudyResults(description, tuple(map(CellResults, part.cells)), provenance=None)
