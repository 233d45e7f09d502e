"""Cross-entropy with a penalty on the softmax's denominator, which keeps logits from drifting."""

import torch
from torch import Tensor, nn

from seedwise.losses._classes import IGNORED, checked_classes, mean_loss
from seedwise.losses._parameters import real, takes
from seedwise.losses.objective_options import LogPartitionOptions


def log_partition_loss(
    logits: Tensor, target: Tensor, *, coefficient: float = 1e-4, ignore_index: int = IGNORED
) -> Tensor:
    """Mean over entries of cross-entropy plus the squared logarithm of the softmax's denominator.

        -log softmax(z)_c + coefficient (log Z)^2,   Z = sum_j exp(z_j)

    Cross-entropy does not change when all logits of an example are shifted; the square makes log Z = 0 the best shift.
    Elsewhere called z-loss; here that is `z_loss`, which is older.

    Args:
        logits: z, (N, C), (N, C, ...) or (C,), floating point; computed in at least float32.
        target: class indices of that shape without the class axis, or class probabilities of the shape of the logits.
        coefficient: >= 0; with 0 it is cross-entropy.
        ignore_index: entries with this index count in neither term.

    Returns:
        0-dim tensor, in nats (the square in nats squared).

    Raises:
        ValueError: if the coefficient is negative, the shapes do not match, or there are fewer than two classes.
        TypeError: if logits are not floating point, or targets are of the wrong kind.

    Example:
        >>> logits, target = torch.zeros(4, 2), torch.tensor([0, 1, 0, 0])
        >>> log_partition_loss(logits, target, coefficient=1.0)  # log 2 + (log 2)^2
        tensor(1.1736)

    Source: Chowdhery et al. 2022, PaLM (arXiv 2204.02311), section 5; the coefficient 1e-4 is theirs.
    """
    weight = real("coefficient", coefficient, ge=0)
    logits, target = checked_classes("log_partition_loss", logits, target)
    square = weight * logits.logsumexp(1).square()
    return mean_loss(torch.neg, logits.log_softmax(1), target, ignore_index, square)


class LogPartitionLoss(nn.Module):
    """Cross-entropy plus a multiple of (log Z)^2, as a module; see `log_partition_loss`.

    Args:
        options: of :class:`LogPartitionOptions`.
        ignore_index: entries with this index do not count.

    Example:
        >>> LogPartitionLoss(coefficient=0.0)(torch.zeros(4, 2), torch.tensor([0, 1, 0, 0]))
        tensor(0.6931)
    """

    @takes(LogPartitionOptions)
    def __init__(self, *, ignore_index: int = IGNORED, options: LogPartitionOptions) -> None:
        super().__init__()
        self.options, self.ignore_index = options, ignore_index

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the mean loss, 0-dim; see `log_partition_loss`."""
        return log_partition_loss(output, target, coefficient=self.options.coefficient, ignore_index=self.ignore_index)
