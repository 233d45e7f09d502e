"""Ensembles next to the single runs of their pools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from seedwise.reporting._table import METHOD, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.statistics.comparison.candidates import ensemble_name
from seedwise.statistics.comparison.families import ensemble_comparisons
from seedwise.statistics.core.formatting import decimals_for, interval, number, p_value, reduction

if TYPE_CHECKING:
    from seedwise.study import Ensembles

_NOTE: Final = (
    "Ensembles are formed from the pool of finished runs: the spread is that within random partitions of the pool into "
    "disjoint ensembles, averaged. The reduction is against the base's plain runs with the same seeds; its jackknife "
    "interval leaves out one seed at a time from both."
)


def ensemble_table(ensembles: Sequence[Ensembles]) -> tuple[Table, list[str]]:
    """Lay out every ensemble next to the single runs of its pool; the second result says why not.

    Args:
        ensembles: the ensembles of the study.

    """
    several = len({(one.task, one.regime) for one in ensembles}) > 1
    rows, reasons = [], []
    for one, found in zip(ensembles, ensemble_comparisons([one.found for one in ensembles]), strict=True):
        name = ensemble_name(one, several)
        if isinstance(found, str):
            reasons.append(f"{name}: {found}")
            continue
        e, scale = found.found, one.metric.scale
        decimals = 2 if one.metric.is_percent else decimals_for(scale * e.base)
        rows.append(
            [
                name,
                str(e.n),
                interval(e.mean, decimals, scale),
                interval(e.gain, decimals, scale),
                interval(e.spread, decimals, scale),
                number(scale * e.base, decimals),
                reduction(e.reduction),
                p_value(found.p_adjusted),
                f"{interval(e.churn, 2, 100)} %" if e.churn else "-",
            ]
        )
    titles = {one.metric.title for one in ensembles}
    title = titles.pop() if len(titles) == 1 else "metric"
    columns = [METHOD, "pool", f"{title} [95 %]", "gain [95 %]", "SD [95 %]", "SD of the base"]
    return Table([*columns, "reduction [95 %]", "p", "churn [95 %]"], rows), reasons


def _show(found: Compared) -> Shown:
    table, reasons = ensemble_table(found.study.ensembles)
    return Shown(table, _NOTE, reasons=reasons)


TOPIC: Final = Topic("What do ensembles change?", _show, short="Ensembles")
