"""What is shown: a console on which no text controls the terminal, tables of results, progress, the report's file."""

from typing import TYPE_CHECKING

from seedwise._lazy import lazily

if TYPE_CHECKING:
    from seedwise.terminal._console import console, harmless
    from seedwise.terminal._metric import unreported_metric
    from seedwise.terminal._progress import Bar
    from seedwise.terminal._report import refuse_store_as_target, write_report
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
    "refuse_store_as_target",
    "unreported_metric",
    "write_report",
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
        "refuse_store_as_target": "seedwise.terminal._report",
        "unreported_metric": "seedwise.terminal._metric",
        "write_report": "seedwise.terminal._report",
    },
)
