"""What the shares of an attribution can carry."""

import math
from dataclasses import dataclass
from typing import Final

from seedwise.statistics.attribution.attribution import Attribution, SourceEffect
from seedwise.statistics.core.interval import Interval

MINIMUM_PAIRS: Final = 50
"""Shares of a metric's variance are not shown from fewer pairs a source: a metric is one number per run."""

MINIMUM_PAIRS_FIRST_ORDER: Final = 10
"""A first-order effect is a difference, and so wider than a total effect."""


@dataclass(frozen=True)
class AttributionReading:
    """What the sums say.

    Attributes:
        interacting: whether the total effects are resolved to add up to more than the whole.
        least: the source with the smallest total effect above 0; None where none has one.
        most: the source with the largest first-order effect of those; None where none is known from enough pairs.
        least_is_apart, most_is_apart: whether its interval shares nothing with those of the others.

    """

    interacting: bool
    least: SourceEffect | None
    most: SourceEffect | None
    least_is_apart: bool
    most_is_apart: bool


def read_attribution(attribution: Attribution) -> AttributionReading:
    """Say what the sums of an attribution show."""
    effects = [effect for effect in attribution.effects if effect.total.estimate > 0]
    known = [(share.estimate, effect) for effect in effects if (share := first_order_of(effect)) is not None]
    least = min(effects, key=lambda effect: effect.total.estimate, default=None)
    most = max(known, key=lambda pair: pair[0])[1] if known else None
    firsts = {effect.source: first_order_of(effect) for effect in effects}
    mine = firsts[most.source] if most is not None else None
    return AttributionReading(
        attribution.total_sum.low > 1,
        least,
        most,
        least is not None and all(least.total.high < e.total.low for e in effects if e is not least),
        mine is not None and all(other.high < mine.low for other in firsts.values() if other and other is not mine),
    )


def fewest_pairs(attribution: Attribution) -> int:
    """Return the number of pairs of the source that has fewest."""
    return min(effect.pairs for effect in attribution.effects)


def has_shares(attribution: Attribution) -> bool:
    """Return whether there are pairs enough for shares to be shown; of churn and logits each pair has many examples."""
    return attribution.quantity != "variance" or fewest_pairs(attribution) >= MINIMUM_PAIRS


def has_first_order(attribution: Attribution) -> bool:
    """Return whether every source has pairs enough for its first-order effect."""
    return fewest_pairs(attribution) >= MINIMUM_PAIRS_FIRST_ORDER


def first_order_of(effect: SourceEffect) -> Interval | None:
    """Return the first-order effect of a source, None from too few pairs."""
    return effect.first_order if effect.pairs >= MINIMUM_PAIRS_FIRST_ORDER else None


def blocks_for(pairs: int, attribution: Attribution) -> int:
    """Return the number of blocks in which every source has so many pairs."""
    return math.ceil(pairs * attribution.blocks / fewest_pairs(attribution))
