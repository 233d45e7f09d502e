"""What each parameter of a sweep does, its values side by side."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from seedwise.reporting._topic import Shown, Topic
from seedwise.reporting.topics.mean_spread import caption, mean_spread_figure
from seedwise.statistics import Interval

if TYPE_CHECKING:
    from seedwise.tuning import SearchResults


def _show(results: SearchResults) -> Shown:
    cells, rows = results.cells, results.comparisons
    if not any(isinstance(row.spread, Interval) for row in rows):
        return Shown()
    return Shown(figures=[(partial(mean_spread_figure, cells, rows), caption(cells, rows))])


TOPIC: Final = Topic("Does a steadier value pay with its mean?", _show, short="SD against mean")
