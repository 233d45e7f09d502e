"""Two linear layers that forecast better than many transformers."""

from __future__ import annotations

from torch import Tensor, nn

from seedwise.losses._parameters import takes
from seedwise.models._moving_average import check_kernel, moving_average
from seedwise.models._options import DLinearOptions


class _DLinear(nn.Module):
    def __init__(self, lookback: int, horizon: int, kernel: int) -> None:
        super().__init__()
        self.kernel = kernel
        self.seasonal = nn.Linear(lookback, horizon)
        self.trend = nn.Linear(lookback, horizon)

    def forward(self, values: Tensor, calendar: Tensor) -> Tensor:  # noqa: ARG002
        trend = moving_average(values, self.kernel)
        forecast: Tensor = self.seasonal((values - trend).transpose(1, 2)) + self.trend(trend.transpose(1, 2))
        return forecast.transpose(1, 2)


@takes(DLinearOptions)
def dlinear(variables: int, lookback: int, horizon: int, calendar: int, *, options: DLinearOptions) -> nn.Module:  # noqa: ARG001
    """DLinear: a linear layer on the moving average and one on what remains; 18 624 parameters for 96 steps to 96.

        forecast = W_s (x - MA(x)) + b_s + W_t MA(x) + b_t,   the same for every variable

    Layers start as torch's do, as in the authors' program; its first versions started all weights at 1 / ``lookback``.

    Args:
        variables: number of variables; any number shares the two layers.
        lookback: steps of input.
        horizon: steps to forecast.
        calendar: not used.
        options: ``kernel``, see :class:`DLinearOptions`.

    Returns:
        A module from values (B, lookback, variables) and a calendar, which it leaves aside, to (B, horizon, variables).

    Raises:
        SeedwiseError: if ``kernel`` is even.

    Example:
        >>> sum(p.numel() for p in dlinear(7, 96, 96, 4).parameters())
        18624

    Source: Zeng et al. 2023 (arXiv 2205.13504), section 4.

    """
    check_kernel(options.kernel)
    return _DLinear(lookback, horizon, options.kernel)
