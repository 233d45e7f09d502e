"""The table of results: every run, the SDs and their reductions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from seedwise.reporting._figures import reductions_figure, runs_figure
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.statistics import ComparisonRow, Interval
from seedwise.statistics.cells.names import names_of
from seedwise.statistics.cells.pairing import several_groups

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NOTE: Final = (
    "SD: standard deviation over runs. Reduction: 100 (1 - SD / SD of the base), with the p-value of equal SDs, "
    "corrected for the number of comparisons (Holm). These intervals do not rest on normal values; those that do are "
    "below. "
)
_OF_SUMMARIES: Final = (
    "SD: standard deviation over runs. Reduction: 100 (1 - SD / SD of the base), with the p-value of equal SDs, "
    "corrected for the number of comparisons (Holm). All intervals hold for normal values."
)
_CHURN: Final = "Churn: share of test examples on which two runs of a method disagree, with a jackknife interval. "
_FORECAST_DIFFERENCE: Final = (
    "Forecast difference: root mean square of the difference of two runs' forecasts, in percent of their root "
    "mean squared error, on the windows whose forecasts are kept, with a jackknife interval; "
    "141 % where the errors are unrelated. "
)
_WITHIN: Final = (
    "Runs come in groups that share a value of the fixed seeds, or a fold: SD, reduction and churn are those within a "
    "group, pooled."
)
_RUNS: Final = (
    "Every run as a tick under a smooth density, the mean as a dot; darker ticks are several runs. Look at how "
    "much the methods overlap before looking at the means."
)
_FOREST: Final = (
    "Reduction of the SD with its 95 % interval; an arrow means that it goes on. An interval that crosses "
    "the line holds both less and more spread; the dot is orange where the verdict is resolved."
)


def _show(found: Compared) -> Shown:
    rows, cells = found.rows, found.cells
    note = [_NOTE if cells else _OF_SUMMARIES]
    if any(isinstance(row.churn, Interval) for row in rows):
        note.append(_CHURN)
    if any(isinstance(row.forecast_difference, Interval) for row in rows):
        note.append(_FORECAST_DIFFERENCE)
    if any(map(several_groups, cells)):
        note.append(_WITHIN)
    figures = []
    if any(cell.finished for cell in cells):
        figures.append((partial(runs_figure, cells), _RUNS))
    if any(isinstance(row.reduction, Interval) for row in rows):
        figures.append((partial(forest_figure, rows), _FOREST))
    return Shown(found.results.numbers, "".join(note), figures, found.results.reasons)


def forest_figure(rows: Sequence[ComparisonRow]) -> Figure:
    """Draw the interval of every reduction, with a line at none.

    Args:
        rows: the rows; those without a reduction are left out.

    """
    resolved = [row.verdict is not None and row.verdict.differs for row in rows]
    return reductions_figure(names_of(rows), [row.reduction for row in rows], resolved)


TOPIC: Final = Topic("Results", _show, needs_runs=False)
