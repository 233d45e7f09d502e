"""The methods of foreign runs, compared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from seedwise.errors import SeedwiseError
from seedwise.results._arrange import Arranged, arranged
from seedwise.results._base import base_of
from seedwise.results._examples import ExampleComparison, compare_examples
from seedwise.results._named_runs import NamedRun, named_runs
from seedwise.results._normalise import Aggregates, Bounds, aggregates
from seedwise.results._understand import Runs, folds_are_refused
from seedwise.statistics import (
    AcrossTasks,
    Answer,
    Cell,
    ComparisonRow,
    Question,
    across_tasks,
    answer,
    compare_study,
)


@dataclass(frozen=True)
class ComparedRuns:
    """Methods of another tool compared with a base, by one metric. Numbers are in the unit of the data.

    Attributes:
        cells: the runs of each task and method, the base first.
        answer: the numbers of each, in the unit in which the metric is shown.
        base: the method that the others are compared with.
        question: what was asked.
        notes: sentences on how runs were paired, and on what does not vary.
        of_examples: where the table has a row per example, what holds on other examples; else empty.
        named_runs: single runs that make the spread of their method.
        across: what holds over several tasks; None of one task.
        aggregates: of normalised scores; None where none were asked for.

    """

    cells: tuple[Cell, ...]
    answer: Answer
    base: str
    question: Question
    notes: tuple[str, ...]
    of_examples: tuple[ExampleComparison, ...]
    named_runs: tuple[NamedRun, ...]
    across: AcrossTasks | None
    aggregates: Aggregates | None

    @cached_property
    def rows(self) -> tuple[ComparisonRow, ...]:
        """The numbers of each task and method."""
        if self.cells[0].metric.scale == 1:
            return self.answer.rows
        asked = self.question
        return tuple(compare_study(self.cells, base=self.base, factor=asked.factor, margin=asked.margin))


def compare_runs(
    runs: Runs,
    base: str | None,
    question: Question,
    *,
    unpaired: bool = False,
    chance: float | None = None,
    bounds: Bounds | None = None,
) -> tuple[ComparedRuns, ...]:
    """Compare the methods of foreign runs with one of them, by each metric; every metric is a family of its own.

    Runs with equal seeds are pairs if at least half of all the seeds of a task are in every method. A run without a
    partner then counts in its own method's numbers and not in a comparison, and a note names it.

    Args:
        runs: the runs.
        base: the method that the others are compared with; None: the one that is called base, baseline or the like.
        question: what is asked; its margin is in the unit of the metric.
        unpaired: whether to ignore that seeds correspond.
        chance: the metric at chance level, so that failed runs can be counted.
        bounds: by what scores are normalised; None: not at all.

    Raises:
        SeedwiseError: one line, for a base that is no method, one method alone, bounds that a task lacks, folds where
            independent runs are needed, or a question out of its range.

    """
    base = base_of(runs.methods, base)
    if len(runs.methods) < 2:
        raise SeedwiseError(f"there is one method, '{base}': a comparison needs two")
    if unpaired:
        folds_are_refused(runs, "leave out --unpaired (unpaired=True)")
    if bounds is not None:
        folds_are_refused(runs, "leave out --normalize (normalize=...), or keep one fold (--where)")
    if runs.scores:
        folds_are_refused(runs, "keep one fold (--where), or a value per run instead of its examples (--item)")
    if chance is not None and not np.isfinite(100 * chance):  # it may be shown in percent
        raise SeedwiseError(f"chance is {chance}: it is the metric of guessing, a finite number")
    made = [arranged(runs, replace(metric, chance=chance), base, unpaired=unpaired) for metric in runs.metrics]
    return tuple(_by_metric(runs, one, base, question, bounds) for one in made)


def _by_metric(runs: Runs, made: Arranged, base: str, question: Question, bounds: Bounds | None) -> ComparedRuns:
    cells = made.cells
    try:
        found = answer(cells, base, question)
    except ValueError as error:
        raise SeedwiseError(str(error)) from None
    scores = runs.scores.get(cells[0].metric.name)
    return ComparedRuns(
        cells,
        found,
        base,
        question,
        made.notes,
        () if scores is None else compare_examples(made, scores, base),
        named_runs(runs, made),
        across_tasks(cells, found.rows, base),
        None if bounds is None else aggregates(cells, base, bounds),
    )
