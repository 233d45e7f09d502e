"""Metrics of rows of a table: of yes or no, of labels, and of values; torch is imported when one is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedwise.statistics import SHARE
from seedwise.training._metrics import metric

if TYPE_CHECKING:
    from torch import Tensor


@metric(unit=SHARE, chance=0.5)
def auc(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the area under the ROC curve: how often a yes has a larger logit than a no, half counted where equal.

        (sum of the ranks of yes - n (n + 1) / 2) / (n m)

    of n examples of yes and m of no, equal logits sharing their mean rank. Without both there is none, and it is NaN.

    Args:
        logits: (N, 2), of no and yes, whose difference ranks the examples.
        labels: (N,), 0 or 1.

    Returns:
        0-dim tensor between 0 and 1.

    Example:
        >>> import torch
        >>> auc(torch.tensor([[0.0, -1.0], [0.0, 2.0], [0.0, 1.0]]), torch.tensor([0, 1, 1]))
        tensor(1., dtype=torch.float64)

    Source: Hanley & McNeil 1982, The meaning and use of the area under a receiver operating characteristic curve.

    """
    _, place, counts = (logits[:, 1] - logits[:, 0]).unique(return_inverse=True, return_counts=True)
    rank = (counts.cumsum(0) - (counts - 1) / 2)[place].double()
    yes = labels == 1
    n = yes.sum().double()
    area: Tensor = ((rank * yes).sum() - n * (n + 1) / 2) / (n * (len(labels) - n))
    return area


@metric(unit=SHARE)
def f1(logits: Tensor, labels: Tensor) -> Tensor:
    """Return F1 of yes, 2 TP / (2 TP + FP + FN), of logits (N, 2); 0 where there is neither a yes nor an answer yes."""
    return _f1(logits[:, 1] > logits[:, 0], labels == 1)


@metric(unit=SHARE)
def exact_match(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the share of examples of which every label (N, labels) is right: the subset accuracy."""
    return ((logits > 0) == (labels > 0)).all(1).double().mean()


@metric(unit=SHARE, higher_is_better=False)
def hamming(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the share of labels that are wrong, of all labels of all examples."""
    return ((logits > 0) != (labels > 0)).double().mean()


@metric(higher_is_better=False)
def loss_of_labels(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean binary cross-entropy over examples and labels, in nats."""
    import torch.nn.functional as F

    return F.binary_cross_entropy_with_logits(logits, labels.to(logits.dtype))


@metric(unit=SHARE)
def macro_f1(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean over labels of F1; that of a label is 0 where nobody has it and nobody is said to."""
    return _f1(logits > 0, labels > 0).mean()


@metric(higher_is_better=False)
def mse(predictions: Tensor, truth: Tensor) -> Tensor:
    """Return the mean squared error (N, targets), in the square of the unit of the target."""
    return (predictions - truth).square().mean()


@metric(higher_is_better=False)
def mae(predictions: Tensor, truth: Tensor) -> Tensor:
    """Return the mean absolute error (N, targets), in the unit of the target."""
    return (predictions - truth).abs().mean()


@metric(higher_is_better=False)
def rmse(predictions: Tensor, truth: Tensor) -> Tensor:
    """Return the root of the mean squared error, the mean over targets, in the unit of the target."""
    return (predictions - truth).square().mean(0).sqrt().mean()


@metric(chance=0.0)
def r2(predictions: Tensor, truth: Tensor) -> Tensor:
    """Return the coefficient of determination R^2, the mean over targets: 1 - sum (y - f)^2 / sum (y - mean y)^2.

    Of a target that is the same in all examples it is 1 if all are right and else 0.

    Args:
        predictions: f, (N, targets).
        truth: y, (N, targets).

    Returns:
        0-dim tensor, at most 1; 0 for who always answers with the mean of the examples tested on.

    Example:
        >>> import torch
        >>> r2(torch.tensor([[1.0], [2.0], [4.0]]), torch.tensor([[1.0], [2.0], [3.0]]))
        tensor(0.5000)

    """
    import torch

    left = (predictions - truth).square().sum(0)
    total = (truth - truth.mean(0)).square().sum(0)
    varies = total > 0
    share = torch.where(varies, left / torch.where(varies, total, 1.0), (left > 0).to(left.dtype))
    return (1 - share).mean()


def _f1(said: Tensor, true: Tensor) -> Tensor:
    right = 2 * (said & true).sum(0).double()
    return right / (said.sum(0) + true.sum(0)).clamp(min=1)
