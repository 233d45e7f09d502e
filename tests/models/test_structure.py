"""What parameter counts do not show: where shapes change, what is added, shuffled or pooled."""

import torch
import torch.nn.functional as F
from torch import nn

from seedwise.models import conv2, conv4, conv6, lenet5, mobilenet_v2, resnet9, resnet9_ffcv, shufflenet_v2, vgg16


def outputs(network, kind, image=(3, 32, 32)):
    """Return (channels, height) after every module of a kind."""
    shapes = []
    for module in network.modules():
        if isinstance(module, kind):
            module.register_forward_hook(lambda _module, _inputs, output: shapes.append(tuple(output.shape[1:3])))
    network.eval()(torch.zeros(1, *image))
    return shapes


def test_shufflenet_halves_the_image_where_a_stage_begins():
    network = shufflenet_v2(3, 10)
    units = type(network.units[0]), type(network.units[1])
    assert outputs(network, units) == [(116, 16)] * 4 + [(232, 8)] * 8 + [(464, 4)] * 4


def test_a_shufflenet_unit_passes_half_of_the_channels_through_and_shuffles():
    unit = shufflenet_v2(3, 10).eval().units[1]
    x = torch.randn(2, 116, 6, 6)
    expected = F.channel_shuffle(torch.cat((x[:, :58], unit.branch(x[:, 58:])), dim=1), 2)
    assert torch.equal(unit(x), expected)


def test_a_strided_shufflenet_unit_uses_all_channels_twice():
    unit = shufflenet_v2(3, 10).eval().units[0]
    x = torch.randn(2, 24, 8, 8)
    assert torch.equal(unit(x), F.channel_shuffle(torch.cat((unit.left(x), unit.right(x)), dim=1), 2))


def blocks_of(network):
    return [module for module in network.features if isinstance(getattr(module, "layers", None), nn.Sequential)]


def test_mobilenet_ends_at_two_by_two():
    blocks = blocks_of(mobilenet_v2(3, 10))
    rows = [(16, 1, 32), (24, 2, 16), (32, 3, 8), (64, 4, 4), (96, 3, 4), (160, 3, 2), (320, 1, 2)]
    expected = [(width, size) for width, count, size in rows for _ in range(count)]
    assert outputs(mobilenet_v2(3, 10), type(blocks[0])) == expected


def test_mobilenet_adds_the_input_where_the_shape_stays_and_only_there():
    identities = 0
    for block in blocks_of(mobilenet_v2(3, 10).eval()):
        assert not isinstance(block.layers[-1], (nn.ReLU, nn.ReLU6)), "the bottleneck is linear"
        nn.init.zeros_(block.layers[-1].weight)
        x = torch.randn(1, block.layers[0].in_channels, 4, 4)
        out = block(x)
        identities += out.shape == x.shape and torch.equal(out, x)
    assert identities == 10  # every block of a stage but its first


def test_vgg_pools_after_every_stage():
    assert outputs(vgg16(3, 10), nn.MaxPool2d) == [(64, 16), (128, 8), (256, 4), (512, 2), (512, 1)]
    assert outputs(vgg16(1, 10), nn.MaxPool2d, (1, 28, 28)) == [(64, 14), (128, 7), (256, 4), (512, 2), (512, 1)]


def test_conv6_and_lenet5_pool_as_published():
    assert outputs(conv6(3, 10), nn.MaxPool2d) == [(64, 16), (128, 8), (256, 4)]
    assert outputs(lenet5(1, 10), (nn.Conv2d, nn.MaxPool2d), (1, 28, 28)) == [(6, 28), (6, 14), (16, 10), (16, 5)]


def test_without_padding_the_first_four_convolutions_lose_a_pixel_on_each_side():
    six = [(64, 30), (64, 28), (128, 12), (128, 10), (256, 5), (256, 5)]
    for network, count in ((conv2, 2), (conv4, 4), (conv6, 6)):
        assert outputs(network(3, 10, padding=False), nn.Conv2d) == six[:count]


def test_features_are_dropped_before_the_first_two_linear_layers():
    network = conv2(3, 10, dropout=0.5)
    layers = [type(m).__name__ for m in network if type(m).__name__ in ("Flatten", "Dropout", "Linear")]
    assert layers == ["Flatten", "Dropout", "Linear", "Dropout", "Linear", "Linear"]
    torch.manual_seed(0)
    for module in network:
        if type(module).__name__ == "Dropout":
            assert abs(module(torch.ones(10_000)).eq(0).double().mean().item() - 0.5) < 0.02  # 4 standard errors
    assert [type(m).__name__ for m in conv2(3, 10)].count("Dropout") == 0


def test_vgg_without_scales_normalises_and_no_more():
    norms = [m for m in vgg16(3, 10, bias=False, affine=False).modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(norms) == 13
    assert all(m.weight is None and m.bias is None and m.track_running_stats for m in norms)


def test_resnet9_adds_two_residuals_and_divides_its_logits():
    network = resnet9(3, 10).eval()
    residuals = [module for module in network.features if isinstance(getattr(module, "layers", None), nn.Sequential)]
    assert outputs(network, type(residuals[0])) == [(128, 16), (512, 4)]
    x = torch.randn(2, 128, 4, 4)
    assert torch.equal(residuals[0](x), x + residuals[0].layers(x))
    features = network.features(torch.randn(2, 3, 32, 32))
    network.features = nn.Identity()
    torch.testing.assert_close(network(features), features.amax((2, 3)) @ network.head.weight.T / 8)


def test_ffcvs_resnet9_strides_once_pools_once_and_ends_without_padding():
    network = resnet9_ffcv(3, 10).eval()
    residuals = [module for module in network.features if isinstance(getattr(module, "layers", None), nn.Sequential)]
    assert outputs(network, (nn.Conv2d, nn.MaxPool2d, type(residuals[0]))) == [
        (64, 32),
        (128, 16),
        *[(128, 16)] * 3,  # the two convolutions of the residual, then their sum with the input
        (256, 16),
        (256, 8),
        *[(256, 8)] * 3,
        (128, 6),
    ]
    assert [m.kernel_size[0] for m in network.features if isinstance(m, nn.Conv2d)] == [3, 5, 3, 3]
    x = torch.randn(2, 256, 4, 4)
    assert torch.equal(residuals[1](x), x + residuals[1].layers(x))
    features = network.features(torch.randn(2, 3, 32, 32))
    network.features = nn.Identity()
    torch.testing.assert_close(network(features), 0.2 * (features.amax((2, 3)) @ network.head.weight.T))


def test_where_rectifiers_stand():
    for network in (vgg16(3, 10), resnet9(3, 10), resnet9_ffcv(3, 10)):
        layers = [m for m in network.modules() if isinstance(m, (nn.BatchNorm2d, nn.ReLU))]
        assert [type(layer) for layer in layers] == [nn.BatchNorm2d, nn.ReLU] * (len(layers) // 2)
    # As published, nothing but batch norm follows a depthwise convolution of ShuffleNet.
    for module in shufflenet_v2(3, 10).modules():
        if isinstance(module, nn.Sequential):
            kinds = [type(m) for m in module]
            depthwise = [k for k, m in enumerate(module) if isinstance(m, nn.Conv2d) and m.groups > 1]
            assert all(kinds[k + 1 : k + 3] == [nn.BatchNorm2d, nn.Conv2d] for k in depthwise)
