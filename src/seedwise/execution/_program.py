"""Run a program whose loop is ``replicates``, once for each examination, in one process.

Called as ``python -m seedwise.execution._program SITTINGS program.py ARGUMENTS``; the program's own store is not
touched.
"""

from __future__ import annotations

import contextlib
import gc
import json
import runpy
import sys
from pathlib import Path
from typing import Any

from seedwise.execution._exam import Exam, Sitting, sit
from seedwise.run import Interrupted


def main() -> None:
    """Run it."""
    sittings: list[dict[str, Any]] = json.loads(sys.argv[1])
    sys.argv = sys.argv[2:]
    sys.path[0] = str(Path(sys.argv[0]).resolve().parent)
    for asked in sittings:
        exam = None if asked["exam"] is None else Exam(**asked["exam"])
        with sit(Sitting(exam, Path(asked["folder"]), Path(asked["file"]))):
            # The loop ends the program when the exam is over.
            with contextlib.suppress(Interrupted, SystemExit):
                runpy.run_path(sys.argv[0], run_name="__main__")
            gc.collect()  # a loop that was left is closed here at the latest


if __name__ == "__main__":
    main()
