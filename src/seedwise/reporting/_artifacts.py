"""Methods whose runs share an artifact: how their spread is marked, and how far artifacts lie apart."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from seedwise.reporting._table import METHOD, SD, Table
from seedwise.statistics import Cell, Interval
from seedwise.statistics.comparison.artifacts import FEWEST, SharedArtifacts, shared_artifacts
from seedwise.statistics.core.formatting import interval

if TYPE_CHECKING:
    from seedwise.study import StudyDescription


def marked(table: Table, methods: Collection[str]) -> Table:
    """Return a table in which the SDs of some methods are called conditional."""
    headings = list(map(str, table.columns))
    name, spread = headings.index(METHOD), headings.index(SD)
    rows = [list(row) for row in table.rows]
    for row in rows:
        if row[name] in methods and row[spread] not in ("", "-"):
            row[spread] += " conditional"
    return Table(table.columns, rows, table.typed)


def artifact_sentences(description: StudyDescription, cells: Sequence[Cell], decimals: Mapping[str, int]) -> list[str]:
    """Return a sentence for all methods that differ in their artifacts alone: the spread between these.

    Args:
        description: the study, which knows the artifacts.
        cells: its cells.
        decimals: of SDs, by task.

    """
    tasks, regimes = ({getattr(cell, name) for cell in cells} for name in ("task", "regime"))
    found = []
    for family in shared_artifacts(cells, {name: one.rest for name, one in description.artifacts.items()}):
        first = family.cells[0]
        where = ", ".join([first.task] * (len(tasks) > 1) + [first.regime] * (len(regimes) > 1))
        said = _sentence(family, description.artifacts[first.method].number, decimals[first.task])
        found.append(f"{f'{where}: ' if where else ''}{said}")
    return found


def _sentence(family: SharedArtifacts, number: str, decimals: int) -> str:
    *others, last = [cell.method for cell in family.cells]
    if not others:
        return (
            f"{last}: all runs share artifact {number}, and its SD is conditional on it; the spread between "
            "artifacts takes methods that differ in nothing but 'artifact'"
        )
    lead = f"{', '.join(others)} and {last}: each SD is conditional on its artifact"
    if family.apart is None:
        return f"{lead}; the spread between artifacts takes {FEWEST} finished runs with equal seeds"
    if not isinstance(family.apart, Interval):
        return f"{lead}; how far they lie apart is not known: {family.apart}"
    unit = family.cells[0].metric.unit_of_differences
    apart = interval(family.apart, decimals) + (f" {unit}" if unit else "")
    if len(others) == 1:
        return f"{lead}; their means lie {apart} apart, and the SD between artifacts takes a third"
    return f"{lead}; the SD between these {len(others) + 1} is {apart} ({family.runs} paired runs each)"
