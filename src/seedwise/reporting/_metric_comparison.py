"""Methods compared by one metric: what the text, the page and the exported tables are made from."""

from __future__ import annotations

from dataclasses import dataclass

from seedwise.reporting._results import Results
from seedwise.reporting._topic import Section
from seedwise.results import ComparedRuns, ComparedSummaries
from seedwise.statistics import Cell, ComparisonRow, Question


@dataclass(frozen=True)
class MetricComparison:
    """Methods compared with a base by one metric.

    Attributes:
        results: the table; shares of examples in percent.
        statement: what it says, in a paragraph.
        rows: the numbers behind it, in the unit of the data.
        cells: the data; none where only means and SDs are known.
        question: what was asked.
        found: all numbers, in the unit of the data; what kind of data these were of is its type.
        sections: further tables: other examples, several tasks, normalised scores.

    """

    results: Results
    statement: str
    rows: tuple[ComparisonRow, ...]
    cells: tuple[Cell, ...]
    question: Question
    found: ComparedRuns | ComparedSummaries
    sections: tuple[Section, ...]
