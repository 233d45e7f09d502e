"""Results from anywhere: a table is read, what one run is in it is understood, and its methods are compared."""

from typing import TYPE_CHECKING

from seedwise._lazy import lazily

if TYPE_CHECKING:
    from seedwise.results._base import base_of, with_base
    from seedwise.results._compare import ComparedRuns, compare_runs
    from seedwise.results._data import Data, frames_of, rliable_scores
    from seedwise.results._examples import ExampleComparison
    from seedwise.results._metrics import are_fraction_and_percent
    from seedwise.results._named_runs import NamedRun
    from seedwise.results._normalise import Aggregates, MethodAggregates, bounds_asked
    from seedwise.results._options import (
        CompareOptions,
        Conditions,
        Help,
        Names,
        Normalize,
        ReadOptions,
        ScoreOptions,
        help_and_limits,
        takes,
    )
    from seedwise.results._read import Frame, read_table
    from seedwise.results._rliable import Scores, scores_of
    from seedwise.results._roles import Decimal, Roles
    from seedwise.results._summaries import ComparedSummaries, Summaries, compare_summarized, understand_summaries
    from seedwise.results._understand import ONE_TASK, Runs, folds_are_refused, understand
    from seedwise.results.readers import is_store, read

__all__ = [
    "ONE_TASK",
    "Aggregates",
    "CompareOptions",
    "ComparedRuns",
    "ComparedSummaries",
    "Conditions",
    "Data",
    "Decimal",
    "ExampleComparison",
    "Frame",
    "Help",
    "MethodAggregates",
    "NamedRun",
    "Names",
    "Normalize",
    "ReadOptions",
    "Roles",
    "Runs",
    "ScoreOptions",
    "Scores",
    "Summaries",
    "are_fraction_and_percent",
    "base_of",
    "bounds_asked",
    "compare_runs",
    "compare_summarized",
    "folds_are_refused",
    "frames_of",
    "help_and_limits",
    "is_store",
    "read",
    "read_table",
    "rliable_scores",
    "scores_of",
    "takes",
    "understand",
    "understand_summaries",
    "with_base",
]

_HOMES = {
    "_base": ("base_of", "with_base"),
    "_compare": ("ComparedRuns", "compare_runs"),
    "_data": ("Data", "frames_of", "rliable_scores"),
    "_options": (
        "CompareOptions",
        "Conditions",
        "Help",
        "Names",
        "Normalize",
        "ReadOptions",
        "ScoreOptions",
        "takes",
        "help_and_limits",
    ),
    "_examples": ("ExampleComparison",),
    "_named_runs": ("NamedRun",),
    "_normalise": ("Aggregates", "MethodAggregates", "bounds_asked"),
    "_read": ("Frame", "read_table"),
    "_rliable": ("Scores", "scores_of"),
    "_roles": ("Decimal", "Roles"),
    "_metrics": ("are_fraction_and_percent",),
    "_summaries": ("ComparedSummaries", "Summaries", "compare_summarized", "understand_summaries"),
    "_understand": ("ONE_TASK", "Runs", "folds_are_refused", "understand"),
    "readers": ("is_store", "read"),
}


# Imported when asked for: `--help` takes its options from here, and needs no numpy.
__getattr__ = lazily(__name__, {name: f"{__name__}.{module}" for module, names in _HOMES.items() for name in names})
