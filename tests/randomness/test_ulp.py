"""One number of the first convolution moves by one unit in the last place."""

from collections import Counter

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn
from torch.nn.utils import parametrizations

from seedwise.models import FORECASTERS, MODELS
from seedwise.randomness import Randomness, nudge_one_weight
from seedwise.selection import SelectConv2d, SelectLinear, select_weights


def network(channels_last=False):
    torch.manual_seed(0)
    model = nn.Sequential(nn.BatchNorm2d(2), nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Conv2d(3, 4, 1), nn.Linear(3, 2))
    return model.to(memory_format=torch.channels_last) if channels_last else model


def nudged(model, seed):
    return nudge_one_weight(model, Randomness({"ulp": seed}))


def values_of(model):
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    return {name: value.detach().contiguous().numpy().copy() for name, value in tensors.items()}


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("seed", range(1, 21))
def test_one_number_moves_to_its_neighbour(seed, channels_last):
    model = network(channels_last)
    before = values_of(model)
    name, index = nudged(model, seed)
    after = values_of(model)
    moved = [(n, int(k)) for n in before for k in np.flatnonzero((before[n] != after[n]).reshape(-1))]
    assert moved == [("1.weight", index)] == [(name, index)]
    old, new = before[name].reshape(-1)[index], after[name].reshape(-1)[index]
    # Neighbours differ by 1 where the bits of a float are read as an integer.
    bits, moved_bits = (int(np.float32(value).view(np.int32)) for value in (old, new))
    assert abs(moved_bits - bits) == 1
    assert new == np.nextafter(old, np.float32(np.inf if new > old else -np.inf))


def test_up_and_down_are_equally_likely():
    ups = 0
    for seed in range(1, 401):
        model = network()
        before = values_of(model)
        name, index = nudged(model, seed)
        ups += int(values_of(model)[name].reshape(-1)[index] > before[name].reshape(-1)[index])
    assert stats.binomtest(ups, 400).pvalue > 0.001


def test_every_number_but_0_is_equally_likely():
    layer = nn.Conv1d(2, 3, 2)
    weight = torch.tensor([1.5, 0.0, -2.0, -0.0, torch.inf, 3.0, torch.nan, 1e-3, 5.0, 6.0, -7.0, 8.0])
    counts = Counter()
    for seed in range(1, 401):
        layer.weight.data = weight.reshape(3, 2, 2).clone()
        counts[nudged(layer, seed)] += 1
    places = [0, 2, 5, 7, 8, 9, 10, 11]
    assert set(counts) == {("weight", k) for k in places}
    assert stats.chisquare([counts["weight", k] for k in places]).pvalue > 0.001


def test_the_memory_format_does_not_decide_which_number():
    for seed in range(1, 21):
        one, other = network(True), network()
        assert nudged(one, seed) == nudged(other, seed)
        assert torch.equal(one[1].weight, other[1].weight)


def test_seed_0_moves_none():
    model = network()
    before = values_of(model)
    assert nudge_one_weight(model, Randomness({"init": 5})) is None
    assert all(np.array_equal(value, before[name]) for name, value in values_of(model).items())


class Late(nn.Module):
    """A convolution that is registered after everything else."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(4, 4))
        self.words = nn.Embedding(5, 4)
        self.head = nn.Linear(4, 4)
        self.body = nn.Sequential(nn.ReLU(), nn.ConvTranspose1d(4, 4, 1))


def zero(layer):
    nn.init.zeros_(layer.weight)
    return layer


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (Late(), "body.1.weight"),
        (nn.Sequential(parametrizations.weight_norm(nn.Conv2d(1, 2, 3)), nn.Conv2d(2, 2, 1)), "0.parametrizations"),
        (nn.Sequential(nn.LayerNorm(4), nn.Linear(4, 2), nn.Linear(2, 2)), "1.weight"),
        (nn.Sequential(nn.Embedding(5, 4), nn.Linear(4, 2)), "1.weight"),
        (nn.Embedding(5, 4), "weight"),
        (nn.BatchNorm1d(3), "weight"),
        (nn.Sequential(zero(nn.Conv2d(1, 1, 3)), nn.Conv2d(1, 1, 3)), "1.weight"),
    ],
)
def test_which_tensor(model, name):
    assert {nudged(model, seed)[0][: len(name)] for seed in range(1, 11)} == {name}


@pytest.mark.parametrize("name", MODELS)
def test_in_our_networks_of_images_it_is_the_layer_that_sees_the_image(name):
    """The first of its layers that runs, found by running it."""
    size = {"image_size": (32, 32)} if name in ("lenet300", "lenet5", "conv2", "conv4", "conv6") else {}
    model = MODELS[name](3, 10, **size)
    order = []
    for path, module in model.named_modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            module.register_forward_hook(lambda *_, path=path: order.append(path))
    model.eval()(torch.zeros(1, 3, 32, 32))
    assert nudged(model, 1)[0] == f"{order[0]}.weight"


@pytest.mark.parametrize(
    ("name", "first"),
    [("dlinear", "seasonal"), ("itransformer", "embedding"), ("autoformer", "encoder_embedding.value")],
)
def test_in_our_forecasters_it_is_the_first_layer_of_the_input(name, first):
    assert nudged(FORECASTERS[name](7, 96, 96, 4), 1)[0] == f"{first}.weight"


def test_a_module_without_a_number_to_move_is_refused():
    for model in (nn.ReLU(), zero(nn.Linear(2, 2, bias=False))):
        with pytest.raises(ValueError, match="a finite number other than 0, and the module has none"):
            nudged(model, 1)


@pytest.mark.parametrize("store", [True, False])
@pytest.mark.parametrize("mode", ["greedy", "probabilistic"])
def test_of_selected_weights_one_that_is_computed_with_moves(mode, store):
    def made():
        layers = nn.Sequential(nn.Linear(3, 3), nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3))
        return select_weights(layers, k=5, seed=1, mode=mode, store_weights=store).eval()

    directions = set()
    for seed in range(1, 21):
        plain, model = made(), made()
        name, index = nudged(model, seed)
        assert name == "1.candidates"
        old, new = (net[1].chosen_weight().detach().flatten().numpy() for net in (plain, model))
        (at,) = np.flatnonzero(old != new)
        assert index % len(old) == at
        assert abs(int(new[at].view(np.int32)) - int(old[at].view(np.int32))) == 1
        directions.add(bool(new[at] > old[at]))
        for one, other in zip(plain.parameters(), model.parameters(), strict=True):
            assert torch.equal(one, other)
        for k in (0, 2):
            assert torch.equal(plain[k].chosen_weight(), model[k].chosen_weight())
        # The gradient of the score of the moved candidate is that of the moved weight.
        for net in (plain, model):
            net[1].chosen_weight().sum().backward()
        differ = np.flatnonzero((plain[1].scores.grad != model[1].scores.grad).flatten().numpy())
        assert differ.tolist() == [index]
    assert directions == {True, False}
    assert isinstance(model[1], SelectConv2d)
    assert isinstance(model[0], SelectLinear)


def test_selected_weights_without_a_convolution():
    model = select_weights(nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3)), k=2, seed=1)
    assert nudged(model, 1)[0] == "0.candidates"
