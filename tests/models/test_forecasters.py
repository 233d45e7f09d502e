"""Forecasting networks against loops and numpy."""

import numpy as np
import pytest
import torch

from seedwise.errors import SeedwiseError
from seedwise.models import FORECASTERS, dlinear, naive, seasonal_naive
from seedwise.models._moving_average import moving_average


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def averaged(x, kernel):
    """Return the centred mean of an array (L, C), one step after the other."""
    last = len(x) - 1
    side = kernel // 2
    return np.array(
        [np.mean([x[min(max(t + d, 0), last)] for d in range(-side, side + 1)], axis=0) for t in range(len(x))]
    )


@pytest.mark.parametrize(("length", "kernel"), [(30, 25), (7, 3), (10, 25), (5, 1)])
def test_the_moving_average(generator, length, kernel):
    x = torch.randn(2, length, 3, generator=generator, dtype=torch.float64)
    expected = np.stack([averaged(one.numpy(), kernel) for one in x])
    np.testing.assert_allclose(moving_average(x, kernel), expected, atol=1e-12)


def test_dlinear(generator):
    network = dlinear(3, 30, 4, 0).double()
    x = torch.randn(2, 30, 3, generator=generator, dtype=torch.float64)
    p = {name: value.detach().numpy() for name, value in network.named_parameters()}
    for one, forecast in zip(x.numpy(), network(x, torch.empty(2, 34, 0)).detach().numpy(), strict=True):
        trend = averaged(one, 25)
        expected = p["seasonal.weight"] @ (one - trend) + p["trend.weight"] @ trend
        expected += (p["seasonal.bias"] + p["trend.bias"])[:, None]
        np.testing.assert_allclose(forecast, expected, atol=1e-12)


def test_dlinear_has_the_published_number_of_parameters():
    # Zeng et al. 2023, table 8: 139.7 K for 96 steps to 720.
    assert sum(p.numel() for p in dlinear(321, 96, 720, 4).parameters()) == 2 * (96 * 720 + 720) == 139_680


def test_the_baselines_repeat():
    x = torch.arange(2 * 30 * 3.0).view(2, 30, 3)
    calendar = torch.empty(2, 80, 0)
    expected = [[x[b, 29].tolist()] * 50 for b in range(2)]
    assert naive(3, 30, 50, 0)(x, calendar).tolist() == expected
    expected = [[x[b, 30 - 24 + h % 24].tolist() for h in range(50)] for b in range(2)]
    assert seasonal_naive(3, 30, 50, 0)(x, calendar).tolist() == expected
    assert not list(seasonal_naive(3, 30, 50, 0).parameters())
    with pytest.raises(SeedwiseError, match="period 24 must be from 1 to the lookback of 12 steps"):
        seasonal_naive(3, 12, 5, 0)


@pytest.mark.parametrize("kernel", [0, 24])
def test_a_moving_average_needs_a_centre(kernel):
    with pytest.raises(SeedwiseError, match=f"kernel {kernel} of the moving average"):
        dlinear(1, 30, 4, 0, kernel=kernel)


@pytest.mark.parametrize("name", FORECASTERS)
@pytest.mark.parametrize("calendar", [0, 4])
def test_shapes(name, calendar, generator):
    network = FORECASTERS[name](3, 32, 16, calendar)
    values = torch.randn(2, 32, 3, generator=generator)
    forecast = network(values, torch.rand(2, 48, calendar, generator=generator) - 0.5)
    assert forecast.shape == (2, 16, 3)
    assert forecast.dtype == torch.float32
