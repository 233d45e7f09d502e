"""Where runs are trained: jobs, the workers that do them, and the folder through which their records come back."""

from seedwise.execution._exam import MACHINE, UNFIXED_HASHES, Exam, Examination, Sitting, present_sitting
from seedwise.execution._executors import opened
from seedwise.execution._folder import StudyFolder, again, read_record
from seedwise.execution._folder_executor import FolderExecutor, QueueOptions
from seedwise.execution._jobs import Job, Reading, Training, file_of
from seedwise.execution._local import check_devices
from seedwise.execution._lock import exclusive
from seedwise.execution._protocol import Executor, Ingest, Progress, Resources, Settings, Silent, Upcoming
from seedwise.execution._queue_worker import Serving, serve
from seedwise.execution._ray import RayExecutor, RayOptions
from seedwise.execution._slurm import SlurmExecutor, SlurmOptions, script_of

__all__ = [
    "MACHINE",
    "UNFIXED_HASHES",
    "Exam",
    "Examination",
    "Executor",
    "FolderExecutor",
    "Ingest",
    "Job",
    "Progress",
    "QueueOptions",
    "RayExecutor",
    "RayOptions",
    "Reading",
    "Resources",
    "Serving",
    "Settings",
    "Silent",
    "Sitting",
    "SlurmExecutor",
    "SlurmOptions",
    "StudyFolder",
    "Training",
    "Upcoming",
    "again",
    "check_devices",
    "exclusive",
    "file_of",
    "opened",
    "present_sitting",
    "read_record",
    "script_of",
    "serve",
]
