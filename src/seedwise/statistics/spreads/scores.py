"""How much the class scores of runs differ, in three numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from numpy.typing import ArrayLike

from seedwise.statistics.core._predictions import ExampleIds
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.disagreement.logits import cross_entropy, ensemble_delta, logit_correlation
from seedwise.statistics.spreads.spread import spread


@dataclass(frozen=True)
class ScoreSpread:
    """How much the class scores of the runs of a cell differ.

    Attributes:
        cross_entropy: SD over runs of the mean cross-entropy, in nats.
        correlation: mean rank correlation between the logits of two runs, from -1 to 1.
        ensemble_delta: accuracy that the mean logits of two runs gain over one run, as a fraction.
    """

    cross_entropy: Interval
    correlation: Interval
    ensemble_delta: Interval


def score_spread(
    logits: ArrayLike | Sequence[ArrayLike],
    labels: ArrayLike,
    *,
    example_ids: ExampleIds = None,
    level: float = 0.95,
) -> ScoreSpread:
    r"""Describe how much the class scores of runs differ: :func:`spread` of :func:`cross_entropy`, and two more.

    The other two are :func:`logit_correlation` (Spearman, raw logits) and :func:`ensemble_delta`. With the SD of
    accuracy and :func:`churn` they are the columns of the table of Summers & Dinneen.

    Args:
        logits: scores before the softmax, shape (R, N, C): runs axis first, then examples, then classes. Any precision.
        labels: true class of each example, shape (N,), integers from 0 to C - 1.
        example_ids: which example each column is: None, ids of shape (N,), or one row of ids per run.
        level: confidence level, between 0 and 1.

    Returns:
        ScoreSpread; ``n`` of each interval is the number of runs.

    Raises:
        TypeError: logits that are not numbers, or labels that are not integers.
        ValueError: fewer than 3 runs, an array that is not 3-D, logits that are not finite, a run whose logits are all
            equal, labels that do not fit, different examples, or a level outside (0, 1).

    Example:
        >>> runs = [[[2.0, 0.1], [0.3, 1.0]], [[1.8, 0.2], [0.4, 1.5]], [[2.5, 0.5], [1.0, 0.4]]]
        >>> found = score_spread(runs, [0, 1])
        >>> f"{found.cross_entropy.estimate:.3f} {found.correlation.estimate:.3f} {found.ensemble_delta.estimate:.3f}"
        '0.191 0.600 0.167'

    Source:
        Summers & Dinneen (2021), Nondeterminism and instability in neural network optimization, ICML.
    """
    return ScoreSpread(
        cross_entropy=spread(cross_entropy(logits, labels).mean(axis=1), level=level),
        correlation=logit_correlation(logits, example_ids=example_ids, level=level),
        ensemble_delta=ensemble_delta(logits, labels, example_ids=example_ids, level=level),
    )
