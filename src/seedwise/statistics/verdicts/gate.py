"""Is a new result worse than the noise of the base's runs explains? What continuous integration asks."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.core import _checks
from seedwise.statistics.core._distributions import chi2_quantile, normal_cdf, t_cdf, t_quantile
from seedwise.statistics.core._moments import rounding, sd
from seedwise.statistics.core._noncentral import noncentrality
from seedwise.statistics.core._welch import welch
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.verdicts.equivalence import Equivalence

GateOutcome = Literal["no regression", "regression", "equivalence not shown"]
"""What a gate says."""

_POWER = 0.8
_BASES = 0.9
_QUANTILES, _NODES = 200, 40
"""Of the base's mean and SD, and of the SD of the new runs."""


@dataclass(frozen=True)
class Gate:
    """What a gate says of a new result.

    Attributes:
        outcome: ``"regression"`` if p_regression < alpha; else ``"equivalence not shown"`` if a margin is given and the
            new result is not shown to lie within it; else ``"no regression"``.
        difference: new - base in the unit of the metric, with the interval of level 1 - 2 alpha, which lies on the bad
            side of 0 if and only if there is a regression.
        p_regression: one-sided, in the metric's bad direction.
        equivalence: two one-sided tests of the margin; None without one.
        alpha: share of uses that call a regression where there is none, over bases.
        false_alarms: expected number of them in 100 uses, each with a base of its own: 100 alpha.
        false_alarms_range: the same where one base is used again and again: 90 % of bases lie in it.
        smallest_regression: regression that is found with a chance of .8, in the unit of the metric, if the SDs are
            those seen.
    """

    outcome: GateOutcome
    difference: Interval
    p_regression: float
    equivalence: Equivalence | None
    alpha: float
    false_alarms: float
    false_alarms_range: tuple[float, float]
    smallest_regression: float


def gate(
    new: ArrayLike, base: ArrayLike, *, higher_is_better: bool, alpha: float = 0.05, margin: float | None = None
) -> Gate:
    r"""Judge one new run, or several, by the runs of a base.

    With d = mean(new) - mean(base) over m and n runs, s the SD of the base and t the quantile at 1 - alpha:

    - one or two new runs: d -+ t s sqrt(1/m + 1/n), n - 1 degrees of freedom (the prediction interval). The new runs
      are taken to have the base's SD, which they cannot show.
    - three or more: d -+ t sqrt(s_new^2/m + s^2/n), with Welch's degrees of freedom.

    p is that of d or worse. With a margin, equivalence is shown if both of |d| < margin's one-sided tests are below
    alpha, with the same error and degrees of freedom. A regression that is found is one also within the margin.

    At .05 it raises 4 to 6 false alarms in 100 uses with new bases each, for normal values and t with 5 degrees of
    freedom; for gamma(4) up to 8 with one new run, where the long tail is on the bad side, and up to 10 with three and
    20 of the base, where it is on the other (docs/calibration.md).

    How often a base raises a false alarm depends on the base. One whose mean is too good or whose SD is too small by
    chance does so in more than alpha of its uses, and goes on doing so. For one or two new runs, with z standard normal
    and u = SD of n runs over the true one, the rate of a base is Phi(sqrt(m) (z / sqrt(n) - t u sqrt(1/m + 1/n))); the
    quantiles of the argument are those of the noncentral t. For more it is integrated over the SD of the new runs.

    Args:
        new: the metric of the new run or runs, a number or shape (m,): a runs axis. Finite, and of other seeds than the
            base's.
        base: the metric of the base, shape (n,), same unit: the runs axis. At least 3 finite values that vary.
        higher_is_better: direction of the metric.
        alpha: share of false alarms, between 0 and .5; the same at each use.
        margin: the largest difference that you would still call equal, positive, in the unit of the metric; None: the
            gate asks for regressions only.

    Returns:
        Gate; ``n`` of its interval is [m, n].

    Raises:
        TypeError: values that are not numbers, or a direction that is not a bool.
        ValueError: fewer than 3 runs of the base, no new run, values that are not finite or not 1-D, an alpha or margin
            out of its range, or runs without any noise whose means differ.

    Example:
        >>> found = gate(97.1, [97.8, 98.1, 98.3, 97.9, 98.6], higher_is_better=True)
        >>> f"{found.outcome}: {found.difference.estimate:.2f}, p = {found.p_regression:.3f}"
        'regression: -1.04, p = 0.021'
        >>> low, high = found.false_alarms_range
        >>> f"found with a chance of .8: {found.smallest_regression:.2f}; false alarms of 100: {low:.0f} to {high:.0f}"
        'found with a chance of .8: 1.07; false alarms of 100: 0 to 22'

    Source:
        Hahn & Meeker (1991), Statistical Intervals, Wiley, section 4.7 (prediction); Welch (1947), Biometrika 34,
        28-35; Schuirmann (1987), J. Pharmacokinetics and Biopharmaceutics 15, 657-680 (equivalence).
    """
    x, y = _checks.finite_runs(np.atleast_1d(np.asarray(new)), "new"), _checks.runs_axis(base, "base")
    if not x.size:
        raise ValueError("new has no run; pass one or more")
    if not isinstance(higher_is_better, bool):
        raise TypeError(f"higher_is_better must be True or False; got {type(higher_is_better).__name__}")
    alpha = _checks.between(alpha, 0, 0.5, "alpha", ".05")
    margin = None if margin is None else _checks.between(margin, 0, math.inf, "margin", ".1")
    m, n, d = x.size, y.size, float(np.mean(x) - np.mean(y))
    if m < _checks.MINIMUM_RUNS:
        se, df, procedure = sd(y) * math.sqrt(1 / m + 1 / n), float(n - 1), "prediction"
    else:
        se, df = welch(sd(x), m, sd(y), n)
        procedure = "Welch t"
    if se == 0:
        if abs(d) > rounding(np.concatenate([x, y])):
            raise ValueError(
                f"the runs of base are all equal and new differs by {d:.6g}: there is no noise to judge it by; pass "
                "runs of other seeds, or compare exactly"
            )
        d, half, bad = 0.0, 0.0, 0.0
    else:
        half, bad = t_quantile(1 - alpha, df) * se, (d if higher_is_better else -d) / se
    difference = Interval(d, d - half, d + half, 1 - 2 * alpha, [m, n], procedure)
    p = t_cdf(bad, df) if se > 0 else 1.0
    equivalence = None if margin is None else _equivalence(difference, se, df, margin, alpha)
    outcome: GateOutcome = "no regression"
    if p < alpha:
        outcome = "regression"
    elif equivalence is not None and not equivalence.equivalent:
        outcome = "equivalence not shown"
    smallest = noncentrality(t_quantile(1 - alpha, df), df, 1 - _POWER) * se if se > 0 else 0.0
    low, high = false_alarm_range(m, n, alpha)
    return Gate(outcome, difference, p, equivalence, alpha, 100 * alpha, (100 * low, 100 * high), smallest)


@lru_cache(maxsize=256)
def false_alarm_range(m: int, n: int, alpha: float) -> tuple[float, float]:
    """Return the rates of false alarms between which 90 % of bases of n normal runs lie, with m new runs at each use.

    Those of equal SDs, new and base.
    """
    tails = ((1 - _BASES) / 2, (1 + _BASES) / 2)
    t = t_quantile(1 - alpha, n - 1)
    if m < _checks.MINIMUM_RUNS:
        # P(z / sqrt(n) - c u <= q) is P(T <= sqrt(n) c) for T noncentral t with noncentrality -sqrt(n) q.
        c = t * math.sqrt(1 / m + 1 / n)
        low, high = (-noncentrality(math.sqrt(n) * c, n - 1, p) / math.sqrt(n) for p in tails)
        return float(normal_cdf(math.sqrt(m) * low)), float(normal_cdf(math.sqrt(m) * high))
    low, high = np.quantile(_rates(m, n, alpha), tails)
    return float(low), float(high)


def _equivalence(difference: Interval, se: float, df: float, margin: float, alpha: float) -> Equivalence:
    d = difference.estimate
    p = float(abs(d) >= margin) if se == 0 else t_cdf((abs(d) - margin) / se, df)
    return Equivalence(difference, -margin, margin, alpha, p)


def _rates(m: int, n: int, alpha: float) -> NDArray[np.float64]:
    """Return the rates of false alarms of Welch's test for bases that are all as likely."""
    from scipy import special

    shares = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    centre, spread = special.ndtri(shares) / math.sqrt(n), np.sqrt(chi2_quantile(shares, n - 1) / (n - 1))
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    own = np.sqrt(chi2_quantile((nodes + 1) / 2, m - 1) / (m - 1))
    v, w = spread[:, None] ** 2 / n, own**2 / m
    df = (v + w) ** 2 / (v**2 / (n - 1) + w**2 / (m - 1))
    limit = special.stdtrit(df, 1 - alpha) * np.sqrt(v + w)
    rates = normal_cdf(math.sqrt(m) * (centre[:, None, None] - limit)) @ (weights / 2)
    return np.asarray(rates).ravel()
