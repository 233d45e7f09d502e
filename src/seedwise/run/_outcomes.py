"""How a training can end other than by finishing."""

from __future__ import annotations

from typing import Final, Literal, get_args

Status = Literal["pending", "finished", "diverged", "crashed", "out_of_memory", "timeout", "interrupted"]
"""Where a run stands, or how it ended."""

STATUSES: Final[tuple[Status, ...]] = get_args(Status)
"""Every one of them."""
FAILURES: Final[tuple[Status, ...]] = ("diverged", "crashed", "out_of_memory", "timeout")
"""Outcomes that count against a method; pending and interrupted runs are simply not there yet."""


class Diverged(Exception):  # noqa: N818 - the outcome's own name
    """Raised in a training whose loss, weights or metrics are no longer finite."""


class Interrupted(Exception):  # noqa: N818
    """Raised at the end of an epoch, after its checkpoint, when the driver asks its workers to stop."""
