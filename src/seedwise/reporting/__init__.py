"""Tables and reports from cells."""

from seedwise.reporting._attribution import (
    AttributionFindings,
    attribution_figure,
    attribution_files,
    attribution_findings,
)
from seedwise.reporting._compare import Comparison, compare
from seedwise.reporting._findings import table_files
from seedwise.reporting._html import render
from seedwise.reporting._results import Results, compared, results_of, row_numbers
from seedwise.reporting._table import Kind, Table
from seedwise.reporting._topic import Section, Shown, Topic
from seedwise.reporting._tuning import SearchFindings, parameters, search_files, search_findings, search_numbers
from seedwise.reporting.topics.looks import looks_table, why_it_stopped
from seedwise.statistics.core.formatting import interval, number, percent

__all__ = [
    "AttributionFindings",
    "Comparison",
    "Kind",
    "Results",
    "SearchFindings",
    "Section",
    "Shown",
    "Table",
    "Topic",
    "attribution_figure",
    "attribution_files",
    "attribution_findings",
    "compare",
    "compared",
    "interval",
    "looks_table",
    "number",
    "parameters",
    "percent",
    "render",
    "results_of",
    "row_numbers",
    "search_files",
    "search_findings",
    "search_numbers",
    "table_files",
    "why_it_stopped",
]
