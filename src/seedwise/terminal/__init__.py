"""What is printed: a console on which no text controls the terminal, tables of results, and progress."""

from typing import TYPE_CHECKING

from seedwise._lazy import lazily

if TYPE_CHECKING:
    from seedwise.terminal._console import console, harmless
    from seedwise.terminal._metric import unreported_metric
    from seedwise.terminal._progress import Bar
    from seedwise.terminal._studies import print_study
    from seedwise.terminal._tables import print_attribution, print_results, print_table

__all__ = [
    "Bar",
    "console",
    "harmless",
    "print_attribution",
    "print_results",
    "print_study",
    "print_table",
    "unreported_metric",
]

# The help of a command needs a console at most: tables and progress import numpy.
__getattr__ = lazily(
    __name__,
    {
        "Bar": "seedwise.terminal._progress",
        "console": "seedwise.terminal._console",
        "harmless": "seedwise.terminal._console",
        "print_attribution": "seedwise.terminal._tables",
        "print_results": "seedwise.terminal._tables",
        "print_study": "seedwise.terminal._studies",
        "print_table": "seedwise.terminal._tables",
        "unreported_metric": "seedwise.terminal._metric",
    },
)
