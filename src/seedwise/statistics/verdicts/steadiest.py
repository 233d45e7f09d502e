"""The steadiest of what can be afforded: what the frontier of cost and spread holds at one cost."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from seedwise.statistics.core.formatting import significant
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.core.multiple import holm
from seedwise.statistics.verdicts.churn import churn_verdict
from seedwise.statistics.verdicts.recommendation import Candidate, times
from seedwise.statistics.verdicts.verdict import Verdict, spread_verdict

TOLERANCE = 1.05
"""A cost counts as the one that was named up to this factor: timing is not more exact."""


@dataclass(frozen=True)
class Budget:
    """What may be paid, relative to one plain run of the base.

    Attributes:
        training: times its training.
        inference: times its inference, of each measure that is known: seconds of large batches and of single examples,
            and floating-point operations.

    Raises:
        ValueError: for a cost that is not positive.

    """

    training: float = math.inf
    inference: float = math.inf

    def __post_init__(self) -> None:
        for name, most in vars(self).items():
            if not most > 0:
                raise ValueError(f"{name} {most:g} must be greater than 0: 1 is what one plain run of the base costs")

    def covers(self, one: Candidate) -> bool:
        """Return whether a candidate is affordable, within 5 %; what nobody timed costs more than any limit."""
        timed = [cost for cost in (one.inference, one.single) if cost is not None]
        training = math.inf if one.training is None else one.training
        inference = max(*timed, one.flops or 0.0, 0.0) if timed else math.inf
        return training <= TOLERANCE * self.training and inference <= TOLERANCE * self.inference

    def __str__(self) -> str:
        shown = [f"{significant(most, 3)} times the {name}" for name, most in vars(self).items() if math.isfinite(most)]
        return f"at most {' and '.join(shown)} of a plain run" if shown else "whatever it costs"


@dataclass(frozen=True)
class Steadiest:
    """What a study says of the steadiest for a budget.

    Attributes:
        chosen: the affordable candidate with the smallest ratio to the base of those that are resolved; None if none
            is.
        verdict: of the one chosen; of the one with the smallest ratio where none is resolved; None without any.
        by: ``churn`` where that was measured of an affordable candidate, else ``SD``.
        affordable: how many candidates are, and were compared.
        finding: the conclusion, with the numbers that support it.

    """

    chosen: Candidate | None
    verdict: Verdict | None
    by: str
    affordable: int
    finding: str

    @property
    def sentence(self) -> str:
        """The conclusion about runs by which the candidate was chosen, so that it looks better than it is."""
        return self.finding if self.chosen is None else f"{self.finding}; selected, optimistic"


def steadiest(candidates: Sequence[Candidate], budget: Budget, *, alpha: float = 0.05) -> Steadiest:
    """Choose the affordable candidate whose runs differ least from each other, relative to those of the base.

    By the ratio of churn where churn was measured, else by that of the SD; after Holm over all candidates that have the
    ratio, the unaffordable too, since other budgets may be asked for. It is chosen by the runs that it rests on, so
    that it looks better than it is.

    Args:
        candidates: all that were compared.
        budget: what may be paid.
        alpha: significance level over all candidates, between 0 and 1.

    Returns:
        Steadiest.

    Raises:
        ValueError: no candidates.

    Example:
        >>> ratio = Interval(0.7, 0.6, 0.8, 0.95, [10, 10], "paired jackknife", p_value=0.0001)
        >>> distilled = Candidate("distilled", "unknown", 6.0, 1.0, flops=1.0, churn=ratio)
        >>> print(steadiest([distilled], Budget(inference=1)).sentence)
        distilled: less churn: two runs disagree on 30 % fewer examples (95 % interval 20 to 40), corrected p < .001, \
at 6.0 times the training and 1.0 times the inference of a plain run; the steadiest of 1 for at most 1 times the \
inference of a plain run; selected, optimistic
        >>> steadiest([distilled], Budget(training=3)).chosen is None
        True

    Source:
        Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    if not candidates:
        raise ValueError("there is nothing to recommend: compare at least one method or readout with the base")
    affordable = [one for one in candidates if budget.covers(one)]
    by_churn = any(isinstance(one.churn, Interval) for one in affordable)
    ratios = [one.churn if by_churn else _ratio_of_sds(one.reduction) for one in candidates]
    known = [
        (one, ratio)
        for one, ratio in zip(candidates, ratios, strict=True)
        if isinstance(ratio, Interval) and ratio.estimate > 0
    ]
    adjusted = holm([ratio.p_value for _, ratio in known]).tolist() if known else []
    compared = [
        (ratio.estimate, k, one, ratio, p)
        for k, ((one, ratio), p) in enumerate(zip(known, adjusted, strict=True))
        if budget.covers(one)
    ]
    by = "churn" if by_churn else "SD"
    if not compared:
        unknown = sum(one.training is None or one.inference is one.single is None for one in candidates)
        why = f"; of {unknown} it is not known what they cost" if unknown else ""
        return Steadiest(None, None, by, 0, f"none: nothing that was compared with the base costs {budget}{why}")
    resolved = [found for found in compared if found[0] < 1 and found[-1] < alpha]
    _, _, one, ratio, p = min(resolved or compared)
    verdict = (churn_verdict if by_churn else spread_verdict)(ratio, p_adjusted=p, alpha=alpha)
    count = len(compared)
    if not resolved:
        finding = f"none is resolved as steadier by {by} of {count} for {budget}; the nearest, {one.name}: "
        return Steadiest(None, verdict, by, count, finding + verdict.sentence)
    training, inference = times(one.training), times(one.inference)
    cost = f"at {training} the training and {inference} the inference of a plain run"
    finding = f"{one.name}: {verdict.sentence}, {cost}; the steadiest of {count} for {budget}"
    return Steadiest(one, verdict, by, count, finding)


def _ratio_of_sds(reduction: Interval | str) -> Interval | str:
    """Return the ratio that a reduction in percent is 100 (1 - ratio) of."""
    if isinstance(reduction, str):
        return reduction
    estimate, low, high = (1 - value / 100 for value in (reduction.estimate, reduction.high, reduction.low))
    low, estimate = max(low, 0.0), max(estimate, 0.0)
    return Interval(estimate, low, high, reduction.level, reduction.n, reduction.procedure, reduction.p_value)
