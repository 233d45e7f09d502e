"""Studies: from a file to cells."""

from seedwise.study._plan import Link, PlannedRun, plan
from seedwise.study._spec import StudySpec, parse_study, read_study
from seedwise.study._store import Store, StoredRun
from seedwise.study._study import Outcome, Study

__all__ = [
    "Link",
    "Outcome",
    "PlannedRun",
    "Store",
    "StoredRun",
    "Study",
    "StudySpec",
    "parse_study",
    "plan",
    "read_study",
]
