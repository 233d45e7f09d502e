"""Whether a controlled loss moves with the test loss of its own run, or only with the schedule that all runs share."""

import math
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.core import _checks
from seedwise.statistics.core._distributions import t_quantile
from seedwise.statistics.core._moments import is_constant, rounding
from seedwise.statistics.core.interval import Interval

_MOST_LAGS = 10
_LEAST_PAIRS = 5
_MOST_PERMUTATIONS_LISTED = 5040


@dataclass(frozen=True)
class Reactivity:
    """How changes of lambda from epoch to epoch go with changes of the test loss.

    Attributes:
        lags: -max_lag..max_lag, in epochs; at a positive lag lambda leads.
        correlations: by lag, the mean over runs of the correlation within a run.
        elsewhere: by lag, the same mean, of lambda in one run and the loss of another: what the shared schedule makes.
        band_low: by lag, lower limit of what the mean within runs would be if runs had nothing but the schedule. The
            band holds at all lags together.
        band_high: upper limit.
        averaged: by lag, the correlation of the two series averaged over runs.
        peak: the lag that is furthest from the middle of the band, in units of its width.
        p_value: of the peak, against what the largest of all lags is by chance.
        smallest_p_value: the smallest that so few runs can give.
        first_epoch: the first epoch used, counted from 0.
        epochs: number of epochs used.
        changes: the changes of lambda and of the loss one epoch later, shape (2, runs, epochs - 2), each run
            standardised.
        slope: of the least-squares line of the latter on the former: the mean correlation at lag 1, without Fisher's z.
        level: of the intervals and the band, between 0 and 1.
        n: number of runs.
    """

    lags: tuple[int, ...]
    correlations: tuple[Interval, ...]
    elsewhere: tuple[float, ...]
    band_low: tuple[float, ...]
    band_high: tuple[float, ...]
    averaged: tuple[float, ...]
    peak: int
    p_value: float
    smallest_p_value: float
    first_epoch: int
    epochs: int
    changes: NDArray[np.float64]
    slope: float
    level: float
    n: int

    def at(self, lag: int) -> Interval:
        """Return the correlation at one lag."""
        return self.correlations[self.lags.index(lag)]


def reactivity(
    lambdas: ArrayLike,
    losses: ArrayLike,
    *,
    max_lag: int | None = None,
    level: float = 0.95,
    draws: int = 5000,
    rng: int | np.random.Generator = 0,
) -> Reactivity:
    r"""Correlate the changes of lambda with those of the test loss, run by run, against pairs of different runs.

    With lambda_k the mean of lambda over the steps of epoch k and l_k the test loss after it, each run gives
    r_tau = corr(lambda_k - lambda_(k-1), l_(k+tau) - l_(k+tau-1)) over all epochs k where both exist. Runs are averaged
    by Fisher's z = atanh(r), with a t interval over runs, and turned back by tanh.

    An r far from 0 is no sign of a reaction: the learning rate's schedule moves lambda and the loss of every run at the
    same epochs, so that lambda of one run also correlates with the loss of another, which it cannot touch. Hence the
    null is not r = 0 (and not randomly flipped signs) but: a run's lambda has no more to do with its own loss than with
    another run's. Under it the losses may be permuted among the runs. Over those permutations the mean z has at every
    lag a centre and an SD; the largest distance from the centre in SDs, of all lags, gives p and the band, exactly, for
    any series. What every run reacts to in the same way at the same epoch cannot be told from the schedule, and counts
    as the schedule; compare with a placebo.

    The papers average the series over runs first (``averaged``). That cancels what is each run's own and leaves what
    the schedule does to all of them, so its r comes out larger the more runs there are, whether or not anything reacts;
    and a p-value from its number of epochs takes for granted that changes are independent from epoch to epoch.

    Leading epochs in which some run's lambda is 0 are left out, with the one in which it is switched on: that jump is
    the same in all runs.

    Args:
        lambdas: mean lambda of every epoch, shape (R, E): runs axis first, then epochs. At least 3 runs, and
            max_lag + 6 epochs from the one after the last run's lambda left 0.
        losses: test loss after every epoch, shape (R, E), of the same runs and epochs. Runs differ in their seeds.
        max_lag: lags from -max_lag to max_lag, at least 1, in epochs; None: 10, or as many as leave half of the epochs
            at the outermost lag.
        level: confidence level, between 0 and 1.
        draws: number of permutations, at least 100; all are taken, once each, for up to 7 runs. With 3 runs the
            smallest p is 1/6, with 4 it is 1/24.
        rng: seed or generator of the draws.

    Returns:
        Reactivity, with correlations from -1 to 1.

    Raises:
        TypeError: series that are not numbers.
        ValueError: fewer than 3 runs, too few epochs, arrays that are not 2-D, of different shape or not finite, a
            lambda or a loss that does not vary in a run, runs that are all the same, fewer than 100 draws, or a level
            outside (0, 1).

    Example:
        >>> noise = np.random.default_rng(1)
        >>> moves, other = noise.normal(size=(2, 8, 40))
        >>> lambdas = 1 + 0.01 * moves.cumsum(axis=1)
        >>> losses = np.cumsum(0.6 * np.roll(moves, 1, axis=1) + 0.8 * other, axis=1)  # one epoch later
        >>> found = reactivity(lambdas, losses)
        >>> found.peak, found.p_value < 0.01
        (1, True)
        >>> f"{found.at(1).estimate:.2f} [{found.at(1).low:.2f}, {found.at(1).high:.2f}]"
        '0.58 [0.47, 0.67]'

    Source:
        The correlations: Variance Minimizer Loss paper, section 5.1. Fisher (1921), On the probable error of a
        coefficient of correlation, Metron 1, 3-32. The largest of several statistics over permutations: Westfall &
        Young (1993), Resampling-based multiple testing, Wiley. The null of re-paired runs is ours.
    """
    lam, loss = _series(lambdas, "lambdas"), _series(losses, "losses")
    if lam.shape != loss.shape:
        raise ValueError(f"lambdas has shape {lam.shape} and losses {loss.shape}; pass the same runs and epochs")
    level = _checks.level_in_range(level)
    for name, whole, least in (("max_lag", 1 if max_lag is None else max_lag, 1), ("draws", draws, 100)):
        if isinstance(whole, bool) or not isinstance(whole, int | np.integer) or whole < least:
            raise ValueError(f"{name} is {whole}; pass a whole number, at least {least}")
    first = _first_epoch(lam)
    if all(is_constant(run) for run in lam[:, first if first < lam.shape[1] else 0 :]):
        raise ValueError("no correlation: lambda does not vary")
    lam, loss = lam[:, first:], loss[:, first:]
    runs, epochs = lam.shape
    if max_lag is None:
        max_lag = max(1, min(_MOST_LAGS, epochs // 2 - 1))
    if epochs < max_lag + 1 + _LEAST_PAIRS:
        shorter = f", or max_lag={epochs - 1 - _LEAST_PAIRS}" if epochs > 1 + _LEAST_PAIRS else ""
        raise ValueError(
            f"{epochs} epochs with lambda on are too few for lags up to {max_lag}: "
            f"it takes at least {max_lag + 1 + _LEAST_PAIRS}{shorter}"
        )
    moves, answers = _changes(lam, "lambda"), _changes(loss, "the loss")
    lags = tuple(range(-max_lag, max_lag + 1))
    z = np.stack([_fisher_z(_correlations(*_overlap(moves, answers, lag))) for lag in lags])
    own = np.diagonal(z, axis1=1, axis2=2)
    centre = z.mean(axis=(1, 2))
    # The variance over all permutations of the mean of one entry of each row and column (Hoeffding 1951).
    apart = z - z.mean(axis=1, keepdims=True) - z.mean(axis=2, keepdims=True) + centre[:, None, None]
    width = np.sqrt(np.sum(apart**2, axis=(1, 2)) / (runs - 1)) / runs
    if not (width > 1e-9).all():
        raise ValueError("the runs all have the same series: pass runs that differ in their seeds")
    distance = np.abs(own.mean(axis=1) - centre) / width
    others = _largest_distances(z, centre, width, draws, np.random.default_rng(rng))
    # The observed pairing is one of the permutations; a hair's breadth keeps rounding from splitting ties.
    p = float(np.mean(others >= distance.max() * (1 - 1e-9)))
    reach = np.sort(others)[math.ceil(level * others.size - 1e-9) - 1]
    half = t_quantile((1 + level) / 2, runs - 1) * own.std(axis=1, ddof=1) / math.sqrt(runs)
    middle = own.mean(axis=1)
    together = _changes(lam.mean(axis=0)[None], "lambda"), _changes(loss.mean(axis=0)[None], "the loss")
    at_one = [_unit(part) for part in _overlap(moves, answers, 1)]
    return Reactivity(
        lags=lags,
        correlations=tuple(
            Interval(math.tanh(m), math.tanh(m - h), math.tanh(m + h), level, runs, "Fisher z, t over runs")
            for m, h in zip(middle, half, strict=True)
        ),
        elsewhere=tuple(np.tanh((runs * centre - middle) / (runs - 1)).tolist()),
        band_low=tuple(np.tanh(centre - reach * width).tolist()),
        band_high=tuple(np.tanh(centre + reach * width).tolist()),
        averaged=tuple(float(_correlations(*_overlap(*together, lag))[0, 0]) for lag in lags),
        peak=lags[int(np.argmax(distance))],
        p_value=p,
        smallest_p_value=1 / others.size,
        first_epoch=first,
        epochs=epochs,
        changes=np.stack(at_one) * math.sqrt(epochs - 2),
        slope=float(np.mean(np.sum(at_one[0] * at_one[1], axis=1))),
        level=level,
        n=runs,
    )


def _series(values: ArrayLike, name: str) -> NDArray[np.float64]:
    array = np.asarray(values)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be numbers; got {array.dtype}: pass a 2-D array of floats (runs, epochs)")
    if array.ndim != 2:
        raise ValueError(f"{name} has shape {array.shape}; pass a 2-D array (runs, epochs)")
    if array.shape[0] < _checks.MINIMUM_RUNS:
        raise ValueError(
            f"{name} has {_checks.runs(array.shape[0])}: an interval over runs needs at least {_checks.MINIMUM_RUNS}; "
            "pass more runs, runs axis first (runs, epochs)"
        )
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds values that are not finite; leave runs that failed out")
    return array.astype(np.float64)


def _first_epoch(lam: NDArray[np.float64]) -> int:
    """Return the epoch after the one in which the last run's lambda left 0; 0 where it is never 0 at the start."""
    on = np.maximum.accumulate(lam != 0, axis=1).all(axis=0)
    off = int(np.count_nonzero(~on))
    return off + 1 if off else 0


def _changes(series: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    changes = np.diff(series, axis=1)
    for run, (values, moved) in enumerate(zip(series, changes, strict=True)):
        # Differences of large numbers carry the rounding of those numbers.
        if np.ptp(moved) <= 2 * rounding(values):
            raise ValueError(f"no correlation: {name} does not vary in run {run}, or by the same amount in every epoch")
    return changes


def _overlap(
    moves: NDArray[np.float64], answers: NDArray[np.float64], lag: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    last = moves.shape[1] - abs(lag)
    return (moves[:, :last], answers[:, lag:]) if lag >= 0 else (moves[:, -lag:], answers[:, :last])


def _correlations(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlate every row of one array with every row of another."""
    return _unit(first) @ _unit(second).T


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    deviations = rows - rows.mean(axis=1, keepdims=True)
    lengths = np.sqrt(np.sum(deviations**2, axis=1, keepdims=True))
    still = np.flatnonzero(lengths[:, 0] <= 1e-12 * np.abs(rows).max(axis=1) * math.sqrt(rows.shape[1]))
    if still.size:
        raise ValueError(
            f"no correlation: lambda or the loss of run {still[0]} does not vary in the {rows.shape[1]} epochs that "
            "one of the lags leaves; pass a smaller max_lag"
        )
    unit: NDArray[np.float64] = deviations / lengths
    return unit


def _fisher_z(r: NDArray[np.float64]) -> NDArray[np.float64]:
    # Series that are linear in each other would be infinitely far from 0.
    z: NDArray[np.float64] = np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12))
    return z


def _largest_distances(
    z: NDArray[np.float64],
    centre: NDArray[np.float64],
    width: NDArray[np.float64],
    draws: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Return the largest distance of all lags for permutations of the losses, the unpermuted one among them."""
    runs = z.shape[1]
    if math.factorial(runs) <= _MOST_PERMUTATIONS_LISTED:
        order = np.array(list(permutations(range(runs))))
    else:
        order = rng.permuted(np.tile(np.arange(runs), (draws, 1)), axis=1)
        order[0] = np.arange(runs)
    largest = np.zeros(len(order))
    for at_lag, middle, sd in zip(z, centre, width, strict=True):
        means = at_lag[np.arange(runs), order].mean(axis=1)
        np.maximum(largest, np.abs(means - middle) / sd, out=largest)
    return largest
