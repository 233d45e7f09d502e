"""What the scores of the classes say about runs: cross-entropy, correlation, and what averaging two runs gains."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.core import _checks
from seedwise.statistics.core import _predictions as predictions
from seedwise.statistics.core._pairs import jackknife_over_pairs
from seedwise.statistics.core.interval import Interval

CorrelationKind = Literal["spearman", "pearson"]


def cross_entropy(logits: ArrayLike | Sequence[ArrayLike], labels: ArrayLike) -> NDArray[np.float64]:
    r"""Compute the cross-entropy of every run on every example, in nats.

        log sum_c exp(z_c) - z_y

    Its mean over the examples is the metric; ``spread(cross_entropy(...).mean(axis=1))`` is its SD over runs with its
    interval, and :func:`spread_sources` and :func:`crossed_mean` take the whole table.

    Args:
        logits: scores before the softmax, shape (R, N, C): runs axis first, then examples, then classes.
        labels: true class of each example, shape (N,), integers from 0 to C - 1.

    Returns:
        Array of shape (R, N), in nats.

    Raises:
        TypeError: logits that are not numbers, or labels that are not integers.
        ValueError: fewer than 3 runs, an array that is not 3-D, logits that are not finite, or labels that do not fit.

    Example:
        >>> losses = cross_entropy([[[2.0, 0.0]], [[0.0, 0.0]], [[0.0, 2.0]]], [0])
        >>> [f"{loss:.3f}" for loss in losses[:, 0]]
        ['0.127', '0.693', '2.127']

    Source:
        Summers & Dinneen (2021), Nondeterminism and instability in neural network optimization, ICML.
    """
    z = predictions.logits(logits)
    y = predictions.class_labels(labels, *z.shape[1:])
    losses = np.empty(z.shape[:2])
    for block in predictions.blocks(z.shape):
        losses[:, block] = cross_entropies(z[:, block], y[block])
    return losses


def cross_entropies(logits: NDArray[np.floating], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Compute log sum_c exp(z_c) - z_y; shapes (runs, examples, classes) and (examples,)."""
    z = logits.astype(np.float64)
    top = z.max(axis=2)
    of_label = np.take_along_axis(z, labels[None, :, None], axis=2)[..., 0]
    losses: NDArray[np.float64] = top - of_label + np.log(np.exp(z - top[..., None]).sum(axis=2))
    return losses


def logit_correlation(
    logits: ArrayLike | Sequence[ArrayLike],
    *,
    kind: CorrelationKind = "spearman",
    centre: bool = False,
    example_ids: predictions.ExampleIds = None,
    level: float = 0.95,
) -> Interval:
    r"""Estimate the mean correlation between the logits of two runs, with a jackknife interval.

    Each run's logits are flattened to one vector of N C numbers, two runs are correlated (``"spearman"``: by their
    ranks, ties sharing their mean rank), and the correlations are averaged over all pairs of runs; the interval leaves
    out one run at a time, as in :func:`churn`, and is clipped to [-1, 1].

    The default (raw logits, Spearman) is what Summers & Dinneen's programs compute, so that their tables can be
    compared. A softmax does not see a constant that is added to all logits of an example, but this number does: with
    ``centre=True`` each example's mean over the classes is subtracted first, so that only what the softmax sees is
    compared. Either way much of the correlation comes from the easy part (which class is meant), so it is close to 1
    even for runs that differ in what matters; read it together with churn.

    Args:
        logits: scores before the softmax, shape (R, N, C): runs axis first, then examples, then classes. Any precision.
        kind: ``"spearman"`` or ``"pearson"``.
        centre: subtract each example's mean over the classes.
        example_ids: which example each column is: None, ids of shape (N,), or one row of ids per run.
        level: confidence level, between 0 and 1.

    Returns:
        Interval from -1 to 1; ``n`` is the number of runs.

    Raises:
        TypeError: logits that are not numbers.
        ValueError: fewer than 3 runs, an array that is not 3-D, logits that are not finite, a run whose logits are all
            equal, different examples, an unknown kind, or a level outside (0, 1).

    Example:
        >>> runs = [[[2.0, 0.1], [0.3, 1.0]], [[1.8, 0.2], [0.4, 1.5]], [[2.5, 0.5], [1.0, 0.4]]]
        >>> f"{logit_correlation(runs).estimate:.3f}"
        '0.600'

    Source:
        Summers & Dinneen (2021), Nondeterminism and instability in neural network optimization, ICML;
        Arvesen (1969), Jackknifing U-statistics, Annals of Mathematical Statistics 40, 2076-2100.
    """
    z = predictions.logits(logits)
    predictions.same_examples(example_ids, z.shape)
    level = _checks.level_in_range(level)
    if kind not in ("spearman", "pearson"):
        raise ValueError(f"kind is {kind!r}; pass 'spearman' or 'pearson'")
    # The mean over the other runs of a run's correlations needs only the sum of all unit vectors, not a table of pairs.
    together = np.zeros(z.shape[1] * z.shape[2])
    for run in range(len(z)):
        together += _unit_vector(z[run], kind, centre, run)
    sums = np.array([_unit_vector(z[run], kind, centre, run) @ together - 1 for run in range(len(z))])
    return jackknife_over_pairs(sums, level, -1.0, 1.0)


def ensemble_delta(
    logits: ArrayLike | Sequence[ArrayLike],
    labels: ArrayLike,
    *,
    example_ids: predictions.ExampleIds = None,
    level: float = 0.95,
) -> Interval:
    r"""Estimate how much accuracy the mean logits of two runs gain over one run, with a jackknife interval.

    For runs a and b: accuracy((z_a + z_b) / 2) - (accuracy(z_a) + accuracy(z_b)) / 2, averaged over all pairs; the
    interval leaves out one run at a time, as in :func:`churn`. The class is the first with the largest logit. The
    larger the gain, the more the runs differ.

    Args:
        logits: scores before the softmax, shape (R, N, C): runs axis first, then examples, then classes. Any precision;
            sums are taken in single precision at least.
        labels: true class of each example, shape (N,), integers from 0 to C - 1.
        example_ids: which example each column is: None, ids of shape (N,), or one row of ids per run.
        level: confidence level, between 0 and 1.

    Returns:
        Interval as a fraction of the examples (.018 is 1.8 percentage points); ``n`` is the number of runs.

    Raises:
        TypeError: logits that are not numbers, or labels that are not integers.
        ValueError: fewer than 3 runs, an array that is not 3-D, logits that are not finite, labels that do not fit,
            different examples, or a level outside (0, 1).

    Example:
        >>> runs = [[[2.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [0.0, 3.0]], [[1.5, 0.0], [1.0, 0.0]]]
        >>> delta = ensemble_delta(runs, [0, 1])
        >>> f"{delta.estimate:.3f} [{delta.low:.3f}, {delta.high:.3f}]"
        '0.167 [-1.000, 1.000]'

    Source:
        Summers & Dinneen (2021), Nondeterminism and instability in neural network optimization, ICML.
    """
    z = predictions.logits(logits)
    predictions.same_examples(example_ids, z.shape)
    y = predictions.class_labels(labels, *z.shape[1:])
    level = _checks.level_in_range(level)
    runs, examples = z.shape[:2]
    working = np.float64 if z.dtype.itemsize > 4 else np.float32
    right = np.zeros((runs, runs))  # [a, b]: examples that the mean of a and b has right; [a, a]: that a has right
    for block in predictions.blocks(z.shape):
        part, of_part = z[:, block].astype(working), y[block]
        for a in range(runs):
            for b in range(a, runs):
                right[a, b] += np.count_nonzero((part[a] + part[b]).argmax(axis=1) == of_part)
    one = np.diag(right)
    pairs = np.triu(right, 1) + np.triu(right, 1).T
    sums = pairs.sum(axis=1) - ((runs - 2) * one + one.sum()) / 2
    return jackknife_over_pairs(sums / examples, level, -1.0, 1.0)


def _unit_vector(z: NDArray[np.floating], kind: CorrelationKind, centre: bool, run: int) -> NDArray[np.float64]:
    values = z.astype(np.float64)
    if centre:
        values = values - values.mean(axis=1, keepdims=True)
    values = values.ravel()
    if kind == "spearman":
        values = _ranks(values)
    deviations = values - values.mean()
    length = float(np.sqrt(deviations @ deviations))
    if length <= 1e-12 * float(np.abs(values).max()) * np.sqrt(values.size):
        raise ValueError(f"the logits of run {run} are all equal and correlate with nothing; leave that run out")
    unit: NDArray[np.float64] = deviations / length
    return unit


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rank from 1; equal values share the mean of their ranks."""
    order = np.argsort(values)
    sorted_values = values[order]
    starts = np.flatnonzero(np.concatenate([[True], sorted_values[1:] != sorted_values[:-1]]))
    ends = np.append(starts[1:], values.size)
    ranks = np.empty(values.size)
    ranks[order] = np.repeat((starts + ends + 1) / 2, ends - starts)
    return ranks
