"""Our means next to published ones that came without an SD."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.reporting._table import METHOD, REGIME, TASK, N, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.reporting.topics.published import published_entry, source_of
from seedwise.statistics import Cell, ComparisonRow, Interval, Metric
from seedwise.statistics.cells.names import method_and_readout
from seedwise.statistics.comparison.published import values_beside_published
from seedwise.statistics.core.formatting import interval, number

if TYPE_CHECKING:
    from seedwise.study import PublishedResults

_NOTE: Final = (
    "Published without an SD, so that the intervals are the t intervals of our own means: chance in the published "
    "number is not in them, nor are versions of libraries or readings of a paper."
)
_OTHER_SETTING: Final = (
    "This is not the published setting: network, data or length of training differ. Means are therefore not comparable."
)


def published_means_table(
    cells: Sequence[Cell],
    rows: Sequence[ComparisonRow],
    metrics: Sequence[Mapping[str, NDArray[np.float64]]],
    declared: Mapping[str, Sequence[Metric]],
    published: PublishedResults,
) -> Table:
    """Set our mean of every metric next to the published one, where no SD has been published.

    Args:
        cells: the cells, in the unit in which they are shown.
        rows: their rows.
        metrics: for each cell the other metrics of its finished runs, by name.
        declared: by task, its metrics.
        published: what was published; where the study is another setting, means stand side by side.

    """
    comparable = published.same_setting
    several_tasks = len({row.task for row in rows}) > 1
    several_regimes = len({row.regime for row in rows}) > 1
    columns = ([TASK] if several_tasks else []) + ([REGIME] if several_regimes else [])
    columns += [
        METHOD,
        "metric",
        "published",
        "ours [95 %]",
        N,
        *(["ours less it, in % of it [95 %]"] if comparable else []),
    ]
    table = []
    for cell, row, others in zip(cells, rows, metrics, strict=True):
        entry = published_entry(published.results, row, row.method, row.readout)
        if entry is None or entry.sd is not None:
            continue
        lead = ([row.task] if several_tasks else []) + ([row.regime] if several_regimes else [])
        primary = row.metric.name.rpartition("/")[2]
        known = {metric.name: metric for metric in declared.get(row.task, ())}
        scales = {metric.on("test").name: metric.scale for metric in known.values()}
        ours = {name.removeprefix("test/"): values * scales.get(name, 1.0) for name, values in others.items()}
        ours[primary] = cell.values[cell.finished_mask]
        given = ({} if entry.mean is None else {primary: entry.mean}) | entry.means
        for name, theirs in given.items():
            decimals = 2 if name in known and known[name].is_percent else 3
            texts = _beside(ours.get(name), theirs, cell.group[cell.finished_mask], decimals + 1)
            table.append(
                [*lead, method_and_readout(row), name, number(theirs, decimals), *texts[: 3 if comparable else 2]]
            )
    return Table(columns, table)


def _beside(
    values: NDArray[np.float64] | None, published: float, groups: NDArray[np.int64], decimals: int
) -> list[str]:
    d = None if values is None else values_beside_published(values, groups, published)
    if values is None or len(values) - len(set(groups.tolist())) < 2:
        return ["-", "0" if values is None else str(len(values)), "-"]
    mean = float(values.mean())
    if d is None:
        return [number(mean, decimals), str(len(values)), "-"]
    ours = Interval(mean, published + d.low, published + d.high, d.level, d.n, d.procedure)
    return [interval(ours, decimals), str(len(values)), f"{interval(d, 1, 100 / published)} %"]


def _show(found: Compared) -> Shown:
    description = found.study.description
    metrics = [part.metrics for part in found.study.parts]
    table = published_means_table(found.shown_cells, found.rows, metrics, description.metrics, description.published)
    note = _NOTE if description.published.same_setting else _OTHER_SETTING
    return Shown(table, source_of(description.published) + note)


TOPIC: Final = Topic("Do the published means come out?", _show, short="Published means")
