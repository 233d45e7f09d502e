"""What a study could recommend: its methods and readouts, and ensembles of their runs, each with its cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from seedwise.statistics.cells.names import Placed, method_and_readout, names_of
from seedwise.statistics.cells.pairing import is_base
from seedwise.statistics.comparison.row import ComparisonRow
from seedwise.statistics.core.formatting import of_first_runs
from seedwise.statistics.spread.ensembles import EnsembleSpread
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
    rows: Sequence[ComparisonRow], costs: Sequence[Cost], ensembles: Sequence[EnsemblesOfCell], base: str
) -> list[Candidate]:
    """Return every method and readout that is compared with the base's plain runs, ensembles of these included.

    An ensemble of N trains and predicts N times.

    Args:
        rows: the rows of a study.
        costs: what they cost, in the same order.
        ensembles: the ensembles of the study.
        base: the method that the others are compared with.

    """
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
        for row, cost, name in zip(rows, costs, names_of(rows), strict=True)
        if not is_base(row, base)
    ]
    places = len({(row.task, row.regime) for row in rows}) > 1
    for one in ensembles:
        cost = cost_at[one.task, one.regime, one.method, one.readout]
        found.append(
            Candidate(
                ensemble_name(one, places),
                one.found if isinstance(one.found, str) else one.found.reduction,
                _times(cost.training, one.size),
                _times(cost.inference, one.size),
                one.method,
                ("" if one.readout == "plain" else f"{one.readout} + ") + f"ensemble-{one.size}",
                one.regime,
                one.task,
                paired=True,
            )
        )
    return found


def ensemble_name(one: EnsemblesOfCell, places: bool) -> str:
    """Return the name of an ensemble, with its place where there are several."""
    place = f" ({one.task}, {one.regime})" if places else ""
    some = "" if one.of_first is None else of_first_runs(one.of_first)
    return f"{method_and_readout(one)}, ensemble-{one.size}{place}{some}"


def _times(cost: float | None, size: int) -> float | None:
    return None if cost is None else cost * size
