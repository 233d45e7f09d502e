"""Where runs stand in studies."""

from __future__ import annotations

from dataclasses import dataclass

from seedwise.run._spec import RunSpec


@dataclass(frozen=True)
class Link:
    """Where a run stands in a study; replicate r of every method has the same seeds."""

    study: str
    task: str
    method: str
    regime: str
    group: int
    replicate: int


@dataclass(frozen=True)
class PlannedRun:
    """A run and its place."""

    link: Link
    spec: RunSpec
