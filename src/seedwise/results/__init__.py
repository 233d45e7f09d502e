"""Results from anywhere: a table is read, what one run is in it is understood, and its methods are compared."""

from seedwise.results._compare import ComparedRuns, base_of, compare_runs
from seedwise.results._read import Frame, read_table
from seedwise.results._roles import Roles
from seedwise.results._understand import Runs, are_fraction_and_percent, understand
from seedwise.results.readers import read

__all__ = [
    "ComparedRuns",
    "Frame",
    "Roles",
    "Runs",
    "are_fraction_and_percent",
    "base_of",
    "compare_runs",
    "read",
    "read_table",
    "understand",
]
