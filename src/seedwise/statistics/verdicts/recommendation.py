"""The cheapest way of reducing the spread among those that a study resolved."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from seedwise.statistics.core import _checks
from seedwise.statistics.core.formatting import limits, p_equals, significant, whole_percentages
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.core.multiple import holm
from seedwise.statistics.planning.planning import seeds_needed


@dataclass(frozen=True)
class Cost:
    """What is paid, relative to one plain run of the base; None where it was not measured.

    Attributes:
        training: seconds.
        inference: seconds of a prediction, of large batches.
        flops: floating-point operations of a prediction.
        single: seconds of a prediction of one example alone.

    """

    training: float | None
    inference: float | None
    flops: float | None = None
    single: float | None = None

    def times(self, size: int) -> Self:
        """Return what so many cost.

        Example:
            >>> Cost(1.5, None).times(2)
            Cost(training=3.0, inference=None, flops=None, single=None)

        """
        return type(self)(*(None if cost is None else cost * size for cost in vars(self).values()))


@dataclass(frozen=True)
class Candidate:
    """A way of reducing the spread.

    Attributes:
        name: its name.
        reduction: percent by which the SD is smaller than the base's, with its p-value, or why it is not known.
        training: training time relative to one plain run of the base; None: not measured.
        inference: inference time relative to one plain run; None: not measured.
        method: the method of its runs.
        readout: how they are turned into predictions.
        regime: which sources of randomness vary.
        task: what is learned.
        paired: whether its runs share their seeds with those of the base, as the plan takes it.
        flops: floating-point operations of a prediction relative to one plain run; None: not known.
        single: time of a prediction of one example alone, likewise.
        churn: churn of its runs over that of the base's, with its p-value, or why it is not known.
    """

    name: str
    reduction: Interval | str
    training: float | None
    inference: float | None
    method: str = ""
    readout: str = "plain"
    regime: str = "all"
    task: str = ""
    paired: bool = False
    flops: float | None = None
    single: float | None = None
    churn: Interval | str = "no predictions were kept"


@dataclass(frozen=True)
class Recommendation:
    """What a study recommends.

    Attributes:
        chosen: the cheapest candidate whose reduction is resolved; None if none is.
        p_adjusted: p-value of every candidate, Holm-corrected over all of them; 1 where there is none.
        resolved: of every candidate whether that is below the significance level: its SD is another than the base's.
        finding: the conclusion, with the numbers that support it.
    """

    chosen: Candidate | None
    p_adjusted: tuple[float, ...]
    resolved: tuple[bool, ...]
    finding: str

    @property
    def sentence(self) -> str:
        """The conclusion about runs by which the candidate was chosen, so that it looks better than it is."""
        return self.finding if self.chosen is None else f"{self.finding}; selected, optimistic"


def recommend(
    candidates: Sequence[Candidate], *, sd_ratio: float = 0.7, power: float = 0.8, alpha: float = 0.05
) -> Recommendation:
    """Choose the cheapest candidate whose SD is smaller than the base's, after Holm over all candidates.

    Cheap is what trains in the least time, and of equals what predicts in the least; a cost that is not known counts as
    more than any that is. Times within 10 % of each other count as equal, and of equals the first is taken: not
    the one with the smallest p, which luck would choose. The choice was made on the runs that it rests
    on, so that its reduction looks larger than it is: it is "selected, optimistic" until fresh seeds confirm it.

    Args:
        candidates: all that were compared, the unsuccessful too; leaving some out would make the others look better.
            The ``n`` of their reductions counts the runs axis of each arm.
        sd_ratio: the ratio of SDs that is to be found, positive and not 1: what it would take if none is resolved.
        power: the probability of finding it, between 0 and 1.
        alpha: significance level over all candidates, between 0 and 1.

    Returns:
        Recommendation.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: no candidates, or an argument out of its range.

    Example:
        >>> flip = Candidate("flip", Interval(20, 8, 31, 0.95, [50, 50], "F", p_value=0.002), 1.0, 2.0)
        >>> vml = Candidate("vml", Interval(9, -20, 31, 0.95, [50, 50], "F", p_value=0.5), 1.0, 1.0)
        >>> print(recommend([flip, vml]).sentence)
        flip: the SD is 20 % smaller (95 % interval 8 to 31), p = .004 corrected for 2 candidates, at 1.0 times the \
training and 2.0 times the inference of a plain run; selected, optimistic
        >>> recommend([vml]).chosen is None
        True

    Source:
        Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    if not candidates:
        raise ValueError("there is nothing to recommend: compare at least one method or readout with the base")
    alpha = _checks.between(alpha, 0, 1, "alpha", ".05")
    adjusted = tuple(holm([None if isinstance(c.reduction, str) else c.reduction.p_value for c in candidates]).tolist())
    resolved = tuple(p < alpha for p in adjusted)
    steadier = [
        (c, p)
        for c, p, here in zip(candidates, adjusted, resolved, strict=True)
        if here and isinstance(c.reduction, Interval) and c.reduction.estimate > 0
    ]
    if not steadier:
        paired = any(candidate.paired for candidate in candidates)
        needed = seeds_needed(sd_ratio=sd_ratio, power=power, alpha=alpha, paired=paired, comparisons=len(candidates))
        several = (
            f" in one of {len(candidates)} candidates (alpha {alpha:g} shared by all)" if len(candidates) > 1 else ""
        )
        return Recommendation(
            None,
            adjusted,
            resolved,
            "none: no reduction is resolved, which does not show that there is none; finding a ratio of "
            f"{significant(sd_ratio, 2)}{several} takes {needed} runs per method",
        )
    chosen, p = min(steadier, key=lambda found: dearness(Cost(found[0].training, found[0].inference)))
    r = chosen.reduction
    assert isinstance(r, Interval)
    shown, low, high = whole_percentages(r.estimate, r.low, r.high)
    count = len(candidates)
    corrected = f"{p_equals(p)} corrected for {count} candidates" if count > 1 else p_equals(p)
    return Recommendation(
        chosen,
        adjusted,
        resolved,
        f"{chosen.name}: the SD is {shown} % smaller ({limits(r.level, low, high)}), {corrected}, at "
        f"{times(chosen.training)} the training and {times(chosen.inference)} the inference of a "
        "plain run",
    )


def reconsider(
    chosen: Candidate, fresh: Sequence[Candidate], *, sd_ratio: float = 0.7, power: float = 0.8
) -> tuple[Recommendation, Candidate | None]:
    """Ask fresh runs, by which nothing was chosen, about a choice alone.

    Args:
        chosen: the choice of :func:`recommend`.
        fresh: all that the fresh runs compare with the base; of these the choice is looked for.
        sd_ratio, power: as of :func:`recommend`.

    Returns:
        A recommendation that has chosen it again or nothing, and what the fresh runs say of it; None: nothing.

    Example:
        >>> flip = Candidate("flip", Interval(20, 8, 31, 0.95, [50, 50], "F", p_value=0.002), 1.0, 2.0, "base", "flip")
        >>> again, _ = reconsider(flip, [flip])
        >>> again.finding
        'flip: the SD is 20 % smaller (95 % interval 8 to 31), p = .002, at 1.0 times the training and 2.0 times the \
inference of a plain run'

    """
    here = [one for one in fresh if (one.method, one.readout) == (chosen.method, chosen.readout)]
    unknown = replace(chosen, reduction="nothing was read out")
    return recommend(here or [unknown], sd_ratio=sd_ratio, power=power), here[0] if here else None


def dearness(cost: Cost) -> tuple[float, float]:
    """Return what costs are ordered by: training first, times within 10 % of each other as equal.

    Example:
        >>> dearness(Cost(1.0, 2.0)) < dearness(Cost(2.0, 1.0)), dearness(Cost(1.0, 1.0)) == dearness(Cost(1.02, 1.0))
        (True, True)

    """
    return _rung(cost.training), _rung(cost.inference)


def _rung(cost: float | None) -> float:
    """Return a step of a ladder whose rungs are 10 % apart: timing is not more exact."""
    return math.inf if cost is None else round(math.log(cost) / math.log(1.1)) if cost > 0 else -math.inf


def times(cost: float | None) -> str:
    """Return a cost in words."""
    return "an unknown multiple of" if cost is None else f"{cost:.1f} times"
