"""The page and the files of a search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seedwise.registry import SEARCH_TOPICS
from seedwise.reporting._part import Part, part_of
from seedwise.reporting._table import Table
from seedwise.reporting._topic import Section, sections_of
from seedwise.reporting._tuning.lead import lead_of_search
from seedwise.reporting._tuning.sentences import sentences, title

if TYPE_CHECKING:
    from seedwise.tuning import SearchResults


@dataclass(frozen=True)
class SearchFindings:
    """What a search found, in texts.

    Attributes:
        title: what was searched and how.
        sentences: the choice, the verdicts on fresh seeds, the optimism.
        sections: the topics that have something to show, in the order of the registry.
        reasons: sentences on numbers that could not be given.

    """

    title: str
    sentences: list[str]
    sections: list[Section]
    reasons: list[str]

    @property
    def comparison(self) -> Section | None:
        """The choice next to the base, in the search and on fresh seeds."""
        return next((one for one in self.sections if one.key == "tuning" and one.table.rows), None)


def search_part(results: SearchResults, position: int) -> Part:
    """Lay out the results of a search, the ``position``-th of the page."""
    found = search_findings(results)
    return part_of(
        results,
        f"tuning{position}",
        found.title,
        lead_of_search(results),
        found.sections,
        points=[f"{sentence[0].upper()}{sentence[1:]}." for sentence in sentences(results, on_page=True)],
        reasons=found.reasons,
        unfolded=["tuning"],
        took="The trials took",
    )


def search_findings(results: SearchResults) -> SearchFindings:
    """Lay out what a search found."""
    return SearchFindings(title(results), sentences(results), *sections_of(SEARCH_TOPICS, results))


def search_tables(searches: Sequence[SearchResults]) -> dict[tuple[str, str], Table]:
    """Return the tables of searches, by the name of the search and their own."""
    return {
        (results.name, section.key): section.table
        for results in searches
        for section in search_findings(results).sections
        if section.table.rows
    }
