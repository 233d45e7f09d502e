"""Results of other tools: a table is read, understood as runs, and its methods are compared."""

from seedwise.results._compare import ComparedRuns, compare_runs
from seedwise.results._files import read_table
from seedwise.results._runs import ForeignRuns
from seedwise.results._understand import understand

__all__ = ["ComparedRuns", "ForeignRuns", "compare_runs", "read_table", "understand"]
