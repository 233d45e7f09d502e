"""Comparisons that a study makes beside those of its cells, each family corrected by itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from seedwise.statistics.comparison.row import ComparisonRow
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.core.multiple import holm
from seedwise.statistics.spreads.ensembles import EnsembleSpread


@dataclass(frozen=True)
class FailureComparison:
    """How much more often the runs of a method fail than those of the base.

    Attributes:
        difference: failure rate minus the base's.
        p_adjusted: p-value of equal rates (Fisher), Holm-corrected over the methods.

    """

    difference: Interval
    p_adjusted: float


@dataclass(frozen=True)
class EnsembleComparison:
    """Ensembles of the runs of a cell next to the base's runs.

    Attributes:
        found: their spread, and its ratio to that of the base's runs.
        p_adjusted: p-value of equal SDs, Holm-corrected over all ensembles of the study.

    """

    found: EnsembleSpread
    p_adjusted: float


def failure_comparisons(rows: Sequence[ComparisonRow]) -> tuple[FailureComparison | None, ...]:
    """Correct the comparisons of failure rates for their number.

    Args:
        rows: the rows of a study.

    Returns:
        For each row its comparison; None for the base, and where no run failed or none has ended.

    """
    known = [r.failure_difference for r in rows if isinstance(r.failure_difference, Interval)]
    adjusted = iter(holm([difference.p_value for difference in known]).tolist())
    return tuple(
        FailureComparison(row.failure_difference, next(adjusted))
        if isinstance(row.failure_difference, Interval)
        else None
        for row in rows
    )


def ensemble_comparisons(found: Sequence[EnsembleSpread | str]) -> tuple[EnsembleComparison | str, ...]:
    """Correct the comparisons of ensembles with the base's runs for their number.

    Args:
        found: of each ensemble of a study its spread, or why that is not known.

    Returns:
        For each its comparison, or that reason.

    """
    adjusted = iter(holm([one.ratio.p_value for one in found if isinstance(one, EnsembleSpread)]).tolist())
    return tuple(one if isinstance(one, str) else EnsembleComparison(one, next(adjusted)) for one in found)
