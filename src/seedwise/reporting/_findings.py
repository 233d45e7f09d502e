"""All that a report says of a study: verdicts, topics, and why something is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seedwise.registry import STUDY_TOPICS
from seedwise.reporting._results import Results, results_of, row_numbers
from seedwise.reporting._table import METHOD, ON_MEAN, ON_SPREAD, Table
from seedwise.reporting._topic import Compared, Section, sections_of
from seedwise.statistics import ComparisonRow
from seedwise.statistics.cells.names import names_of
from seedwise.statistics.cells.pairing import is_base

if TYPE_CHECKING:
    from seedwise.study import StudyResults


@dataclass(frozen=True)
class Findings:
    """What a report says of a study.

    Attributes:
        results: the comparisons.
        verdicts: method, verdict on spread, verdict on the mean.
        statement: what the page says first; empty: that is made from the comparisons.
        further: sentences after it.
        sections: the topics that have something to show, in the order of the registry.
        reasons: sentences on numbers that could not be given.
        material: what the topics, the first screen and the main table are made from.

    """

    results: Results
    verdicts: Table
    sections: list[Section]
    reasons: list[str]
    material: Compared
    statement: str = ""
    further: tuple[str, ...] = ()

    @property
    def with_numbers(self) -> dict[str, Table]:
        """The tables, and the numbers of the comparisons in full precision, in the unit of the tables.

        What could not be given is missing there; the tables and the page say why.
        """
        import pandas as pd

        numbers = pd.DataFrame([row_numbers(row) for row in self.results.comparisons])
        for name, column in numbers.items():
            if column.map(lambda value: isinstance(value, float)).any():
                numbers[name] = pd.to_numeric(column, errors="coerce")
        return {"numbers": Table.of(numbers), **self.tables}

    @property
    def tables(self) -> dict[str, Table]:
        """Every table by its name."""
        shown = {section.key: section.table for section in self.sections if section.table.rows}
        return ({"verdicts": self.verdicts} if self.verdicts.rows else {}) | shown


def findings_of(
    study: StudyResults, results: Results | None = None, statement: str = "", further: tuple[str, ...] = ()
) -> Findings:
    """Lay out everything that a report says of a study.

    Args:
        study: its results.
        results: its cells compared; None: they are compared here.
        statement: what the page says first; empty: that is made from the comparisons.
        further: sentences after it.

    """
    results = results or results_of(study.description, study.cells)
    material = Compared(study, results)
    sections, reasons = sections_of(STUDY_TOPICS, material, with_runs=bool(study.cells))
    verdicts = verdict_table(results.comparisons, results.base)
    return Findings(results, verdicts, sections, reasons, material, statement, further)


def verdict_table(rows: Sequence[ComparisonRow], base: str) -> Table:
    """Lay out the verdicts on spread and mean, as sentences.

    Args:
        rows: the rows of a study.
        base: the method that the others are compared with.

    """
    table = [
        [
            name,
            row.verdict.sentence if row.verdict else row.verdict_reason,
            row.mean_verdict.sentence if row.mean_verdict else row.mean_verdict_reason,
        ]
        for row, name in zip(rows, names_of(rows), strict=True)
        if not is_base(row, base)
    ]
    return Table([METHOD, ON_SPREAD, ON_MEAN], table)


def study_tables(studies: Sequence[StudyResults]) -> dict[tuple[str, str], Table]:
    """Return the tables of a report, and the numbers behind them, by the name of the study and their own.

    Args:
        studies: their results.

    """
    return {(study.name, key): table for study in studies for key, table in findings_of(study).with_numbers.items()}
