"""The shift against plain loops, and its table."""

import numpy as np
import pytest
import torch

from seedwise.data import Shift
from seedwise.randomness import Randomness


def shifted_by_loops(images, rows, pixels):
    out = np.zeros_like(images)
    count, height, width, channels = images.shape
    for b in range(count):
        down, right = rows[b][0] - pixels, rows[b][1] - pixels
        for y in range(height):
            for x in range(width):
                if 0 <= y + down < height and 0 <= x + right < width:
                    for c in range(channels):
                        out[b, y, x, c] = images[b, y + down, x + right, c]
    return out


@pytest.mark.parametrize(("pixels", "channels"), [(0, 1), (1, 1), (1, 3), (2, 2)])
def test_shift_against_loops(pixels, channels):
    generator = np.random.default_rng(0)
    images = generator.integers(1, 256, (30, 5, 7, channels), dtype=np.uint8)
    table = Shift(pixels).table(30, generator)
    shifted = Shift(pixels).apply(torch.from_numpy(images), table)
    assert shifted.dtype == torch.uint8
    assert np.array_equal(shifted.numpy(), shifted_by_loops(images, table.tolist(), pixels))


def test_flip_against_numpy():
    generator = np.random.default_rng(0)
    images = torch.from_numpy(generator.integers(1, 256, (40, 6, 5, 3), dtype=np.uint8))
    table = Shift(2, flip=True).table(40, generator)
    varied = Shift(2, flip=True).apply(images, table)
    cropped = Shift(2).apply(images, table[:, :2]).numpy()
    mirrored = table[:, 2].numpy() == 1
    assert 5 < mirrored.sum() < 35
    assert np.array_equal(varied.numpy()[mirrored], cropped[mirrored, :, ::-1])
    assert np.array_equal(varied.numpy()[~mirrored], cropped[~mirrored])


def test_half_of_the_images_are_mirrored():
    table = Shift(4, flip=True).table(10_000, np.random.default_rng(0))
    assert table.shape == (10_000, 3)
    assert set(table[:, 2].tolist()) == {0, 1}
    assert abs(table[:, 2].double().mean() - 0.5) < 0.025  # five standard deviations


def test_the_table_has_every_corner_about_equally_often():
    table = Shift(1).table(9000, np.random.default_rng(0))
    assert table.shape == (9000, 2)
    counts = torch.bincount(3 * table[:, 0] + table[:, 1], minlength=9)
    assert len(counts) == 9
    assert (counts - 1000).abs().max() < 150  # five standard deviations


def test_a_slot_is_varied_the_same_way_in_any_batch():
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (50, 8, 8, 1), dtype=np.uint8))
    shift = Shift(1)
    table = shift.table(50, Randomness({"augment": 2}).numpy("augment", "table", 3))
    together = shift.apply(images, table)
    order = torch.from_numpy(np.random.default_rng(1).permutation(50))
    for size in (1, 7, 50):
        for chunk in order.split(size):
            assert torch.equal(shift.apply(images[chunk], table[chunk]), together[chunk])
