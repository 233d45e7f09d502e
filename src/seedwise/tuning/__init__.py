"""Tuning for steadiness: a trial is a small study."""

from seedwise.tuning._check import check_tuning
from seedwise.tuning._collect import search_results
from seedwise.tuning._goals import GOALS, Goal, SpreadName
from seedwise.tuning._names import trials_study_name
from seedwise.tuning._objectives import best, default_floor, front, measured, shortfalls, values_of
from seedwise.tuning._options import Objective, Space, Tune, Values
from seedwise.tuning._results import (
    Arm,
    Gain,
    Measured,
    SearchGains,
    SearchResults,
    TrialResult,
    TrialState,
)
from seedwise.tuning._search import Search, Trial, open_storage
from seedwise.tuning._session import Interrupted, Tuned
from seedwise.tuning._space import base_space, overrides_at, tuned_method
from seedwise.tuning._trials import TrialsStudy, fresh_study
from seedwise.tuning._tune import OnTrial, Tuner

__all__ = [
    "GOALS",
    "Arm",
    "Gain",
    "Goal",
    "Interrupted",
    "Measured",
    "Objective",
    "OnTrial",
    "Search",
    "SearchGains",
    "SearchResults",
    "Space",
    "SpreadName",
    "Trial",
    "TrialResult",
    "TrialState",
    "TrialsStudy",
    "Tune",
    "Tuned",
    "Tuner",
    "Values",
    "base_space",
    "best",
    "check_tuning",
    "default_floor",
    "fresh_study",
    "front",
    "measured",
    "open_storage",
    "overrides_at",
    "search_results",
    "shortfalls",
    "trials_study_name",
    "tuned_method",
    "values_of",
]
