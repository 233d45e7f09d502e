"""Test-time views against a loop over images shifted one by one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from seedwise.data import Dataset, Examples, Shift
from seedwise.readouts import VIEWS, Readout, _views, mean_logits, view_rows


def dataset(pixels: int, flip: bool, channels: int = 3, size: int = 12, count: int = 7) -> Dataset:
    generator = torch.Generator().manual_seed(1)
    images = torch.randint(0, 256, (count, size, size, channels), generator=generator).to(torch.uint8)
    examples = Examples(images, torch.zeros(count, dtype=torch.int64), torch.arange(count))
    mean, std = (100.0, 120.0, 90.0)[:channels], (60.0, 50.0, 70.0)[:channels]
    return Dataset("made", examples, examples, 4, mean, std, Shift(pixels, flip))


def network(channels: int = 3) -> nn.Module:
    torch.manual_seed(0)
    made = nn.Sequential(
        nn.Conv2d(channels, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.Flatten(), nn.Dropout(), nn.LazyLinear(4)
    )
    with torch.no_grad():
        made(torch.randn(8, channels, 12, 12))  # so that the statistics are not those of a fresh network
    return made


def shifted(image: np.ndarray, down: int, across: int, mirror: bool) -> np.ndarray:
    """Move a picture down and to the right, pixel by pixel, black coming in; then mirror it."""
    height, width, _ = image.shape
    moved = np.zeros_like(image)
    for y in range(height):
        for x in range(width):
            if 0 <= y - down < height and 0 <= x - across < width:
                moved[y, x] = image[y - down, x - across]
    return moved[:, ::-1] if mirror else moved


# The shifts in each direction, written out by hand.
SHIFTS = {
    (4, "flip"): [0],
    (4, "crop25"): [-4, -2, 0, 2, 4],
    (4, "crop81"): [-4, -3, -2, -1, 0, 1, 2, 3, 4],
    (4, "flip-crop25"): [-4, -2, 0, 2, 4],
    (4, "flip-crop81"): [-4, -3, -2, -1, 0, 1, 2, 3, 4],
    (2, "crop25"): [-2, -1, 0, 1, 2],
    (2, "flip-crop81"): [-2, -1, 0, 1, 2],
    (1, "crop25"): [-1, 0, 1],
    (1, "crop81"): [-1, 0, 1],
}


@pytest.mark.parametrize(("pixels", "view"), SHIFTS)
def test_views_are_the_mean_over_a_plain_loop_of_shifted_images(pixels, view, monkeypatch):
    monkeypatch.setattr(_views, "_CHUNK", 170)  # several chunks, the last one smaller
    data, net = dataset(pixels, flip="flip" in view), network()
    found = mean_logits(net, data, data.test.images, view_rows(Readout(view=view), data.augmentation))
    assert not net.training
    mirrors = [False, True] if "flip" in view else [False]
    mean, std = np.array(data.mean), np.array(data.std)
    expected = []
    for image in data.test.images.numpy():
        logits = []
        for mirror in mirrors:
            for down in SHIFTS[pixels, view]:
                for across in SHIFTS[pixels, view]:
                    normal = ((shifted(image, down, across, mirror) - mean) / std).transpose(2, 0, 1)
                    with torch.no_grad():
                        logits.append(net(torch.tensor(normal[None], dtype=torch.float32))[0].numpy())
        expected.append(np.mean(logits, axis=0))
    assert found.shape == (7, 4)
    np.testing.assert_allclose(found.numpy(), np.array(expected), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("flip", [False, True])
def test_plain_is_the_image_as_it_is(flip):
    data, net = dataset(4, flip), network()
    rows = view_rows(Readout(), data.augmentation)
    assert len(rows) == 1
    with torch.no_grad():
        expected = net.eval()(data.normalise(data.test.images))
    torch.testing.assert_close(mean_logits(net, data, data.test.images, rows), expected)


@pytest.mark.parametrize("pixels", [1, 2, 4])
@pytest.mark.parametrize("view", VIEWS)
def test_the_number_of_views_that_is_said_is_the_number_that_there_are(pixels, view):
    readout = Readout(view=view)
    rows = view_rows(readout, Shift(pixels, flip=True))
    assert len(rows) == len({tuple(row) for row in rows.tolist()}) == len(readout.rows(pixels, True))


def test_the_published_numbers_of_views():
    assert [len(Readout(view=view).rows(4, True)) for view in VIEWS] == [2, 25, 81, 50, 162]


def test_images_that_are_not_mirrored_in_training_are_not_mirrored_in_a_test():
    with pytest.raises(ValueError, match="not mirrored in training"):
        view_rows(Readout(view="flip"), Shift(1))


def test_rows_are_those_that_torch_spreads_evenly():
    """Python rounds a half to the even number, as torch does."""
    for pixels in range(1, 12):
        for view, side in (("crop25", 5), ("crop81", 9)):
            corners = torch.linspace(0, 2 * pixels, min(side, 2 * pixels + 1)).round().long()
            expected = torch.cartesian_prod(corners, corners)
            assert torch.equal(view_rows(Readout(view=view), Shift(pixels)), expected)


def test_an_augmentation_that_is_no_shift_has_no_views():
    with pytest.raises(ValueError, match=r"the augmentation is a object: give the dataset a seedwise\.data\.Shift"):
        view_rows(Readout(view="crop25"), object())


def test_no_gradients_and_bounded_batches():
    data, seen = dataset(4, flip=True), []

    class Counting(nn.Module):
        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            seen.append(len(inputs))
            return inputs.mean((2, 3)) * torch.ones(3, requires_grad=True)

    many = data.test.images.repeat(9, 1, 1, 1)
    found = mean_logits(Counting(), data, many, view_rows(Readout(view="flip-crop81"), data.augmentation))
    assert not found.requires_grad
    assert max(seen) <= 2048
    assert sum(seen) == 63 * 162


def test_bf16_computes_at_low_precision():
    data, net = dataset(4, flip=True), network()
    rows = view_rows(Readout(view="flip"), data.augmentation)
    full = mean_logits(net, data, data.test.images, rows)
    low = mean_logits(net, data, data.test.images, rows, precision="bf16")
    assert low.dtype == torch.float32
    assert not torch.equal(low, full)
    torch.testing.assert_close(low, full, rtol=0.05, atol=0.05)
