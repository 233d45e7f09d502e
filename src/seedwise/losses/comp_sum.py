"""Comp-sum losses: the family with cross-entropy, generalised cross-entropy and the mean absolute error."""

import torch
from torch import Tensor, nn

from seedwise.losses._classes import IGNORED, checked_classes, mean_loss
from seedwise.losses._parameters import real, takes
from seedwise.losses.objective_options import CompSumOptions


def comp_sum_loss(logits: Tensor, target: Tensor, *, tau: float, ignore_index: int = IGNORED) -> Tensor:
    """Mean over entries of a power of the true class's probability.

        (p^(tau-1) - 1) / (1 - tau),   -log p at tau = 1,   p = softmax(z)_c

    It is computed as -expm1((tau - 1) log p) / (tau - 1). Its gradient is p^(tau-1) times that of cross-entropy, entry
    by entry: above 1 entries with a small p count less, below 1 more. Bounded by 1 / (tau - 1) above 1; below 1 it
    grows like p^-(1-tau), and is infinite in float32 where (1 - tau) |log p| exceeds 88.

    Args:
        logits: z, (N, C), (N, C, ...) or (C,), floating point; computed in at least float32.
        target: class indices of that shape without the class axis, integer, or class probabilities of the shape of the
            logits, over which the expectation is taken (the paper has indices alone).
        tau: in [0, 2]; 0 sum-exponential, 1 cross-entropy, 2 mean absolute error 1 - p.
        ignore_index: entries with this index do not count.

    Returns:
        0-dim tensor, without unit.

    Raises:
        ValueError: if tau is out of range, the shapes do not match, or there are fewer than two classes.
        TypeError: if logits are not floating point, or targets are of the wrong kind.

    Example:
        >>> logits, target = torch.log(torch.tensor([[0.25, 0.75]])), torch.tensor([0])
        >>> comp_sum_loss(logits, target, tau=0.0), comp_sum_loss(logits, target, tau=2.0)  # 1 / p - 1 and 1 - p
        (tensor(3.), tensor(0.7500))

    Source: Mao, Mohri & Zhong 2023, Cross-entropy loss functions: theoretical analysis and applications (arXiv
    2304.07288). Generalised cross-entropy: Zhang & Sabuncu 2018 (arXiv 1805.07836).
    """
    power = real("tau", tau, ge=0, le=2) - 1
    logits, target = checked_classes("comp_sum_loss", logits, target)

    def loss(log_p: Tensor) -> Tensor:
        return -log_p if power == 0 else -torch.expm1(power * log_p) / power

    return mean_loss(loss, logits.log_softmax(1), target, ignore_index)


class CompSumLoss(nn.Module):
    """The family (p^(tau-1) - 1) / (1 - tau) of the true class's probability p, as a module; see `comp_sum_loss`.

    Args:
        options: of :class:`CompSumOptions`.
        ignore_index: entries with this index do not count.

    Example:
        >>> CompSumLoss(tau=2.0)(torch.zeros(4, 2), torch.tensor([0, 1, 0, 0]))
        tensor(0.5000)
    """

    @takes(CompSumOptions)
    def __init__(self, *, ignore_index: int = IGNORED, options: CompSumOptions) -> None:
        super().__init__()
        self.options, self.ignore_index = options, ignore_index

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the mean loss, 0-dim; see `comp_sum_loss`."""
        return comp_sum_loss(output, target, tau=self.options.tau, ignore_index=self.ignore_index)
