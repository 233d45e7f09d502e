"""Means where predictions are known: on this test set, and on new data."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.core import _checks, _predictions
from seedwise.statistics.core._distributions import t_quantile, t_two_sided_p
from seedwise.statistics.core._moments import is_constant, rounding, sd
from seedwise.statistics.core._predictions import ExampleIds, same_examples, same_test_set
from seedwise.statistics.core._wilson import wilson
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.means.means import mean_difference


@dataclass(frozen=True)
class Crossed:
    """A mean over runs and examples with its two intervals.

    Attributes:
        on_test_set: for the mean over all runs that could be trained, on exactly these examples.
        on_new_data: for the mean over all runs and all examples of the kind of which these are a sample.
        from_runs: part of the variance of the mean that comes from runs that are better or worse on every example.
        from_examples: part from examples that are easier or harder for every run.
        from_both: part from what is peculiar to a run on an example. The three are unbiased, may be negative, and add
            up to the squared standard error on new data (unless that had to be raised, see :func:`crossed_mean`).
    """

    on_test_set: Interval
    on_new_data: Interval
    from_runs: float
    from_examples: float
    from_both: float


@dataclass(frozen=True)
class _Squares:
    """Variances of the mean as each axis alone would give them, and of the interaction, with degrees of freedom."""

    runs: float
    examples: float
    both: float
    df_runs: float
    df_examples: float
    df_both: float

    @property
    def variance(self) -> float:
        return max(self.runs + self.examples - self.both, self.runs, self.examples)

    @property
    def df(self) -> float:
        parts = ((self.runs, self.df_runs), (self.examples, self.df_examples), (self.both, self.df_both))
        scale = self.variance  # ratios first: squares of tiny variances would vanish
        return 1 / sum((part / scale) ** 2 / df for part, df in parts if part > 0)


def crossed_mean(
    scores: ArrayLike | Sequence[ArrayLike], *, example_ids: ExampleIds = None, level: float = 0.95
) -> Crossed:
    r"""Estimate the mean of a metric that is a mean over examples, on this test set and on new data.

    The score of run i on example j is taken as x_ij = mean + A_i + B_j + (AB)_ij: runs are a sample of all runs,
    examples a sample of all examples, and every run is scored on every example. With R runs, N examples, row means
    x_i., column means x_.j and m_AB the mean square of the interaction:

    - on this test set: mean +- t s / sqrt(R), s the SD of the row means, t with R - 1 degrees of freedom.
    - on new data: V = Var(x_i.)/R + Var(x_.j)/N - m_AB/(R N), an unbiased estimate of Var(A)/R + Var(B)/N +
      Var(AB)/(R N), raised to the larger of the first two terms if it falls below it; mean +- t sqrt(V) with
      Satterthwaite's degrees of freedom. For scores of 0 and 1 (accuracy) the interval is Wilson's for the number of
      independent examples that V is worth, p (1 - p) / V, which keeps it inside [0, 1] and holds near 0 and 1; if all
      runs are right (or wrong) everywhere, that number is N. What holds for all examples holds for these: where the
      interval on this test set reaches further, as it may with few runs, this one reaches as far.

    The second is the one to quote for a claim about a method, the first for a claim about a leaderboard. More runs do
    not make the second shrink below what the examples leave open. Both take the training set as given. Examples that
    are not independent of each other (neighbouring windows of a time series, frames of a video) make the second too
    narrow; pass means over independent blocks instead.

    Args:
        scores: the score of each run on each example, shape (R, N), runs axis first: booleans (``predictions ==
            labels``) for accuracy, or any number whose mean is the metric (cross-entropy, squared error). At least 3
            runs and 2 examples.
        example_ids: which example each column is: None, ids of shape (N,), or one row of ids per run.
        level: confidence level, between 0 and 1.

    Returns:
        Crossed, in the unit of the scores; ``n`` of both intervals is the number of runs.

    Raises:
        TypeError: scores that are not numbers.
        ValueError: fewer than 3 runs or 2 examples, scores that are not finite, an array that is not 2-D, different
            examples, or a level outside (0, 1).

    Example:
        >>> correct = [[True, True, False, True, True], [True, True, True, True, True], [True, True, False, True, True]]
        >>> mean = crossed_mean(correct)
        >>> f"{mean.on_test_set.estimate:.2f} [{mean.on_test_set.low:.2f}, {mean.on_test_set.high:.2f}]"
        '0.87 [0.58, 1.15]'
        >>> f"[{mean.on_new_data.low:.2f}, {mean.on_new_data.high:.2f}]"
        '[0.32, 1.00]'

    Source:
        Brennan (2001), Generalizability theory, Springer, chapters 2 and 6; Owen (2007), The pigeonhole bootstrap,
        Annals of Applied Statistics 1, 386-411; Satterthwaite (1946), An approximate distribution of estimates of
        variance components, Biometrics Bulletin 2, 110-114; Korn & Graubard (1998), Confidence intervals for
        proportions with small expected number of positive counts estimated from survey data, Survey Methodology 24,
        193-201 (the effective number of examples).
    """
    x = _predictions.scores(scores, "scores", examples=2)
    same_examples(example_ids, x.shape)
    level = _checks.level_in_range(level)
    runs, examples = x.shape
    rows = x.mean(axis=1)
    estimate = float(rows.mean())
    squares = _mean_squares(x)
    half = t_quantile((1 + level) / 2, runs - 1) * sd(rows) / math.sqrt(runs)
    on_test_set = Interval(estimate, estimate - half, estimate + half, level, runs, "t")
    if np.isin(x, (0, 1)).all():
        low, high, procedure = (
            *_wilson(estimate, squares, examples, level),
            "Wilson, runs crossed with examples",
        )
        within = (0.0, 1.0)
    else:
        half = _half(squares, level)
        low, high, procedure = estimate - half, estimate + half, "t, runs crossed with examples"
        within = (-math.inf, math.inf)
    return _crossed(on_test_set, Interval(estimate, low, high, level, runs, procedure), squares, within)


def crossed_difference(
    method: ArrayLike | Sequence[ArrayLike],
    base: ArrayLike | Sequence[ArrayLike],
    *,
    paired: bool,
    method_example_ids: ExampleIds = None,
    base_example_ids: ExampleIds = None,
    level: float = 0.95,
) -> Crossed:
    r"""Estimate the difference of two methods scored on the same examples, on this test set and on new data.

    - on this test set: :func:`mean_difference` of the runs' means. If the difference is the same in every run (few
      examples, few runs), its limits are the difference itself and it has no p-value: read it as "these runs did not
      vary".
    - on new data, paired: the interval of :func:`crossed_mean` for the differences x_ij - y_ij, in its form with t.
    - on new data, unpaired: V = Var(x_i.)/R1 + Var(y_i.)/R2 + Var(x_.j - y_.j)/N - m_AB(x)/(R1 N) - m_AB(y)/(R2 N),
      raised to the sum of the first two terms or to the third if it falls below it, with Satterthwaite's degrees of
      freedom. Neither the interval nor the p-value on new data claims more than that on this test set.

    Sharing the examples removes what is hard for both methods from the second interval, but not what is hard for one.

    Args:
        method: the score of each run on each example, shape (R1, N), runs axis first: booleans (``predictions ==
            labels``) for accuracy, or any number whose mean is the metric. At least 3 runs and 2 examples.
        base: the same for the base, shape (R2, N), on the same examples in the same order; run i of both arms has the
            same seeds if paired.
        paired: whether run i of both arms shares its seeds.
        method_example_ids: which example each column of ``method`` is: None, ids of shape (N,), or one row per run.
        base_example_ids: the same for ``base``; must be equal.
        level: confidence level, between 0 and 1.

    Returns:
        Crossed, in the unit of the scores; ``n`` is [R1, R2], ``p_value`` two-sided, for each of the two questions.

    Raises:
        TypeError: scores that are not numbers.
        ValueError: fewer than 3 runs or 2 examples, scores that are not finite, an array that is not 2-D, different
            examples, paired arms of different length, a level outside (0, 1), or a difference other than 0 that is the
            same in every run on every example (it has no interval).

    Example:
        >>> base = [[1, 0, 0, 1, 1, 0], [1, 0, 1, 1, 0, 0], [1, 1, 0, 1, 1, 0], [1, 0, 0, 1, 0, 0]]
        >>> vml = [[1, 1, 0, 1, 1, 0], [1, 1, 1, 1, 1, 0], [1, 1, 0, 1, 1, 0], [1, 1, 0, 1, 1, 1]]
        >>> d = crossed_difference(vml, base, paired=True)
        >>> f"{d.on_test_set.estimate:.2f} [{d.on_test_set.low:.2f}, {d.on_test_set.high:.2f}]"
        '0.25 [-0.09, 0.59]'
        >>> f"[{d.on_new_data.low:.2f}, {d.on_new_data.high:.2f}]"
        '[-0.13, 0.63]'

    Source:
        Brennan (2001), Generalizability theory, Springer, chapters 2 and 6; Owen (2007), The pigeonhole bootstrap,
        Annals of Applied Statistics 1, 386-411; Satterthwaite (1946), Biometrics Bulletin 2, 110-114.
    """
    x, y = _predictions.scores(method, "method", examples=2), _predictions.scores(base, "base", examples=2)
    ids = same_examples(method_example_ids, x.shape), same_examples(base_example_ids, y.shape)
    same_test_set(x.shape, y.shape, *ids, ("method", "base"))
    level = _checks.level_in_range(level)
    on_test_set = _on_test_set(x.mean(axis=1), y.mean(axis=1), paired, level)
    squares = _mean_squares(x - y) if paired else _mean_squares_of_two(x, y)
    estimate, n = float(x.mean() - y.mean()), [len(x), len(y)]
    blur = max(rounding(x), rounding(y))
    if squares.variance <= blur**2:
        if abs(estimate) > blur:
            raise ValueError(
                f"the difference is {estimate:.6g} in every run and example and has no interval; pass a finer metric"
            )
        on_new_data = Interval(0.0, 0.0, 0.0, level, n, "t, runs crossed with examples", 1.0)
    else:
        half = _half(squares, level)
        p = t_two_sided_p(estimate / math.sqrt(squares.variance), squares.df)
        on_new_data = Interval(estimate, estimate - half, estimate + half, level, n, "t, runs crossed with examples", p)
    return _crossed(on_test_set, on_new_data, squares)


def _on_test_set(method: NDArray[np.float64], base: NDArray[np.float64], paired: bool, level: float) -> Interval:
    _checks.two_arms(method, base, paired)
    blur = rounding(np.concatenate([method, base]))
    steady = np.ptp(method - base) <= blur if paired else is_constant(method) and is_constant(base)
    difference = float(method.mean() - base.mean())
    if steady and abs(difference) > blur:
        n = [method.size, base.size]
        return Interval(difference, difference, difference, level, n, "paired t" if paired else "Welch t")
    return mean_difference(method, base, paired=paired, level=level)


def _crossed(
    on_test_set: Interval,
    on_new_data: Interval,
    squares: _Squares,
    within: tuple[float, float] = (-math.inf, math.inf),
) -> Crossed:
    """Return both intervals; of few runs the second, whose degrees of freedom are more, may be widened to the first."""
    low, high = (max(min(limit, within[1]), within[0]) for limit in (on_test_set.low, on_test_set.high))
    wider = replace(on_new_data, low=min(on_new_data.low, low), high=max(on_new_data.high, high))
    if wider.p_value is not None and on_test_set.p_value is not None:
        wider = replace(wider, p_value=max(wider.p_value, on_test_set.p_value))
    return Crossed(on_test_set, wider, squares.runs - squares.both, squares.examples - squares.both, squares.both)


def _half(squares: _Squares, level: float) -> float:
    if squares.variance == 0:
        return 0.0
    return t_quantile((1 + level) / 2, squares.df) * math.sqrt(squares.variance)


def _wilson(p: float, squares: _Squares, examples: int, level: float) -> tuple[float, float]:
    certain = p in (0.0, 1.0)
    n = examples if certain else p * (1 - p) / squares.variance
    t = t_quantile((1 + level) / 2, examples - 1 if certain else squares.df)
    low, high = wilson(p, n, t)
    return float(low), float(high)


def _interaction(x: NDArray[np.float64]) -> float:
    """Mean square of the interaction of runs and examples."""
    rest = x - x.mean(axis=0) - x.mean(axis=1, keepdims=True) + x.mean()
    df: int = (x.shape[0] - 1) * (x.shape[1] - 1)
    return float(np.sum(rest**2)) / df


def _mean_squares(x: NDArray[np.float64]) -> _Squares:
    runs, examples = x.shape
    both = _interaction(x) / (runs * examples)
    of_runs, of_examples = sd(x.mean(axis=1)) ** 2 / runs, sd(x.mean(axis=0)) ** 2 / examples
    return _Squares(of_runs, of_examples, both, runs - 1, examples - 1, (runs - 1) * (examples - 1))


def _mean_squares_of_two(x: NDArray[np.float64], y: NDArray[np.float64]) -> _Squares:
    examples = x.shape[1]
    of_examples = sd(x.mean(axis=0) - y.mean(axis=0)) ** 2 / examples
    of_runs = [sd(arm.mean(axis=1)) ** 2 / len(arm) for arm in (x, y)]
    both = [_interaction(arm) / arm.size for arm in (x, y)]
    df = [len(arm) - 1 for arm in (x, y)]
    return _Squares(
        sum(of_runs),
        of_examples,
        sum(both),
        _satterthwaite(of_runs, df),
        examples - 1,
        _satterthwaite(both, [d * (examples - 1) for d in df]),
    )


def _satterthwaite(parts: list[float], df: list[int]) -> float:
    total = sum(parts)
    return 1 / sum((part / total) ** 2 / d for part, d in zip(parts, df, strict=True)) if total > 0 else float(sum(df))
