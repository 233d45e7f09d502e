"""Autoformer and its parts against loops in numpy."""

import math

import numpy as np
import pytest
import scipy.stats
import torch

from seedwise.errors import SeedwiseError
from seedwise.models import autoformer
from seedwise.models._autoformer import aggregate, delay_correlation, delay_weights


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def randn(generator):
    return lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)


def to_length(x, length):
    return np.concatenate([x[:length], np.zeros((max(length - len(x), 0), x.shape[1]))])


def correlation_of(query, key):
    """Return the mean over channels of the circular correlation of arrays (L, D) and (S, D), delay by delay."""
    length = len(query)
    key = to_length(key, length)
    return np.array(
        [np.mean([sum(query[(t + tau) % length, d] * key[t, d] for t in range(length)) for d in range(query.shape[1])])
         for tau in range(length)]
    )  # fmt: skip


def aggregated(value, delays, weights, length):
    value = to_length(value, length)
    return sum(w * np.roll(value, -int(delay), axis=0) for delay, w in zip(delays, weights, strict=True))


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


@pytest.mark.parametrize("length", [12, 13])
@pytest.mark.parametrize("other", [7, 12, 13, 20])
def test_the_correlation_is_the_direct_sum(randn, length, other):
    query, key = randn(2, length, 3), randn(2, other, 3)
    expected = [correlation_of(q, k) for q, k in zip(query.numpy(), key.numpy(), strict=True)]
    np.testing.assert_allclose(delay_correlation(query, key), expected, atol=1e-12)


def test_a_delay_is_found(randn):
    key = randn(1, 48, 4)
    assert delay_correlation(key.roll(5, 1), key).argmax().item() == 5


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("other", [7, 12, 20])
def test_aggregation_over_the_best_delays(randn, shared, other):
    correlation, value = randn(3, 12), randn(3, other, 4)
    out = aggregate(value, delay_weights(correlation, 4, shared=shared))
    for b, row in enumerate(correlation.numpy()):
        ranked = correlation.numpy().mean(0) if shared else row
        delays = np.argsort(-ranked)[:4]
        expected = aggregated(value[b].numpy(), delays, softmax(row[delays]), 12)
        np.testing.assert_allclose(out[b], expected, atol=1e-12)


def test_gradients_of_the_aggregation(randn):
    value, query, key = (randn(2, 6, 2).requires_grad_() for _ in range(3))

    def through(value, query, key):
        return aggregate(value, delay_weights(delay_correlation(query, key), 3, shared=True))

    assert torch.autograd.gradcheck(through, (value, query, key))


def moving_average(x, kernel):
    last, side = len(x) - 1, kernel // 2
    return np.array(
        [np.mean([x[min(max(t + d, 0), last)] for d in range(-side, side + 1)], axis=0) for t in range(len(x))]
    )


def convolved(x, weight):
    """Return the circular convolution of an array (L, C) over three steps by a weight (D, 3 C), earliest step first."""
    return np.array([weight @ np.concatenate([x[t - 1], x[t], x[(t + 1) % len(x)]]) for t in range(len(x))])


def layer_norm(x, p, name):
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    normed = (x - mean) / np.sqrt(variance + 1e-5) * p[f"{name}.weight"] + p[f"{name}.bias"]
    return normed - normed.mean(0)


def linear(x, p, name):
    return x @ p[f"{name}.weight"].T + p.get(f"{name}.bias", 0)


class Reference:
    """The paper's algorithm 1 for one example, one step after the other."""

    def __init__(self, p, kernel, factor, label, horizon):
        self.p, self.kernel, self.factor, self.label, self.horizon = p, kernel, factor, label, horizon

    def decompose(self, x):
        trend = moving_average(x, self.kernel)
        return x - trend, trend

    def attend(self, x, memory, name):
        query, key, value = (
            linear(x, self.p, f"{name}.query"),
            linear(memory, self.p, f"{name}.key"),
            linear(memory, self.p, f"{name}.value"),
        )
        correlation = correlation_of(query, key)
        delays = np.argsort(-correlation)[: int(self.factor * math.log(len(x)))]
        return linear(aggregated(value, delays, softmax(correlation[delays]), len(x)), self.p, f"{name}.out")

    def feed_forward(self, x, name):
        wide = linear(x, self.p, f"{name}.feed_forward.0")
        return linear(wide * scipy.stats.norm.cdf(wide), self.p, f"{name}.feed_forward.3")

    def embed(self, x, calendar, name):
        return convolved(x, self.p[f"{name}.value.weight"]) + linear(calendar, self.p, f"{name}.calendar")

    def __call__(self, x, calendar):
        lookback = len(x)
        season, trend = self.decompose(x)
        h = self.embed(x, calendar[:lookback], "encoder_embedding")
        for k in range(2):
            h, _ = self.decompose(h + self.attend(h, h, f"encoder.{k}.attentions.0"))
            h, _ = self.decompose(h + self.feed_forward(h, f"encoder.{k}"))
        memory = layer_norm(h, self.p, "encoder_norm")
        trend = np.concatenate([trend[lookback - self.label :], np.tile(x.mean(0), (self.horizon, 1))])
        season = np.concatenate([season[lookback - self.label :], np.zeros((self.horizon, x.shape[1]))])
        h = self.embed(season, calendar[lookback - self.label :], "decoder_embedding")
        h, trend1 = self.decompose(h + self.attend(h, h, "decoder.0.attentions.0"))
        h, trend2 = self.decompose(h + self.attend(h, memory, "decoder.0.attentions.1"))
        h, trend3 = self.decompose(h + self.feed_forward(h, "decoder.0"))
        trend = trend + convolved(trend1 + trend2 + trend3, self.p["trends.0.weight"])
        return (trend + linear(layer_norm(h, self.p, "decoder_norm"), self.p, "head"))[self.label :]


@pytest.mark.parametrize(("lookback", "horizon", "label"), [(12, 6, 6), (12, 9, 3), (12, 3, 4), (12, 4, 0)])
def test_autoformer(generator, randn, lookback, horizon, label):
    options = {"d_model": 6, "d_ff": 10, "kernel": 5, "factor": 2}
    given = {} if label == 6 else {"label": label}  # half of the input unless it is given
    network = autoformer(3, lookback, horizon, 2, **options, **given).double().eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64), alpha=0.3)
    reference = Reference(
        {name: value.detach().numpy() for name, value in network.named_parameters()}, 5, 2, label, horizon
    )
    x, calendar = 1 + randn(2, lookback, 3), randn(2, lookback + horizon, 2)
    for one, when, forecast in zip(x.numpy(), calendar.numpy(), network(x, calendar).detach().numpy(), strict=True):
        np.testing.assert_allclose(forecast, reference(one, when), atol=1e-9)


def test_delays_are_shared_in_training_only(randn):
    network = autoformer(3, 24, 12, 0, d_model=8, dropout=0.0).double()
    x, calendar = randn(6, 24, 3), torch.empty(6, 36, 0)
    alone = torch.cat([network(one[None], calendar[:1]) for one in x])
    assert not torch.allclose(network(x, calendar), alone, atol=1e-6)
    network.eval()
    torch.testing.assert_close(network(x, calendar), alone)  # of one example, the shared delays are its own


def test_autoformer_has_the_published_sizes():
    d, ff, c = 512, 2048, 7
    attention, feed_forward = 4 * (d * d + d), 2 * d * ff
    embedding = 3 * c * d + 4 * d
    encoder = 2 * (attention + feed_forward)
    decoder = 2 * attention + feed_forward + 3 * d * c
    expected = 2 * embedding + encoder + decoder + 2 * 2 * d + (d * c + c)
    for horizon in (96, 720):
        assert sum(p.numel() for p in autoformer(c, 96, horizon, 4).parameters()) == expected
    assert round(expected / 1e6, 1) == 10.5


def test_the_token_embedding_starts_from_kaiming():
    weight = autoformer(7, 96, 96, 4).encoder_embedding.value.weight
    assert weight.std().item() == pytest.approx(math.sqrt(2 / 21), rel=0.05)


def test_one_step_has_the_same_bits_twice(randn):
    x, calendar, target = randn(4, 24, 3).float(), randn(4, 36, 4).float(), randn(4, 12, 3).float()
    state = autoformer(3, 24, 12, 4, d_model=8).state_dict()
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        gradients = []
        for _ in range(2):
            network = autoformer(3, 24, 12, 4, d_model=8, dropout=0.0)
            network.load_state_dict(state)
            ((network(x, calendar) - target) ** 2).mean().backward()
            gradients.append(torch.cat([p.grad.flatten() for p in network.parameters()]))
    finally:
        torch.use_deterministic_algorithms(before)
    assert torch.equal(*gradients)
    assert all(p.grad.abs().max() > 0 for p in network.parameters())


def test_what_cannot_be():
    with pytest.raises(SeedwiseError, match="autoformer: label 97 must be from 0 to the lookback of 96 steps"):
        autoformer(7, 96, 96, 4, label=97)
    with pytest.raises(SeedwiseError, match="kernel 24 of the moving average"):
        autoformer(7, 96, 96, 4, kernel=24)
