"""How runs ended, as tables say it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.errors import SeedwiseError
from seedwise.results import _names
from seedwise.results._cells import different, texts
from seedwise.results._long import Notes
from seedwise.results._metrics import counted

if TYPE_CHECKING:
    import pandas as pd

Ended = tuple[NDArray[np.bool_], NDArray[np.bool_]]

_KNOWN: Final = _names.FINISHED | _names.GOING | _names.FAILED
_YES: Final = frozenset({"true", "yes", "1"})
_NO: Final = frozenset({"false", "no", "0", ""})


def are_states(column: pd.Series[str]) -> bool:
    """Return whether a column that is called a state says how runs ended."""
    return not _KNOWN.isdisjoint(_state(text) for text in different(column))


def says_failed(data: pd.DataFrame, column: str) -> bool:
    """Return whether a column says of every run whether it failed."""
    if not _names.one_of(column, _names.FAILURES):
        return False
    return {text.lower() for text in different(data[column])} <= _YES | _NO


def without_going(data: pd.DataFrame, column: str | None, notes: Notes) -> tuple[pd.DataFrame, Ended]:
    """Leave out runs that still go on, and return which of the others are known to have finished, and failed.

    Args:
        data: the table.
        column: that of the states, None without one.
        notes: where is said what was left out.

    Raises:
        SeedwiseError: for a state that nobody here knows.

    """
    failed = np.zeros(len(data), dtype=bool)
    for name in data.columns:
        if says_failed(data, name):
            notes.read_as.append(f"failed runs: column '{name}'")
            failed |= np.array([text.lower() in _YES for text in texts(data[name])], dtype=bool)
    if column is None:
        return data, (np.zeros(len(data), dtype=bool), failed)
    states = [_state(text) for text in texts(data[column])]
    unknown = next((k for k, state in enumerate(states) if state and state not in _KNOWN), None)
    if unknown is not None:
        raise SeedwiseError(
            f"the column '{column}' says '{data[column].iloc[unknown]}' in row {unknown + 1}: did that run end well? "
            "Write finished, failed or running"
        )
    going = np.array([state in _names.GOING for state in states], dtype=bool)
    if going.any():
        notes.set_aside.append(f"{counted(int(going.sum()), 'row')} of runs that still go on")
    finished = np.array([state in _names.FINISHED for state in states], dtype=bool)
    failed |= np.array([state in _names.FAILED for state in states], dtype=bool)
    return data[~going].reset_index(drop=True), (finished[~going], failed[~going])


def _state(text: str) -> str:
    """Return a state in one spelling; Slurm adds who cancelled a job."""
    own = "_".join(_names.words(text))
    return "cancelled" if own.startswith("cancelled_by") else own
