"""AnyLoss: one minus a metric of the confusion matrix, made differentiable."""

import torch
from torch import Tensor, nn

from seedwise.losses._binary import is_binary, targets_of_classes, yes_logits
from seedwise.losses._classes import at_least_float32
from seedwise.losses._parameters import takes
from seedwise.losses.objective_options import AnyLossOptions

_SEVERAL = "pass one_against_rest=True for several classes (this library's own extension), or another loss"


def soft_confusion(probability: Tensor, target: Tensor, amplification: float = 73.0) -> tuple[Tensor, ...]:
    """Count a confusion matrix of amplified probabilities.

        A(p) = 1 / (1 + exp(-L (p - 1/2)))
        TP = sum_i y_i A_i,  FN = sum_i y_i (1 - A_i),  FP = sum_i (1 - y_i) A_i,  TN = sum_i (1 - y_i) (1 - A_i)

    Args:
        probability: p of yes, (N,) or (N, C), in [0, 1], floating point.
        target: y, the same shape, 0 or 1.
        amplification: L > 0.

    Returns:
        TP, FN, FP and TN, 0-dim or (C,), in examples; none of them is exactly 0 unless no example is in its row.

    Example:
        >>> counts = soft_confusion(torch.tensor([1.0, 1.0, 0.0]), torch.tensor([1.0, 0.0, 0.0]))
        >>> [round(float(count), 4) for count in counts]
        [1.0, 0.0, 1.0, 1.0]

    Source: Han, Moniz & Chawla 2024 (arXiv 2405.14745).
    """
    steep = amplification * (probability - 0.5)
    yes, no = steep.sigmoid(), (-steep).sigmoid()  # not 1 - yes, whose last digits are lost near 1
    return (target * yes).sum(0), (target * no).sum(0), ((1 - target) * yes).sum(0), ((1 - target) * no).sum(0)


class AnyLoss(nn.Module):
    r"""One minus a metric of the soft confusion matrix (`soft_confusion`) of a batch, as a module.

        accuracy            (TP + TN) / N
        f_beta              (1 + b^2) TP / ((1 + b^2) TP + b^2 FN + FP)
        geometric_mean      sqrt(TP / (TP + FN) TN / (TN + FP))
        balanced_accuracy   (TP / (TP + FN) + TN / (TN + FP)) / 2

    of p = sigmoid(logit); two logits are those of no and yes, and p is their softmax. The metric is one of the whole
    batch, so that the loss of a batch is not the mean over its examples, and its gradient through a probability far
    from 1/2 is next to nothing (A' = L A (1 - A), below 1e-13 at p = 0 and 1).

    A batch without an example of yes or of no leaves a rate undefined: then the rate of the other alone counts in the
    last two (how the paper does that could not be confirmed). f_beta without an example of yes is 0, with no gradient.

    With `one_against_rest` and more than two classes it is the mean over classes in the batch of the loss of each
    against the rest, p = sigmoid(its logit): this library's own, the paper is binary. (A softmax over many classes
    starts far below 1/2, where the gradient is next to nothing.)

    Args:
        options: of :class:`AnyLossOptions`.

    Raises:
        ValueError: if an option is out of range; on a call if there are several classes, shapes do not match, or
            targets are class probabilities.

    Example:
        >>> loss = AnyLoss(metric="accuracy")
        >>> loss(torch.tensor([4.0, -4.0, 4.0, 0.0]), torch.tensor([1, 0, 0, 1]))  # right, right, wrong, half
        tensor(0.3750)

    Source: Han, Moniz & Chawla 2024, AnyLoss: transforming classification metrics into loss functions (arXiv
    2405.14745).
    """

    @takes(AnyLossOptions)
    def __init__(self, *, options: AnyLossOptions) -> None:
        super().__init__()
        self.options = options

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the loss, 0-dim, in [0, 1]."""
        if self.options.one_against_rest and not is_binary(output):
            member = targets_of_classes("AnyLoss", output, target)
            output = at_least_float32(output)
            losses = 1 - self._metric(output.sigmoid(), member.to(output.dtype))
            there = member.any(0)
            return torch.where(there, losses, 0.0).sum() / there.sum()
        logit, yes = yes_logits("AnyLoss", output, target, _SEVERAL)
        return 1 - self._metric(logit.sigmoid(), yes)

    def _metric(self, probability: Tensor, target: Tensor) -> Tensor:
        tp, fn, fp, tn = soft_confusion(probability, target, self.options.amplification)
        if self.options.metric == "accuracy":
            return (tp + tn) / len(target)
        if self.options.metric == "f_beta":
            square = self.options.beta**2
            return (1 + square) * tp / ((1 + square) * tp + square * fn + fp)
        positive = target.sum(0)
        negative = len(target) - positive
        rates = torch.stack([_rate(tp, positive), _rate(tn, negative)])
        there = torch.stack([positive, negative]) > 0
        if self.options.metric == "balanced_accuracy":
            return torch.where(there, rates, 0.0).sum(0) / there.sum(0)
        # Half the logarithm of each of two, all of it of one.
        return (torch.where(there, rates, 1.0).log().sum(0) / there.sum(0)).exp()


def _rate(count: Tensor, of: Tensor) -> Tensor:
    return torch.where(of > 0, count, 1.0) / of.clamp(min=1)
