"""A search for better values: its trials, what it chose, and what fresh seeds made of the gain."""

from seedwise.reporting._tuning.numbers import tuning_numbers
from seedwise.reporting._tuning.report import TuningPart, TuningTexts, tuning_files, tuning_part, tuning_texts
from seedwise.reporting._tuning.units import parameters

__all__ = [
    "TuningPart",
    "TuningTexts",
    "parameters",
    "tuning_files",
    "tuning_numbers",
    "tuning_part",
    "tuning_texts",
]
