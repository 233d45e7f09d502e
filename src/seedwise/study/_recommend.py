"""The cheapest method or readout of a study that makes its runs steadier, and what fresh runs say of it."""

from __future__ import annotations

from dataclasses import dataclass

from seedwise.statistics import Candidate, Recommendation, answer, recommend
from seedwise.statistics.comparison.candidates import candidates_of
from seedwise.statistics.verdicts.recommendation import reconsider
from seedwise.study._results import StudyResults


@dataclass(frozen=True)
class Recommended:
    """What a study recommends.

    Attributes:
        found: the recommendation.
        pending: results that are still to come.

    """

    found: Recommendation
    pending: int


@dataclass(frozen=True)
class Confirmed:
    """What fresh runs of the base and of a choice say.

    Attributes:
        found: a recommendation that has chosen it again, or nothing.
        seen: the choice as the fresh runs have it; None: they have nothing of it.

    """

    found: Recommendation
    seen: Candidate | None


def recommended(results: StudyResults) -> Recommended | None:
    """Return what a study recommends; None where nothing is compared with its base."""
    question = results.description.question
    candidates, pending = _candidates(results)
    if not candidates:
        return None
    return Recommended(recommend(candidates, sd_ratio=question.sd_ratio, power=question.power), pending)


def confirmed(chosen: Candidate, fresh: StudyResults) -> Confirmed:
    """Return what the results of a study of fresh runs say of a choice."""
    question = fresh.description.question
    candidates, _ = _candidates(fresh)
    return Confirmed(*reconsider(chosen, candidates, sd_ratio=question.sd_ratio, power=question.power))


def _candidates(results: StudyResults) -> tuple[list[Candidate], int]:
    description, cells = results.description, results.cells
    base = description.base or cells[0].method
    rows = answer(cells, base, description.question, description.look).rows
    costs = [part.cost for part in results.parts]
    return candidates_of(rows, costs, results.ensembles, base), sum(row.pending for row in rows)
