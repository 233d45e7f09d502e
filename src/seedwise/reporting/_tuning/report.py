"""The page and the files of a search."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from seedwise.reporting._findings import Section, files_of
from seedwise.reporting._mean_spread import caption as sweep_caption
from seedwise.reporting._mean_spread import mean_spread_figure
from seedwise.reporting._part import Part
from seedwise.reporting._table import Table
from seedwise.reporting._tuning import gains, history, importances, plane, trials
from seedwise.reporting._tuning.sentences import sentences, title
from seedwise.statistics import Interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from seedwise.tuning import SearchResults


@dataclass(frozen=True)
class SearchFindings:
    """What a search found, in texts.

    Attributes:
        title: what was searched and how.
        sentences: the choice, the verdicts on fresh seeds, the optimism.
        comparison: the choice beside the base, in the search and on fresh seeds.
        details: all other tables with their notes.
        no_importances: why there are no importances of parameters; empty where there are, or nothing is to be said.

    """

    title: str
    sentences: list[str]
    comparison: Section
    details: list[Section]
    no_importances: str = ""

    @property
    def sections(self) -> list[Section]:
        """All tables that hold something."""
        return [one for one in (self.comparison, *self.details) if one.table.rows]


def search_part(results: SearchResults, position: int) -> Part[SearchFindings]:
    """Lay out the results of a search, the ``position``-th of the page."""
    return Part.of(results, search_findings(results), _figures(results), f"tuning{position}")


def search_findings(results: SearchResults) -> SearchFindings:
    """Lay out what a search found."""
    known = results.importances
    shares = Table([], []) if isinstance(known, str) else importances.importance_table(known)
    return SearchFindings(
        title(results),
        sentences(results),
        Section("tuning", "What the search saw, and what fresh seeds say", gains.gains_table(results), gains.NOTE),
        [
            Section("importances", "Importance of the parameters", shares, importances.NOTE),
            Section("trials", "Trials", trials.trials_table(results), trials.NOTE),
        ],
        known if isinstance(known, str) else "",
    )


def search_files(searches: Sequence[SearchResults]) -> dict[str, str]:
    """Return the tables of searches as files, by name."""
    files: dict[str, str] = {}
    for results in searches:
        for one in search_findings(results).sections:
            files |= files_of(one.table, f"{results.name}-{one.key}")
    return files


def _figures(results: SearchResults) -> Iterator[tuple[Callable[[], Figure], str]]:
    if results.gains.test is not None:
        yield partial(gains.gains_figure, results), gains.CAPTION
    if any(trial.value is not None for trial in results.trials):
        yield partial(history.history_figure, results), history.CAPTION
        yield partial(plane.plane_figure, results), plane.caption(results)
    # A sweep: what each parameter does is seen with its values side by side.
    rows = results.comparisons
    if any(isinstance(row.spread, Interval) for row in rows):
        yield partial(mean_spread_figure, results.cells, rows), sweep_caption(results.cells, rows)
    known = results.importances
    if not isinstance(known, str) and known:
        yield partial(importances.importances_figure, known), importances.CAPTION
