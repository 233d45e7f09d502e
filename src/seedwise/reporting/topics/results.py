"""The table of results: the SDs and their reductions; they are drawn in the main table."""

from __future__ import annotations

from typing import Final

from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.statistics import Interval
from seedwise.statistics.cells.pairing import several_groups

_NOTE: Final = (
    "SD: standard deviation over runs. Reduction: 100 (1 - SD / SD of the base), with the p-value of equal SDs, "
    "corrected for the number of comparisons (Holm). These intervals do not rest on normal values; those that do "
    "have a topic of their own. "
)
_OF_SUMMARIES: Final = (
    "SD: standard deviation over runs. Reduction: 100 (1 - SD / SD of the base), with the p-value of equal SDs, "
    "corrected for the number of comparisons (Holm). All intervals hold for normal values."
)
_CHURN: Final = "Churn: share of test examples on which two runs of a method disagree, with a jackknife interval. "
_FORECAST_DIFFERENCE: Final = (
    "Forecast difference: root mean square of the difference of two runs' forecasts, or of the values that they "
    "predict, in percent of their root mean squared error, on the windows or examples whose predictions are kept, "
    "with a jackknife interval; 141 % where the errors are unrelated. "
)
_WITHIN: Final = (
    "Runs come in groups that share a value of the fixed seeds, or a fold: SD, reduction and churn are those within a "
    "group, pooled."
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
    return Shown(found.results.numbers, "".join(note), reasons=found.results.reasons)


TOPIC: Final = Topic("What are the numbers?", _show, needs_runs=False, short="Numbers")
