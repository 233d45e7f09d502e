"""Tables and reports from cells."""

from typing import TYPE_CHECKING

from seedwise._lazy import lazily

if TYPE_CHECKING:
    from seedwise.reporting._attribution import (
        AttributionFindings,
        attribution_figure,
        attribution_findings,
        attribution_tables,
    )
    from seedwise.reporting._compare import Comparison, compare, compare_frames, compare_understood
    from seedwise.reporting._compare_page import comparison_tables
    from seedwise.reporting._findings import study_tables
    from seedwise.reporting._html import render
    from seedwise.reporting._results import Results, compared, results_of, row_numbers
    from seedwise.reporting._statement import statement
    from seedwise.reporting._table import ENDINGS, Kind, Table, Tables
    from seedwise.reporting._topic import Section, Shown, Topic
    from seedwise.reporting._tuning import SearchFindings, parameters, search_findings, search_numbers, search_tables
    from seedwise.reporting.topics.looks import looks_table, why_it_stopped
    from seedwise.statistics.core.formatting import interval, number, percent

__all__ = [
    "ENDINGS",
    "AttributionFindings",
    "Comparison",
    "Kind",
    "Results",
    "SearchFindings",
    "Section",
    "Shown",
    "Table",
    "Tables",
    "Topic",
    "attribution_figure",
    "attribution_findings",
    "attribution_tables",
    "compare",
    "compare_frames",
    "compare_understood",
    "compared",
    "comparison_tables",
    "interval",
    "looks_table",
    "number",
    "parameters",
    "percent",
    "render",
    "results_of",
    "row_numbers",
    "search_findings",
    "search_numbers",
    "search_tables",
    "statement",
    "study_tables",
    "why_it_stopped",
]

_HOMES = {
    "reporting._attribution": (
        "AttributionFindings",
        "attribution_figure",
        "attribution_findings",
        "attribution_tables",
    ),
    "reporting._compare": ("Comparison", "compare", "compare_frames", "compare_understood"),
    "reporting._compare_page": ("comparison_tables",),
    "reporting._findings": ("study_tables",),
    "reporting._html": ("render",),
    "reporting._results": ("Results", "compared", "results_of", "row_numbers"),
    "reporting._statement": ("statement",),
    "reporting._table": ("ENDINGS", "Kind", "Table", "Tables"),
    "reporting._topic": ("Section", "Shown", "Topic"),
    "reporting._tuning": ("SearchFindings", "parameters", "search_findings", "search_numbers", "search_tables"),
    "reporting.topics.looks": ("looks_table", "why_it_stopped"),
    "statistics.core.formatting": ("interval", "number", "percent"),
}

# Imported when asked for: a comparison needs neither the report of a study nor that of a search.
__getattr__ = lazily(__name__, {name: f"seedwise.{module}" for module, names in _HOMES.items() for name in names})
