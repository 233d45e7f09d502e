"""What a study could recommend: its methods and readouts, and ensembles of their runs, each with its cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from seedwise.statistics.cells.names import Placed, method_and_readout, names_of
from seedwise.statistics.cells.pairing import is_base
from seedwise.statistics.comparison.row import ComparisonRow
from seedwise.statistics.core.formatting import of_first_runs
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.spreads.ensembles import EnsembleSpread
from seedwise.statistics.verdicts.recommendation import Candidate, Cost


class EnsemblesOfCell(Placed, Protocol):
    """Ensembles of one size from the runs of a cell, or why their spread is not known."""

    @property
    def size(self) -> int: ...  # noqa: D102
    @property
    def found(self) -> EnsembleSpread | str: ...  # noqa: D102
    @property
    def of_first(self) -> int | None: ...  # noqa: D102


def candidates_of(
    rows: Sequence[ComparisonRow],
    costs: Sequence[Cost],
    ensembles: Sequence[EnsemblesOfCell],
    base: str,
    churns: Sequence[Interval | str] | None = None,
) -> list[Candidate]:
    """Return every method and readout that is compared with the base's plain runs, ensembles of these included.

    An ensemble of N trains and predicts N times.

    Args:
        rows: the rows of a study.
        costs: what they cost, in the same order.
        ensembles: the ensembles of the study.
        base: the method that the others are compared with.
        churns: of each row its churn relative to the base's, or why it is not known; None where nobody asks.

    """
    churns = ["nobody asked"] * len(rows) if churns is None else churns
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
            flops=cost.flops,
            single=cost.single,
            churn=churn,
        )
        for row, cost, name, churn in zip(rows, costs, names_of(rows), churns, strict=True)
        if not is_base(row, base)
    ]
    places = len({(row.task, row.regime) for row in rows}) > 1
    for one in ensembles:
        cost = cost_at[one.task, one.regime, one.method, one.readout].times(one.size)
        churn = None if isinstance(one.found, str) else one.found.churn_ratio
        if one.method != base or one.readout != "plain":
            churn = None  # its churn is relative to that of its own single runs
        found.append(
            Candidate(
                ensemble_name(one, places),
                one.found if isinstance(one.found, str) else one.found.reduction,
                cost.training,
                cost.inference,
                one.method,
                ("" if one.readout == "plain" else f"{one.readout} + ") + f"ensemble-{one.size}",
                one.regime,
                one.task,
                paired=True,
                flops=cost.flops,
                single=cost.single,
                churn="it is not compared with that of the base" if churn is None else churn,
            )
        )
    return found


def ensemble_name(one: EnsemblesOfCell, places: bool) -> str:
    """Return the name of an ensemble, with its place where there are several."""
    place = f" ({one.task}, {one.regime})" if places else ""
    some = "" if one.of_first is None else of_first_runs(one.of_first)
    return f"{method_and_readout(one)}, ensemble-{one.size}{place}{some}"
