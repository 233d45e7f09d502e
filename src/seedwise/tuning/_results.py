"""What a search for better values tried and chose, and what fresh seeds made of the choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np

from seedwise.statistics import Cell, ComparisonRow, Confirmation, Interval, Metric, Quantity
from seedwise.study import Provenance
from seedwise.tuning._goals import GOALS, Goal, SpreadName

Arm = Literal["tuned", "base"]
"""Whose values a trial has: the method's that is tuned, or the base's."""

TrialState = Literal["running", "finished", "pruned", "failed"]
"""Where a trial stands, or how it ended."""


@dataclass(frozen=True)
class Measured:
    """What the runs of a trial amount to; failed runs are counted at chance level.

    Attributes:
        values: the metric of each run, in the order of the replicates, shape (runs,).
        failed: how many of them failed.
        churn: share of examples on which two runs disagree, a failed run with every other on all examples; None where
            no predictions were kept.

    """

    values: tuple[float, ...]
    failed: int
    churn: float | None = None

    @property
    def runs(self) -> int:
        """How many runs there are, failed ones included."""
        return len(self.values)

    @property
    def mean(self) -> float:
        """The mean over runs."""
        return float(np.mean(self.values))

    @property
    def sd(self) -> float:
        """The SD over runs (ddof 1)."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else float("nan")

    def level(self, quantity: Quantity) -> float | None:
        """Return the mean, SD or churn."""
        return {"mean": self.mean, "sd": self.sd, "churn": self.churn}[quantity]


@dataclass(frozen=True)
class Gain:
    """By how much the choice is better than the base; positive is better.

    Attributes:
        base, tuned: what their runs amount to.
        mean: difference of means, in the unit of the metric.
        sd, churn: reduction in percent; None where the base has none, or no predictions were kept.

    """

    base: Measured
    tuned: Measured
    mean: float
    sd: float | None
    churn: float | None

    @classmethod
    def between(cls, base: Measured, tuned: Measured, *, higher_is_better: bool) -> Self:
        """Compare the choice with the base.

        Example:
            >>> base, tuned = Measured((0.90, 0.92, 0.94), 0), Measured((0.91, 0.92, 0.93), 0)
            >>> gain = Gain.between(base, tuned, higher_is_better=True)
            >>> round(gain.mean, 6), round(gain.sd), gain.churn
            (0.0, 50, None)

        """
        sign = 1.0 if higher_is_better else -1.0
        return cls(
            base,
            tuned,
            sign * (tuned.mean - base.mean),
            _reduction(base.sd, tuned.sd),
            _reduction(base.churn, tuned.churn),
        )

    def of(self, quantity: Quantity) -> float | None:
        """Return the gain in the mean, SD or churn."""
        return {"mean": self.mean, "sd": self.sd, "churn": self.churn}[quantity]


def _reduction(base: float | None, tuned: float | None) -> float | None:
    return None if base is None or tuned is None or not base > 0 else 100 * (1 - tuned / base)


@dataclass(frozen=True)
class TrialResult:
    """One setting that was tried, on validation data; the base as it stands is one, too.

    Attributes:
        name: its name among the methods of the study of trials.
        arm: whose values it has.
        params: the values, by their dotted paths.
        state: what became of it.
        runs: number of runs, failed ones included.
        failed: number of failed runs.
        measured: what its runs amount to; None while it runs or if all failed.
        sd: SD of its finished runs with its interval, or None if there is none.
        churn: share of examples on which two finished runs disagree with its interval, or None.
        short: whether its mean misses the floor.
        value: of the objective among the trials of its arm (of two, the spread); None if it did not finish.
        front: whether no other trial of its arm is both steadier and better.
        chosen: whether it is the choice, or the base's setting that the choice is compared with.

    """

    name: str
    arm: Arm
    params: Mapping[str, Any]
    state: TrialState
    runs: int
    failed: int
    measured: Measured | None = None
    sd: Interval | None = None
    churn: Interval | None = None
    short: bool = False
    value: float | None = None
    front: bool = False
    chosen: bool = False

    @property
    def is_sound(self) -> bool:
        """Whether it finished, none of its runs failed, and its mean reaches the floor."""
        found = self.measured
        return self.state == "finished" and found is not None and not found.failed and not self.short


@dataclass(frozen=True)
class SearchGains:
    """The gain of the choice over the base; each None where there is none yet.

    Attributes:
        search: with the seeds and examples that it was chosen by.
        validation: with fresh seeds on the same validation data.
        test: with fresh seeds on test data.

    """

    search: Gain | None = None
    validation: Gain | None = None
    test: Gain | None = None

    def known(self) -> dict[str, Gain]:
        """Return those that there are, by name."""
        listed = {"search": self.search, "validation": self.validation, "test": self.test}
        return {name: gain for name, gain in listed.items() if gain is not None}

    def optimism(self, quantity: Quantity) -> float | None:
        """Return the gain in the search less that with fresh seeds on test data, None without one of them."""
        if self.search is None or self.test is None:
            return None
        searched, fresh = self.search.of(quantity), self.test.of(quantity)
        return None if searched is None or fresh is None else searched - fresh


@dataclass(frozen=True, eq=False)
class SearchResults:
    """What a search found.

    Attributes:
        name: of the study that holds the trials.
        study: the study that was tuned.
        metric: the metric that trials are judged by.
        objective: what was made small, a name in ``GOALS``.
        sd_weight: how many SDs the objective ``mean-sd`` takes off.
        spread: which spread the search is about.
        replicates: runs of a trial.
        base: the base's name.
        tuned_base: whether the base was searched too.
        floor: which the mean had to reach, None without one.
        has_ended: whether it went through to its choice; if not, it goes on.
        chosen: the best trial; None while the search goes on, or if none reached the floor.
        chosen_base: the base's setting that it is compared with.
        earlier: what earlier calls chose, and looked at on test data.
        trials: all that was tried, the base as it stands first.
        cells: the runs of the trials.
        comparisons: of the trials with the base, in the unit shown, where methods were tried and not values.
        importances: shares of the parameters in the variance of the objective, or why there are none.
        gains: of the choice over the base.
        confirmation: what fresh seeds say of it; None while there are none.
        provenance: where the results of the trials come from.

    """

    name: str
    study: str
    metric: Metric
    objective: str
    sd_weight: float
    spread: SpreadName
    replicates: int
    base: str
    tuned_base: bool
    floor: float | None
    has_ended: bool
    chosen: str | None
    chosen_base: str
    earlier: Sequence[str]
    trials: Sequence[TrialResult]
    cells: Sequence[Cell]
    comparisons: Sequence[ComparisonRow]
    importances: Mapping[str, float] | str
    gains: SearchGains
    confirmation: Confirmation | None
    provenance: Provenance

    @property
    def wanted(self) -> list[Quantity]:
        """What the objective is about, the spread first."""
        return ["mean"] if self.goal.is_mean else [self.spread, "mean"]

    @property
    def goal(self) -> Goal:
        """What was made small."""
        return GOALS[self.objective]

    def trial(self, name: str) -> TrialResult:
        """Return the trial of a name."""
        return next(trial for trial in self.trials if trial.name == name)
