"""Results from anywhere: what one run is, and the comparison of methods."""

from seedwise.results._read import Frame, read_table
from seedwise.results._roles import Roles
from seedwise.results._understand import Runs, understand
from seedwise.results.readers import read

__all__ = ["Frame", "Roles", "Runs", "read", "read_table", "understand"]
