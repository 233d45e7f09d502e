"""The numbers of a study beside published ones, as far as both are known."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from seedwise.statistics.comparison.row import ComparisonRow
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.ratios.published import (
    BesidePublished,
    beside_published,
    mean_beside_published,
    ratio_beside_published,
)
from seedwise.statistics.ratios.ratios import as_ratio, spread_ratio_of_sds
from seedwise.statistics.spreads.largest_gap import LargestGap, largest_gap
from seedwise.statistics.spreads.spread import spread


@dataclass(frozen=True)
class RatioBesidePublished:
    """A ratio of SDs, method to base, beside the published one.

    Attributes:
        published: the published ratio.
        ours: that of the study, or None.
        beside: the conclusion; None where the two cannot be compared.

    """

    published: Interval
    ours: Interval | None
    beside: BesidePublished | None


class PublishedRange(Protocol):
    """The largest and the smallest of several published SDs; without a task, of any."""

    @property
    def task(self) -> str | None: ...  # noqa: D102
    @property
    def regime(self) -> str: ...  # noqa: D102
    @property
    def largest(self) -> float: ...  # noqa: D102
    @property
    def smallest(self) -> float: ...  # noqa: D102
    @property
    def cells(self) -> int: ...  # noqa: D102
    @property
    def n(self) -> int: ...  # noqa: D102


def gaps_of_published(
    ranges: Sequence[PublishedRange], task: str, regime: str
) -> list[tuple[PublishedRange, LargestGap]]:
    """Return the published ranges of SDs on a task in a regime, each with what chance makes of it."""
    here = [one for one in ranges if one.task in (None, task) and one.regime == regime]
    return [(one, largest_gap(one.largest, one.smallest, cells=one.cells, n=one.n)) for one in here]


def sd_beside_published(row: ComparisonRow, sd: float, n: int) -> BesidePublished | None:
    """Compare the SD of a row with that of ``n`` published runs; None where ours is not known or 0."""
    if not isinstance(row.spread, Interval) or not row.spread.estimate > 0:
        return None
    return beside_published(row.spread.estimate, sd, n=row.n, n_published=n, level=row.spread.level)


def row_mean_beside_published(row: ComparisonRow, mean: float, sd: float | None, n: int | None) -> Interval | None:
    """Compare the mean of a row with that of ``n`` published runs; None where ours is not known or does not vary."""
    if row.mean is None or not isinstance(row.spread, Interval) or not row.spread.estimate > 0:
        return None
    return mean_beside_published(
        row.mean,
        mean,
        sd=row.spread.estimate,
        sd_published=sd,
        n=row.n,
        n_published=n,
        level=row.spread.level,
    )


def ratio_to_base_beside_published(
    row: ComparisonRow, *, sd: float, base_sd: float, n: int, base_n: int
) -> RatioBesidePublished:
    """Compare the ratio of SDs of a row with that of published SDs.

    Args:
        row: the row, not of the base.
        sd, base_sd: the published SDs of the method and of the base.
        n, base_n: the runs that they are of.

    """
    theirs = spread_ratio_of_sds(sd, base_sd, n_method=n, n_base=base_n)
    if isinstance(row.reduction, str):
        return RatioBesidePublished(theirs, None, None)
    ours = as_ratio(row.reduction)
    comparable = ours.level == theirs.level and ours.estimate > 0
    return RatioBesidePublished(theirs, ours, ratio_beside_published(ours, theirs) if comparable else None)


def values_beside_published(
    values: NDArray[np.float64], groups: NDArray[np.int64], published: float
) -> Interval | None:
    """Compare the mean of runs with one that was published without an SD: the t interval of ours alone.

    Args:
        values: of the runs, shape (n,).
        groups: which values of the fixed seeds each has.
        published: the published mean.

    Returns:
        Our mean less the published one; None from fewer than 2 degrees of freedom, and where the runs do not vary.

    """
    if len(values) - len(set(groups.tolist())) < 2:
        return None
    sd = spread(values, groups=groups).estimate
    if not sd > 0:
        return None
    mean = float(values.mean())
    return mean_beside_published(mean, published, sd=sd, sd_published=None, n=len(values), n_published=None)
