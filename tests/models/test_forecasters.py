"""Forecasting networks against loops and numpy."""

import numpy as np
import pytest
import scipy.stats
import torch

from seedwise.errors import SeedwiseError
from seedwise.models import FORECASTERS, dlinear, itransformer, naive, seasonal_naive
from seedwise.models._dropout import Dropout
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
    # Zeng et al. 2023, table of practical efficiency: 139.7 K for 96 steps to 720 on Electricity.
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


def layer_norm(x, p, name):
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + 1e-5) * p[f"{name}.weight"] + p[f"{name}.bias"]


def linear(x, p, name):
    return x @ p[f"{name}.weight"].T + p[f"{name}.bias"]


def gelu(x):
    return x * scipy.stats.norm.cdf(x)


def softmax(x):
    e = np.exp(x)
    return e / e.sum()


def attended(x, p, name, heads):
    """Return self-attention over the tokens of an array (N, D), head by head and token by token."""
    query, key, value = np.split(linear(x, p, f"{name}.query_key_value"), 3, axis=1)
    width = x.shape[1] // heads
    mixed = np.zeros_like(x)
    for head in range(heads):
        of = slice(head * width, (head + 1) * width)
        for token in range(len(x)):
            weights = softmax(np.array([query[token, of] @ other[of] for other in key]) / np.sqrt(width))
            mixed[token, of] = sum(w * v[of] for w, v in zip(weights, value, strict=True))
    return linear(mixed, p, f"{name}.out")


def spread_out(network, generator):
    """Give every parameter a value of its own, so that no scale of 1 or shift of 0 hides where it is used."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype), alpha=0.3)
    return {name: parameter.detach().numpy() for name, parameter in network.named_parameters()}


def test_itransformer(generator):
    network = itransformer(3, 10, 6, 2, d_model=8, d_ff=12, heads=2).double().eval()
    p = spread_out(network, generator)
    x = 5 + 3 * torch.randn(2, 10, 3, generator=generator, dtype=torch.float64)
    calendar = torch.rand(2, 16, 2, generator=generator, dtype=torch.float64) - 0.5
    for one, when, forecast in zip(x.numpy(), calendar.numpy(), network(x, calendar).detach().numpy(), strict=True):
        mean, sd = one.mean(0), np.sqrt(one.var(0) + 1e-5)
        tokens = np.concatenate([((one - mean) / sd).T, when[:10].T])
        h = linear(tokens, p, "embedding")
        for k in range(2):
            h = layer_norm(h + attended(h, p, f"layers.{k}", 2), p, f"layers.{k}.norm1")
            wide = gelu(linear(h, p, f"layers.{k}.feed_forward.0"))
            h = layer_norm(h + linear(wide, p, f"layers.{k}.feed_forward.3"), p, f"layers.{k}.norm2")
        expected = linear(layer_norm(h, p, "norm"), p, "head")[:3].T * sd + mean
        np.testing.assert_allclose(forecast, expected, atol=1e-10)


def test_itransformer_forecasts_do_not_know_level_and_unit(generator):
    network = itransformer(3, 30, 6, 4, d_model=16).double().eval()
    x = 1000 * torch.randn(2, 30, 3, generator=generator, dtype=torch.float64)
    calendar = torch.rand(2, 36, 4, generator=generator, dtype=torch.float64)
    unit, level = torch.tensor([2.0, 30.0, 400.0]).double(), torch.tensor([-7.0, 0.0, 50.0]).double()
    torch.testing.assert_close(
        network(x * unit + level, calendar), network(x, calendar) * unit + level, rtol=1e-6, atol=0
    )


@pytest.mark.parametrize(("horizon", "d"), [(96, 256), (192, 256), (336, 512), (720, 512)])
def test_itransformer_has_the_published_sizes(horizon, d):
    layer = 4 * (d * d + d) + 2 * (d * d + d) + 2 * 2 * d  # attention, feed-forward, two norms
    expected = (96 * d + d) + 2 * layer + 2 * d + (d * horizon + horizon)
    assert sum(p.numel() for p in itransformer(7, 96, horizon, 4).parameters()) == expected


def test_heads_that_do_not_divide():
    with pytest.raises(SeedwiseError, match="itransformer: 3 heads do not divide d_model 256"):
        itransformer(7, 96, 96, 4, heads=3)


@pytest.mark.parametrize("share", [0.05, 0.1, 0.5])
def test_dropout(share):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        x = torch.linspace(1, 2, 1_000_001).requires_grad_()
        dropout = Dropout(share)
        out = dropout(x)
        again = dropout(x)
    kept = out != 0
    # Within four standard errors, in all and in each of the four places in 64 bits.
    for part in (kept, *(kept[k::4] for k in range(4))):
        assert abs(part.float().mean().item() - (1 - share)) < 4 * (share * (1 - share) / len(part)) ** 0.5 + 1e-5
    both = (kept[1:] & kept[:-1]).float().mean().item()
    assert both == pytest.approx((1 - share) ** 2, abs=0.003)  # neighbours are independent
    torch.testing.assert_close(out[kept], x[kept] / (1 - share), rtol=1e-4, atol=0)
    out.sum().backward()
    torch.testing.assert_close(x.grad, kept / (1 - share), rtol=1e-4, atol=0)
    assert not torch.equal(out, again)
    assert dropout.eval()(x) is x


def test_dropout_keeps_the_type_and_refuses_what_is_no_share():
    assert Dropout(0.5)(torch.ones(3, 5, dtype=torch.bfloat16)).dtype == torch.bfloat16
    for share in (-0.1, 1.0):
        with pytest.raises(SeedwiseError, match=r"dropout .* must be at least 0 and less than 1"):
            itransformer(7, 96, 96, 4, dropout=share)


def test_where_itransformer_drops(generator):
    network = itransformer(3, 30, 6, 4, d_model=16, dropout=0.5)
    x, calendar = torch.randn(2, 30, 3, generator=generator), torch.rand(2, 36, 4, generator=generator)
    assert not torch.equal(network(x, calendar), network(x, calendar))
    network.eval()
    assert torch.equal(network(x, calendar), network(x, calendar))


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
def test_a_width_of_0_is_not_the_default():
    """Without units in between, a feed-forward network has no weights and the bias of its output."""
    sizes = [sum(p.numel() for p in itransformer(7, 96, 96, 4, d_model=8, d_ff=f).parameters()) for f in (0, 1)]
    assert sizes[1] - sizes[0] == 2 * (2 * 8 + 1)
