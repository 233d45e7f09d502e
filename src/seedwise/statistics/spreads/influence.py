"""Whether a single run makes the spread."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.core import _checks
from seedwise.statistics.core._distributions import t_two_sided_p
from seedwise.statistics.core._moments import sd

_LEAST_RUNS = 4


@dataclass(frozen=True)
class Influence:
    """The run without which the SD falls most.

    Attributes:
        run: its place in the values, from 0.
        sd: sample SD of all runs, in the unit of the values.
        sd_without: that of the others.
        p_value: chance that the most distant run of normal values is as distant, or farther, for its SD.
        alpha: up to which chance the run is said to make the spread.
        n: number of runs.
    """

    run: int
    sd: float
    sd_without: float
    p_value: float
    alpha: float
    n: int

    @property
    def makes_the_spread(self) -> bool:
        """Whether normal values would have such a run in fewer than ``alpha`` of studies."""
        return self.p_value < self.alpha


def influence(values: ArrayLike, *, alpha: float = 0.01) -> Influence:
    r"""Find the run without which the SD falls most, and whether it falls more than chance explains.

    With g = |x_i - m| / s the studentised distance of run i to the mean of n, leaving it out leaves

        s_-i^2 = s^2 ((n - 1) - n g^2 / (n - 1)) / (n - 2),

    so it is the most distant run, and the test is Grubbs': t^2 = n (n - 2) g^2 / ((n - 1)^2 - n g^2) and
    p = min(1, n P(|T| > |t|)), T with n - 2 degrees of freedom. For normal values the run is said to make the spread in
    at most ``alpha`` of studies, and in hardly fewer: the bound is exact where at most one run can be so distant.

    A run that is named is no run to leave out: values with heavy tails have such runs, and the next seeds will bring
    more. Of studies of 5 / 10 / 20 runs, one is named at .01 in 2 / 5 / 11 % for t values with 5 degrees of freedom and
    in 5 / 14 / 25 % for exponential ones; a run 5 SDs off in 11 / 47 / 72 % (docs/calibration.md). Two distant runs
    hide each other. Runs that are all equal but one name that one, however coarse the metric.

    Args:
        values: the metric, one value per run, shape (n,): the runs axis. Any unit; at least 4 finite values.
        alpha: share of studies of normal values in which a run is named, between 0 and 1. Of m cells looked at, each
            names one in that share: pass alpha / m for all of them together.

    Returns:
        Influence, in the unit of the values; p is 1 where nothing varies.

    Raises:
        TypeError: values that are not numbers.
        ValueError: fewer than 4 runs, values that are not finite or not 1-D, or an alpha outside (0, 1).

    Example:
        >>> found = influence([97.8, 98.1, 98.0, 97.9, 98.0, 98.2, 97.9, 93.1])
        >>> f"without run {found.run} the SD is {found.sd_without:.2f}, not {found.sd:.2f}: {found.makes_the_spread}"
        'without run 7 the SD is 0.13, not 1.73: True'

    Source:
        Grubbs (1950), Sample criteria for testing outlying observations, Annals of Mathematical Statistics 21, 27-58;
        Pearson & Chandra Sekar (1936), The efficiency of statistical tools and a criterion for the rejection of
        outlying observations, Biometrika 28, 308-320 (where the bound is exact).
    """
    x = _checks.runs_axis(values, "values")
    alpha = _checks.between(alpha, 0, 1, "alpha", ".01")
    n = x.size
    if n < _LEAST_RUNS:
        raise ValueError(f"values has {_checks.runs(n)}: leaving one out needs at least {_LEAST_RUNS}; pass more runs")
    scaled = x / max(float(np.max(np.abs(x))), math.ulp(0.0))
    distance = np.abs(scaled - scaled.mean())
    run = int(np.argmax(distance))
    everything, others = sd(x), sd(np.delete(x, run))
    if everything == 0:
        return Influence(run, 0.0, 0.0, 1.0, alpha, n)
    return Influence(run, everything, others, _grubbs(scaled, run), alpha, n)


def _grubbs(x: NDArray[np.float64], run: int) -> float:
    """Return n P(|T| > t) for the distance of a run to the mean of the others, relative to their SD."""
    n, others = x.size, np.delete(x, run)
    s = sd(others)
    if s == 0:
        return 0.0
    t = (x[run] - others.mean()) / (s * math.sqrt(1 + 1 / (n - 1)))
    return min(1.0, n * t_two_sided_p(float(t), n - 2))
