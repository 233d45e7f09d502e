"""What one training sees and leaves behind: the run, its checkpoint and its record."""

from seedwise.run._checkpoint import Checkpoint
from seedwise.run._checks import checked, cleaned
from seedwise.run._digest import weights_sha256
from seedwise.run._execute import configure, execute, load_function, record_of, training
from seedwise.run._files import read_checked, remove_stale, storage_errors, write_checked, write_text, write_whole
from seedwise.run._fingerprint import RunCode, changed_files, environment, is_users, present_code
from seedwise.run._imports import note_imports, watched_imports
from seedwise.run._isolation import isolated
from seedwise.run._operations import Operation, first_difference, logged_operations
from seedwise.run._outcomes import FAILURES, STATUSES, Diverged, Interrupted, Status
from seedwise.run._place import Link, PlannedRun
from seedwise.run._readout_record import ReadoutRecord, Record
from seedwise.run._record import Forecasts, NetworkCost, Observed, Predictions, RunRecord
from seedwise.run._run import FINAL, SAMPLE, Keep, Run
from seedwise.run._spec import Numerics, RunSpec, digest_of

__all__ = [
    "FAILURES",
    "FINAL",
    "SAMPLE",
    "STATUSES",
    "Checkpoint",
    "Diverged",
    "Forecasts",
    "Interrupted",
    "Keep",
    "Link",
    "NetworkCost",
    "Numerics",
    "Observed",
    "Operation",
    "PlannedRun",
    "Predictions",
    "ReadoutRecord",
    "Record",
    "Run",
    "RunCode",
    "RunRecord",
    "RunSpec",
    "Status",
    "changed_files",
    "checked",
    "cleaned",
    "configure",
    "digest_of",
    "environment",
    "execute",
    "first_difference",
    "is_users",
    "isolated",
    "load_function",
    "logged_operations",
    "note_imports",
    "present_code",
    "read_checked",
    "record_of",
    "remove_stale",
    "storage_errors",
    "training",
    "watched_imports",
    "weights_sha256",
    "write_checked",
    "write_text",
    "write_whole",
]
