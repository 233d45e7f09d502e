"""How much runs differ, in five measures, as in papers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from seedwise.reporting._table import METHOD, N, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.reporting.topics.published import published_entry
from seedwise.statistics import Cell, ComparisonRow, Interval, ScoreSpread
from seedwise.statistics.cells.names import names_of
from seedwise.statistics.core.formatting import interval, number, of_first_runs

if TYPE_CHECKING:
    from seedwise.study import Published


_NOTE: Final = (
    "In the form of the tables of Summers & Dinneen (2021). Disagreement: share of test examples on which two runs "
    "predict different classes. Correlation: rank correlation of the logits of two runs. Gain: accuracy of the mean "
    "logits of two runs less that of one run, in points; the larger, the more the runs differ. SDs have the intervals "
    "of the table of results, the others jackknife intervals over runs. Published rows have no intervals."
)
_PUBLISHED: Final = {"cross_entropy_sd": 4, "disagreement": 1, "correlation": 3, "gain": 2}
"""Published scores in the order of their columns, and their decimals."""


def score_table(
    cells: Sequence[Cell],
    rows: Sequence[ComparisonRow],
    scores: Sequence[ScoreSpread | str | None],
    published: Sequence[Published] = (),
) -> tuple[Table, list[str]]:
    """Lay out how much runs differ, in five measures, for every cell with logits; the second result says why not.

    Args:
        cells: the cells.
        rows: the numbers of the study; shares of examples in percent.
        scores: for each cell how much the logits of its runs differ, or why that is not known.
        published: the study's published numbers; those with ``scores`` get a row below ours.

    """
    of_place = {(row.task, row.regime, row.method, row.readout): row for row in rows}
    table, reasons = [], []
    for cell, found, name in zip(cells, scores, names_of(cells), strict=True):
        if isinstance(found, str):
            reasons.append(f"{name}: no comparison of logits: {found}")
        if not isinstance(found, ScoreSpread):
            continue
        row = of_place[cell.task, cell.regime, cell.method, cell.readout]
        runs = found.correlation.n
        some = of_first_runs(runs, cell.finished)
        table.append(
            [
                name,
                str(cell.finished if some else runs),
                interval(row.spread, 2) if isinstance(row.spread, Interval) else "-",
                interval(found.cross_entropy, 4) + some,
                interval(row.churn, 1, 100) if isinstance(row.churn, Interval) else "-",
                interval(found.correlation, 3) + some,
                interval(found.ensemble_delta, 2, 100) + some,
            ]
        )
        entry = published_entry(published, row, row.method, row.readout)
        theirs = [] if entry is None else [(getattr(entry.scores, k), d) for k, d in _PUBLISHED.items()]
        if entry is not None and any(value is not None for value, _ in theirs):
            numbers = ["-" if value is None else number(value, decimals) for value, decimals in theirs]
            sd = "-" if entry.sd is None else number(entry.sd, 2)
            table.append([f"{name}, published", "-" if entry.n is None else str(entry.n), sd, *numbers])
    metric = cells[0].metric.title if cells else ""
    columns = [METHOD, N, f"SD of {metric} [95 %]", "SD of cross-entropy [95 %]", "disagreement % [95 %]"]
    return Table([*columns, "correlation of logits [95 %]", "gain of two runs' mean [95 %]"], table), reasons


def _show(found: Compared) -> Shown:
    scores, published = [part.scores for part in found.study.parts], found.study.description.published.results
    table, reasons = score_table(found.cells, found.rows, scores, published)
    return Shown(table, _NOTE, reasons=reasons)


TOPIC: Final = Topic("How much do runs differ, in five measures?", _show, short="Five measures")
