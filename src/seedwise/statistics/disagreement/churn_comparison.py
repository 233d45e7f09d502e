"""Two methods compared on churn."""

from collections.abc import Sequence

from numpy.typing import ArrayLike

from seedwise.statistics.core import _checks
from seedwise.statistics.core._predictions import ExampleIds
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.disagreement._pair_comparisons import Arm, difference, ratio, two_arms
from seedwise.statistics.disagreement.churn import disagreements, label_codes

Predictions = ArrayLike | Sequence[ArrayLike]


def churn_ratio(
    method: Predictions,
    base: Predictions,
    *,
    paired: bool,
    example_ids: tuple[ExampleIds, ExampleIds] = (None, None),
    level: float = 0.95,
    groups: tuple[ArrayLike, ArrayLike] | None = None,
) -> Interval:
    r"""Estimate churn(method) / churn(base) with a jackknife interval and a test of equal churn.

    With c_1, c_2 the churns (:func:`churn`), v = log(c_1 / c_2) and, for each arm, pseudo-values
    R log c - (R - 1) log c_without_i: v +- t se, where

    - paired: se = SD of the differences of the pseudo-values over sqrt(R), with R - 1 degrees of freedom: run i is left
      out of both arms at once;
    - unpaired: se^2 = s_1^2 / R_1 + s_2^2 / R_2 with Welch's degrees of freedom.

    Churn is a mean over many examples, and therefore far better known than the SD of a metric: from 10 runs on 400
    examples the standard error of its logarithm is .030 if examples vary independently and .056 if some runs are better
    as a whole (error variance .033 and .049), where that of the SD of accuracy is .256 and .250: 8.5 and 4.5 times as
    large, so that the SD takes some 70 and 20 times as many runs for the same precision. But it is another question:
    two methods may differ in churn and not in the SD of accuracy, or the other way round.

    Null studies with p < .05, for n = 5, 10, 20 and 50, paired and unpaired, both kinds of runs: 3.2 to 5.6 % for ratio
    and difference of churn, 2.1 to 5.1 % of error variance; least at n = 5. (``benchmarks/churn_comparisons.py``, 2000
    studies each, good to .5 points.)

    Args:
        method: class labels that the runs of the method predict, shape (R_1, N): runs axis first, then examples.
        base: the same for the base, shape (R_2, N), on the same examples; in the same order of seeds if paired.
        paired: whether run i of both arms shares its seeds.
        example_ids: for each arm, which example each column is, as in :func:`churn`; they must agree.
        level: confidence level, between 0 and 1.
        groups: which values of the fixed seeds each run of the two arms has, shapes (R_1,) and (R_2,): churn is then
            taken within the groups. The same for both if paired.

    Returns:
        Interval without unit (below 1: less churn than the base); ``n`` is [R_1, R_2], ``p_value`` two-sided. If a
        single run makes all the churn of an arm, the limits are 0 and infinity.

    Raises:
        TypeError: scores instead of class labels.
        ValueError: fewer than 3 runs, different examples, paired arms of different length, an arm without churn, or a
            level outside (0, 1).

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> base = rng.random((5, 1000)) < 0.10  # wrong answers to a question with two classes
        >>> method = rng.random((5, 1000)) < 0.06
        >>> q = churn_ratio(method, base, paired=False)
        >>> f"{q.estimate:.2f} [{q.low:.2f}, {q.high:.2f}], p = {q.p_value:.4f}"
        '0.60 [0.51, 0.70], p = 0.0001'

    Source:
        Milani Fard, Cormier, Canini & Gupta (2016), Launch and iterate: reducing prediction churn, NeurIPS 29; Arvesen
        (1969), Jackknifing U-statistics, Annals of Mathematical Statistics 40, 2076-2100; Welch (1947), Biometrika 34,
        28-35 (degrees of freedom).
    """
    arms = two_arms(_arm, (method, base), paired, example_ids, groups)
    return ratio(*arms, paired=paired, level=_checks.level_in_range(level), quantity="churn")


def churn_difference(
    method: Predictions,
    base: Predictions,
    *,
    paired: bool,
    example_ids: tuple[ExampleIds, ExampleIds] = (None, None),
    level: float = 0.95,
    groups: tuple[ArrayLike, ArrayLike] | None = None,
) -> Interval:
    """Estimate churn(method) - churn(base) with a jackknife interval and a test of equal churn.

    As :func:`churn_ratio` without logarithms: c_1 - c_2 +- t se, se from the pseudo-values R c - (R - 1) c_without_i.

    Args:
        method: class labels that the runs of the method predict, shape (R_1, N): runs axis first, then examples.
        base: the same for the base, shape (R_2, N), on the same examples; in the same order of seeds if paired.
        paired: whether run i of both arms shares its seeds.
        example_ids: see :func:`churn_ratio`.
        level: confidence level, between 0 and 1.
        groups: see :func:`churn_ratio`.

    Returns:
        Interval as a fraction of the examples (below 0: less churn than the base); ``n`` is [R_1, R_2], ``p_value``
        two-sided.

    Raises:
        TypeError: scores instead of class labels.
        ValueError: fewer than 3 runs, different examples, paired arms of different length, or a level outside (0, 1).

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> base = rng.random((5, 1000)) < 0.10  # wrong answers to a question with two classes
        >>> method = rng.random((5, 1000)) < 0.06
        >>> d = churn_difference(method, base, paired=False)
        >>> f"{100 * d.estimate:.1f} % [{100 * d.low:.1f}, {100 * d.high:.1f}]"
        '-7.5 % [-10.4, -4.6]'

    Source:
        As :func:`churn_ratio`.
    """
    arms = two_arms(_arm, (method, base), paired, example_ids, groups)
    return difference(*arms, paired=paired, level=_checks.level_in_range(level))


def _arm(predictions: Predictions, ids: ExampleIds, groups: ArrayLike | None) -> Arm:
    labels = label_codes(predictions)
    return Arm(labels.shape, *disagreements(labels, ids, groups))
