"""Studies: from a file to cells."""

from seedwise.execution import Progress, Silent, StudyFolder
from seedwise.run import Link, PlannedRun
from seedwise.store import Exported, Store, StoredReadout, StoredRun
from seedwise.study._attribute import AttributionStudy, attribution_sections, is_attribution
from seedwise.study._cell_forecasts import CellForecasts
from seedwise.study._cells import cells_of, unread
from seedwise.study._compact import export_compact
from seedwise.study._doctor import (
    CHECKS,
    Check,
    Diagnosis,
    Difference,
    Patient,
    ProgramPatient,
    StudyPatient,
    diagnose,
    trainings,
)
from seedwise.study._forecasts import forecasts, forecasts_of
from seedwise.study._merge import merge
from seedwise.study._mistakes import mistake
from seedwise.study._plan import plan
from seedwise.study._readout_checks import readout_passes
from seedwise.study._recipes import recipe_names, recipe_text
from seedwise.study._replicates import replicates
from seedwise.study._running import Outcome
from seedwise.study._sections import report_sections
from seedwise.study._spec import StudySpec, check_study, parse_study, read_study
from seedwise.study._study import Study
from seedwise.study._tuning import base_space, is_search, overrides_at, settings_of, tuned_method
from seedwise.study._tuning_options import Objective, Space, Tune, Values
from seedwise.study._until import announced, looks_at

__all__ = [
    "CHECKS",
    "AttributionStudy",
    "CellForecasts",
    "Check",
    "Diagnosis",
    "Difference",
    "Exported",
    "Link",
    "Objective",
    "Outcome",
    "Patient",
    "PlannedRun",
    "ProgramPatient",
    "Progress",
    "Silent",
    "Space",
    "Store",
    "StoredReadout",
    "StoredRun",
    "Study",
    "StudyFolder",
    "StudyPatient",
    "StudySpec",
    "Tune",
    "Values",
    "announced",
    "attribution_sections",
    "base_space",
    "cells_of",
    "check_study",
    "diagnose",
    "export_compact",
    "forecasts",
    "forecasts_of",
    "is_attribution",
    "is_search",
    "looks_at",
    "merge",
    "mistake",
    "overrides_at",
    "parse_study",
    "plan",
    "read_study",
    "readout_passes",
    "recipe_names",
    "recipe_text",
    "replicates",
    "report_sections",
    "settings_of",
    "trainings",
    "tuned_method",
    "unread",
]
