"""Negative flips between two methods, relative to chance and compared with those of another seed."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.core import _checks
from seedwise.statistics.core._distributions import t_quantile, t_two_sided_p
from seedwise.statistics.core._moments import sd
from seedwise.statistics.core._pairs import pair_mean
from seedwise.statistics.core._predictions import ExampleIds, correctness, same_examples, same_test_set
from seedwise.statistics.core._welch import welch
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.disagreement._pair_comparisons import difference

Correct = ArrayLike | Sequence[ArrayLike]


def relative_negative_flips(
    correct: Correct,
    new: Correct,
    *,
    example_ids: tuple[ExampleIds, ExampleIds] = (None, None),
    level: float = 0.95,
) -> Interval:
    r"""Estimate the negative flips between two methods relative to those of runs that err independently.

        NFR / (A_old E_new)

    with NFR the mean over all pairs of runs (:func:`negative_flips`), A_old the mean share of examples that old runs
    have right and E_new the mean share that new ones have wrong. 1 where an error of the one says nothing about the
    other; below 1 the more both err on the same examples, whatever their accuracies. The interval is that of the
    logarithm, from its pseudo-values without one run of an arm, with Welch's degrees of freedom; the two cells are
    taken as independent.

    Args:
        correct: which run of the old method is right on which example, shape (R, N), booleans, runs axis first.
        new: the same for the new method, shape (R_2, N), on the same examples in the same order.
        example_ids: for each arm, which example each column is, as in :func:`negative_flips`; they must agree.
        level: confidence level, between 0 and 1.

    Returns:
        Interval without unit; ``n`` is [R, R_2]. If a single run makes all the flips, the limits are 0 and infinity.

    Raises:
        TypeError: values that are not true or false.
        ValueError: no negative flip at all, fewer than 3 runs, different examples, or a level outside (0, 1).

    Example:
        >>> old = [[True, True, False, True], [True, False, True, True], [True, True, True, False]]
        >>> new = [[True, False, True, True], [False, True, True, True], [True, True, False, True]]
        >>> f"{relative_negative_flips(old, new).estimate:.2f}"  # .194, of .750 x .250
        '1.04'

    Source:
        Yan, Xiong, Kundu, Yang, Deng, Wang, Xia & Soatto (2021), Positive-congruent training: towards regression-free
        model updates, CVPR, arXiv 2011.09161, from memory: that the denominator is theirs could not be confirmed.
    """
    old, replaced = _arms(correct, new, example_ids, ("correct", "new"))
    level = _checks.level_in_range(level)
    between = _flips(old, replaced)
    if not between.any():
        raise ValueError("no run of new has an example wrong that a run of correct has right: there is no ratio of it")
    right, wrong = old.mean(axis=1), 1 - replaced.mean(axis=1)
    shares = [between.mean(axis=1), between.mean(axis=0)]
    estimate = math.log(between.mean()) - math.log(right.mean()) - math.log(wrong.mean())
    errors = []
    for flips, chance, other in ((shares[0], right, wrong), (shares[1], wrong, right)):
        without = [(values.sum() - values) / (values.size - 1) for values in (flips, chance)]
        if min(one.min() for one in without) <= 0:
            return Interval(math.exp(estimate), 0.0, math.inf, level, [len(old), len(replaced)], "jackknife")
        logarithm = np.log(without[0]) - np.log(without[1]) - math.log(other.mean())
        errors += [sd(flips.size * estimate - (flips.size - 1) * logarithm), flips.size]
    se, df = welch(*errors)
    half = t_quantile((1 + level) / 2, df) * se if se else 0.0
    limits = math.exp(estimate - half), math.exp(estimate + half)
    return Interval(math.exp(estimate), *limits, level, [len(old), len(replaced)], "jackknife")


def excess_negative_flips(
    correct: Correct,
    new: Correct,
    *,
    paired: bool,
    example_ids: tuple[ExampleIds, ExampleIds] = (None, None),
    level: float = 0.95,
) -> Interval:
    r"""Estimate how many more negative flips a new method makes than the old one does with another seed.

        NFR(old, new) - NFR(old, old)

    the second over ordered pairs of different old runs; the first over all pairs of an
    old and a new run, or, if run i of both shares its seeds, over those with different seeds: a new method that changes
    nothing then has exactly 0. An interval from the jackknife, with a test of 0:

    - paired: from the pseudo-values without run i of both arms, R - 1 degrees of freedom;
    - unpaired: s_1^2 / R_1 + s_2^2 / R_2 from the pseudo-values without a run of one arm, Welch's degrees of freedom.

    Args:
        correct: which run of the old method is right on which example, shape (R, N), booleans, runs axis first.
        new: the same for the new method, shape (R_2, N), in the same order of seeds if paired.
        paired: whether run i of both arms shares its seeds.
        example_ids: for each arm, which example each column is, as in :func:`negative_flips`; they must agree.
        level: confidence level, between 0 and 1.

    Returns:
        Interval as a fraction of the examples; ``n`` is [R, R_2], ``p_value`` two-sided.

    Raises:
        TypeError: values that are not true or false.
        ValueError: fewer than 3 runs, different examples, paired arms of different length, a difference that is the
            same whichever run is left out, or a level outside (0, 1).

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> old, new = rng.random((8, 500)) < 0.9, rng.random((8, 500)) < 0.8
        >>> found = excess_negative_flips(old, new, paired=False)
        >>> f"{100 * found.estimate:.1f} % [{100 * found.low:.1f}, {100 * found.high:.1f}]"
        '9.9 % [8.1, 11.8]'

    Source:
        This library's own; Arvesen (1969), Jackknifing U-statistics, Annals of Mathematical Statistics 40, 2076-2100.
    """
    old, replaced = _arms(correct, new, example_ids, ("correct", "new"))
    level = _checks.level_in_range(level)
    runs, others = len(old), len(replaced)
    if paired and runs != others:
        raise ValueError(
            f"paired arms need one run per pair; got {others} and {runs} runs: "
            "pass the runs present in both arms, in the same order, or paired=False"
        )
    between, within = _flips(old, replaced), pair_mean(_sums(_flips(old, old)))
    if paired:
        return difference(pair_mean(_sums(between)), within, paired=True, level=level)
    estimate = float(between.mean()) - within.estimate
    rows, columns = between.mean(axis=1), between.mean(axis=0)
    without_old = (rows.sum() - rows) / (runs - 1) - within.without
    without_new = (columns.sum() - columns) / (others - 1) - within.estimate
    pseudo = [len(w) * estimate - (len(w) - 1) * w for w in (without_old, without_new)]
    se, df = welch(sd(pseudo[0]), runs, sd(pseudo[1]), others)
    if se <= 1e-12:
        if abs(estimate) > 1e-12:
            raise ValueError(
                f"the difference is {estimate:.6g} whichever run is left out and has no interval; pass more runs"
            )
        return Interval(0.0, 0.0, 0.0, level, [runs, others], "jackknife", 1.0)
    half = t_quantile((1 + level) / 2, df) * se
    p = t_two_sided_p(estimate / se, df)
    return Interval(estimate, estimate - half, estimate + half, level, [runs, others], "jackknife", p)


def _arms(
    correct: Correct, new: Correct, example_ids: tuple[ExampleIds, ExampleIds], names: tuple[str, str]
) -> list[NDArray[np.float64]]:
    old, replaced = correctness(correct, names[0]), correctness(new, names[1])
    ids = [same_examples(given, arm.shape) for given, arm in zip(example_ids, (old, replaced), strict=True)]
    same_test_set(old.shape, replaced.shape, ids[0], ids[1], names)
    return [old.astype(np.float64), replaced.astype(np.float64)]


def _flips(old: NDArray[np.float64], new: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of examples that run i of the old has right and run j of the new wrong, (R, R_2)."""
    flips: NDArray[np.float64] = old @ (1 - new).T / old.shape[1]
    return flips


def _sums(flips: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each run the sum over its partners of flips from and to them, which are those of one pair, halved."""
    apart = flips - np.diag(np.diag(flips))
    sums: NDArray[np.float64] = (apart.sum(axis=0) + apart.sum(axis=1)) / 2
    return sums
