"""One ratio of SDs from several networks or datasets."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from seedwise.statistics.core import _checks
from seedwise.statistics.core._distributions import chi2_tail, normal_cdf, normal_quantile, t_quantile, t_two_sided_p
from seedwise.statistics.core._random_effects import random_effects
from seedwise.statistics.core.interval import Interval


@dataclass(frozen=True)
class PooledRatio:
    """A pooled ratio, and how much the ratios differ.

    Attributes:
        ratio: the pooled ratio with its interval; ``n`` is the number of ratios pooled.
        between: SD of the true log ratios between networks or datasets (tau), estimated; 0 where the ratios differ no
            more than chance makes them.
        heterogeneity: share of the variation of the log ratios that is not chance (I squared), from 0 to 1.
        heterogeneity_p: p-value of "one ratio for all" (Cochran's Q).

    Example:
        >>> PooledRatio(Interval(0.5, 0.3, 0.8, 0.95, 8, "DerSimonian-Laird"), 0.0, 0.0, 0.7).between
        0.0
    """

    ratio: Interval
    between: float
    heterogeneity: float
    heterogeneity_p: float


def pooled_ratio(
    ratios: Sequence[Interval],
    *,
    level: float = 0.95,
    procedure: Literal["hartung-knapp", "dersimonian-laird"] = "hartung-knapp",
) -> PooledRatio:
    r"""Pool ratios of SDs over networks or datasets: random effects on the log ratio.

    With y_i the log ratios and v_i their variances, from their intervals:

        v_i   = (log(high_i / low_i) / (2 z_i))^2,   w_i = 1 / v_i
        Q     = sum w_i (y_i - y_w)^2
        tau^2 = max(0, (Q - (k-1)) / (sum w_i - sum w_i^2 / sum w_i))

    and the pooled log ratio is the mean weighted by 1 / (v_i + tau^2).

    - ``"hartung-knapp"``, the default: limits from t with k - 1 degrees of freedom, and the standard error of
      DerSimonian-Laird times max(1, sqrt(sum w (y - mean)^2 / (k-1))): never smaller, so that a few ratios that happen
      to agree do not look like many runs.
    - ``"dersimonian-laird"``: limits from the normal law, which assumes tau^2 to be known.

    The ratios must come from different runs; ratios that share a base or seeds are not independent. Pooling ratios that
    were selected, or that chose the hyperparameters, pools the selection too.

    Args:
        ratios: results of :func:`spread_ratio` or :func:`spread_ratio_of_sds`, one per network or dataset; each has a
            runs axis of its own. At least 2.
        level: confidence level, between 0 and 1.
        procedure: ``"hartung-knapp"`` or ``"dersimonian-laird"``.

    Returns:
        PooledRatio.

    Raises:
        TypeError: something else than Intervals.
        ValueError: fewer than 2 ratios, a ratio without a finite interval around it, an unknown procedure, or a level
            outside (0, 1).

    Example:
        >>> from seedwise.statistics import spread_ratio_of_sds
        >>> sds = [(0.112, 0.168), (0.098, 0.140), (0.056, 0.217), (0.147, 0.232)]
        >>> pooled = pooled_ratio([spread_ratio_of_sds(a, b, n_method=5, n_base=5) for a, b in sds])
        >>> f"{pooled.ratio.estimate:.2f} [{pooled.ratio.low:.2f}, {pooled.ratio.high:.2f}]"
        '0.53 [0.21, 1.32]'

    Source:
        DerSimonian & Laird (1986), Meta-analysis in clinical trials, Controlled Clinical Trials 7, 177-188; Hartung &
        Knapp (2001), Statistics in Medicine 20, 3875-3889; Sidik & Jonkman (2002), Statistics in Medicine 21,
        3153-3159; the bound of 1: Rover, Knapp & Friede (2015), BMC Medical Research Methodology 15:99.
    """
    level = _checks.level_in_range(level)
    if procedure not in ("hartung-knapp", "dersimonian-laird"):
        raise ValueError(f"procedure is {procedure!r}; pass 'hartung-knapp' or 'dersimonian-laird'")
    k = len(ratios)
    if k < 2:
        raise ValueError(f"pooling needs at least 2 ratios; got {k}: pass one per network or dataset")
    y, v = np.array([_log_ratio(ratio, i) for i, ratio in enumerate(ratios)]).T
    found = random_effects(y, v)
    mean, se = found.mean, found.se
    if procedure == "hartung-knapp":
        se *= found.scatter
        half, p = t_quantile((1 + level) / 2, k - 1) * se, t_two_sided_p(mean / se, k - 1)
        name = "random effects, Hartung-Knapp"
    else:
        half, p = normal_quantile((1 + level) / 2) * se, 2 * float(normal_cdf(-abs(mean) / se))
        name = "random effects, DerSimonian-Laird"
    pooled = Interval(math.exp(mean), math.exp(mean - half), math.exp(mean + half), level, k, name, p)
    return PooledRatio(pooled, found.between, found.heterogeneity, chi2_tail(found.q, k - 1))


def _log_ratio(ratio: Interval, i: int) -> tuple[float, float]:
    if not isinstance(ratio, Interval):
        raise TypeError(f"ratios[{i}] must be the Interval that spread_ratio returns; got {type(ratio).__name__}")
    if not 0 < ratio.low < ratio.high < math.inf or not ratio.low <= ratio.estimate <= ratio.high:
        raise ValueError(
            f"ratios[{i}] is {ratio.estimate:.3g} [{ratio.low:.3g}, {ratio.high:.3g}]; pooling needs ratios of SDs "
            "with finite intervals"
        )
    z = normal_quantile((1 + ratio.level) / 2)
    return math.log(ratio.estimate), (math.log(ratio.high / ratio.low) / (2 * z)) ** 2
