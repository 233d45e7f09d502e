"""What every method and readout costs, and what it does to the spread."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from seedwise.reporting._figures import OTHERS, reductions_figure
from seedwise.reporting._table import METHOD, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.statistics import Candidate, Interval, recommend
from seedwise.statistics.comparison.candidates import candidates_of
from seedwise.statistics.core.formatting import number, p_value, reduction

if TYPE_CHECKING:
    from matplotlib.figure import Figure


_NOTE: Final = (
    "In the form of table 4 of the Variance Minimizer Loss paper. Costs are relative to one plain run of the base, "
    "medians over runs: seconds of training; seconds of inference, of the network in batches of 256 and of a readout "
    "over that of a plain evaluation; single: of one example alone; FLOPs: operations of matrix products and "
    "convolutions in a prediction. An ensemble of N trains and predicts N times. Reduction: of the SD, against the "
    "base's plain runs; p is corrected over all rows of this table, as 'seedwise recommend' does, and for the verdicts "
    "over methods and readouts, and over ensembles."
)


_CAPTION: Final = (
    "Reduction of the SD with its 95 % interval, cheapest training at the top, and of equals the cheapest inference; "
    "the cost next to the name is training x, inference x. Look for intervals right of the line at the top."
)
_MOST_DRAWN: Final = 30
_ALWAYS: Final = ("training x", "inference x")


def cost_table(candidates: Sequence[Candidate], with_readouts: bool) -> Table:
    """Lay out reduction and cost; empty where there are neither readouts nor ensembles nor dearer methods.

    Args:
        candidates: see ``statistics.comparison.candidates``.
        with_readouts: whether the study has readouts.

    """
    dearer = any((times or 1) > 1.5 for c in candidates for times in (c.training, c.inference))
    costs = {
        "training x": [c.training for c in candidates],
        "inference x": [c.inference for c in candidates],
        "single x": [c.single for c in candidates],
        "FLOPs x": [c.flops for c in candidates],
    }
    # Runs from before a cost was measured do not have it.
    shown = {name: times for name, times in costs.items() if name in _ALWAYS or any(t is not None for t in times)}
    columns = [METHOD, *shown, "reduction [95 %]", "p"]
    if not candidates or not (with_readouts or dearer):
        return Table(columns, [])
    rows = []
    for k, (candidate, p) in enumerate(zip(candidates, recommend(candidates).p_adjusted, strict=True)):
        r = candidate.reduction
        found = [reduction(r), p_value(p)] if isinstance(r, Interval) else ["-", ""]
        rows.append([candidate.name, *(_times(times[k]) for times in shown.values()), *found])
    return Table(columns, rows)


def cost_figure(candidates: Sequence[Candidate], base: str) -> Figure:
    """Draw the reductions with their intervals, in the order of cost.

    Args:
        candidates: see ``statistics.comparison.candidates``; of many, methods with a readout are left out.
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


def _times(cost: float | None) -> str:
    return "-" if cost is None else number(cost, 1 if cost < 9.95 else 0)


def _show(found: Compared) -> Shown:
    study = found.study
    listed = candidates_of(found.rows, [part.cost for part in study.parts], study.ensembles, found.base)
    with_readouts = bool(study.ensembles) or len({cell.readout for cell in study.cells}) > 1
    table = cost_table(listed, with_readouts)
    caption = _CAPTION + OTHERS * (len(listed) > _MOST_DRAWN)
    drawn = table.rows and any(isinstance(candidate.reduction, Interval) for candidate in listed)
    return Shown(table, _NOTE, [(partial(cost_figure, listed, found.base), caption)] if drawn else [])


TOPIC: Final = Topic("What does it cost?", _show, short="Cost")
