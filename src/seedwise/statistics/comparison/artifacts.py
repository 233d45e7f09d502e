"""Methods that differ in nothing but an artifact, which all runs of each share: how far artifacts lie apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seedwise.statistics.cells.cell import Cell
from seedwise.statistics.cells.pairing import lined_up
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.means.means import mean_difference
from seedwise.statistics.spreads.between import between_spread

FEWEST = 3
"""Runs that each method needs."""


@dataclass(frozen=True)
class SharedArtifacts:
    """Methods whose runs share an artifact, each one of its own, and which are alike in all else.

    Attributes:
        cells: theirs, of one task and regime, in the unit in which the metric is shown.
        runs: how many seeds have finished in all of them.
        apart: of two methods the difference of their means, the second minus the first; of more the SD between
            artifacts; why there is none; None for a single method, or fewer than ``FEWEST`` such seeds.

    """

    cells: tuple[Cell, ...]
    runs: int
    apart: Interval | str | None


def shared_artifacts(cells: Sequence[Cell], rest: Mapping[str, str]) -> list[SharedArtifacts]:
    """Return, by task and regime, the methods that share an artifact among their runs, with what is known of others.

    Args:
        cells: of a study.
        rest: by method, the method without its artifact; of those that have one.

    """
    families: dict[tuple[str, str, str], list[Cell]] = {}
    for cell in cells:
        if cell.readout == "plain" and cell.method in rest:
            families.setdefault((cell.task, cell.regime, rest[cell.method]), []).append(cell.shown)
    return [_family(family) for family in families.values()]


def _family(cells: Sequence[Cell]) -> SharedArtifacts:
    runs, paired = lined_up(cells)
    common = len(runs[0]) if paired else 0
    if len(cells) == 1 or common < FEWEST:
        return SharedArtifacts(tuple(cells), common, None)
    values = np.stack([cell.values[at] for cell, at in zip(cells, runs, strict=True)])
    apart: Interval | str
    try:
        apart = mean_difference(values[1], values[0], paired=True) if len(cells) == 2 else between_spread(values)
    except ValueError as error:
        apart = str(error)
    return SharedArtifacts(tuple(cells), common, apart)
