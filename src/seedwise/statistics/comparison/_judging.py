"""From what was found of comparisons to verdicts, their p-values corrected together."""

from collections.abc import Sequence
from dataclasses import dataclass

from seedwise.statistics.core.interval import Interval
from seedwise.statistics.core.multiple import holm
from seedwise.statistics.verdicts.equivalence import Equivalence
from seedwise.statistics.verdicts.verdict import Verdict, mean_verdict, spread_verdict


@dataclass(frozen=True)
class Evidence:
    """What was found of one comparison; a sentence says why there is no ratio or difference.

    Attributes:
        ratio: of the SDs.
        mean: difference of the means.
        close: whether the SDs are equal within a factor; None if that is not asked.
        close_mean: whether the means are equal within a margin; None if that is not asked.
        higher_is_better: direction of the metric.
    """

    ratio: Interval | str
    mean: Interval | str
    close: Equivalence | None
    close_mean: Equivalence | None
    higher_is_better: bool


@dataclass(frozen=True)
class Judged:
    """A comparison with its verdicts, each number and verdict or the reason why there is none."""

    ratio: Interval | str
    p_adjusted: float
    verdict: Verdict | str
    mean: Interval | str
    mean_p_adjusted: float
    mean_verdict: Verdict | str


def judge(evidence: Sequence[Evidence], alpha: float) -> list[Judged]:
    """Return the verdicts on comparisons; each of the four questions is a family that is corrected by itself."""
    p = _adjust([one.ratio for one in evidence])
    p_mean = _adjust([one.mean for one in evidence])
    p_close = _adjust([one.close for one in evidence])
    p_close_mean = _adjust([one.close_mean for one in evidence])
    judged = []
    for i, one in enumerate(evidence):
        verdict: Verdict | str = (
            one.ratio
            if isinstance(one.ratio, str)
            else spread_verdict(
                one.ratio, p_adjusted=p[i], alpha=alpha, equivalence=one.close, p_equivalence=p_close[i]
            )
        )
        about_mean: Verdict | str = (
            one.mean
            if isinstance(one.mean, str)
            else mean_verdict(
                one.mean,
                p_adjusted=p_mean[i],
                higher_is_better=one.higher_is_better,
                alpha=alpha,
                equivalence=one.close_mean,
                p_equivalence=p_close_mean[i],
            )
        )
        judged.append(Judged(one.ratio, p[i], verdict, one.mean, p_mean[i], about_mean))
    return judged


def _adjust(results: Sequence[Interval | Equivalence | str | None]) -> list[float]:
    """Correct the p-values of one question over all comparisons; one that has none counts as 1."""
    p_values = [None if result is None or isinstance(result, str) else result.p_value for result in results]
    adjusted: list[float] = holm(p_values).tolist()
    return adjusted
