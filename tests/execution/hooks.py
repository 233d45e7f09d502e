"""Code that Python imports at the start of a driver and of its workers."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.nursery import Nursery, environment_of_families

Family = tuple[Nursery, dict[str, str]]
"""A nursery of drivers, and their environment."""


@contextmanager
def hooked(folder: Path, code: str, variables: Mapping[str, str]) -> Iterator[Family]:
    """Yield a nursery of drivers that have imported ``code``, and their environment.

    Args:
        folder: where the file lies that holds the code.
        code: it reads what differs between drivers from ``os.environ`` when it is called, not when it is imported.
        variables: what it finds there while nothing has been forked.

    """
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(code)
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    environment = {**environment_of_families(), **variables, "PYTHONPATH": path}
    yield Nursery([environment]), environment
