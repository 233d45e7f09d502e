"""Methods compared by one metric: what the text, the page and the exported tables are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from seedwise.reporting._results import Results
from seedwise.reporting._topic import Section
from seedwise.results import ONE_TASK, ComparedRuns, ComparedSummaries
from seedwise.statistics import Cell, ComparisonRow, Metric

WITHOUT_TASK: Final[Mapping[str, str]] = {ONE_TASK: ""}
"""What tasks are called where they are shown: the one of a table without a column of tasks has no name."""


@dataclass(frozen=True)
class MetricComparison:
    """Methods compared with a base by one metric.

    Attributes:
        results: the table; shares of examples in percent.
        answer: what it says first; on several tasks a sentence.
        further: sentences on other examples, on all tasks together, on single runs.
        cells: the data; none where only means and SDs are known.
        found: all numbers, in the unit of the data; what kind of data these were of is its type.
        sections: further tables: other examples, several tasks, normalized scores.

    """

    results: Results
    answer: str
    further: tuple[str, ...]
    cells: tuple[Cell, ...]
    found: ComparedRuns | ComparedSummaries
    sections: tuple[Section, ...]

    @property
    def statement(self) -> str:
        """All that it says, as a paragraph."""
        return " ".join([self.answer, *self.further])

    @property
    def metric(self) -> Metric:
        """The metric, in the unit of the data."""
        return self.found.cells[0].metric

    @property
    def rows(self) -> tuple[ComparisonRow, ...]:
        """The numbers behind it, in the unit of the data."""
        return self.found.rows
