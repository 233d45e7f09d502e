"""Cross-entropy of the Taylor softmax, in which a parabola takes the place of the exponential."""

import torch
from torch import Tensor, nn

from seedwise.losses._classes import IGNORED, checked_classes, mean_loss


def taylor_softmax_loss(logits: Tensor, target: Tensor, *, ignore_index: int = IGNORED) -> Tensor:
    """Mean over entries of the negative logarithm of the true class's share of parabolas.

        -log(t_c / sum_j t_j),   t = 1 + z + z^2 / 2

    The second-order series of exp(z) is at least 1/2, so that every class has a probability above 0. It depends on the
    shift of the logits, and grows again for z below -1: a class is least probable at z = -1, not at minus infinity.

    Args:
        logits: z, (N, C), (N, C, ...) or (C,), floating point; computed in at least float32, in which a logit beyond
            1e19 in size is infinite when it is squared.
        target: class indices of that shape without the class axis, or class probabilities of the shape of the logits.
        ignore_index: entries with this index do not count.

    Returns:
        0-dim tensor, in nats.

    Raises:
        ValueError: if the shapes do not match, or there are fewer than two classes.
        TypeError: if logits are not floating point, or targets are of the wrong kind.

    Example:
        >>> logits, target = torch.tensor([[0.0, -1.0]]), torch.tensor([1])
        >>> taylor_softmax_loss(logits, target).exp()  # (1 + 1/2) / (1/2)
        tensor(3.)

    Source: de Brebisson & Vincent 2016, An exploration of softmax alternatives belonging to the spherical loss family
    (arXiv 1511.05042).
    """
    logits, target = checked_classes("taylor_softmax_loss", logits, target)
    # ((1 + z)^2 + 1) / 2, which does not cancel near z = -1; the half cancels in the share.
    parabola = (1 + logits).square() + 1
    scores = parabola.log() - parabola.sum(1, keepdim=True).log()
    return mean_loss(torch.neg, scores, target, ignore_index)


class TaylorSoftmaxLoss(nn.Module):
    """Cross-entropy of the Taylor softmax, as a module; see `taylor_softmax_loss`.

    Args:
        ignore_index: entries with this index do not count.

    Example:
        >>> TaylorSoftmaxLoss()(torch.zeros(4, 2), torch.tensor([0, 1, 0, 0]))  # log 2
        tensor(0.6931)
    """

    def __init__(self, *, ignore_index: int = IGNORED) -> None:
        super().__init__()
        self.ignore_index = ignore_index

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the mean loss, 0-dim; see `taylor_softmax_loss`."""
        return taylor_softmax_loss(output, target, ignore_index=self.ignore_index)
