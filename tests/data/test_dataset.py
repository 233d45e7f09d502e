"""Choosing and normalising examples."""

import numpy as np
import pytest
import torch

from seedwise.data import Dataset, Examples, Shift


@pytest.fixture
def examples():
    images = torch.arange(5 * 2 * 3 * 2, dtype=torch.uint8).reshape(5, 2, 3, 2)
    return Examples(images, torch.tensor([0, 1, 2, 0, 1]), torch.tensor([10, 11, 12, 13, 14]))


def test_take_keeps_images_labels_and_ids_together(examples):
    taken = examples.take(torch.tensor([3, 0, 3]))
    assert len(taken) == 3
    assert taken.ids.tolist() == [13, 10, 13]
    assert taken.labels.tolist() == [0, 0, 0]
    assert torch.equal(taken.images, torch.stack([examples.images[3], examples.images[0], examples.images[3]]))


def test_normalise_is_per_channel_and_channels_last(examples):
    dataset = Dataset("x", examples, examples, 3, (1.0, 20.0), (2.0, 5.0), Shift(1))
    images = dataset.normalise(examples.images)
    raw = examples.images.numpy().astype(np.float64)
    for channel, (mean, std) in enumerate([(1, 2), (20, 5)]):
        np.testing.assert_allclose(images[:, channel].numpy(), (raw[..., channel] - mean) / std, rtol=1e-6, atol=1e-6)
    assert images.shape == (5, 2, 2, 3)
    assert images.is_contiguous(memory_format=torch.channels_last)
    assert dataset.in_channels == 2


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_take_by_an_index_on_the_device(examples):
    taken = examples.to("cuda").take(torch.tensor([3, 0], device="cuda"))
    assert taken.images.device.type == "cuda"
    assert taken.ids.tolist() == [13, 10]
