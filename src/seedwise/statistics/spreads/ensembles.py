"""Ensembles formed from a pool of finished runs: how much less their metric spreads."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.core import _checks, _predictions
from seedwise.statistics.core._distributions import t_quantile, t_two_sided_p
from seedwise.statistics.core._moments import is_constant
from seedwise.statistics.core._partitions import (
    Array,
    LeftOut,
    half_squares,
    jackknife_error,
    over_groups,
    over_pairs,
    random_partitions,
)
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.disagreement.logits import cross_entropies
from seedwise.statistics.ratios.ratios import as_reduction

Score = Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]]

_LEAST_PARTITIONS, _MOST_PARTITIONS = 100, 2000
_VALUES_AT_ONCE = 4_000_000
_PROCEDURE = "jackknife over partitions"


@dataclass(frozen=True)
class EnsembleSpread:
    """Ensembles of one size from a pool of runs, compared with the single runs of that pool.

    Attributes:
        size: runs in an ensemble.
        n: runs in the pool.
        ensembles: disjoint ensembles in a partition of the pool.
        partitions: random partitions that the numbers are averaged over.
        mean: mean of the ensembles' metric, with its interval.
        gain: ``mean`` less the mean of the base's runs, with its interval.
        spread: SD of the ensembles' metric, with its interval.
        base: SD of the metric of the runs compared with: the single runs of the pool, unless others were given.
        ratio: ``spread / base``, with an interval that knows that both come from the same seeds, and the p-value of 1.
        churn: share of examples on which two ensembles without a common run predict differently; None where the
            score is the caller's own.
        churn_ratio: ``churn`` over the churn of single runs; None as above, or where single runs never differ.
    """

    size: int
    n: int
    ensembles: int
    partitions: int
    mean: Interval
    gain: Interval
    spread: Interval
    base: float
    ratio: Interval
    churn: Interval | None
    churn_ratio: Interval | None

    @property
    def reduction(self) -> Interval:
        """The reduction of the SD in percent, 100 (1 - ratio), with the limits of the ratio carried over."""
        return as_reduction(self.ratio)


def ensemble_spread(
    logits: ArrayLike | Sequence[ArrayLike],
    labels: ArrayLike,
    size: int,
    *,
    score: Literal["accuracy", "cross_entropy"] | Score = "accuracy",
    partitions: int | None = None,
    base: ArrayLike | None = None,
    rng: int | np.random.Generator = 0,
    example_ids: _predictions.ExampleIds = None,
    level: float = 0.95,
) -> EnsembleSpread:
    r"""Estimate the spread of ensembles of ``size`` runs from one pool of R runs, and its ratio to that of single runs.

    An ensemble predicts with the mean of its runs' logits. The pool is cut at random into m = floor(R / size) disjoint
    ensembles, P times over; the variance of the ensembles' metric is the mean over partitions of the variance within a
    partition (ddof 1). It is unbiased for the variance over ensembles of fresh runs, whatever m is; drawing ensembles
    that share runs would make it too small.

    Intervals are delete-one-run jackknives: a run is left out together with every ensemble that holds it, and in the
    ratio also from the single runs, so that what both share cancels. For the log ratio v, with v_i that without run i:
    se^2 = (R - 1)/R sum (v_i - mean v_i)^2 less what the draw of partitions adds to it (known from the scatter between
    partitions), v +- t se with R - 1 degrees of freedom. With R = 2 size nothing is left without a run, and the
    limits are infinite.

    Simulated coverage of the 95 % interval of the ratio (``benchmarks/ensemble_spread.py``: normal logits of 200
    examples, with and without a shift that all examples of a run share, true ratios .47 to .87, 1000 studies each, good
    to .7 points): 94.4 to 96.7 % for ensembles of 2 and 5 from 20 and 50 runs and of 2 from 10. With ensembles of more
    than a quarter of the pool it is too narrow: 85 and 92 % for 4 of 10 runs, 89 and 92 % for 8 of 20.

    Args:
        logits: scores before the softmax, shape (R, N, C): runs axis first, then examples, then classes. For a score of
            your own any shape (R, N, ...): what is averaged over the runs of an ensemble (forecasts, probabilities).
        labels: true class of each example, shape (N,), integers from 0 to C - 1; for a score of your own any array
            whose first axis is examples.
        size: runs in an ensemble, from 2 to R / 2.
        score: ``"accuracy"`` (a fraction; of equal logits the first class counts), ``"cross_entropy"`` (nats), or a
            function of the mean logits, shape (E, n, C), of E ensembles on n examples and of the labels of those n,
            that returns one number per ensemble and example, shape (E, n). The metric is its mean over examples.
        partitions: how many random partitions, at least 100; None: 16 size^2, from 100 to 2000, with which the draw
            of partitions is a small part of the error.
        base: what ``ratio`` and ``gain`` compare with: the metric of the runs with the same seeds, in the same order
            and unit, shape (R,), such as that of another method, or of these runs read out in another way. None: the
            single runs of ``logits``. ``churn_ratio`` is always to these.
        rng: seed or generator of the partitions; the same seed gives the same result.
        example_ids: which example each column is: None, ids of shape (N,), or one row of ids per run.
        level: confidence level, between 0 and 1.

    Returns:
        EnsembleSpread, in the unit of the score.

    Raises:
        TypeError: arrays or a size of the wrong type.
        ValueError: a size below 2 or above R / 2, fewer than 100 partitions, shapes that do not fit, values that are
            not finite, different examples, a base of another length, a base or ensembles whose metric does not vary, or
            a level outside (0, 1).

    Example:
        >>> rng = np.random.default_rng(0)
        >>> runs = rng.normal(1, 1, size=(1, 400, 1)) * [1, 0] + 0.5 * rng.normal(size=(20, 400, 2))
        >>> e = ensemble_spread(runs, np.zeros(400, dtype=int), 4)
        >>> f"accuracy {e.mean.estimate:.3f}, SD {e.spread.estimate:.4f} instead of {e.base:.4f}, n = {e.n}"
        'accuracy 0.821, SD 0.0122 instead of 0.0167, n = 20'
        >>> f"ratio {e.ratio.estimate:.2f} [{e.ratio.low:.2f}, {e.ratio.high:.2f}], p = {e.ratio.p_value:.2f}"
        'ratio 0.73 [0.52, 1.04], p = 0.08'

    Source:
        Hoeffding (1948), A class of statistics with asymptotically normal distribution, Annals of Mathematical
        Statistics 19, 293-325 (means over disjoint subsets); Arvesen (1969), Jackknifing U-statistics, Annals of
        Mathematical Statistics 40, 2076-2100. Taking off the noise of the partitions is ours; for bagging see Wager,
        Hastie & Efron (2014), Confidence intervals for random forests, JMLR 15, 1625-1651.
    """
    named = isinstance(score, str)
    z, y = _inputs(logits, labels, score)
    _predictions.same_examples(example_ids, z.shape[:2])
    runs = len(z)
    size, count = _size(size, runs), _count(partitions, size)
    level = _checks.level_in_range(level)
    groups = random_partitions(runs, size, count, np.random.default_rng(rng))
    singles = np.arange(runs).reshape(1, runs, 1)
    of_runs, run_flips = _metrics(z, y, singles, score)
    of_base = of_runs if base is None else _base(base, runs)
    of_ensembles, flips = _metrics(z, y, groups, score)
    if is_constant(of_base.ravel()):
        raise ValueError("the ratio is undefined: every run has the same metric; pass runs that vary, or a finer score")
    if all(is_constant(values) for values in of_ensembles):
        raise ValueError(
            f"a ratio of 0 has no interval: the ensembles of {size} have the same metric; pass score='cross_entropy' "
            "or another finer one"
        )
    mean, base_mean = over_groups(of_ensembles, groups, runs), over_groups(of_base, singles, runs)
    variance = over_pairs(half_squares(of_ensembles), groups, runs)
    base_variance = over_pairs(half_squares(of_base), singles, runs)
    t = t_quantile((1 + level) / 2, runs - 1)

    def linear(part: LeftOut, less: LeftOut | None = None) -> Interval:
        estimate, without = part.estimate, part.without
        if less is not None:
            estimate, without = estimate - less.estimate, without - less.without
        half = t * jackknife_error(without, part.noise, part.own_noise)
        return Interval(estimate, estimate - half, estimate + half, level, runs, _PROCEDURE)

    def relative(part: LeftOut, to: LeftOut | None, power: float) -> Interval:
        """Return (part / to)^power with an interval on the log scale."""
        with np.errstate(divide="ignore", invalid="ignore"):
            log, logs = math.log(part.estimate), np.log(part.without)
            if to is not None:
                log, logs = log - math.log(to.estimate), logs - np.log(to.without)
        scale = power / part.estimate
        se = jackknife_error(power * logs, scale**2 * part.noise, scale**2 * part.own_noise)
        estimate, factor = math.exp(power * log), _exp(t * se)
        p = None if to is None else t_two_sided_p(power * log / se, runs - 1) if se > 0 else float(log == 0)
        return Interval(estimate, estimate / factor, estimate * factor, level, runs, _PROCEDURE, p)

    churn = churn_ratio = None
    if named:
        differing, base_differing = over_pairs(flips, groups, runs), over_pairs(run_flips, singles, runs)
        found = linear(differing)
        churn = Interval(found.estimate, max(0.0, found.low), min(1.0, found.high), level, runs, _PROCEDURE)
        if differing.estimate > 0 and base_differing.estimate > 0:
            churn_ratio = relative(differing, base_differing, 1.0)
    return EnsembleSpread(
        size=size,
        n=runs,
        ensembles=runs // size,
        partitions=count,
        mean=linear(mean),
        gain=linear(mean, base_mean),
        spread=relative(variance, None, 0.5),
        base=math.sqrt(base_variance.estimate),
        ratio=relative(variance, base_variance, 0.5),
        churn=churn,
        churn_ratio=churn_ratio,
    )


def _metrics(
    z: NDArray[Any], labels: NDArray[Any], groups: NDArray[np.int64], score: str | Score
) -> tuple[Array, Array]:
    """Return, for each group of each partition, its metric and its summed disagreement with the other groups."""
    count, m, size = groups.shape
    examples, rest = z.shape[1], z.shape[2:]
    working = np.float64 if z.dtype.itemsize > 4 else np.float32
    member = np.zeros((count * m, len(z)), dtype=working)
    np.put_along_axis(member, groups.reshape(count * m, size), 1, axis=1)
    totals, differing = np.zeros(count * m), np.zeros((count, m))
    step = max(1, _VALUES_AT_ONCE // (count * m * math.prod(rest)))
    for start in range(0, examples, step):
        part, of_part = z[:, start : start + step].astype(working), labels[start : start + step]
        sums = (member @ part.reshape(len(z), -1)).reshape(count * m, -1, *rest)
        if callable(score):
            each = np.asarray(score(sums / working(size), of_part), dtype=np.float64)
            if each.shape != sums.shape[:2]:
                raise ValueError(
                    f"score returned shape {each.shape}; return one number per ensemble and example, {sums.shape[:2]}"
                )
            totals += each.sum(axis=1)
            continue
        classes = sums.argmax(axis=2)  # of sums: a division could break a tie between classes
        if score == "accuracy":
            totals += np.count_nonzero(classes == of_part, axis=1)
        else:
            totals += cross_entropies(sums / working(size), of_part).sum(axis=1)
        differing += _disagreements(classes.reshape(count, m, -1), rest[0])
    if not np.isfinite(totals).all():
        raise ValueError("the score of an ensemble is not finite; return finite numbers")
    return (totals / examples).reshape(count, m), differing / examples


def _disagreements(classes: NDArray[np.int64], kinds: int) -> Array:
    """Count, for each group of a partition, the (other group, example) pairs with another class."""
    count, m, examples = classes.shape
    cell = classes + kinds * np.arange(count * examples).reshape(count, 1, examples)
    counts = np.bincount(cell.ravel(), minlength=kinds * count * examples)
    differing: Array = (m - counts[cell]).sum(axis=2).astype(np.float64)
    return differing


def _inputs(
    logits: ArrayLike | Sequence[ArrayLike], labels: ArrayLike, score: str | Score
) -> tuple[NDArray[Any], NDArray[Any]]:
    if callable(score):
        z = _predictions.per_run(logits, "logits")
        y = np.asarray(labels)
        if y.shape[:1] != z.shape[1:2]:
            raise ValueError(f"labels has shape {y.shape}; pass examples first, ({z.shape[1]}, ...)")
        return z, y
    if score not in ("accuracy", "cross_entropy"):
        raise ValueError(f"score is {score!r}; pass 'accuracy', 'cross_entropy' or a function")
    z = _predictions.logits(logits)
    return z, _predictions.class_labels(labels, *z.shape[1:])


def _base(base: ArrayLike, runs: int) -> Array:
    values = _checks.runs_axis(base, "base")
    if values.size != runs:
        raise ValueError(f"base has {_checks.runs(values.size)} and logits {runs}; pass the runs present in both")
    return values[None, :]


def _size(size: int, runs: int) -> int:
    if isinstance(size, bool) or not isinstance(size, int | np.integer):
        raise TypeError(f"size must be a whole number of runs, such as 5; got {type(size).__name__}")
    if size < 2:
        raise ValueError(f"size is {size}; pass at least 2 runs per ensemble")
    if 2 * size > runs:
        raise ValueError(
            f"a spread of ensembles of {size} takes two ensembles without a common run, {2 * size} runs; "
            f"the pool has {runs}: train {2 * size - runs} more, or pass a size of at most {runs // 2}"
        )
    return int(size)


def _count(partitions: int | None, size: int) -> int:
    if partitions is None:
        return min(_MOST_PARTITIONS, max(_LEAST_PARTITIONS, 16 * size**2))
    if isinstance(partitions, bool) or not isinstance(partitions, int | np.integer):
        raise TypeError(f"partitions must be a whole number, such as 400; got {type(partitions).__name__}")
    if partitions < _LEAST_PARTITIONS:
        raise ValueError(f"partitions is {partitions}; pass at least {_LEAST_PARTITIONS}")
    return int(partitions)


def _exp(x: float) -> float:
    return math.exp(x) if x < 700 else math.inf
