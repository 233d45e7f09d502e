"""Results from anywhere: a table is read, what one run is in it is understood, and its methods are compared."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seedwise.results._compare import ComparedRuns, base_of, compare_runs
    from seedwise.results._data import Data, frames_of, rliable_scores
    from seedwise.results._options import (
        CompareOptions,
        Conditions,
        Help,
        Names,
        ReadOptions,
        ScoreOptions,
        takes,
        told,
    )
    from seedwise.results._read import Frame, read_table
    from seedwise.results._rliable import Scores, scores_of
    from seedwise.results._roles import Decimal, Roles
    from seedwise.results._understand import Runs, are_fraction_and_percent, understand
    from seedwise.results.readers import is_store, read

__all__ = [
    "CompareOptions",
    "ComparedRuns",
    "Conditions",
    "Data",
    "Decimal",
    "Frame",
    "Help",
    "Names",
    "ReadOptions",
    "Roles",
    "Runs",
    "ScoreOptions",
    "Scores",
    "are_fraction_and_percent",
    "base_of",
    "compare_runs",
    "frames_of",
    "is_store",
    "read",
    "read_table",
    "rliable_scores",
    "scores_of",
    "takes",
    "told",
    "understand",
]

_HOMES = {
    "_compare": ("ComparedRuns", "base_of", "compare_runs"),
    "_data": ("Data", "frames_of", "rliable_scores"),
    "_options": ("CompareOptions", "Conditions", "Help", "Names", "ReadOptions", "ScoreOptions", "takes", "told"),
    "_read": ("Frame", "read_table"),
    "_rliable": ("Scores", "scores_of"),
    "_roles": ("Decimal", "Roles"),
    "_understand": ("Runs", "are_fraction_and_percent", "understand"),
    "readers": ("is_store", "read"),
}


def __getattr__(name: str) -> Any:
    # Imported when asked for: `--help` takes its options from here, and needs no numpy.
    for module, names in _HOMES.items():
        if name in names:
            import importlib

            return getattr(importlib.import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
