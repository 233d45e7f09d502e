"""What one training sees and leaves behind: the run, its checkpoint and its record."""

from seedwise.run._checkpoint import Checkpoint
from seedwise.run._digest import weights_sha256
from seedwise.run._execute import execute, load_function
from seedwise.run._files import read_checked, remove_stale, write_checked
from seedwise.run._fingerprint import changed_files, environment, loaded_code
from seedwise.run._outcomes import Diverged, Interrupted
from seedwise.run._record import Predictions, RunRecord
from seedwise.run._run import Keep, Run
from seedwise.run._spec import Numerics, RunSpec, digest_of

__all__ = [
    "Checkpoint",
    "Diverged",
    "Interrupted",
    "Keep",
    "Numerics",
    "Predictions",
    "Run",
    "RunRecord",
    "RunSpec",
    "changed_files",
    "digest_of",
    "environment",
    "execute",
    "load_function",
    "loaded_code",
    "read_checked",
    "remove_stale",
    "weights_sha256",
    "write_checked",
]
