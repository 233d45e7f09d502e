"""The image datasets."""

import pytest
import torch

LABELS = {
    "mnist": [5, 0, 4, 1, 9, 2, 1, 3],
    "fashion_mnist": [9, 0, 0, 3, 0, 2, 7, 2],
    "cifar10": [6, 9, 9, 4, 1, 1, 2, 7],
    "cifar100": [19, 29, 0, 11, 1, 86, 90, 28],
}


@pytest.mark.parametrize("name", LABELS)
def test_the_published_examples(name, published):
    dataset = published(name)
    assert dataset.name == name
    assert dataset.train.labels[:8].tolist() == LABELS[name]
    for examples in (dataset.train, dataset.test):
        assert examples.images.dtype == torch.uint8
        assert examples.images.is_contiguous()
        assert examples.ids.tolist() == list(range(len(examples)))
