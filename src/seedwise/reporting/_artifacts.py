"""Methods whose runs share an artifact: how their spread is marked, and how far artifacts lie apart."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seedwise.reporting._table import METHOD, SD, Table
from seedwise.statistics import Cell
from seedwise.statistics.core.formatting import interval
from seedwise.statistics.means.means import mean_difference
from seedwise.statistics.spreads.between import between_spread

if TYPE_CHECKING:
    from seedwise.study import StudyDescription


def marked(table: Table, methods: Collection[str]) -> Table:
    """Return a table in which the SDs of some methods are called conditional."""
    headings = list(map(str, table.columns))
    name, spread = headings.index(METHOD), headings.index(SD)
    rows = [list(row) for row in table.rows]
    for row in rows:
        if row[name] in methods and row[spread] not in ("", "-"):
            row[spread] += " conditional"
    return Table(table.columns, rows, table.typed)


def artifact_sentences(description: StudyDescription, cells: Sequence[Cell], decimals: Mapping[str, int]) -> list[str]:
    """Return a sentence for all methods that differ in their artifacts alone: the spread between these.

    Args:
        description: the study, which knows the artifacts.
        cells: its cells.
        decimals: of SDs, by task.

    """
    places = list(dict.fromkeys((cell.task, cell.regime) for cell in cells))
    found = []
    for task, regime in places:
        here = [cell for cell in cells if (cell.task, cell.regime, cell.readout) == (task, regime, "plain")]
        where = ", ".join([task] * (len({t for t, _ in places}) > 1) + [regime] * (len({r for _, r in places}) > 1))
        for family in _families(description, here):
            found.append(f"{f'{where}: ' if where else ''}{_sentence(description, family, decimals[task])}")
    return found


def _families(description: StudyDescription, cells: Sequence[Cell]) -> Iterator[list[Cell]]:
    by_rest: dict[str, list[Cell]] = {}
    for cell in cells:
        if cell.method in description.artifacts:
            by_rest.setdefault(description.artifacts[cell.method].rest, []).append(cell)
    yield from by_rest.values()


def _sentence(description: StudyDescription, family: Sequence[Cell], decimals: int) -> str:
    names = " and ".join(filter(None, [", ".join(cell.method for cell in family[:-1]), family[-1].method]))
    numbers = [description.artifacts[cell.method].number for cell in family]
    if len(family) == 1:
        return (
            f"{names}: all runs share artifact {numbers[0]}, and its SD is conditional on it; the spread between "
            "artifacts takes methods that differ in nothing but 'artifact'"
        )
    values, unit = _paired(family), family[0].shown.metric.unit
    unit = f" {unit}" if unit else ""
    lead = f"{names}: each SD is conditional on its artifact"
    if values.shape[1] < 3:
        return f"{lead}; the spread between artifacts takes 3 finished runs with equal seeds"
    if len(family) == 2:
        try:
            apart = interval(mean_difference(values[1], values[0], paired=True), decimals)
        except ValueError as error:
            return f"{lead}; how far their means lie apart is not known: {error}"
        return f"{lead}; their means lie {apart}{unit} apart, and the SD between artifacts takes a third"
    between = between_spread(values)
    return (
        f"{lead}; the SD between these {between.n} is {interval(between, decimals)}{unit} "
        f"({values.shape[1]} paired runs each)"
    )


def _paired(family: Sequence[Cell]) -> NDArray[np.float64]:
    """Return the values of the seeds with which all of them have finished: (methods, seeds)."""
    by_seed = []
    for cell in (one.shown for one in family):
        kept = np.flatnonzero(cell.finished_mask)
        by_seed.append({(cell.group[k], cell.replicate[k]): float(cell.values[k]) for k in kept.tolist()})
    common = [place for place in by_seed[0] if all(place in other for other in by_seed)]
    return np.array([[values[place] for place in common] for values in by_seed]).reshape(len(family), len(common))
