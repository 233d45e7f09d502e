"""The cheapest method or readout of a study that makes its runs steadier, and what fresh runs say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from seedwise.statistics import (
    Budget,
    Candidate,
    Cell,
    Interval,
    Recommendation,
    Steadiest,
    answer,
    recommend,
    steadiest,
)
from seedwise.statistics.cells.pairing import base_of
from seedwise.statistics.comparison.candidates import candidates_of
from seedwise.statistics.comparison.disagreement import churn_ratio_of
from seedwise.statistics.verdicts.recommendation import reconsider
from seedwise.study._results import StudyResults


@dataclass(frozen=True)
class Recommended:
    """What a study recommends.

    Attributes:
        found: the recommendation.
        pending: results that are still to come.
        candidates: all that were compared.

    """

    found: Recommendation
    pending: int
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True)
class Confirmed:
    """What fresh runs of the base and of a choice say.

    Attributes:
        found: what has chosen it again, or nothing.
        seen: the choice as the fresh runs have it; None: they have nothing of it.

    """

    found: Recommendation | Steadiest
    seen: Candidate | None


def recommended(results: StudyResults) -> Recommended | None:
    """Return what a study recommends; None where nothing is compared with its base."""
    question = results.description.question
    candidates, pending = _candidates(results)
    if not candidates:
        return None
    found = recommend(candidates, sd_ratio=question.sd_ratio, power=question.power)
    return Recommended(found, pending, tuple(candidates))


def confirmed(chosen: Candidate, fresh: StudyResults, budget: Budget | None = None) -> Confirmed:
    """Return what the results of a study of fresh runs say of a choice; with a budget, of what was the steadiest."""
    question = fresh.description.question
    candidates, _ = _candidates(fresh)
    if budget is None:
        return Confirmed(*reconsider(chosen, candidates, sd_ratio=question.sd_ratio, power=question.power))
    here = [one for one in candidates if (one.method, one.readout) == (chosen.method, chosen.readout)]
    unknown = replace(chosen, reduction="nothing was read out", churn="nothing was read out")
    return Confirmed(steadiest(here or [unknown], budget), here[0] if here else None)


def _candidates(results: StudyResults) -> tuple[list[Candidate], int]:
    description, cells = results.description, results.cells
    base = description.base or cells[0].method
    rows = answer(cells, base, description.question, description.look).rows
    costs = [part.cost for part in results.parts]
    churns = [_churn(cell, cells, base) for cell in cells]
    return candidates_of(rows, costs, results.ensembles, base, churns), sum(row.pending for row in rows)


def _churn(cell: Cell, cells: Sequence[Cell], base: str) -> Interval | str:
    against = base_of(cell, cells, base)
    found = None if against is None or against is cell else churn_ratio_of(cell, against)
    return "no predictions were kept" if found is None else found
