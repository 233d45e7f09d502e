"""What every network must do: shapes, published sizes, weights from the init stream alone, training, memory order."""

import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from seedwise.data import Size
from seedwise.errors import SeedwiseError
from seedwise.models import MODELS, conv2, conv4, conv6, lenet5, resnet9_ffcv
from seedwise.randomness import Randomness
from seedwise.training import TrainerConfig
from seedwise.training import build_network as network_of

NAMES = list(MODELS)
CIFAR, MNIST = (3, 32, 32), (1, 28, 28)
SHAPES_ONLY = torch.device("meta")
"""As a context: tensors have shapes and strides and no numbers, and operations cost nothing."""


def build_network(name, image, classes, options):
    train = {"epochs": 1, "batch_size": 8, "optimizer": {"name": "sgd", "lr": 0.1}}
    study = {"task": {"dataset": "cifar10"}, "model": {"name": name, **options}, "train": train}
    return network_of(TrainerConfig.of_study_file(study).model, Size(train=1, test=1, classes=classes, image=image))


def make(name, image=CIFAR, classes=10, **options):
    torch.manual_seed(0)
    return build_network(name, image, classes, options)


# The layer tables of the papers, written down a second time: parameters of a k x k convolution without biases, of a
# batch norm's scale and shift, and of a linear layer with its biases.
def conv(k, channels_in, channels_out):
    return k * k * channels_in * channels_out


def norm(channels):
    return 2 * channels


def linear(features, units):
    return (features + 1) * units


def residual(blocks, widths, shortcut):
    """Stem, blocks of two 3 x 3 convolutions, one linear layer; ``shortcut`` counts a stage's 1 x 1 or batch norm."""
    total = conv(3, 3, widths[0]) + norm(widths[0])
    for before, width in zip((widths[0], *widths), widths, strict=False):
        total += conv(3, before, width) + (2 * blocks - 1) * conv(3, width, width) + 2 * blocks * norm(width)
        total += shortcut(before, width) if before != width else 0
    return total + linear(widths[-1], 10)


def projection(before, width):
    return conv(1, before, width) + norm(width)


def nine_layers():
    widths = [(3, 64), (64, 128), *[(128, 128)] * 2, (128, 256), (256, 512), *[(512, 512)] * 2]
    return sum(conv(3, before, width) + norm(width) for before, width in widths) + conv(1, 512, 10)


def ffcv_layers():
    # kernel, channels in, channels out
    rows = [(3, 3, 64), (5, 64, 128), *[(3, 128, 128)] * 2, (3, 128, 256), *[(3, 256, 256)] * 2, (3, 256, 128)]
    return sum(conv(k, before, width) + norm(width) for k, before, width in rows) + conv(1, 128, 10)


def vgg_layers():
    widths = [64] * 2 + [128] * 2 + [256] * 3 + [512] * 6
    convolutions = sum(conv(3, a, b) + b for a, b in zip([3, *widths], widths, strict=False))
    return convolutions + sum(map(norm, widths)) + linear(512, 10)


def shuffle_layers():
    total, before = conv(3, 3, 24) + norm(24), 24
    for width, units in ((116, 4), (232, 8), (464, 4)):
        half = width // 2
        # the strided unit: depthwise and 1 x 1 on the left; 1 x 1, depthwise, 1 x 1 on the right
        total += 9 * before + norm(before) + conv(1, before, half) + norm(half)
        total += conv(1, before, half) + 9 * half + conv(1, half, half) + 3 * norm(half)
        total += (units - 1) * (2 * conv(1, half, half) + 9 * half + 3 * norm(half))
        before = width
    return total + conv(1, 464, 1024) + norm(1024) + linear(1024, 10)


def mobile_layers():
    total, before = conv(3, 3, 32) + norm(32), 32
    rows = [(1, 16, 1), (6, 24, 2), (6, 32, 3), (6, 64, 4), (6, 96, 3), (6, 160, 3), (6, 320, 1)]
    for expansion, width, blocks in rows:
        for _ in range(blocks):
            wide = expansion * before
            total += (conv(1, before, wide) + norm(wide) if expansion > 1 else 0) + 9 * wide + norm(wide)
            total += conv(1, wide, width) + norm(width)
            before = width
    return total + conv(1, 320, 1280) + norm(1280) + linear(1280, 10)


def plain(widths, grid):
    """Pairs of 3 x 3 convolutions with biases, then 256-256-10; ``grid`` positions are left after pooling."""
    total, before = 0, 3
    for width in widths:
        total += conv(3, before, width) + conv(3, width, width) + 2 * width
        before = width
    return total + linear(before * grid, 256) + linear(256, 256) + linear(256, 10)


COUNTS = {
    "small_cnn": (conv(3, 3, 16) + 16 + conv(3, 16, 32) + 32 + linear(512, 10), 10218),
    "lenet300": (linear(784, 300) + linear(300, 100) + linear(100, 10), 266610),
    "lenet5": (conv(5, 1, 6) + 6 + conv(5, 6, 16) + 16 + linear(400, 120) + linear(120, 84) + linear(84, 10), 61706),
    "conv2": (plain([64], 16 * 16), 4301642),
    "conv4": (plain([64, 128], 8 * 8), 2425930),
    "conv6": (plain([64, 128, 256], 4 * 4), 2262602),
    "resnet9": (nine_layers(), 6573120),
    "resnet9_ffcv": (ffcv_layers(), 2274880),
    "resnet14": (residual(2, (16, 32, 64), lambda before, _: norm(before)), 172602),
    "resnet14_wide": (residual(2, (64, 128, 256), projection), 2777674),
    "resnet18": (residual(2, (64, 128, 256, 512), projection), 11173962),
    "resnet32": (residual(5, (16, 32, 64), lambda *_: 0), 464154),
    "vgg16": (vgg_layers(), 14728266),
    "shufflenet_v2": (shuffle_layers(), 1263854),
    "mobilenet_v2": (mobile_layers(), 2236682),
}


@pytest.mark.parametrize("name", NAMES)
def test_number_of_parameters(name):
    by_hand, published = COUNTS[name]
    network = make(name, MNIST if name.startswith("lenet") else CIFAR)
    assert sum(p.numel() for p in network.parameters()) == by_hand == published


def unpadded(widths, grid):
    """As ``plain``, without biases."""
    total, before = 0, 3
    for width in widths:
        total += conv(3, before, width) + conv(3, width, width)
        before = width
    return total + before * grid * 256 + 256 * 256 + 256 * 10


# 32 - 4 = 28, pooled 14; 14 - 4 = 10, pooled 5; 5 with padding, pooled 2.
SLOTS = {"bias": False, "padding": False, "dropout": 0.5}
OPTIONS = [
    ("resnet14", {"width": 64}, residual(2, (64, 128, 256), lambda before, _: norm(before)), 2736330),
    ("conv2", SLOTS, unpadded([64], 14 * 14), 3317952),
    ("conv4", SLOTS, unpadded([64, 128], 5 * 5), 1147072),
    ("conv6", SLOTS, unpadded([64, 128, 256], 2 * 2), 1474752),
    (
        "vgg16",
        {"bias": False, "affine": False},
        vgg_layers() - 10 - 3 * (2 * 64 + 2 * 128 + 3 * 256 + 6 * 512),
        14715584,
    ),
]


@pytest.mark.parametrize(("name", "options", "by_hand", "published"), OPTIONS, ids=str)
def test_number_of_parameters_with_options(name, options, by_hand, published):
    assert sum(p.numel() for p in make(name, **options).parameters()) == by_hand == published


@pytest.mark.parametrize("image", [CIFAR, MNIST, (2, 30, 34)], ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_shapes(name, image):
    with SHAPES_ONLY:
        assert make(name, image, 7).eval()(torch.zeros(2, *image)).shape == (2, 7)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("lenet5", "resnet9_ffcv")])
def test_the_built_in_digits_fit(name):
    with SHAPES_ONLY:
        assert make(name, (1, 8, 8)).eval()(torch.zeros(2, 1, 8, 8)).shape == (2, 10)


@pytest.mark.parametrize(
    ("network", "size", "smallest"),
    [(lenet5, (28, 11), 12), (conv2, (1, 8), 2), (conv6, (8, 7), 8), (resnet9_ffcv, (10, 11), 11)],
)
def test_images_that_are_too_small_are_refused_in_one_line(network, size, smallest):
    with pytest.raises(SeedwiseError, match=f"at least {smallest} x {smallest}, not {size[0]} x {size[1]}: take "):
        network(1, 10, image_size=size)
    made = network(1, 10, image_size=(smallest, smallest)).eval()
    assert made(torch.zeros(1, 1, smallest, smallest)).shape == (1, 10)


@pytest.mark.parametrize(("network", "smallest"), [(conv2, 6), (conv4, 16), (conv6, 20)])
def test_without_padding_images_must_be_larger(network, smallest):
    with pytest.raises(
        SeedwiseError, match=f"at least {smallest} x {smallest}, not {smallest} x {smallest - 1}: take "
    ):
        network(1, 10, image_size=(smallest, smallest - 1), padding=False)
    made = network(1, 10, image_size=(smallest, smallest), padding=False)
    assert made(torch.zeros(1, 1, smallest, smallest)).shape == (1, 10)


BIASED = ["lenet300", "lenet5", "conv2", "conv4", "conv6", "vgg16"]


@pytest.mark.parametrize("name", BIASED)
def test_glorots_start_is_even_between_his_bounds(name):
    network = make(name, init="glorot")
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            taps = layer.weight[0, 0].numel() if layer.weight.ndim == 4 else 1
            bound = (6 / (taps * (layer.weight.shape[0] + layer.weight.shape[1]))) ** 0.5
            values, count = layer.weight.detach().flatten().double(), layer.weight.numel()
            assert values.abs().max() <= bound * (1 + 1e-6)
            # Mean 0 and variance b^2 / 3 of even numbers, within 5 standard errors.
            assert abs(values.mean().item()) < 5 * bound / (3 * count) ** 0.5
            assert abs(values.square().mean().item() / bound**2 - 1 / 3) < 5 * (4 / 45 / count) ** 0.5
            assert not layer.bias.any()


@pytest.mark.parametrize("name", [name for name in BIASED if name != "vgg16"])  # whose shifts are called bias too
def test_bias_of_every_layer_may_be_left_out(name):
    layers = [m for m in make(name).modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    assert all(layer.bias is not None for layer in layers)
    without = make(name, bias=False)
    assert [n for n, _ in without.named_parameters() if "bias" in n] == []
    assert sum(p.numel() for p in without.parameters()) == sum(layer.weight.numel() for layer in layers)


def built(name, seeds):
    with Randomness(seeds).scope("init", "weights"):
        state = build_network(name, CIFAR, 10, {}).state_dict()
    return {key: value.clone() for key, value in state.items()}


def equal(one, other):
    return all(torch.equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize("name", NAMES)
def test_initial_weights_come_from_the_init_stream_alone(name):
    torch.manual_seed(1)
    first = built(name, {"init": 3})
    torch.manual_seed(2)
    torch.rand(5)
    np.random.seed(5)  # noqa: NPY002 - what must not matter
    random.seed(6)
    assert equal(first, built(name, {"init": 3, "shuffle": 7, "augment": 8, "dropout": 9}))
    other = built(name, {"init": 4})
    drawn = [key for key, value in first.items() if value.is_floating_point() and value.unique().numel() > 1]
    assert len(drawn) >= sum(key.endswith("weight") and value.ndim > 1 for key, value in first.items()) > 0
    assert not any(torch.equal(first[key], other[key]) for key in drawn)


def batch(size, image=CIFAR):
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(size, *image, generator=generator).contiguous(memory_format=torch.channels_last)
    return inputs, torch.arange(size) % 2


@pytest.mark.parametrize("name", NAMES)
def test_a_few_steps_learn_a_batch(name):
    image = (3, 16, 16)
    network = make(name, image, 2)
    before = {key: value.clone() for key, value in network.named_parameters()}
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    inputs, labels = batch(4, image)
    inputs += 2 * labels.view(-1, 1, 1, 1) - 1  # dark and bright images: easy to tell apart
    losses = []
    for _ in range(12):
        loss = F.cross_entropy(network(inputs), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if losses[-1] < 0.7 * losses[0]:
            break
    assert losses[-1] < 0.7 * losses[0], losses
    weights = {key: value for key, value in network.named_parameters() if value.ndim > 1}
    assert [key for key, value in weights.items() if torch.equal(value, before[key])] == []


@pytest.mark.parametrize("name", NAMES)
def test_evaluation_does_not_depend_on_chance_or_company_and_survives_saving(name):
    network = make(name)
    inputs, _ = batch(4)
    network.train()(inputs)  # moves the running statistics
    network.eval()
    logits = network(inputs)
    torch.manual_seed(9)
    assert torch.equal(network(inputs), logits)
    torch.testing.assert_close(network(inputs[:1]), logits[:1], rtol=1e-4, atol=1e-5)
    again = build_network(name, CIFAR, 10, {}).eval()
    assert not torch.equal(again(inputs), logits)
    again.load_state_dict(network.state_dict())
    assert torch.equal(again(inputs), logits)


@pytest.mark.parametrize("name", NAMES)
def test_no_convolution_has_to_reorder_its_input(name):
    network = make(name).to(memory_format=torch.channels_last)
    strides = []
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_pre_hook(lambda _module, inputs: strides.append(inputs[0].stride(1)))
    network(batch(2)[0])
    assert set(strides) <= {1}


class Operations(TorchDispatchMode):
    """Collects the names of what is computed, backward included."""

    def __init__(self):
        super().__init__()
        self.names = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.add(func.overloadpacket.__name__)
        return func(*args, **(kwargs or {}))


# From the documentation of torch.use_deterministic_algorithms: what raises an error on a GPU, of what takes images.
NONDETERMINISTIC = ("adaptive_", "_adaptive_", "fractional_", "max_unpool", "upsample", "reflection_pad", "avg_pool3d")


@pytest.mark.parametrize("name", NAMES)
def test_nothing_lacks_a_deterministic_form(name):
    with SHAPES_ONLY, Operations() as seen:
        network, inputs, labels = make(name), torch.zeros(2, *CIFAR), torch.zeros(2, dtype=torch.int64)
        F.cross_entropy(network(inputs), labels).backward()
    assert any("backward" in operation for operation in seen.names)
    assert [operation for operation in seen.names if operation.startswith(NONDETERMINISTIC)] == []


def test_the_list_of_nondeterministic_operations_is_noticed():
    with SHAPES_ONLY, Operations() as seen:
        F.adaptive_max_pool2d(torch.ones(1, 1, 8, 8, requires_grad=True), 4).sum().backward()
        F.adaptive_avg_pool2d(torch.ones(1, 1, 8, 8, requires_grad=True), 3).sum().backward()
    found = {operation for operation in seen.names if operation.startswith(NONDETERMINISTIC)}
    assert {"adaptive_max_pool2d_backward", "_adaptive_avg_pool2d_backward"} <= found
