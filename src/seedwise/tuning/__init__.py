"""Tuning for steadiness: a trial is a small study."""

from seedwise.tuning._objectives import Measured, best, default_floor, front, measured, shortfalls, values_of
from seedwise.tuning._search import Search, Trial, open_storage
from seedwise.tuning._sections import Gain, gain, tuning_sections
from seedwise.tuning._trials import TrialsStudy, fresh_study
from seedwise.tuning._tune import Interrupted, Tuned, Tuner

__all__ = [
    "Gain",
    "Interrupted",
    "Measured",
    "Search",
    "Trial",
    "TrialsStudy",
    "Tuned",
    "Tuner",
    "best",
    "default_floor",
    "fresh_study",
    "front",
    "gain",
    "measured",
    "open_storage",
    "shortfalls",
    "tuning_sections",
    "values_of",
]
