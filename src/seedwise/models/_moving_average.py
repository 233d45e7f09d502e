"""The trend of a series: what autoformer and dlinear take apart first."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from seedwise.errors import SeedwiseError


def moving_average(x: Tensor, kernel: int) -> Tensor:
    """Return the centred mean over ``kernel`` steps, the first and the last value repeated beyond the ends.

    Args:
        x: (B, L, C).
        kernel: number of steps, odd.

    Returns:
        (B, L, C).

    Example:
        >>> moving_average(torch.tensor([0.0, 3.0, 6.0, 0.0]).view(1, 4, 1), 3).flatten().tolist()
        [1.0, 3.0, 3.0, 2.0]

    """
    side = (kernel - 1) // 2
    first, last = x[:, :1].expand(-1, side, -1), x[:, -1:].expand(-1, side, -1)
    padded = torch.cat([first, x, last], 1)
    return F.avg_pool1d(padded.transpose(1, 2), kernel, 1).transpose(1, 2)


def check_kernel(kernel: int) -> None:
    """Raise SeedwiseError unless a moving average over ``kernel`` steps has a centre."""
    if kernel < 1 or kernel % 2 == 0:
        raise SeedwiseError(f"kernel {kernel} of the moving average: give an odd number of steps, such as 25")
