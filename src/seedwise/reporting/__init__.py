"""Tables and reports from cells."""

from seedwise.reporting._html import render
from seedwise.reporting._results import Results, headline, results_of
from seedwise.reporting._words import interval, number, percent

__all__ = ["Results", "headline", "interval", "number", "percent", "render", "results_of"]
