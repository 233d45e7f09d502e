"""What every method and readout costs, beside what it does to the spread."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from seedwise.reporting._figures import names_of, reductions_figure
from seedwise.reporting._results import results_of
from seedwise.reporting._table import METHOD, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.reporting.topics.ensembles import ensemble_name
from seedwise.statistics import Candidate, ComparisonRow, Cost, Interval, recommend
from seedwise.statistics.cells.pairing import is_base
from seedwise.statistics.core.formatting import number, p_value, reduction

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from seedwise.study import Ensembles, StudyResults

_NOTE: Final = (
    "In the form of table 4 of the Variance Minimizer Loss paper. Costs are times relative to one plain run of the "
    "base: training, as the median of its runs, and inference, measured beside a plain evaluation; an ensemble of N "
    "trains and predicts N times. Reduction: of the SD, against the base's plain runs; p is corrected over all rows."
)


_CAPTION: Final = (
    "Reduction of the SD with its 95 % interval, cheapest training at the top, and of equals the cheapest inference; "
    "the cost beside the name is training x, inference x. Look for intervals right of the line at the top. Of more "
    "than 30, methods with a readout are left to the table."
)
_MOST_DRAWN: Final = 30


def candidates_of(
    rows: Sequence[ComparisonRow], costs: Sequence[Cost], ensembles: Sequence[Ensembles], base: str
) -> list[Candidate]:
    """Return every method and readout that is compared with the base's plain runs, ensembles of these included.

    Args:
        rows: the rows of a study.
        costs: what they cost, in the same order.
        ensembles: the ensembles of the study.
        base: the method that the others are compared with.

    """
    names = names_of(rows)
    cost_at = {(r.task, r.regime, r.method, r.readout): cost for r, cost in zip(rows, costs, strict=True)}
    found = [
        Candidate(
            name,
            row.reduction,
            cost.training,
            cost.inference,
            row.method,
            row.readout,
            row.regime,
            row.task,
            paired=bool(row.paired),
        )
        for row, cost, name in zip(rows, costs, names, strict=True)
        if not is_base(row, base)
    ]
    places = len({(row.task, row.regime) for row in rows}) > 1
    for one in ensembles:
        cost = cost_at[one.task, one.regime, one.method, one.readout]
        found.append(
            Candidate(
                ensemble_name(one, places),
                one.found if isinstance(one.found, str) else one.found.reduction,
                _times_n(cost.training, one),
                _times_n(cost.inference, one),
                one.method,
                ("" if one.readout == "plain" else f"{one.readout} + ") + f"ensemble-{one.size}",
                one.regime,
                one.task,
                paired=True,
            )
        )
    return found


def candidates(study: StudyResults) -> list[Candidate]:
    """Return every method, readout and ensemble of a study with its cost and its reduction against the base's runs.

    Args:
        study: its results.

    """
    results = results_of(study.description, study.cells)
    return candidates_of(results.comparisons, [part.cost for part in study.parts], study.ensembles, results.base)


def cost_table(candidates: Sequence[Candidate], with_readouts: bool) -> Table:
    """Lay out reduction beside cost; empty where there are neither readouts nor ensembles nor dearer methods.

    Args:
        candidates: see ``candidates_of``.
        with_readouts: whether the study has readouts.

    """
    columns = [METHOD, "training x", "inference x", "reduction [95 %]", "p"]
    dearer = any((c.training or 1) > 1.5 for c in candidates)
    if not candidates or not (with_readouts or dearer):
        return Table(columns, [])
    adjusted = recommend(candidates).p_adjusted
    rows = []
    for candidate, p in zip(candidates, adjusted, strict=True):
        r = candidate.reduction
        shown = [reduction(r), p_value(p)] if isinstance(r, Interval) else ["-", ""]
        rows.append([candidate.name, _times(candidate.training), _times(candidate.inference), *shown])
    return Table(columns, rows)


def cost_figure(candidates: Sequence[Candidate], base: str) -> Figure:
    """Draw the reductions with their intervals, in the order of cost.

    Args:
        candidates: see ``candidates_of``; of many, methods with a readout are left out.
        base: the method that the others are compared with.

    """

    def dearness(one: tuple[Candidate, bool]) -> tuple[float, ...]:
        # Times that are shown as equal are equal.
        return tuple(math.inf if cost is None else round(cost, 1) for cost in (one[0].training, one[0].inference))

    both = sorted(zip(candidates, recommend(candidates).resolved, strict=True), key=dearness)
    if len(both) > _MOST_DRAWN:
        both = [one for one in both if one[0].method == base or one[0].readout == "plain"]
    names = [f"{c.name}: {_times(c.training)}, {_times(c.inference)}" for c, _ in both]
    return reductions_figure(names, [c.reduction for c, _ in both], [resolved for _, resolved in both])


def _times_n(cost: float | None, one: Ensembles) -> float | None:
    return None if cost is None else cost * one.size


def _times(cost: float | None) -> str:
    return "-" if cost is None else number(cost, 1 if cost < 9.95 else 0)


def _show(found: Compared) -> Shown:
    study = found.study
    listed = candidates_of(found.rows, [part.cost for part in study.parts], study.ensembles, found.base)
    with_readouts = bool(study.ensembles) or len({cell.readout for cell in study.cells}) > 1
    table = cost_table(listed, with_readouts)
    drawn = table.rows and any(isinstance(candidate.reduction, Interval) for candidate in listed)
    return Shown(table, _NOTE, [(partial(cost_figure, listed, found.base), _CAPTION)] if drawn else [])


TOPIC: Final = Topic("What it costs", _show)
