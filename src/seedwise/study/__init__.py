"""Studies: from a file to cells."""

from seedwise.execution import Progress, Silent, StudyFolder
from seedwise.run import Link, PlannedRun
from seedwise.store import Exported, Store, StoredReadout, StoredRun
from seedwise.study._arguments import command_line
from seedwise.study._attribute import AttributionStudy, attribution_results
from seedwise.study._cell_forecasts import CellForecasts
from seedwise.study._cells import cells_of, unread
from seedwise.study._collect import study_results
from seedwise.study._compact import export_compact
from seedwise.study._description import (
    PublishedResults,
    StudyDescription,
    confirmation_of,
    description_of,
    is_attribution,
)
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
from seedwise.study._error_messages import mistake
from seedwise.study._extensions import is_search
from seedwise.study._fans import Fan
from seedwise.study._forecasts import forecasts, forecasts_of
from seedwise.study._loop import LoopSettings, runs_of_loop
from seedwise.study._loop_plan import LoopPlan, planned_loop
from seedwise.study._loop_workers import Importable, Train, check_guard, importable, train_in_workers
from seedwise.study._merge import merge
from seedwise.study._methods import Method
from seedwise.study._old_names import renamed_note
from seedwise.study._overrides import with_values
from seedwise.study._plan import plan
from seedwise.study._policy import Policy
from seedwise.study._pools import Ensembles
from seedwise.study._provenance import provenance_of
from seedwise.study._readout_checks import readout_passes
from seedwise.study._recipes import recipe_names, recipe_text
from seedwise.study._recommend import Confirmed, Recommended, recommended
from seedwise.study._regimes import regime_sources
from seedwise.study._results import AttributionResults, CellResults, Network, Provenance, StudyResults
from seedwise.study._running import Outcome
from seedwise.study._spec import Published, PublishedRange, StudySpec
from seedwise.study._study import Grown, Study
from seedwise.study._study_file import check_study, parse_study, read_study
from seedwise.study._two_machines import TwoMachines, compare_machines
from seedwise.study._until import announced, looks_at

__all__ = [
    "CHECKS",
    "AttributionResults",
    "AttributionStudy",
    "CellForecasts",
    "CellResults",
    "Check",
    "Confirmed",
    "Diagnosis",
    "Difference",
    "Ensembles",
    "Exported",
    "Fan",
    "Grown",
    "Importable",
    "Link",
    "LoopPlan",
    "LoopSettings",
    "Method",
    "Network",
    "Outcome",
    "Patient",
    "PlannedRun",
    "Policy",
    "ProgramPatient",
    "Progress",
    "Provenance",
    "Published",
    "PublishedRange",
    "PublishedResults",
    "Recommended",
    "Silent",
    "Store",
    "StoredReadout",
    "StoredRun",
    "Study",
    "StudyDescription",
    "StudyFolder",
    "StudyPatient",
    "StudyResults",
    "StudySpec",
    "Train",
    "TwoMachines",
    "announced",
    "attribution_results",
    "cells_of",
    "check_guard",
    "check_study",
    "command_line",
    "compare_machines",
    "confirmation_of",
    "description_of",
    "diagnose",
    "export_compact",
    "forecasts",
    "forecasts_of",
    "importable",
    "is_attribution",
    "is_search",
    "looks_at",
    "merge",
    "mistake",
    "parse_study",
    "plan",
    "planned_loop",
    "provenance_of",
    "read_study",
    "readout_passes",
    "recipe_names",
    "recipe_text",
    "recommended",
    "regime_sources",
    "renamed_note",
    "runs_of_loop",
    "study_results",
    "train_in_workers",
    "trainings",
    "unread",
    "with_values",
]
