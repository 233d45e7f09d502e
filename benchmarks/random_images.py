"""Random images of CIFAR-10's shape, for timings: ``dataset: {name: "random_images:cifar10"}``."""

from __future__ import annotations

import numpy as np

from seedwise.data import Dataset, make_dataset


def cifar10(train: int = 50_000, test: int = 10_000) -> Dataset:
    """Return 32 x 32 pixels of three channels in ten classes, moved by up to four pixels and mirrored."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (train + test, 32, 32, 3), dtype=np.uint8)
    labels = np.arange(train + test) % 10
    halves = (images[:train], labels[:train]), (images[train:], labels[train:])
    return make_dataset(*halves, shift=4, flip=True, mean=(125.3, 123.0, 113.9), std=(63.0, 62.1, 66.7))
