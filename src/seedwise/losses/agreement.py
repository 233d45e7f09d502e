"""What makes one network agree with others."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def distillation(logits: Tensor, teacher: Tensor, temperature: float = 1.0) -> Tensor:
    r"""Return how far a network's probabilities lie from those of its teacher.

        T^2 mean_i KL(q_i || softmax(z_i / T)),    KL(q || p) = sum_c q_c log(q_c / p_c)

    The factor T^2 keeps the size of the gradient about the same whatever the temperature.

    Args:
        logits: (N, C), z.
        teacher: (N, C) probabilities q, which sum to 1; of several networks the mean of theirs, each at the same
            temperature.
        temperature: T > 0.

    Returns:
        A 0-dim tensor; 0 where they agree.

    Example:
        >>> import torch
        >>> logits = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
        >>> teacher = torch.tensor([[0.5, 0.5], [0.5, 0.5]])
        >>> round(float(distillation(logits, teacher)), 4), abs(float(distillation(logits, logits.softmax(1)))) < 1e-6
        (0.2769, True)

    Source: Hinton et al. 2015, Distilling the knowledge in a neural network (arXiv 1503.02531), section 2.

    """
    return temperature**2 * F.kl_div((logits / temperature).log_softmax(1), teacher, reduction="batchmean")


def symmetric_kl(logits: Tensor, other: Tensor) -> Tensor:
    r"""Return how far the probabilities of two networks lie apart.

        mean_i KL(p_i || r_i) + KL(r_i || p_i) = mean_i sum_c (p_ic - r_ic) (log p_ic - log r_ic)

    with p the softmax of ``logits`` and r that of ``other``; the gradient flows into both.

    Args:
        logits: (N, C).
        other: (N, C).

    Returns:
        A 0-dim tensor, 0 or more.

    Example:
        >>> import torch
        >>> logits = torch.tensor([[0.0, 0.0]])
        >>> round(float(symmetric_kl(logits, torch.tensor([[1.0, 0.0]]))), 4)
        0.2311

    Source: Bhojanapalli et al. 2021, On the reproducibility of neural network predictions (arXiv 2102.03349).

    """
    log_p, log_r = logits.log_softmax(1), other.log_softmax(1)
    return ((log_p.exp() - log_r.exp()) * (log_p - log_r)).sum(1).mean()
