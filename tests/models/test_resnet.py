"""ResNet-14, and what the other residual networks have instead."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from seedwise.models import resnet14, resnet14_wide, resnet18, resnet32


@pytest.fixture
def network():
    torch.manual_seed(0)
    return resnet14(3, 10)


def test_number_of_parameters(network):
    # convolutions + scale and shift of 13 + 2 batch norms + the linear layer
    convolutions = 9 * (3 * 16 + 4 * 16 * 16 + 16 * 32 + 3 * 32 * 32 + 32 * 64 + 3 * 64 * 64)
    norms = 2 * (16 + 4 * 16 + 4 * 32 + 4 * 64 + (16 + 32))
    assert sum(p.numel() for p in network.parameters()) == convolutions + norms + (64 * 10 + 10) == 172602


def test_fourteen_layers(network):
    layers = [m for m in network.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    assert len(layers) == 14
    assert all(m.bias is None for m in layers if isinstance(m, nn.Conv2d))


def test_each_stage_but_the_first_halves_height_and_width(network):
    assert shapes_after_blocks(network) == [(16, 32, 32)] * 2 + [(32, 16, 16)] * 2 + [(64, 8, 8)] * 2


def test_the_blocks_start_as_their_shortcut(network):
    network.eval()
    x = torch.randn(4, 16, 8, 8)
    for block in network.blocks:
        expected = x
        if block is network.blocks[2] or block is network.blocks[4]:
            kept = x[:, :, ::2, ::2] / math.sqrt(1 + 1e-5)  # a fresh batch norm
            expected = torch.cat([kept, torch.zeros_like(kept)], dim=1)
        x = block(x)
        torch.testing.assert_close(x, F.relu(expected))


def test_a_block_is_not_the_identity_once_its_last_scale_moves(network):
    block = network.eval().blocks[0]
    nn.init.ones_(block.bn2.weight)
    x = torch.randn(4, 16, 8, 8)
    assert not torch.allclose(block(x), F.relu(x), atol=0.1)


def test_convolutions_start_from_the_normal_distribution_with_fan_out(network):
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            weights = module.weight.detach().double()
            expected = math.sqrt(2 / (9 * module.out_channels))
            standard_error = expected / math.sqrt(2 * weights.numel())
            assert abs(weights.std().item() - expected) < 5 * standard_error, name
            assert abs(weights.mean().item()) < 5 * expected / math.sqrt(weights.numel()), name
            kurtosis = (weights / weights.std()).pow(4).mean().item()
            assert abs(kurtosis - 3) < 5 * math.sqrt(24 / weights.numel()), name


def shapes_after_blocks(network):
    shapes = []
    for block in network.blocks:
        block.register_forward_hook(lambda _module, _inputs, output: shapes.append(tuple(output.shape[1:])))
    network(torch.zeros(2, 3, 32, 32))
    return shapes


def test_the_stages_of_the_others():
    assert shapes_after_blocks(resnet14_wide(3, 10)) == [(64, 32, 32)] * 2 + [(128, 16, 16)] * 2 + [(256, 8, 8)] * 2
    assert shapes_after_blocks(resnet32(3, 10)) == [(16, 32, 32)] * 5 + [(32, 16, 16)] * 5 + [(64, 8, 8)] * 5
    assert shapes_after_blocks(resnet18(3, 10)) == [
        (width, size, size) for width, size in [(64, 32), (128, 16), (256, 8), (512, 4)] for _ in range(2)
    ]


def changing(network):
    """The blocks that change the shape."""
    return [block for block in network.blocks if block.conv1.stride == (2, 2)]


def test_the_parameter_free_shortcut_subsamples_and_pads_with_zeros():
    blocks = changing(resnet32(3, 10).eval())
    assert [(block.conv1.in_channels, block.conv1.out_channels) for block in blocks] == [(16, 32), (32, 64)]
    for block in blocks:
        x = torch.randn(2, block.conv1.in_channels, 6, 6)
        kept = F.relu(x[:, :, [0, 2, 4]][:, :, :, [0, 2, 4]])
        assert torch.equal(block(x), torch.cat([kept, torch.zeros_like(kept)], dim=1))


@pytest.mark.parametrize(("make", "changes"), [(resnet14_wide, 2), (resnet18, 3)])
def test_the_projection_is_a_strided_linear_map_of_the_channels(make, changes):
    blocks = changing(make(3, 10).eval())
    assert len(blocks) == changes
    for block in blocks:
        x = torch.randn(2, block.conv1.in_channels, 6, 6)
        (weight,) = [p for p in block.shortcut.parameters() if p.ndim == 4]
        mapped = torch.einsum("oi,bihw->bohw", weight[:, :, 0, 0], x[:, :, ::2, ::2]) / math.sqrt(1 + 1e-5)
        torch.testing.assert_close(block(x), F.relu(mapped), rtol=1e-4, atol=1e-5)


def test_width_scales_every_stage():
    shapes = shapes_after_blocks(resnet14(3, 10, width=8))
    assert [channels for channels, *_ in shapes] == [8, 8, 16, 16, 32, 32]
