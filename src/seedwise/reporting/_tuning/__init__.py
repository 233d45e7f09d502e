"""A search for better values: its trials, what it chose, and what fresh seeds made of the gain."""

from seedwise.reporting._tuning.numbers import search_numbers
from seedwise.reporting._tuning.report import SearchFindings, search_findings, search_part, search_tables
from seedwise.reporting._tuning.units import parameters

__all__ = ["SearchFindings", "parameters", "search_findings", "search_numbers", "search_part", "search_tables"]
