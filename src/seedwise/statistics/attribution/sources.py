"""Where the spread comes from: the finite test set, and the runs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from seedwise.statistics.core import _checks, _predictions
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.spreads.spread import SpreadProcedure, spread


@dataclass(frozen=True)
class SpreadSources:
    """The variance of a metric over runs, taken apart. All variances are in the squared unit of the metric.

    Attributes:
        spread: SD of the metric over runs on this test set, with its interval.
        variance: ``spread.estimate`` squared; the sum of the next two.
        noise: sum of the per-example variances over N^2, what the variance would be if examples varied independently
            of each other: the noise of a finite test set.
        covariance: ``variance - noise``, from pairs of different examples. May be negative.
        distribution: the distribution-wise variance, what would remain on infinitely many test examples, with its
            interval. The estimate and either limit may be negative: then the data do not show that anything remains.
        noise_share: noise over variance, with its interval, as it comes out: it may exceed 1. None if the runs do not
            vary.
        calibrated_noise: error rate / (2 N), what ``noise`` would be if the runs were a calibrated ensemble; for
            comparison only, and None for scores that are not 0 or 1.
    """

    spread: Interval
    variance: float
    noise: float
    covariance: float
    distribution: Interval
    noise_share: Interval | None
    calibrated_noise: float | None

    @property
    def share_of_noise(self) -> Interval | None:
        """``noise_share`` as it is shown: cut at 1, as no part is larger than the whole."""
        share = self.noise_share
        if share is None:
            return None
        estimate, low, high = (min(value, 1.0) for value in (share.estimate, share.low, share.high))
        return Interval(estimate, low, high, share.level, share.n, share.procedure)

    @property
    def distribution_sd(self) -> Interval:
        """The distribution-wise SD: roots of ``distribution``, with 0 for what is negative."""
        d = self.distribution
        estimate, low, high = (math.sqrt(max(0.0, value)) for value in (d.estimate, d.low, d.high))
        return Interval(estimate, low, high, d.level, d.n, d.procedure)


def spread_sources(
    scores: ArrayLike | Sequence[ArrayLike],
    *,
    example_ids: _predictions.ExampleIds = None,
    level: float = 0.95,
    procedure: SpreadProcedure | None = None,
) -> SpreadSources:
    r"""Split the variance of a metric over runs into noise of the finite test set and what lies in the runs.

    With x_ij the score of run i on example j, N examples and unbiased variances over runs:

        Var(metric) = (1/N^2) sum_j Var(x_.j)  +  (1/N^2) sum_{j != k} Cov(x_.j, x_.k)
        distribution-wise variance = N/(N-1) [Var(metric) - (1/N^2) sum_j Var(x_.j)]

    The latter is the mean covariance of two different examples, hence unbiased for the variance over runs on infinitely
    many examples, and equals the ANOVA estimate of the variance of the runs' effects in the crossed design. Being a
    difference, it can be negative; report it as it is, and do not set it to 0 before averaging over studies.

    Its interval is that of the variance (:func:`spread`, squared) less the noise: the noise is a mean over many
    examples and so much better known than the variance, which rests on R runs. In simulated pools this covers as well
    as the interval of the SD (93-97 % for near-normal metrics at R = 5 to 20, with any share of noise and also where
    the truth is 0), and a jackknife over runs only 81-91 %. It shares the weakness of the interval of an SD: effects
    of runs that are far from normal (a few bad runs) break it at every R. Where the noise is nearly all, hundreds or
    thousands of runs are needed to see the rest.

    Scores of examples that depend on each other beyond the run (neighbouring windows of a time series) count as
    distribution-wise.

    Args:
        scores: the score of each run on each example, shape (R, N), runs axis first: booleans (``predictions ==
            labels``) for accuracy, or any number whose mean is the metric. At least 3 runs and 2 examples.
        example_ids: which example each column is: None, ids of shape (N,), or one row of ids per run.
        level: confidence level, between 0 and 1.
        procedure: interval of the SD that is squared, one of those of :func:`spread`; None for its default.

    Returns:
        SpreadSources; ``n`` of its intervals is the number of runs.

    Raises:
        TypeError: scores that are not numbers.
        ValueError: fewer than 3 runs or 2 examples, scores that are not finite, an array that is not 2-D, different
            examples, a level outside (0, 1), or an unknown procedure.

    Example:
        >>> correct = [[1, 1, 0, 1], [1, 0, 0, 1], [1, 1, 1, 1], [0, 1, 0, 1]]
        >>> sources = spread_sources(correct, procedure="chi-square")
        >>> f"{sources.variance:.4f} = {sources.noise:.4f} + {sources.covariance:.4f}"
        '0.0573 = 0.0469 + 0.0104'
        >>> f"{sources.distribution.estimate:.3f} [{sources.distribution.low:.3f}, {sources.distribution.high:.3f}]"
        '0.014 [-0.038, 0.999]'

    Source:
        Jordan (2023), Calibrated chaos: variance between runs of neural network training is harmless and inevitable,
        arXiv 2304.01910; Searle, Casella & McCulloch (1992), Variance components, Wiley, chapter 4.
    """
    x = _predictions.scores(scores, "scores", examples=2)
    _predictions.same_examples(example_ids, x.shape)
    level = _checks.level_in_range(level)
    runs, examples = x.shape
    metric = x.mean(axis=1)
    total = spread(metric, level=level) if procedure is None else spread(metric, level=level, procedure=procedure)
    variance = total.estimate**2
    noise = float(np.sum(np.var(x, axis=0, ddof=1))) / examples**2
    more = examples / (examples - 1)
    estimate, low, high = (more * (value**2 - noise) for value in (total.estimate, total.low, total.high))
    name = f"{total.procedure} less noise of the test set"
    share = None
    if variance > 0:
        share = Interval(noise / variance, noise / total.high**2, noise / total.low**2, level, runs, name)
    is_accuracy = bool(np.isin(x, (0, 1)).all())
    return SpreadSources(
        spread=total,
        variance=variance,
        noise=noise,
        covariance=variance - noise,
        distribution=Interval(estimate, low, high, level, runs, name),
        noise_share=share,
        calibrated_noise=float(1 - x.mean()) / (2 * examples) if is_accuracy else None,
    )


def spread_from_churn(churn: float, examples: int) -> float:
    r"""Predict the SD of accuracy over runs from churn alone.

        sqrt(churn / (2 N))

    If examples vary independently of each other, the variance of accuracy is the sum of e_j (1 - e_j) over N^2, and
    e_j (1 - e_j) is half the chance that one of two runs is right and the other wrong, which is at most churn. So this
    is the noise of the test set (:func:`spread_sources`), somewhat too large because two runs can be wrong in different
    ways, and too small where runs are better or worse as a whole. It is a rule of thumb; nothing says that a method
    with less churn has a smaller SD.

    Args:
        churn: share of examples on which two runs differ, from 0 to 1: ``churn(predictions).estimate`` or a limit of
            it. There is no runs axis here.
        examples: number of test examples.

    Returns:
        The predicted SD, as a fraction (.0023 is .23 percentage points).

    Raises:
        TypeError: a churn that is not a number.
        ValueError: a churn outside [0, 1], or fewer than 1 example.

    Example:
        >>> f"{100 * spread_from_churn(0.107, 10_000):.3f} %"
        '0.231 %'

    Source:
        Jordan (2023), arXiv 2304.01910, for the independence of examples. In the tables of Summers & Dinneen (2021),
        ICML, ResNet-14 on CIFAR-10: predicted .231, .175, .202, .214, .186 %, seen .26, .19, .24, .23, .19 %.
    """
    if isinstance(churn, bool) or not isinstance(churn, int | float | np.integer | np.floating):
        raise TypeError(f"churn must be a number; got {type(churn).__name__}: pass churn(predictions).estimate")
    if not 0 <= churn <= 1:
        raise ValueError(f"churn is {churn}; pass a fraction from 0 to 1, not percent")
    if examples < 1:
        raise ValueError(f"examples is {examples}; pass the number of test examples, at least 1")
    return math.sqrt(churn / (2 * examples))
