"""What is printed: a console on which no text controls the terminal, tables of results, and progress."""

from seedwise.terminal._console import console, harmless
from seedwise.terminal._progress import Bar
from seedwise.terminal._tables import print_results, print_table

__all__ = ["Bar", "console", "harmless", "print_results", "print_table"]
