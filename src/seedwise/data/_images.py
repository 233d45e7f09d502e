"""MNIST, Fashion-MNIST, CIFAR-10 and CIFAR-100 from their published files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from seedwise.data._augment import Augmentation, Shift
from seedwise.data._dataset import Dataset, Examples
from seedwise.data._folder import locate, read
from seedwise.data._idx import read_idx
from seedwise.data._pickles import read_pickle
from seedwise.data._published import PUBLISHED

Contents = Iterable[bytes]


def load_mnist(folder: Path) -> Dataset:
    """Load 60000 training and 10000 test images (28, 28, 1) of handwritten digits.

    Mean and SD are those of the training images.

    Args:
        folder: the data folder.

    Raises:
        MissingDataError: if the files are not there.
        StorageError: if one is damaged.

    Source: LeCun, Bottou, Bengio & Haffner, Proceedings of the IEEE, 1998.

    """
    return _load("mnist", folder, _idx_examples, 10, mean=(33.32,), std=(78.57,), augmentation=Shift(2))


def load_fashion_mnist(folder: Path) -> Dataset:
    """Load 60000 training and 10000 test images (28, 28, 1) of clothes.

    Mean and SD are those of the training images.

    Args:
        folder: the data folder.

    Raises:
        MissingDataError: if the files are not there.
        StorageError: if one is damaged.

    Source: Xiao, Rasul & Vollgraf, arXiv 1708.07747, 2017.

    """
    return _load(
        "fashion_mnist", folder, _idx_examples, 10, mean=(72.94,), std=(90.02,), augmentation=Shift(2, flip=True)
    )


def load_cifar10(folder: Path) -> Dataset:
    """Load 50000 training and 10000 test images (32, 32, 3) of 10 kinds of things.

    The SDs are those that the field divides by: the mean over images of each image's own SD. That of all pixels is a
    quarter larger.

    Args:
        folder: the data folder.

    Raises:
        MissingDataError: if the files are not there.
        StorageError: if one is damaged.

    Source: Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009; mean and SD: Summers & Dinneen,
    arXiv 2103.04514, 2021.

    """
    return _load(
        "cifar10",
        folder,
        _cifar_examples(b"labels"),
        10,
        mean=(0.4914 * 255, 0.4822 * 255, 0.4465 * 255),
        std=(0.2023 * 255, 0.1994 * 255, 0.2010 * 255),
        augmentation=Shift(4, flip=True),
    )


def load_cifar100(folder: Path) -> Dataset:
    """Load 50000 training and 10000 test images (32, 32, 3) of 100 kinds of things, the fine labels.

    Mean and SD are those of the training images.

    Args:
        folder: the data folder.

    Raises:
        MissingDataError: if the files are not there.
        StorageError: if one is damaged.

    Source: Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.

    """
    return _load(
        "cifar100",
        folder,
        _cifar_examples(b"fine_labels"),
        100,
        mean=(129.3, 124.1, 112.4),
        std=(68.17, 65.39, 70.42),
        augmentation=Shift(4, flip=True),
    )


IMAGE_SETS: Final[dict[str, Callable[[Path], Dataset]]] = {
    "mnist": load_mnist,
    "fashion_mnist": load_fashion_mnist,
    "cifar10": load_cifar10,
    "cifar100": load_cifar100,
}


def _load(
    name: str,
    folder: Path,
    examples_of: Callable[[Contents], Examples],
    classes: int,
    *,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    augmentation: Augmentation,
) -> Dataset:
    paths = locate(name, folder)
    published = PUBLISHED[name]
    return Dataset(
        name=name,
        train=examples_of(read(name, file, paths[file]) for file in published.train),
        test=examples_of(read(name, file, paths[file]) for file in published.test),
        num_classes=classes,
        mean=mean,
        std=std,
        augmentation=augmentation,
    )


def _idx_examples(contents: Contents) -> Examples:
    images, labels = (read_idx(content) for content in contents)
    # A copy: what was read from bytes may not be written to, which torch warns of.
    return _examples(images[..., None].copy(), labels)


def _cifar_examples(key: bytes) -> Callable[[Contents], Examples]:
    """Return how to read pickles whose rows are planes of red, green and blue, with their labels under ``key``."""

    def examples_of(contents: Contents) -> Examples:
        images, labels = [], []
        for content in contents:
            batch = read_pickle(content)
            images.append(np.stack(batch[b"data"].reshape(-1, 3, 32, 32).swapaxes(0, 1), axis=-1))
            labels += batch[key]
        return _examples(np.concatenate(images), labels)

    return examples_of


def _examples(images: np.ndarray[Any, np.dtype[np.uint8]], labels: Any) -> Examples:
    return Examples(
        torch.from_numpy(images), torch.tensor(np.asarray(labels, dtype=np.int64)), torch.arange(len(images))
    )
