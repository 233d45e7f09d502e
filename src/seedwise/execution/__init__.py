"""Where runs are trained: jobs, the workers that do them, and the folder through which their records come back."""

from seedwise.execution._exam import UNFIXED_HASHES, Exam, Examination, Sitting, present_sitting
from seedwise.execution._executors import opened
from seedwise.execution._folder import StudyFolder, again, read_record
from seedwise.execution._jobs import Job, Reading, Training, file_of
from seedwise.execution._lock import exclusive
from seedwise.execution._protocol import Executor, Progress, Resources, Settings, Silent, Upcoming

__all__ = [
    "UNFIXED_HASHES",
    "Exam",
    "Examination",
    "Executor",
    "Job",
    "Progress",
    "Reading",
    "Resources",
    "Settings",
    "Silent",
    "Sitting",
    "StudyFolder",
    "Training",
    "Upcoming",
    "again",
    "exclusive",
    "file_of",
    "opened",
    "present_sitting",
    "read_record",
]
